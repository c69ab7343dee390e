import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { toHex } from "../../../cluster/base/bytes.ts";
import type { KeyValue } from "../../../cluster/kv/store.ts";
import type { Persist } from "../../../cluster/runtime/core.ts";
import { createConsensus, type Recovered } from "../../../monitor/consensus/state.ts";
import {
  BATCH_ENTRIES_MAX,
  createReplica,
  isLeader,
  PENDING_BYTES_MAX,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaState,
  stepReplica,
  submitEntry,
} from "../../../monitor/replica/replica.ts";
import { GENERATION_KEY } from "../../../monitor/replica/rows.ts";
import { Ledger } from "../../sim/consensus/ledger.ts";
import type { Entry } from "../../sim/consensus/messages.ts";

const ENTRY_BYTES = 12;
const ACCEPTOR: Recovered = {
  identity: { ensemble: 5, node: 1, standing: "acceptor" },
  promise: { round: 1, node: 2 },
  entries: [],
  applied: 0,
};

type Effect = ReplicaEffect | Persist<ReplicaEffect>;

/** One replica; what it persists is durable when `sync` is called. */
class Stage {
  readonly ledger = new Ledger({ prefixOrder: true }, { applied: () => {}, skipped: () => {} });
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

describe("a leader", () => {
  test("begins with an empty batch, and numbers its batches", () => {
    const stage = Stage.leading();
    expect(stage.replica).toMatchObject({ applied: 1, index: 1 });
    stage.submit(1);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.replica).toMatchObject({ applied: 2, index: 2 });
    expect(stage.ledger.entries).toEqual([{ session: 1, request: 1 }]);
  });

  test("makes one batch of what is submitted before the flush that it asks for once", () => {
    const stage = Stage.leading();
    for (let request = 1; request <= 5; request++) expect(stage.submit(request)).toBe(true);
    expect(stage.count("flushSoon")).toBe(1);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.replica.applied).toBe(2);
    expect(stage.ledger.entries).toHaveLength(5);
  });

  test("has so many batches in flight, and gathers the rest meanwhile", () => {
    const stage = Stage.leading();
    let request = 0;
    const flushOne = (): void => {
      request += 1;
      stage.submit(request);
      stage.step({ type: "flush" });
    };
    for (let batch = 0; batch < 12; batch++) flushOne();
    const { log, commit } = stage.replica.consensus;
    expect(log.last - commit).toBe(8);
    stage.syncAll();
    expect(stage.ledger.entries).toHaveLength(12);
    // The eight, and the four that waited in one.
    expect(stage.replica.applied).toBe(1 + 8 + 1);
  });

  test("cuts a batch at its bounds", () => {
    const stage = Stage.leading();
    for (let request = 1; request <= BATCH_ENTRIES_MAX + 1; request++) stage.submit(request, 1);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.replica.applied).toBe(3);
  });

  test("refuses what is too much, and it changes nothing", () => {
    const stage = Stage.leading();
    expect(stage.submit(1, PENDING_BYTES_MAX)).toBe(true);
    expect(stage.submit(2, 1)).toBe(false);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.ledger.entries).toEqual([{ session: 1, request: 1 }]);
    expect(stage.submit(2, 1)).toBe(true);
  });

  test("alone takes entries", () => {
    const stage = Stage.following();
    expect(stage.submit(1)).toBe(false);
    expect(stage.count("flushSoon")).toBe(0);
  });
});

describe("what is applied", () => {
  test("is written with its slot and without its log, some time later", () => {
    const stage = Stage.leading();
    stage.submit(1);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.replica.rowsSlot).toBe(0);
    stage.tick(150);
    expect(stage.replica.rowsSlot).toBe(2);
    expect(stage.keysOf(stage.persists.find(({ writes }) => writes.length > 0))).toEqual([
      "put 720000000074",
      "put 72000000007a00000001",
    ]);
    stage.syncAll();
    const before = stage.persists.length;
    stage.tick(150);
    expect(stage.persists.length).toBe(before);
  });

  test("is written at once when the log behind it would no longer fit into a promise", () => {
    const stage = Stage.following();
    const { ledger } = stage;
    const large = Array.from({ length: 9_000 }, (_, index) => ({ session: 2, request: index + 1 }));
    const value = ledger.encode({ epoch: 1, index: 0, wallMs: 0 }, large);
    const count = Math.ceil((4 << 20) / value.byteLength);
    stage.accept(0, 0, [value]);
    for (let slot = 2; slot <= count; slot++) {
      stage.accept(slot - 1, slot - 1, [
        ledger.encode({ epoch: 1, index: slot - 1, wallMs: 0 }, large),
      ]);
      expect(stage.replica.unwrittenBytes).toBeLessThanOrEqual(4 << 20);
    }
    stage.accept(count, count, []);
    expect(stage.replica.rowsSlot).toBe(count);
    expect(stage.replica.unwrittenBytes).toBe(0);
  });

  test("is written after a thousand slots, however small", () => {
    const stage = Stage.following();
    const values = Array.from({ length: 1_100 }, (_, index) => stage.batch(1, index));
    stage.accept(0, 0, values.slice(0, 600));
    stage.accept(600, 600, values.slice(600));
    expect(stage.replica.rowsSlot).toBe(0);
    stage.accept(1_100, 1_100, []);
    expect(stage.replica.rowsSlot).toBe(1_100);
  });

  test("ends the process if the leader's differs as of the same slot", () => {
    const stage = Stage.following();
    const accept = (slot: number) => stage.accept(slot - 1, slot, [stage.batch(1, slot - 1, slot)]);
    const beat = (slot: number, digest: number) => {
      const rest = { life: 7, commit: slot, backedMs: 0, echoMs: 0, slot, digest };
      const message = { type: "heartbeat", round: 1, sequence: slot, ...rest } as const;
      stage.step({ type: "received", from: 2, message, payload: new Uint8Array(0) });
    };
    accept(1);
    beat(1, stage.ledger.digest());
    accept(2);
    expect(stage.count("fatal")).toBe(0);
    // Also if nothing follows: what is read there may be wrong already.
    beat(2, stage.ledger.digest() + 1);
    expect(stage.count("fatal")).toBe(1);
  });
});

