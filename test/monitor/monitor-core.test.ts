/**
 * The core of one monitor alone, step by step: what it sends, when it serves, and what it makes of what others say.
 * Whole ensembles are simulated in test/sim/monitor.
 */
import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { decode } from "../../cluster/wire/codec.ts";
import { decodeEntries, encodeEntries } from "../../monitor/forwarding.ts";
import { ENTRY_BYTES_MAX } from "../../monitor/message/limits.ts";
import { batch, type Entry } from "../../monitor/tree/batch.ts";
import {
  Core,
  CREATE_BODY,
  CREATE_OP,
  QUIET_MS,
  SYNC_OP,
  TIMEOUT_MS,
  withSession,
} from "./lone-core.ts";

describe("a monitor alone", () => {
  test("serves, and makes its settings the tree's", () => {
    const core = Core.serving();
    expect(core.state.machine.tree.settings.extendedTypes).toBe(true);
    expect(core.state.ledEpoch).toBe(core.state.machine.tree.epoch);
  });

  test("makes sessions, answers writes and confirms syncs by itself", () => {
    const core = Core.serving();
    core.connect(1);
    core.ask(1, 1, CREATE_OP, CREATE_BODY);
    core.ask(1, 2, SYNC_OP, Buffer.from("\0\0\0\u0001/", "latin1"));
    expect(core.taken()).toEqual(["write", "write", "write"]);
    expect(core.state.machine.tree.znodes.find("/a")).toBeDefined();
  });

  test("ends a session that is silent, and none that speaks", () => {
    const core = Core.serving();
    core.connect(1);
    core.connect(2);
    for (let passed = 0; passed < 2 * TIMEOUT_MS; passed += 1_000) {
      core.pass(1_000);
      core.ask(2, -2, 11);
    }
    expect(core.state.machine.tree.sessions.count).toBe(1);
    expect(core.state.server.bySession.size).toBe(1);
  });

  test("ends none for the time in which it stood still", () => {
    const core = Core.serving();
    core.connect(1);
    core.nowMs += 3 * TIMEOUT_MS;
    core.pass(50, 3 * TIMEOUT_MS);
    core.pass(500);
    expect(core.state.machine.tree.sessions.count).toBe(1);
  });

  test.each([1_000, 60_000])("takes containers away that have become empty, every %i ms", (ms) => {
    const core = Core.serving([1], ms);
    core.connect(1);
    const ttlNode = Buffer.concat([CREATE_BODY, Buffer.from("\0\0\0\0\0\0\0\u0001", "latin1")]);
    ttlNode[CREATE_BODY.byteLength - 1] = 5;
    core.ask(1, 1, 21, ttlNode);
    expect(core.state.machine.tree.znodes.find("/a")).toBeDefined();
    let passedMs = 0;
    for (; core.state.machine.tree.znodes.find("/a") !== undefined; passedMs += 500) {
      expect(passedMs).toBeLessThan(2 * ms);
      core.pass(500);
      core.ask(1, -2, 11);
    }
    expect(passedMs).toBeGreaterThanOrEqual(ms / 2);
  });

  test("is not disturbed by what cannot be read", () => {
    const core = Core.serving();
    core.asked(2, { type: "forward" }, Uint8Array.of(0, 0, 0, 1, 99));
    expect(core.taken()).toEqual([]);
  });

  test("has resigned at once: there is nobody to hand over to", () => {
    const core = Core.serving();
    core.step({ type: "resign" });
    expect(core.taken()).toEqual(["resigned"]);
  });
});

