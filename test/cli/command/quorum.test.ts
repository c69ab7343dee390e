import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { membersOfConfig } from "../../../cli/command/quorum.ts";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";
import { parseZooCfg } from "../../../monitor/zookeeper/zoo-cfg.ts";
import { WordServer } from "../quorum/word-server.ts";

const SRVR = (mode: string): string =>
  [
    "Zookeeper version: 3.8.0-kelp-0.1.0, built on Node v20.0.0",
    "Latency min/avg/max: 0/0.5/12",
    "Connections: 3",
    "Outstanding: 0",
    "Zxid: 0x100000017",
    `Mode: ${mode}`,
    "Node count: 42",
    "",
  ].join("\n");

let servers: WordServer[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-quorum-"));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await rm(directory, { recursive: true });
});

async function startServers(...answers: string[]): Promise<string> {
  for (const answer of answers) servers.push(await WordServer.start(answer));
  return servers.map(({ address }) => address).join(",");
}

async function kelp(...words: string[]): Promise<{ out: string; err: string; exitCode: number }> {
  let out = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const failure = await createProgram("1.2.3", { writeErr: () => {} })
    .parseAsync(["quorum", "status", ...words], { from: "user" })
    .then(() => ({ text: "", exitCode: 0 }), failureOf);
  spy.mockRestore();
  return { out, err: failure.text, exitCode: failure.exitCode };
}

describe("kelp quorum status", () => {
  test("shows the members and is content with a leader and a majority", async () => {
    const list = await startServers(SRVR("follower"), SRVR("leader"));
    const { out, err, exitCode } = await kelp("--server", list);
    expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
    expect(out).toMatch(/^127\.0\.0\.1:\d+ +leader +0x100000017 +3 +42 +0\.5\/12 +3\.8\.0-kelp/m);
  });

  test("fails with what to do when there is no quorum, after the table", async () => {
    const list = await startServers(SRVR("follower"), "not currently serving requests");
    const { out, err, exitCode } = await kelp("-s", `${list},127.0.0.1:1`);
    expect(exitCode).toBe(1);
    expect(out).toContain("runs, but serves no clients");
    expect(out).toContain("nothing listens there");
    expect(err).toMatch(/^kelp: 1 of 3 serve, 2 must: start /);
  });

  test("prints one value as JSON", async () => {
    const list = await startServers(SRVR("standalone"));
    const { out } = await kelp("-s", list, "--json");
    expect(JSON.parse(out)).toMatchObject({
      isHealthy: true,
      members: [{ name: list, report: { mode: "standalone", latencyMs: { max: 12 } } }],
    });
  });

  test("takes the members from a zoo.cfg", async () => {
    await startServers(SRVR("leader"), SRVR("follower"));
    const lines = servers.map(
      ({ address }, index) =>
        `server.${index + 1}=127.0.0.1:1:2;${address.slice(address.indexOf(":") + 1)}`,
    );
    const path = join(directory, "zoo.cfg");
    await writeFile(path, ["dataDir=/nowhere", ...lines].join("\n"));
    const { out, exitCode } = await kelp("--config", path);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^mon\.1 +leader /m);
  });

  test("wants one way to name the members", async () => {
    expect(await kelp("-s", "a:1", "-c", "zoo.cfg")).toMatchObject({ exitCode: 2 });
    for (const wrong of ["nonsense", "localhost:99999", "a:1,"]) {
      expect(await kelp("-s", wrong)).toMatchObject({ exitCode: 2 });
    }
  });
});

describe("the members of a zoo.cfg", () => {
  const membersOf = (...lines: string[]): unknown =>
    membersOfConfig(
      parseZooCfg({ path: "zoo.cfg", text: ["dataDir=/data", ...lines].join("\n") }),
      "zoo.cfg",
    ).map(({ name, address }) => `${name} ${address}`);

  test.each<[string, string[], string[]]>([
    ["one server", ["clientPort=2181"], ["127.0.0.1:2181 127.0.0.1:2181"]],
    [
      "a client port that all share",
      ["clientPort=2181", "server.1=a:1:2", "server.2=b:1:2"],
      ["mon.1 a:2181", "mon.2 b:2181"],
    ],
    [
      "client ports of their own",
      ["server.1=a:1:2;2181", "server.2=b:1:2;c:2182"],
      ["mon.1 a:2181", "mon.2 c:2182"],
    ],
  ])("with %s", (_, lines, expected) => {
    expect(membersOf(...lines)).toEqual(expected);
  });

  test("that cannot be told apart are a mistake", () => {
    expect(() => membersOf("clientPort=2181", "server.1=a:1:2", "server.2=a:3:4")).toThrow(
      /name them with --server/,
    );
    expect(() => membersOf("server.1=a:1:2", "server.2=b:3:4")).toThrow(/name them with --server/);
  });
});
