import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import {
  coordinatorOf,
  dynamicConfigFileOf,
  memberOf,
  parseZooCfg,
  type ZooCfg,
} from "../../../monitor/zookeeper/zoo-cfg.ts";

const parse = (...lines: string[]): ZooCfg =>
  parseZooCfg({ path: "zoo.cfg", text: ["dataDir=/data", ...lines].join("\n") });

function refusal(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ClusterError && error.code === "CONFIG_INVALID") {
      return error.message.split("\n");
    }
    throw error;
  }
  return [];
}

const ENSEMBLE = [
  "server.2=b:2888:3888;2182",
  "server.1=a:2888:3888;2181",
  "server.3=c:2888:3888:observer;2183",
];

test("an ordinary file of an ensemble", () => {
  const cfg = parse(
    "dataLogDir=/log",
    "tickTime=2000",
    "initLimit=10",
    "syncLimit=5",
    "clientPort=2181",
    "clientPortAddress=127.0.0.1",
    "maxClientCnxns=0",
    "4lw.commands.whitelist=stat, ruok,*",
    "autopurge.purgeInterval=1",
    "server.1=127.0.0.1:2888:3888",
    "server.2=127.0.0.1:2889:3889",
    "server.3=127.0.0.1:2890:3890",
  );
  expect(cfg).toMatchObject({
    dataDir: "/data",
    storeDir: "/data/kelp",
    dataLogDir: "/log",
    tickTimeMs: 2000,
    minSessionTimeoutMs: 4000,
    maxSessionTimeoutMs: 40_000,
    maxClientCnxns: 0,
    client: { host: "127.0.0.1", port: 2181 },
  });
  expect([...cfg.wordsWhitelist]).toEqual(["stat", "ruok", "*"]);
  expect(cfg.servers.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(cfg.remarks).toEqual([
    "zoo.cfg:10:1: autopurge.purgeInterval is ignored: Kelp keeps no snapshots or logs to purge",
    "zoo.cfg:2:1: dataLogDir is not used: everything is in one store; kelp.dataDir says where",
  ]);
});

test("what is not said has ZooKeeper's default", () => {
  expect(parse("clientPort=2181")).toMatchObject({
    tickTimeMs: 3000,
    maxClientCnxns: 60,
    juteMaxBuffer: 1_048_575,
    reapIntervalMs: 60_000,
    superDigest: undefined,
    skipAcl: false,
    extendedTypes: false,
    servers: [],
    clusterKeyFile: undefined,
    http: undefined,
    wordsWhitelist: new Set(["srvr"]),
  });
});

test("options that change results are found under both spellings", () => {
  for (const prefix of ["", "zookeeper."]) {
    const cfg = parse(
      `${prefix}DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=`,
      `${prefix}skipACL=yes`,
      `${prefix}extendedTypesEnabled=true`,
      `${prefix}jute.maxbuffer=4194304`,
    );
    expect(cfg).toMatchObject({
      superDigest: "super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
      skipAcl: true,
      extendedTypes: true,
      juteMaxBuffer: 4_194_304,
      remarks: [],
    });
  }
});

test("Kelp's own options, and the port of ZooKeeper's metrics where they say nothing", () => {
  const own = parse(
    "kelp.clusterKeyFile=/key",
    "kelp.dataDir=/fast",
    "kelp.httpPort=7000",
    "kelp.reapIntervalMs=1500",
  );
  expect(own).toMatchObject({ clusterKeyFile: "/key", storeDir: "/fast", reapIntervalMs: 1_500 });
  expect(own.http).toEqual({ host: "0.0.0.0", port: 7000 });
  expect(parse("metricsProvider.httpPort=7001").http).toEqual({ host: "0.0.0.0", port: 7001 });
});

describe("what is wrong is told with its place", () => {
  const cases: [what: string, lines: string[], problems: RegExp[]][] = [
    ["a value", ["clientPort=x"], [/^zoo\.cfg:2:12: clientPort is "x", expected a port from 1 /]],
    [
      "a request that no message can carry",
      ["jute.maxbuffer=10485760"],
      [
        /^zoo\.cfg:2:16: jute\.maxbuffer is "10485760", expected a number from 1024 to 4194304, because a request /,
      ],
    ],
    ["a server line", ["server.1=a:1:b"], [/^zoo\.cfg:2:14: server\.1 has the port "b"/]],
    ["a server id", ["server.one=a:1:2"], [/^zoo\.cfg:2:1: .*"one" is no server id/]],
    [
      "an id given twice",
      ["server.1=a:1:2", "server.1=b:1:2"],
      [/^zoo\.cfg:3:1: server\.1 is .* twice/],
    ],
    ["groups", ["group.1=1:2:3"], [/^zoo\.cfg:2:1: group\.1: .*majorities/]],
    [
      "an own key",
      ["kelp.clusterKeyfile=x"],
      [/no setting .*did you mean kelp\.clusterKeyFile\?$/],
    ],
    [
      "timeouts",
      ["minSessionTimeout=9", "maxSessionTimeout=8"],
      [/minSessionTimeout \(9\) is more/],
    ],
    ["an address with a port that is none", ["clientPort=x", "clientPortAddress=::1"], [/"x"/]],
    ["an address without port", ["clientPortAddress=::1"], [/^zoo\.cfg:2:1: .* clientPort is not/]],
    ["demanded protection", ["sslQuorum=true"], [/^zoo\.cfg:2:1: sslQuorum: peers are not enc/]],
    ["only observers", ["server.1=a:1:2:observer"], [/all servers are observers/]],
    ["several at once", ["tickTime=0", "clientPort="], [/tickTime is "0"/, /clientPort is ""/]],
  ];
  test.each(cases)("%s", (_, lines, problems) => {
    const found = refusal(() => parse(...lines));
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(found[index]).toMatch(problem);
  });

  test("a missing dataDir", () => {
    const found = refusal(() => parseZooCfg({ path: "zoo.cfg", text: "clientPort=1" }));
    expect(found).toEqual(["zoo.cfg: dataDir is missing; write dataDir=/var/lib/zookeeper"]);
  });

  test("a super digest is not repeated in the message", () => {
    const [line] = refusal(() => parse("DigestAuthenticationProvider.superDigest=secret"));
    expect(line).toContain("expected super:");
    expect(line).not.toContain("secret");
  });
});

describe("remarks", () => {
  test.each([
    ["clientport=2181", /ignored: Kelp knows no such setting; did you mean clientPort\?/],
    ["secureClientPort=2281", /TLS is not served yet/],
    ["whatever=1", /whatever is ignored: Kelp knows no such setting$/],
    ["sslQuorum=false", /sslQuorum is ignored/],
    ["dataDir=/other", /zoo\.cfg:2:1: dataDir replaces the value at 1:1/],
  ])("%s", (line, remark) => {
    expect(parse(line).remarks).toEqual([expect.stringMatching(remark)]);
  });

  test("observers are left out, as they have no vote", () => {
    const cfg = parse(...ENSEMBLE);
    expect(cfg.servers.map(({ id }) => id)).toEqual([1, 2]);
    expect(cfg.remarks).toContain(
      "zoo.cfg: server.3 is an observer and is left out: it has no vote",
    );
  });
});

describe("which member this is", () => {
  const at = (cfg: ZooCfg, text: string | undefined) => memberOf(cfg, { path: "myid", text });

  test("the server line's client address counts, or clientPort", () => {
    expect(at(parse(...ENSEMBLE), "2\n")).toEqual({
      id: 2,
      client: { host: "0.0.0.0", port: 2182 },
    });
    const plain = parse("clientPort=5", "server.1=a:1:2", "server.2=a:3:4");
    expect(at(plain, "1")).toEqual({ id: 1, client: { host: "0.0.0.0", port: 5 } });
  });

  test("a single monitor needs no myid", () => {
    expect(at(parse("clientPort=5"), undefined)).toMatchObject({ id: 0, client: { port: 5 } });
  });

  test.each([
    [[...ENSEMBLE], undefined, /myid is missing; .*one of 1, 2/],
    [[...ENSEMBLE], "x", /myid:1:1: "x" is no server id/],
    [[...ENSEMBLE], "9", /there is no line server\.9/],
    [[...ENSEMBLE], "3", /server\.3 is an observer/],
    [
      ["clientPort=9", ...ENSEMBLE],
      "1",
      /clientPort says 0\.0\.0\.0:9 and server\.1 0\.0\.0\.0:2181/,
    ],
    [["server.1=a:1:2"], "1", /no client port/],
    [[], undefined, /no client port/],
  ])("%j with myid %j is refused", (lines, myid, problem) => {
    expect(refusal(() => at(parse(...lines), myid))).toEqual([expect.stringMatching(problem)]);
  });
});

test("the membership may stand in a dynamic file", () => {
  const main = { path: "zoo.cfg", text: "dataDir=/d\ndynamicConfigFile=/d/zoo.cfg.dynamic.1" };
  expect(dynamicConfigFileOf(main)).toBe("/d/zoo.cfg.dynamic.1");
  const dynamic = { path: "dyn", text: "server.1=a:1:2:participant;9\nserver.x=1" };
  expect(refusal(() => parseZooCfg(main, dynamic))).toEqual([expect.stringMatching(/^dyn:2:1: /)]);
  const cfg = parseZooCfg(main, { path: "dyn", text: "server.1=a:1:2:participant;9" });
  expect(cfg.servers).toHaveLength(1);
});

test("any text gives a configuration or an explanation", () => {
  const line = fc.constantFrom(
    "server.1=",
    "clientPort",
    "=",
    "tickTime:",
    "\\",
    "a:1:2",
    ";",
    "x",
  );
  fc.assert(
    fc.property(fc.array(line), (parts) => {
      refusal(() => parse(parts.join("")));
    }),
  );
});

describe("a controller in the monitor's process", () => {
  const key = "kelp.clusterKeyFile=/key";

  test("is asked where the file says, and is not there if it says nothing", () => {
    const here = ["kelp.controllerAddress=10.0.0.1", "kelp.controllerPort=6789"];
    expect(parse(key, ...here).controller).toEqual({ host: "10.0.0.1", port: 6789 });
    expect(parse(key).controller).toBeUndefined();
  });

  test.each([
    [
      "without the key",
      ["kelp.controllerAddress=a", "kelp.controllerPort=1"],
      /kelp\.clusterKeyFile/,
    ],
    ["without an address", [key, "kelp.controllerPort=1"], /kelp\.controllerAddress=/],
    ["without a port", [key, "kelp.controllerAddress=a"], /kelp\.controllerPort is not/],
  ])("%s it is refused", (_, lines, problem) => {
    expect(() => parse(...lines)).toThrow(problem);
  });
});

describe("the coordinator as a client of the ensemble names it", () => {
  test("has this member first, and the others where their lines say", () => {
    const cfg = parse(
      "server.1=a:1:2;2181",
      "server.2=b:1:2;10.0.0.2:2182",
      "server.3=[::1]:1:2;2183",
    );
    const self = memberOf(cfg, { path: "myid", text: "2" });
    expect(coordinatorOf(cfg, self)).toBe("10.0.0.2:2182,a:2181,[::1]:2183");
  });

  test("takes one client port for all where the lines have none", () => {
    const cfg = parse("clientPort=2181", "server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2");
    const self = memberOf(cfg, { path: "myid", text: "1" });
    expect(coordinatorOf(cfg, self)).toBe("127.0.0.1:2181,b:2181,c:2181");
  });

  test("of a single monitor is its own port", () => {
    const cfg = parse("clientPort=2181");
    const self = memberOf(cfg, { path: "myid", text: undefined });
    expect(coordinatorOf(cfg, self)).toBe("127.0.0.1:2181");
  });
});
