import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ScriptedSession } from "./scripted-session.ts";

const BODY = { type: 0, scheme: "digest", auth: utf8("a:b") };

function reconnect(session: ScriptedSession): string[] {
  session.nowMs += 2000;
  session.lose();
  session.step({ type: "connected", attempt: session.state.attempt });
  return session.welcome();
}

describe("credentials", () => {
  test("are sent at once, and again at every server before anything else", () => {
    const session = new ScriptedSession();
    session.connect();
    const asked = session.step({ type: "authRequested", id: 1, body: BODY });
    expect(asked).toEqual(["send -4 auth"]);
    expect(session.reply("auth", -4)).toEqual(["reply 1 answered"]);
    session.nowMs += 2000;
    session.lose();
    session.request(2, "delete", "/a");
    session.step({ type: "connected", attempt: session.state.attempt });
    expect(session.welcome()).toEqual(["connected", "send -4 auth", "send 1 delete /a"]);
    expect(session.reply("auth", -4)).toEqual([]);
  });

  test("that were not confirmed when the connection was lost are still confirmed once", () => {
    const session = new ScriptedSession();
    session.step({ type: "authRequested", id: 1, body: BODY });
    expect(session.connect()).toContain("send -4 auth");
    expect(reconnect(session)).toEqual(["connected", "send -4 auth"]);
    expect(session.reply("auth", -4)).toEqual(["reply 1 answered"]);
  });

  test("that are refused end the session, for everybody who waits", () => {
    const session = new ScriptedSession();
    session.connect();
    session.step({ type: "authRequested", id: 1, body: BODY });
    session.step({ type: "authRequested", id: 2, body: BODY });
    session.request(3, "delete", "/a");
    expect(session.reply("auth", -4, { err: -115 })).toEqual([
      "reply 1 refused -115",
      "disconnect",
      "authFailed",
      "reply 3 authFailed",
      "reply 2 authFailed",
    ]);
    expect(session.request(4, "delete", "/a")).toEqual(["reply 4 authFailed"]);
    expect(session.step({ type: "authRequested", id: 5, body: BODY })).toEqual(["reply 5 closed"]);
  });

  test("are bounded", () => {
    const session = new ScriptedSession();
    for (let id = 1; id <= 100; id++) session.step({ type: "authRequested", id, body: BODY });
    const last = session.step({ type: "authRequested", id: 101, body: BODY });
    expect(last).toEqual(["reply 101 overloaded"]);
  });
});

describe("watches", () => {
  test("are set again before what waits, against the zxid that was seen last", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "exists", "/a", { watch: true, watcher: {} });
    session.reply("exists", 1, { err: -101, zxid: 55 });
    session.nowMs += 2000;
    session.lose();
    session.request(2, "delete", "/b");
    session.step({ type: "connected", attempt: session.state.attempt });
    expect(session.welcome()).toEqual([
      "connected",
      "send -8 setWatches 55;;/a;",
      "send 2 delete /b",
    ]);
    // What the server tells comes before its answer.
    expect(session.event("nodeCreated", "/a")).toEqual(["notify 1 nodeCreated /a"]);
    expect(session.reply("setWatches", -8, { zxid: 60 })).toEqual([]);
    expect(session.reply("delete", 2)).toEqual(["reply 2 answered"]);
  });

  test("that last need the newer request", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "addWatch", "/a", { mode: 0, watcher: {}, watchOption: 0 });
    session.reply("addWatch", 1, { body: { err: 0 } });
    expect(reconnect(session)).toEqual(["connected", "send -8 setWatches2 1;;;;/a;"]);
  });

  test("that a server does not set again are a reason to leave it", () => {
    const session = new ScriptedSession();
    session.connect();
    session.request(1, "exists", "/a", { watch: true, watcher: {} });
    session.reply("exists", 1, { err: -101 });
    reconnect(session);
    expect(session.reply("setWatches", -8, { err: -6 })).toEqual(["disconnect", "disconnected"]);
  });
});
