/**
 * The core of one monitor alone, step by step: what it sends, when it serves, and what it makes of what others say.
 * Whole ensembles are simulated in test/sim/monitor.
 */
import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import type { Persist, Tick } from "../../cluster/runtime/core.ts";
import { encode } from "../../cluster/wire/codec.ts";
import { connectRequest } from "../../cluster/zookeeper/session-records.ts";
import { createConsensus } from "../../monitor/consensus/state.ts";
import { decodeEntries, encodeEntries } from "../../monitor/forwarding.ts";
import { createMonitor, stepMonitor } from "../../monitor/monitor-core.ts";
import type {
  MonitorEffect,
  MonitorEvent,
  MonitorState,
  SessionMessage,
} from "../../monitor/monitor-state.ts";
import { createReplica } from "../../monitor/replica/replica.ts";
import type { Entry } from "../../monitor/tree/batch.ts";
import { DEFAULT_SETTINGS } from "../../monitor/tree/settings.ts";
import { TreeMachine } from "../../monitor/tree-machine.ts";
import { createServer } from "../../monitor/zookeeper/server-state.ts";
import { SessionTracker } from "../../monitor/zookeeper/session-tracker.ts";
import { rawPacket } from "./zookeeper/server-world.ts";

const QUIET_MS = 1_000;
const TIMEOUT_MS = 4_000;
const SYNC_OP = 9;
const CREATE_OP = 1;
const PASSWORD = new Uint8Array(16).fill(7);
const EMPTY = new Uint8Array(0);

/** Member 1 of some; everything that it wants durable is so at once. */
class Core {
  readonly state: MonitorState;
  readonly effects: MonitorEffect[] = [];
  nowMs = 1_000;

  constructor(members: readonly number[]) {
    const machine = new TreeMachine();
    const consensus = createConsensus({
      self: 1,
      members,
      life: 11,
      seed: 1,
      freshEnsemble: 5,
      recovered: { identity: undefined, promise: undefined, entries: [], applied: 0 },
      nowMs: this.nowMs,
    });
    const replica = createReplica({
      consensus,
      machine,
      generation: 0,
      nextGeneration: 1,
      wallOffsetMs: 0,
      nowMs: this.nowMs,
    });
    const server = createServer(
      {
        server: 77,
        tree: machine.tree,
        minSessionTimeoutMs: 3 * QUIET_MS,
        maxSessionTimeoutMs: 60_000,
        wordsWhitelist: new Set(),
      },
      this.nowMs,
    );
    this.state = createMonitor({
      replica,
      machine,
      server,
      tracker: new SessionTracker(),
      settings: { ...DEFAULT_SETTINGS, extendedTypes: true },
      quietMs: QUIET_MS,
      syncSeed: 2_000,
      nowMs: this.nowMs,
    });
  }

  /** Alone, or a follower of member 2 that has its first batch and serves. */
  static serving(members: readonly number[] = [1]): Core {
    const core = new Core(members);
    if (members.length === 1) {
      core.pass(2_000);
    } else {
      const { consensus } = core.state.replica;
      consensus.standing = "acceptor";
      consensus.ensemble = 5;
      for (const node of consensus.others) core.hello(node);
      core.accept(1, []);
      core.heartbeat(1);
    }
    expect(core.state.isServing).toBe(true);
    core.effects.length = 0;
    return core;
  }