describe("a follower", () => {
  test("listens to members alone, and says which of them makes no sense", () => {
    const core = Core.serving([1, 2, 3]);
    const payload = encodeEntries([{ type: "expireSession", session: 1 }]);
    core.asked(4, { type: "forward" }, payload);
    core.asked(4, { type: "syncAsk", tag: 1 });
    expect(core.taken()).toEqual([]);
    core.asked(3, { type: "forward" }, Uint8Array.of(0, 0, 0, 1, 99));
    expect(core.effects).toMatchObject([{ type: "log", level: "error" }]);
    expect(JSON.stringify(core.effects)).toContain("mon.3 sent");
  });

  test("passes nothing on that no batch can have, neither its own nor others'", () => {
    const core = withSession();
    const body = new Uint8Array(ENTRY_BYTES_MAX);
    core.ask(1, 1, CREATE_OP, body);
    expect(core.told("forward")).toEqual([]);
    expect(core.effects).toMatchObject([{ type: "log", level: "error" }]);
    core.pass(1_000);
    core.effects.length = 0;
    const place = { session: 1, server: 9, connection: 1, sequence: 1, identities: [], op: 5 };
    const large: Entry = { type: "request", ...place, body };
    core.asked(3, { type: "forward" }, encodeEntries([large]));
    expect(core.effects).toMatchObject([{ type: "log", level: "error" }]);
    expect(JSON.stringify(core.effects)).toContain(`where ${ENTRY_BYTES_MAX} fit`);
  });

  test("takes no session whose timeout is none", () => {
    const core = Core.serving([1, 2, 3]);
    const session = { server: 1, connection: 1, timeoutMs: 1, password: new Uint8Array(16) };
    const payload = encodeEntries([{ type: "createSession", ...session }]);
    const at = payload.lastIndexOf(1, -17);
    payload[at] = 0;
    core.asked(3, { type: "forward" }, payload);
    expect(core.taken()).toEqual(["log"]);
  });

  test("forwards its clients' writes to the leader, and answers when they are applied", () => {
    const core = withSession();
    core.ask(1, 1, CREATE_OP, CREATE_BODY);
    const [forward] = core.told("forward");
    expect(forward?.to).toBe(2);
    core.effects.length = 0;
    core.accept(3, decodeEntries(present(forward?.payload, "entries")));
    expect(core.taken()).toContain("write");
  });

  test("sends again when the connection to the leader is back, or another leads", () => {
    const core = withSession();
    core.ask(1, 1, CREATE_OP, CREATE_BODY);
    core.effects.length = 0;
    core.step({ type: "linkChanged", node: 3, isUp: true });
    expect(core.told("forward")).toEqual([]);
    core.step({ type: "linkChanged", node: 2, isUp: true });
    expect(core.told("forward").map(({ to }) => to)).toEqual([2]);
    core.effects.length = 0;
    core.heartbeat(2, { round: 2, from: 3 });
    expect(core.told("forward").map(({ to }) => to)).toEqual([3]);
  });

  test("sends again a little after the leader took not all of it", () => {
    const core = withSession();
    core.ask(1, 1, CREATE_OP, CREATE_BODY);
    core.effects.length = 0;
    core.asked(2, { type: "forwardRefused" });
    core.heartbeat(2);
    expect(core.told("forward")).toEqual([]);
    core.pass(100);
    expect(core.told("forward")).toHaveLength(1);
    core.pass(500);
    expect(core.told("forward")).toHaveLength(1);
  });

  test("refuses what is forwarded to it", () => {
    const core = Core.serving([1, 2, 3]);
    const payload = encodeEntries([{ type: "expireSession", session: 1 }]);
    core.asked(3, { type: "forward" }, payload);
    expect(core.taken()).toEqual(["forwardRefused -> 3"]);
  });

  test("tells whom it heard before it acknowledges a heartbeat, and each once", () => {
    const core = withSession();
    core.heartbeat(2);
    core.ask(1, -2, 11);
    core.effects.length = 0;
    core.heartbeat(2);
    expect(core.taken()).toEqual(["touched -> 2", "heartbeatAck -> 2"]);
    core.heartbeat(2);
    expect(core.taken()).toEqual(["heartbeatAck -> 2"]);
    core.ask(1, -2, 11);
    core.effects.length = 0;
    for (const [round, from] of [
      [0, 3],
      [1, 4],
    ] as const) {
      core.heartbeat(2, { round, from });
      expect(core.told("touched")).toEqual([]);
    }
    core.heartbeat(2, { round: 2, from: 3 });
    expect(core.told("touched").map(({ to }) => to)).toEqual([3]);
  });

  test("is silent when it has not heard of a majority for long, and serves again when it has", () => {
    const core = withSession();
    core.pass(QUIET_MS - 50);
    core.heartbeat(2, { backed: false });
    expect(core.state.isServing).toBe(true);
    core.pass(100);
    expect(core.state.isServing).toBe(false);
    expect(core.taken()).toContain("destroy");
    core.heartbeat(2);
    expect(core.state.isServing).toBe(true);
  });

  test("goes on serving through an election, if that is short", () => {
    const core = withSession();
    core.step({ type: "linkChanged", node: 2, isUp: false });
    expect(core.state.leadership.leader).toBeUndefined();
    core.ask(1, 1, CREATE_OP, CREATE_BODY);
    expect(core.state.isServing).toBe(true);
    expect(core.told("forward")).toEqual([]);
    core.heartbeat(4, { round: 2, from: 3 });
    expect(core.state.isServing).toBe(true);
    expect(core.told("forward").map(({ to }) => to)).toEqual([3]);
  });

  test("does not begin to serve before it stands where the leader stood", () => {
    const core = withSession();
    core.pass(2 * QUIET_MS);
    core.heartbeat(4, { round: 2, from: 3 });
    expect(core.state.isServing).toBe(false);
  });

  test("has resigned at once", () => {
    const core = Core.serving([1, 2, 3]);
    core.step({ type: "resign" });
    expect(core.taken()).toEqual(["resigned"]);
  });
});

