import { describe, expect, test } from "vitest";
import { ScriptedSession } from "./scripted-session.ts";

describe("attempts", () => {
  test("go through all servers without waiting, then slower and slower", () => {
    const session = new ScriptedSession({ servers: ["a:1", "b:1", "c:1"] });
    const waits: number[] = [];
    const tried: string[] = [];
    for (let count = 0; count < 40; count++) {
      const connect = session.tickAt(session.nowMs);
      tried.push(...connect);
      session.step({ type: "disconnected", attempt: session.state.attempt, reason: "no" });
      const { link } = session.state;
      const untilMs = link.type === "waiting" ? link.untilMs : session.nowMs;
      waits.push(untilMs - session.nowMs);
      session.nowMs = untilMs;
    }
    expect(new Set(tried)).toEqual(new Set(["connect a:1", "connect b:1", "connect c:1"]));
    expect(Math.max(...waits)).toBeLessThanOrEqual(2000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(1000);
  });

  test("begin anew after a connection that held, not after one that was lost at once", () => {
    const session = new ScriptedSession();
    session.connect();
    session.nowMs = 1000;
    expect(session.lose()).toEqual(["disconnect", "disconnected", "connect a:1"]);
    session.step({ type: "connected", attempt: 2 });
    session.welcome();
    session.nowMs = 1500;
    expect(session.lose()).toEqual(["disconnect", "disconnected"]);
    expect(session.state.link).toMatchObject({ type: "waiting" });
  });

  test("are in an order of the client's own", () => {
    const servers = ["a:1", "b:1", "c:1", "d:1"];
    const orders = Array.from({ length: 20 }, (_, seed) =>
      new ScriptedSession({ servers, seed }).state.servers.join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(5);
  });
});

describe("an expired session", () => {
  const expireIt = (session: ScriptedSession): string[] => {
    session.connect();
    session.request(1, "exists", "/a", { watch: true, watcher: {} });
    session.reply("exists", 1, { err: -101 });
    session.nowMs = 2000;
    session.lose();
    session.request(2, "delete", "/a");
    session.step({ type: "connected", attempt: session.state.attempt });
    return session.welcome(0, 0n);
  };

  test("is the end", () => {
    const session = new ScriptedSession();
    expect(expireIt(session)).toEqual([
      "disconnect",
      "expired",
      "reply 2 expired",
      "notify 1 none /a",
    ]);
    expect(session.request(3, "delete", "/a")).toEqual(["reply 3 expired"]);
    expect(session.tickAt(60_000)).toEqual([]);
  });

  test("is followed by a new one if the client renews", () => {
    const session = new ScriptedSession({ renews: true });
    const lines = expireIt(session);
    expect(lines).toEqual([
      "disconnect",
      "expired",
      "reply 2 expired",
      "notify 1 none /a",
      "connect a:1",
    ]);
    expect(session.step({ type: "connected", attempt: session.state.attempt })).toEqual([
      "send hello 0 1 10000",
    ]);
    expect(session.welcome(4000, 9n)).toEqual(["connected"]);
  });
});
