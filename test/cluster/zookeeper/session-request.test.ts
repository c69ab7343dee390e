import { describe, expect, test } from "vitest";
import { requestPacket } from "../../../cluster/zookeeper/session-request.ts";
import { packetLine, ScriptedSession } from "./scripted-session.ts";

test("a packet has a header and a body", () => {
  expect(packetLine(requestPacket("delete", 7, { path: "/a", version: 1 }))).toBe("7 delete /a");
});

describe("requests", () => {
  test("are numbered from 1, and start over after the greatest int", () => {
    const session = new ScriptedSession();
    session.connect();
    session.state.lastXid = 2 ** 31 - 2;
    expect(session.request(1, "delete", "/a")).toEqual(["send 2147483647 delete /a"]);
    expect(session.request(2, "delete", "/a")).toEqual(["send 1 delete /a"]);
  });

  test("that were sent are lost with the connection, those that were not wait", () => {
    const session = new ScriptedSession();
    session.connect();
    session.nowMs = 2000;
    session.request(1, "delete", "/a");
    expect(session.lose()).toContain("reply 1 connectionLost");
    expect(session.request(2, "delete", "/b")).toEqual([]);
    session.step({ type: "connected", attempt: session.state.attempt });
    expect(session.welcome()).toEqual(["connected", "send 2 delete /b"]);
  });

  test("that were not sent in a session's time are given up", () => {
    const session = new ScriptedSession({ sessionTimeoutMs: 4000 });
    session.tickAt(0);
    session.request(1, "delete", "/a");
    session.tickAt(1000);
    session.request(2, "delete", "/a");
    expect(session.tickAt(3999)).toEqual([]);
    expect(session.tickAt(4000)).toContain("reply 1 unreachable");
    expect(session.tickAt(5000)).toContain("reply 2 unreachable");
  });

  test("are bounded in number and in bytes", () => {
    const size = requestPacket("delete", 1, { path: "/a", version: -1 }).byteLength;
    for (const bound of [{ outstandingMax: 2 }, { outstandingBytesMax: 2 * size }]) {
      const session = new ScriptedSession(bound);
      session.connect();
      session.request(1, "delete", "/a");
      session.request(2, "delete", "/a");
      expect(session.request(3, "delete", "/a")).toEqual(["reply 3 overloaded"]);
      session.reply("delete", 1);
      expect(session.request(4, "delete", "/a")).toEqual(["send 3 delete /a"]);
    }
  });

  test("that are too large for any server are not sent", () => {
    const session = new ScriptedSession({ requestSizeMax: 100 });
    session.connect();
    const data = new Uint8Array(100);
    expect(session.request(1, "setData", "/a", { data })).toEqual(["reply 1 tooLarge"]);
  });
});

describe("watches", () => {
  const stat = {
    czxid: 0,
    mzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    dataLength: 0,
    numChildren: 0,
    pzxid: 0,
  };

  test.each([
    ["exists", 0, "nodeDataChanged", { stat }],
    ["exists", -101, "nodeCreated", {}],
    ["getData", 0, "nodeDeleted", { data: undefined, stat }],
    ["getChildren", 0, "nodeChildrenChanged", { children: [] }],
    ["getChildren2", 0, "nodeDeleted", { children: [], stat }],
  ] as const)("of %s with error %i tell of %s, once", (operation, err, type, body) => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, operation, "/a", { watch: true, watcher: {} });
    session.reply(operation, 1, { err, body });
    expect(session.event(type, "/a")).toEqual([`notify 1 ${type} /a`]);
    expect(session.event(type, "/a")).toEqual([]);
  });

  test("of a request that was refused are none", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "getData", "/a", { watch: true, watcher: {} });
    session.reply("getData", 1, { err: -101 });
    expect(session.state.watches.size).toBe(0);
  });

  test("that are added last, until they are removed", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "addWatch", "/a", { mode: 1, watcher: {}, watchOption: 1 });
    session.reply("addWatch", 1, { body: { err: 0 } });
    session.request(2, "addWatch", "/a", { mode: 0, watcher: {}, watchOption: 0 });
    session.reply("addWatch", 2, { body: { err: 0 } });
    expect(session.event("nodeCreated", "/a/b/c")).toEqual(["notify 1 nodeCreated /a/b/c"]);
    expect(session.event("nodeDataChanged", "/a")).toEqual(["notify 2 nodeDataChanged /a"]);
    expect(session.event("nodeChildrenChanged", "/a")).toEqual(["notify 1 nodeChildrenChanged /a"]);
    const body = { path: "/a", type: 3 };
    const asked = { id: 3, operation: "removeWatches", body, path: "/a", watchOption: 3 } as const;
    session.step({ type: "requested", ...asked });
    expect(session.reply("removeWatches", 3)).toEqual([
      "reply 3 answered",
      "notify 1 persistentWatchRemoved /a",
      "notify 1 persistentWatchRemoved /a",
    ]);
    expect(session.state.watches.size).toBe(0);
  });
});
