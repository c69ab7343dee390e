import { describe, expect, test } from "vitest";
import { wakeAtMs } from "../../../cluster/zookeeper/session-core.ts";
import { ScriptedSession } from "./scripted-session.ts";

describe("a session", () => {
  test("begins with a hello, and then sends what waits", () => {
    const session = new ScriptedSession({ sessionTimeoutMs: 6000 });
    expect(session.tickAt(0)).toEqual(["connect a:1"]);
    expect(session.request(1, "delete", "/a")).toEqual([]);
    expect(session.step({ type: "connected", attempt: 1 })).toEqual(["send hello 0 0 6000"]);
    expect(session.welcome()).toEqual(["connected", "send 1 delete /a"]);
    expect(session.request(2, "sync", "/b")).toEqual(["send 2 sync /b"]);
    expect(session.reply("delete", 1)).toEqual(["reply 1 answered"]);
    expect(session.reply("sync", 2, { err: -101 })).toEqual(["reply 2 refused -101"]);
  });

  test("goes on at another server with its id and the last zxid that it has seen", () => {
    const session = new ScriptedSession({ servers: ["a:1", "b:1"] });
    session.connect();
    session.request(1, "delete", "/a");
    session.reply("delete", 1, { zxid: 77 });
    session.nowMs = 5000;
    const [, , ...rest] = session.lose();
    expect(rest).toEqual([expect.stringMatching(/^connect/)]);
    expect(session.step({ type: "connected", attempt: 2 })).toEqual([
      "send hello 100000000000007 77 10000",
    ]);
  });

  test("does not go back to an older zxid", () => {
    const session = new ScriptedSession();
    session.connect();
    for (const [id, zxid] of [
      [1, 50],
      [2, 40],
      [3, -1],
    ] as const) {
      session.request(id, "delete", "/a");
      session.reply("delete", id, { zxid });
    }
    expect(session.state.lastZxid).toBe(50);
  });

  test("hears nothing of an earlier connection", () => {
    const session = new ScriptedSession({ servers: ["a:1", "b:1"] });
    session.connect();
    session.nowMs = 5000;
    session.lose();
    expect(session.step({ type: "disconnected", attempt: 1, reason: "late" })).toEqual([]);
    expect(session.step({ type: "connected", attempt: 1 })).toEqual([]);
    const packet = new Uint8Array(16);
    expect(session.step({ type: "packetReceived", attempt: 1, packet })).toEqual([]);
  });
});

describe("silence", () => {
  test("of the client is broken by a ping, a third of the timeout after what it last sent", () => {
    const session = new ScriptedSession();
    session.connect(9000);
    expect(wakeAtMs(session.state)).toBe(3000);
    session.nowMs = 1000;
    session.request(1, "sync", "/a");
    expect(session.tickAt(3999)).toEqual([]);
    expect(session.tickAt(4000)).toEqual(["send -2 ping"]);
    session.reply("ping", -2);
    expect(session.tickAt(6999)).toEqual([]);
    expect(session.tickAt(7000)).toEqual(["send -2 ping"]);
  });

  test("of the server ends the connection after two thirds of the timeout", () => {
    const session = new ScriptedSession();
    session.connect(9000);
    session.tickAt(3000);
    expect(session.tickAt(5999)).toEqual([]);
    expect(session.tickAt(6000)).toEqual(["disconnect", "disconnected", "connect a:1"]);
  });

  test("is not held against a server while the client itself stood still", () => {
    const session = new ScriptedSession();
    session.connect(9000);
    expect(session.tickAt(8000, 5000)).toEqual(["send -2 ping"]);
    expect(session.tickAt(10_999)).toEqual([]);
    expect(session.tickAt(11_000)).toContain("disconnected");
  });

  test("after a hello ends the attempt", () => {
    const session = new ScriptedSession({ servers: ["a:1", "b:1"], sessionTimeoutMs: 8000 });
    session.tickAt(0);
    session.step({ type: "connected", attempt: 1 });
    expect(session.tickAt(3999)).toEqual([]);
    expect(session.tickAt(4000)).toEqual(["disconnect", expect.stringMatching(/^connect /)]);
  });
});

describe("what makes no sense", () => {
  const ask = (session: ScriptedSession): void => {
    session.connect();
    session.nowMs = 2000;
    session.request(1, "exists", "/a");
    session.request(2, "sync", "/a");
  };
  const lost = ["disconnect", "disconnected", "reply 1 connectionLost", "reply 2 connectionLost"];

  test.each<[string, (session: ScriptedSession) => string[]]>([
    ["an answer out of order", (session) => session.reply("sync", 2, { body: { path: "/a" } })],
    ["an answer to nothing", (session) => session.reply("sync", 9, { body: { path: "/a" } })],
    ["a header that is cut off", (session) => session.packet(new Uint8Array(10))],
    ["an answer that is cut off", (session) => session.reply("delete", 1)],
  ])("%s ends the connection, and every request is told once", (_what, act) => {
    const session = new ScriptedSession();
    ask(session);
    expect(act(session)).toEqual([...lost, "connect a:1"]);
    expect(session.state.outstandingCount).toBe(0);
    expect(session.state.outstandingBytes).toBe(0);
  });

  test("an event of an unknown type tells nobody", () => {
    const session = new ScriptedSession();
    session.connect();
    expect(session.event("none", "/a")).toEqual([]);
  });
});

describe("closing", () => {
  test("waits for what was asked before", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "delete", "/a");
    expect(session.step({ type: "closeRequested" })).toEqual(["send 2 closeSession"]);
    expect(session.request(2, "delete", "/b")).toEqual(["reply 2 closed"]);
    expect(session.reply("delete", 1)).toEqual(["reply 1 answered"]);
    expect(session.reply("closeSession", 2)).toEqual(["disconnect", "closed"]);
    expect(wakeAtMs(session.state)).toBe(Number.POSITIVE_INFINITY);
  });

  test("before there is a session needs no server", () => {
    const session = new ScriptedSession();
    session.tickAt(0);
    session.request(1, "delete", "/a");
    expect(session.step({ type: "closeRequested" })).toEqual([
      "disconnect",
      "closed",
      "reply 1 closed",
    ]);
    expect(session.step({ type: "closeRequested" })).toEqual([]);
  });

  test("is over when the connection is lost meanwhile", () => {
    const session = new ScriptedSession();
    session.connect();
    session.nowMs = 2000;
    session.step({ type: "closeRequested" });
    expect(session.lose()).toEqual(["disconnect", "disconnected", "closed"]);
  });

  test("without a connection looks for one, but not for ever", () => {
    const session = new ScriptedSession();
    session.connect();
    session.nowMs = 2000;
    session.lose();
    expect(session.step({ type: "closeRequested" })).toEqual([]);
    session.step({ type: "connected", attempt: session.state.attempt });
    expect(session.welcome()).toEqual(["connected", "send 1 closeSession"]);
    expect(session.tickAt(6999)).toContain("send -2 ping");
    expect(session.tickAt(7000)).toEqual(["disconnect", "closed"]);
  });
});
