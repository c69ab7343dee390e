/** One replica alone: what others say is made up, and what it persists is durable when a test says so. */
import { concatBytes, toHex } from "../../../cluster/base/bytes.ts";
import type { Persist } from "../../../cluster/runtime/core.ts";
import { createConsensus, type Recovered } from "../../../monitor/consensus/state.ts";
import type { BatchHeader, Unreadable } from "../../../monitor/replica/machine.ts";
import {
  createReplica,
  isLeader,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaState,
  stepReplica,
  submitEntry,
} from "../../../monitor/replica/replica.ts";
import { Ledger } from "../../sim/consensus/ledger.ts";
import type { Entry } from "../../sim/consensus/messages.ts";

export const ENTRY_BYTES = 12;
const ACCEPTOR: Recovered = {
  identity: { ensemble: 5, node: 1, standing: "acceptor" },
  promise: { round: 1, node: 2 },
  entries: [],
  applied: 0,
};

type Effect = ReplicaEffect | Persist<ReplicaEffect>;

/** Takes a slot for what a test says. */
export class Picky extends Ledger {
  readonly unreadable = new Map<number, Unreadable>();
  /** Bytes that each batch has behind its entries. */
  filler = 0;

  override encode(header: BatchHeader, entries: readonly Entry[]): Uint8Array {
    const value = super.encode(header, entries);
    return entries.length === 0 ? value : concatBytes(value, new Uint8Array(this.filler));
  }

  override apply(slot: number, value: Uint8Array): Unreadable | undefined {
    const isFilled = value.byteLength > this.filler && this.filler > 0;
    const batch = isFilled ? value.subarray(0, value.byteLength - this.filler) : value;
    return this.unreadable.get(slot) ?? super.apply(slot, batch);
  }
}

/** One replica; what it persists is durable when `sync` is called. */
export class Stage {
  readonly ledger = new Picky({ prefixOrder: true }, { applied: () => {}, skipped: () => {} });
  readonly replica: ReplicaState<Entry>;
  readonly persists: Persist<ReplicaEffect>[] = [];
  readonly effects: ReplicaEffect[] = [];
  nowMs = 1_000;

  constructor(members: readonly number[], recovered: Recovered = ACCEPTOR) {
    const consensus = createConsensus({
      self: 1,
      members,
      life: 7,
      seed: 1,
      freshEnsemble: 9,
      recovered,
      nowMs: this.nowMs,
    });
    const { ledger: machine, nowMs } = this;
    const options = { generation: 0, nextGeneration: 1, wallOffsetMs: 0, nowMs };
    this.replica = createReplica({ consensus, machine, ...options });
  }

  /** Of one member, which leads at once. */
  static leading(): Stage {
    const stage = new Stage([1]);
    stage.tick(700);
    stage.syncAll();
    if (!isLeader(stage.replica)) throw new Error("one member leads itself");
    return stage;
  }

  /** A follower of 2, which has told it who it is. */
  static following(): Stage {
    const stage = new Stage([1, 2, 3]);
    const promise = { round: 1, node: 2 };
    const hello = { type: "hello", life: 5, answers: 0, ticket: 1, knows: 0 } as const;
    const rest = {
      standing: "acceptor",
      ensemble: 5,
      promise,
      last: 0,
      commit: 0,
      leads: true,
    } as const;
    stage.step({
      type: "received",
      from: 2,
      message: { ...hello, ...rest },
      payload: new Uint8Array(0),
    });
    stage.syncAll();
    return stage;
  }

  step(event: ReplicaEvent | { type: "tick"; lateMs: number }): void {
    this.take(stepReplica(this.replica, event, this.nowMs));
  }

  tick(ms = 0): void {
    this.nowMs += ms;
    this.step({ type: "tick", lateMs: 0 });
  }

  submit(request: number, bytes = ENTRY_BYTES): boolean {
    const out: Effect[] = [];
    const isTaken = submitEntry(this.replica, { entry: { session: 1, request }, bytes }, out);
    this.take(out);
    return isTaken;
  }

  /** The oldest persist is durable. */
  sync(): void {
    this.take(this.persists.shift()?.then ?? []);
  }

  syncAll(): void {
    while (this.persists.length > 0) this.sync();
  }

  take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "persist") this.persists.push(effect);
      else if (effect.type === "durable") this.step(effect);
      else this.effects.push(effect);
    }
  }

  count(type: ReplicaEffect["type"]): number {
    return this.effects.filter((effect) => effect.type === type).length;
  }

  /** What 2, the leader of round 1, sends. */
  accept(prev: number, commit: number, values: readonly Uint8Array[]): void {
    const sizes = values.map(({ byteLength }) => byteLength);
    const message = { type: "accept", round: 1, prev, commit, sizes } as const;
    const payload = new Uint8Array(Buffer.concat(values));
    this.step({ type: "received", from: 2, message, payload });
  }

  batch(epoch: number, index: number, ...requests: number[]): Uint8Array {
    const entries = requests.map((request) => ({ session: 1, request }));
    return this.ledger.encode({ epoch, index, wallMs: 0 }, entries);
  }

  keysOf(persist: Persist<ReplicaEffect> | undefined): string[] {
    return (persist?.writes ?? []).map(({ type, key }) => `${type} ${toHex(key)}`);
  }
}