describe("a leader", () => {
  const EMPTY = new Uint8Array(0);
  const creation = (connection: number): Entry => ({
    type: "createSession",
    server: 9,
    connection,
    timeoutMs: TIMEOUT_MS,
    password: new Uint8Array(16),
  });

  /** Of three, with nothing chosen since member 2 backed it. */
  function led(): Core {
    const core = Core.serving([1, 2, 3]);
    const { consensus } = core.state.replica;
    core.pass(1_300);
    const { role } = consensus;
    if (role.type !== "preCandidate") throw new Error("it hears no leader");
    const { round } = role;
    core.receive(2, { type: "preVoted", round, granted: true, promised: 1, commit: 1 });
    core.receive(2, { type: "promised", round, life: 11, commit: 1, accepted: [] });
    return core;
  }

  /** The batches in its log that are behind what is chosen, by the connections in them. */
  function batches({ state }: Core): (readonly number[])[] {
    const { log, commit } = state.replica.consensus;
    return log
      .slice(commit + 1, log.last, Number.POSITIVE_INFINITY)
      .map(({ value }) =>
        decode(batch, value).entries.map((entry) => ("connection" in entry ? entry.connection : 0)),
      );
  }

  function choose(core: Core): void {
    const { consensus } = core.state.replica;
    const { role, log } = consensus;
    const round = role.type === "leader" ? role.round : 0;
    core.receive(2, { type: "accepted", round, life: 102, to: log.last, gap: false });
  }

  test("takes once what comes again while it waits, and again what was applied", () => {
    const core = led();
    choose(core);
    const forward = (...connections: number[]): void =>
      core.asked(3, { type: "forward" }, encodeEntries(connections.map(creation)));
    forward(1, 2);
    forward(1, 2, 3);
    forward(3);
    const waiting = batches(core)
      .flat()
      .filter((connection) => connection > 0);
    expect(waiting).toEqual([1, 2, 3]);
    choose(core);
    expect(core.state.submitted.size).toBe(0);
    forward(1);
    expect(batches(core).flat()).toEqual([1]);
    expect(core.told("forwardRefused")).toEqual([]);
  });

  test("of another round takes again what the one before it took", () => {
    const core = led();
    core.asked(3, { type: "forward" }, encodeEntries([creation(1)]));
    expect(core.state.submitted.size).toBe(1);
    core.heartbeat(1, { round: 9, from: 3 });
    expect(core.state.submitted.size).toBe(0);
    core.step({
      type: "received",
      from: 3,
      message: { type: "takeOver", round: 9 },
      payload: EMPTY,
    });
    core.receive(2, { type: "promised", round: 10, life: 11, commit: 1, accepted: [] });
    core.asked(3, { type: "forward" }, encodeEntries([creation(1)]));
    expect(
      batches(core)
        .flat()
        .filter((connection) => connection > 0),
    ).toContain(1);
  });
});