  step(event: MonitorEvent | Tick): void {
    let todo: (MonitorEffect | Persist<MonitorEffect>)[] = stepMonitor(
      this.state,
      event,
      this.nowMs,
    );
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      if (effect.type === "persist") todo = [...effect.then, ...todo];
      else if (effect.type === "durable") todo.push(...stepMonitor(this.state, effect, this.nowMs));
      else if (effect.type === "flushSoon") {
        todo.push(...stepMonitor(this.state, { type: "flush" }, this.nowMs));
      } else this.effects.push(effect);
    }
  }

  pass(ms: number, lateMs = 0): void {
    for (let passed = 0; passed < ms; passed += 50) {
      this.nowMs += 50;
      this.step({ type: "tick", lateMs });
    }
  }

  asked(from: number, message: SessionMessage, payload: Uint8Array = EMPTY): void {
    this.step({ type: "asked", from, message, payload });
  }

  hello(node: number): void {
    this.step({
      type: "received",
      from: node,
      payload: EMPTY,
      message: {
        type: "hello",
        life: 100 + node,
        answers: 0,
        knows: 11,
        ticket: 0,
        standing: "acceptor",
        ensemble: 5,
        promise: { round: 0, node: 0 },
        last: 0,
        commit: 0,
        leads: false,
      } as never,
    });
  }

  /** The leader's batch in that slot, which is chosen. */
  accept(slot: number, entries: readonly Entry[], { round = 1, from = 2 } = {}): void {
    const header = { epoch: round, index: slot - 1, wallMs: 1_700_000_000_000 };
    const value = this.state.machine.encode(header, entries);
    const message = {
      type: "accept",
      round,
      prev: slot - 1,
      commit: slot,
      sizes: [value.byteLength],
    } as const;
    this.step({ type: "received", from, message, payload: value });
  }

  heartbeat(commit: number, { round = 1, from = 2, backed = true } = {}): void {
    const message = {
      type: "heartbeat",
      round,
      sequence: 1,
      life: 11,
      commit,
      backedMs: 0,
      echoMs: backed ? this.nowMs : Number.NEGATIVE_INFINITY,
      slot: 0,
      digest: 0,
    } as const;
    this.step({ type: "received", from, message, payload: EMPTY });
  }

  connect(client: number): void {
    this.step({ type: "clientOpened", client, address: "10.0.0.1:5", password: PASSWORD });
    const packet = encode(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: TIMEOUT_MS,
      sessionId: 0n,
      passwd: new Uint8Array(16),
      readOnly: false,
    });
    this.step({ type: "clientPackets", client, packets: [packet] });
  }

  ask(client: number, xid: number, op: number, body: Uint8Array = EMPTY): void {
    this.step({ type: "clientPackets", client, packets: [rawPacket(xid, op, body)] });
  }

  taken(): string[] {
    return this.effects.splice(0).map((effect) => {
      if (effect.type === "tell") return `${effect.message.type} -> ${effect.to}`;
      if (effect.type === "send") return `${effect.message.type} -> ${effect.to}`;
      return effect.type;
    });
  }

  told(type: SessionMessage["type"]): Extract<MonitorEffect, { type: "tell" }>[] {
    return this.effects.filter(
      (effect) => effect.type === "tell" && effect.message.type === type,
    ) as Extract<MonitorEffect, { type: "tell" }>[];
  }
}

/** A follower with a client that has a session. */
function withSession(): Core {
  const core = Core.serving([1, 2, 3]);
  core.connect(1);
  const forwarded = core.told("forward").flatMap(({ payload }) => decodeEntries(payload ?? EMPTY));
  core.accept(2, forwarded);
  core.effects.length = 0;
  return core;
}

const CREATE_BODY = Buffer.from(
  "\0\0\0\u0002/a\0\0\0\0\0\0\0\u0001\0\0\0\u001f\0\0\0\u0005world\0\0\0\u0006anyone\0\0\0\0",
  "latin1",
);

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

  test("takes containers away that have become empty", () => {
    const core = Core.serving();
    core.connect(1);
    const ttlNode = Buffer.concat([CREATE_BODY, Buffer.from("\0\0\0\0\0\0\0\u0001", "latin1")]);
    ttlNode[CREATE_BODY.byteLength - 1] = 5;
    core.ask(1, 1, 21, ttlNode);
    expect(core.state.machine.tree.znodes.find("/a")).toBeDefined();
    for (let passed = 0; passed < 61_000; passed += 1_000) {
      core.pass(1_000);
      core.ask(1, -2, 11);
    }
    expect(core.state.machine.tree.znodes.find("/a")).toBeUndefined();
  });

  test("is not disturbed by what cannot be read", () => {
    const core = Core.serving();
    core.asked(2, { type: "forward" }, Uint8Array.of(0, 0, 0, 1, 99));
    expect(core.taken()).toEqual(["log"]);
  });

  test("has resigned at once: there is nobody to hand over to", () => {
    const core = Core.serving();
    core.step({ type: "resign" });
    expect(core.taken()).toEqual(["resigned"]);
  });
});

describe("a follower", () => {
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
  });

  test("answers a sync when the leader has confirmed itself and its slot is applied", () => {
    const core = withSession();
    core.ask(1, 1, SYNC_OP, Buffer.from("\0\0\0\u0001/", "latin1"));
    const [asked] = core.told("syncAsk");
    const message = present(asked, "a question").message as { tag: number };
    core.effects.length = 0;
    core.asked(2, { type: "syncTell", tag: message.tag, slot: 3 });
    expect(core.taken()).toEqual([]);
    core.accept(3, []);
    expect(core.taken()).toContain("write");
  });

  test("takes no answer to an earlier process in its place for one of its own", () => {
    const core = withSession();
    core.ask(1, 1, SYNC_OP, Buffer.from("\0\0\0\u0001/", "latin1"));
    core.effects.length = 0;
    for (const tag of [0, 1, 500, 1_000, 1_002, 5_000, 2 ** 52]) {
      core.asked(2, { type: "syncTell", tag, slot: 0 });
    }
    expect(core.taken()).toEqual([]);
    core.asked(2, { type: "syncTell", tag: 1_001, slot: 0 });
    expect(core.taken()).toEqual(["write"]);
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