describe("rows of another member", () => {
  /** The rows as of a slot in which so many entries are. */
  function rowsAsOf(slot: number, count: number): KeyValue[] {
    const ledger = new Ledger({ prefixOrder: true }, { applied: () => {}, skipped: () => {} });
    const entries = Array.from({ length: count }, (_, index) => ({
      session: 1,
      request: index + 1,
    }));
    ledger.apply(1, ledger.encode({ epoch: 1, index: 0, wallMs: 0 }, entries));
    return ledger.takeRows(slot).map((write) => {
      if (write.type !== "put") throw new Error("rows are put");
      return [write.key, write.value];
    });
  }

  interface Part {
    readonly rows: readonly KeyValue[];
    readonly index: number;
    readonly isLast: boolean;
    readonly from?: number;
    readonly transfer?: number;
  }

  function receive(stage: Stage, { from = 2, transfer = 3, ...part }: Part): boolean | undefined {
    const call = stage.effects.length + 1;
    stage.step({ type: "rowsReceived", from, transfer, call, ...part });
    stage.syncAll();
    const taken = stage.effects.findLast((effect) => effect.type === "rowsTaken");
    return taken?.type === "rowsTaken" && taken.call === call ? taken.ok : undefined;
  }

  test("replace the machine when all are there, in one batch with the switch to them", () => {
    const stage = Stage.following();
    const rows = rowsAsOf(9, 3);
    expect(receive(stage, { rows: rows.slice(0, 2), index: 0, isLast: false })).toBe(true);
    expect(stage.replica.applied).toBe(0);
    const part = { from: 2, transfer: 3, index: 1, rows: rows.slice(2), isLast: true, call: 99 };
    stage.step({ type: "rowsReceived", ...part });
    const keys = stage.persists.map((persist) => stage.keysOf(persist));
    const last = present(
      keys.find((each) => each.includes(`put ${toHex(GENERATION_KEY)}`)),
      "the switch",
    );
    expect(last.filter((key) => key.startsWith("put 7200000001"))).toHaveLength(2);
    stage.syncAll();
    expect(stage.replica).toMatchObject({
      applied: 9,
      rowsSlot: 9,
      generation: 1,
      nextGeneration: 2,
    });
    expect(stage.replica.consensus.commit).toBe(9);
    expect(stage.ledger.entries).toHaveLength(3);
    expect(stage.effects).toContainEqual({ type: "dropRows", generation: 0 });
  });

  test.each<[string, Partial<Part>]>([
    ["is missing one before it", { index: 2 }],
    ["comes a second time", { index: 0 }],
    ["is of another transfer", { transfer: 4 }],
    ["is of another member", { from: 3 }],
  ])("are refused where a part %s", (_what, changes) => {
    const stage = Stage.following();
    const rows = rowsAsOf(9, 3);
    receive(stage, { rows: rows.slice(0, 1), index: 0, isLast: false });
    const isTaken = receive(stage, { rows: rows.slice(1), index: 1, isLast: true, ...changes });
    // A part that is the first of its transfer begins it again, without what came before.
    expect(isTaken).toBe(changes.index === 0);
    expect(stage.replica.applied).toBe(0);
    expect(stage.ledger.entries).toEqual([]);
  });

  test("begin again in rows of their own, and the former ones are swept", () => {
    const stage = Stage.following();
    const rows = rowsAsOf(9, 3);
    receive(stage, { rows: rows.slice(0, 2), index: 0, isLast: false });
    expect(receive(stage, { rows, index: 0, isLast: true, transfer: 4 })).toBe(true);
    expect(stage.effects).toContainEqual({ type: "dropRows", generation: 1 });
    expect(stage.replica).toMatchObject({ generation: 2, applied: 9 });
  });

  test("are dropped if the log was faster", () => {
    const stage = Stage.following();
    const values = [1, 2, 3].map((slot) => stage.batch(1, slot - 1, slot));
    receive(stage, { rows: rowsAsOf(2, 1).slice(0, 1), index: 0, isLast: false });
    stage.accept(0, 3, values);
    expect(stage.replica.applied).toBe(3);
    receive(stage, { rows: rowsAsOf(2, 1).slice(1), index: 1, isLast: true });
    expect(stage.replica).toMatchObject({ applied: 3, generation: 0 });
    expect(stage.ledger.entries).toHaveLength(3);
    expect(stage.effects).toContainEqual({ type: "dropRows", generation: 1 });
  });
});
