import { describe, expect, test } from "vitest";
import { wordOfSize } from "../../../monitor/zookeeper/words.ts";
import { ServerWorld } from "./server-world.ts";
import { askWord, ENSEMBLE, facts } from "./words-world.ts";

const NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n";
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");

test("a word stands where a size would", () => {
  const sizeOf = (word: string): number => Buffer.from(word).readInt32BE();
  const known = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk".split(
    " ",
  );
  for (const word of [...known, "wchc", "wchp", "wchs"])
    expect(wordOfSize(sizeOf(word))).toBe(word);
  for (const word of ["xxxx", "ruoK", "\0\0\0 "]) expect(wordOfSize(sizeOf(word))).toBeUndefined();
  expect(wordOfSize(0xfff4fffd | 0)).toBe("telnet close");
});

describe("the whitelist", () => {
  test("srvr always answers, others only if they are listed", () => {
    const world = new ServerWorld({ words: ["ruok"] });
    expect(askWord(world, "srvr")).toContain("Mode: standalone");
    expect(askWord(world, "ruok")).toBe("imok");
    expect(askWord(world, "stat")).toBe(
      "stat is not executed because it is not in the whitelist.\n",
    );
    expect(askWord(world, "isro")).toContain("not in the whitelist");
  });

  test("a closing telnet gets nothing", () => {
    expect(askWord(new ServerWorld({ words: [] }), "telnet close")).toBe("");
  });
});

test("without a quorum only what is about the process answers", () => {
  const world = new ServerWorld({ isServing: false });
  const serving = "conf cons crst dirs dump mntr srst srvr stat wchc wchp wchs".split(" ");
  for (const word of serving) expect(askWord(world, word)).toBe(NOT_SERVING);
  expect(askWord(world, "isro")).toBe("null");
  expect(askWord(world, "ruok")).toBe("imok");
  expect(askWord(world, "envi")).toContain("Environment:\n");
});

test("srvr and stat", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("exists", { path: "/", watch: false });
  client.ask("sync", { path: "/" });
  const summary = [
    "Latency min/avg/max: 0/0.0/0",
    "Received: 4",
    "Sent: 2",
    "Connections: 2",
    "Outstanding: 1",
    "Zxid: 0x100000001",
    "Mode: leader",
    "Node count: 5",
    "Proposal sizes last/min/max: 9/1/99",
  ];
  const version = "Zookeeper version: 3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC";
  const leader = {
    sinceMs: 0,
    followerCount: 2,
    syncedFollowerCount: 2,
    pendingSyncCount: 0,
    deadlines: [],
    proposalSizes: { last: 9, min: 1, max: 99 },
  };
  expect(askWord(world, "srvr", facts({ mode: "leader", leader }))).toBe(
    lines(version, ...summary),
  );
  expect(askWord(world, "stat")).toBe(
    lines(
      version,
      "Clients:",
      " /10.0.0.1:5000[1](queued=1,recved=3,sent=2)",
      " /127.0.0.1:4000[0](queued=0,recved=1,sent=0)",
      "",
      "Latency min/avg/max: 0/0.0/0",
      "Received: 5",
      "Sent: 3",
      "Connections: 2",
      "Outstanding: 1",
      "Zxid: 0x100000001",
      "Mode: standalone",
      "Node count: 5",
    ),
  );
});

test("conf of a single server and of a member", () => {
  const world = new ServerWorld();
  const common = [
    "clientPort=2181",
    "secureClientPort=-1",
    "dataDir=/data/kelp",
    "dataDirSize=10",
    "dataLogDir=/data/kelp",
    "dataLogSize=20",
    "tickTime=2000",
    "maxClientCnxns=0",
    "minSessionTimeout=4000",
    "maxSessionTimeout=40000",
    "clientPortListenBacklog=-1",
  ];
  expect(askWord(world, "conf")).toBe(lines(...common, "serverId=0"));
  const member = facts({ memberId: 3 }, ...ENSEMBLE);
  expect(askWord(world, "conf", member)).toBe(
    `${lines(
      ...common,
      "serverId=3",
      "initLimit=10",
      "syncLimit=5",
      "electionAlg=3",
      "electionPort=2|4",
      "quorumPort=1|3",
      "peerType=0",
      "membership: ",
      "server.1=127.0.0.1:23982:24982:participant",
      "server.2=[::1]:23983:24983:participant",
      "server.3=a:1:2|b:3:4:participant;c:5",
    )}version=0`,
  );
});

test("small ones", () => {
  const world = new ServerWorld();
  expect(askWord(world, "dirs")).toBe(lines("datadir_size: 10", "logdir_size: 20"));
  expect(askWord(world, "isro")).toBe("rw");
  expect(askWord(world, "gtmk")).toBe("0");
  expect(askWord(world, "stmk") + askWord(world, "hash")).toBe("");
  expect(askWord(world, "envi")).toBe(
    lines(
      "Environment:",
      "zookeeper.version=3.8.0-kelp-0.1.0, built on 2026-11-25 10:00 UTC",
      "host.name=localhost",
    ),
  );
});

test("srst and crst start counting again", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("exists", { path: "/", watch: false });
  expect(askWord(world, "srst")).toBe("Server stats reset.\n");
  expect(askWord(world, "srvr")).toContain("Received: 1\nSent: 1\n");
  expect(askWord(world, "crst")).toBe("Connection stats reset.\n");
  expect(askWord(world, "cons")).toContain("recved=0,sent=0,sid=0x100000001,lop=NA");
});
