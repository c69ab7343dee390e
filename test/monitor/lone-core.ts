/** The core of one monitor alone, with messages of others that a test makes up. */
import { expect } from "vitest";
import type { Persist, Tick } from "../../cluster/runtime/core.ts";
import { encode } from "../../cluster/wire/codec.ts";
import { connectRequest } from "../../cluster/zookeeper/session-records.ts";
import { type ConsensusMessage, createConsensus } from "../../monitor/consensus/state.ts";
import { decodeEntries } from "../../monitor/forwarding.ts";
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
import { REAP_INTERVAL_MS } from "../../monitor/zookeeper/zoo-cfg-keys.ts";
import { rawPacket } from "./zookeeper/server-world.ts";

export const QUIET_MS = 1_000;
export const TIMEOUT_MS = 4_000;
export const SYNC_OP = 9;
export const CREATE_OP = 1;
const PASSWORD = new Uint8Array(16).fill(7);
export const EMPTY = new Uint8Array(0);

/** Member 1 of some; everything that it wants durable is so at once. */
export class Core {
  readonly state: MonitorState;
  readonly effects: MonitorEffect[] = [];
  nowMs = 1_000;

  constructor(members: readonly number[], reapIntervalMs = REAP_INTERVAL_MS) {
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
      reapIntervalMs,
      syncSeed: 2_000,
      nowMs: this.nowMs,
    });
  }

  /** Alone, or a follower of member 2 that has its first batch and serves. */
  static serving(members: readonly number[] = [1], reapIntervalMs?: number): Core {
    const core = new Core(members, reapIntervalMs);
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

  receive(from: number, message: ConsensusMessage): void {
    this.step({ type: "received", from, message, payload: EMPTY });
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
export function withSession(): Core {
  const core = Core.serving([1, 2, 3]);
  core.connect(1);
  const forwarded = core.told("forward").flatMap(({ payload }) => decodeEntries(payload ?? EMPTY));
  core.accept(2, forwarded);
  core.effects.length = 0;
  return core;
}

export const CREATE_BODY = Buffer.from(
  "\0\0\0\u0002/a\0\0\0\0\0\0\0\u0001\0\0\0\u001f\0\0\0\u0005world\0\0\0\u0006anyone\0\0\0\0",
  "latin1",
);
