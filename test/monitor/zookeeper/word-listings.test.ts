import { describe, expect, test } from "vitest";
import { javaAddress } from "../../../monitor/zookeeper/word-listings.ts";
import { OPEN_ACL, ServerWorld } from "./server-world.ts";
import { askWord, facts } from "./words-world.ts";

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");

function busyWorld(): ServerWorld {
  const world = new ServerWorld();
  const [one, two] = [world.session(), world.session()];
  one.ask("create", { path: "/e", data: undefined, acl: OPEN_ACL, flags: 1 });
  world.nowMs += 3;
  world.commit();
  one.ask("getData", { path: "/e", watch: true });
  one.ask("getChildren", { path: "/", watch: true });
  one.ask("exists", { path: "/zz", watch: true });
  two.ask("getData", { path: "/e", watch: true });
  return world;
}

test("cons tells what each connection did", () => {
  const established = 1_795_601_887_000 - 3;
  expect(askWord(busyWorld(), "cons")).toBe(
    lines(
      " /10.0.0.1:5000[1](queued=0,recved=5,sent=5,sid=0x100000001,lop=EXIS," +
        `est=${established},to=10000,lcxid=0x4,lzxid=0x100000003,lresp=1003,llat=0,` +
        "minlat=0,avglat=0,maxlat=3)",
      " /10.0.0.1:5000[1](queued=0,recved=2,sent=2,sid=0x100000002,lop=GETD," +
        `est=${established},to=10000,lcxid=0x1,lzxid=0x100000003,lresp=1003,llat=0,` +
        "minlat=0,avglat=0,maxlat=0)",
      " /127.0.0.1:4000[0](queued=0,recved=1,sent=0)",
      "",
    ),
  );
});

test("wchs, wchc and wchp tell of data watches", () => {
  const world = busyWorld();
  expect(askWord(world, "wchs")).toBe(lines("2 connections watching 2 paths", "Total watches:3"));
  expect(askWord(world, "wchc")).toBe(
    lines("0x100000001", "\t/e", "\t/zz", "0x100000002", "\t/e", ""),
  );
  expect(askWord(world, "wchp")).toBe(
    lines("/e", "\t0x100000001", "\t0x100000002", "/zz", "\t0x100000001", ""),
  );
});

describe("dump", () => {
  const connections = lines(
    "Connections dump:",
    "Connections Sets (2)/(3):",
    "1 expire at Wed Nov 25 10:18:08 UTC 2026:",
    "\tip: /127.0.0.1:4000 sessionId: 0x0",
    "2 expire at Wed Nov 25 10:18:17 UTC 2026:",
    "\tip: /10.0.0.1:5000 sessionId: 0x100000001",
    "\tip: /10.0.0.1:5000 sessionId: 0x100000002",
  );
  const ephemerals = lines(
    "ephemeral nodes dump:",
    "Sessions with Ephemerals (1):",
    "0x100000001:",
    "\t/e",
  );

  test("of a follower has the sessions' timeouts", () => {
    expect(askWord(busyWorld(), "dump", facts({ mode: "follower" }))).toBe(
      lines(
        "SessionTracker dump:",
        "Global Sessions(2):",
        "0x100000001\t10000ms",
        "0x100000002\t10000ms",
      ) +
        ephemerals +
        connections,
    );
  });

  test.each([
    ["leader", "Global Session Sets"],
    ["standalone", "Session Sets"],
  ] as const)("of a %s has their deadlines", (mode, title) => {
    const deadlines = [
      { session: 0x1_0000_0001, deadlineMs: 2_003 },
      { session: 0x1_0000_0002, deadlineMs: 2_003 },
    ];
    const leader = {
      sinceMs: 0,
      followerCount: 2,
      syncedFollowerCount: 2,
      pendingSyncCount: 0,
      deadlines,
      proposalSizes: { last: -1, min: -1, max: -1 },
    };
    expect(askWord(busyWorld(), "dump", facts({ mode, leader }))).toBe(
      lines(
        "SessionTracker dump:",
        `${title} (1)/(2):`,
        "2 expire at Wed Nov 25 10:18:08 UTC 2026:",
        "\t0x100000001",
        "\t0x100000002",
      ) +
        ephemerals +
        connections,
    );
  });
});

test("addresses are written as Java writes them", () => {
  expect(javaAddress("127.0.0.1:5")).toBe("/127.0.0.1:5");
  expect(javaAddress("[::1]:5")).toBe("/[0:0:0:0:0:0:0:1]:5");
});
