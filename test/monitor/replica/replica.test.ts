import { describe, expect, test } from "vitest";
import { ENTRY_BYTES_MAX } from "../../../monitor/message/limits.ts";
import {
  BATCH_ENTRIES_MAX,
  BYTES_IN_FLIGHT_MAX,
  isLeader,
  PENDING_BYTES_MAX,
} from "../../../monitor/replica/replica.ts";
import { Stage } from "./stage.ts";

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
    const eighth = PENDING_BYTES_MAX / 8;
    for (let request = 1; request <= 8; request++) expect(stage.submit(request, eighth)).toBe(true);
    expect(stage.submit(9, 1)).toBe(false);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.ledger.entries).toHaveLength(8);
    expect(stage.submit(9, 1)).toBe(true);
  });

  test("refuses what no batch can have", () => {
    const stage = Stage.leading();
    expect(stage.submit(1, ENTRY_BYTES_MAX + 1)).toBe(false);
    expect(stage.submit(1, ENTRY_BYTES_MAX)).toBe(true);
  });

  test.each([
    ["largest", ENTRY_BYTES_MAX],
    ["large", 300_000],
  ])("has no more in flight than a promise can carry, with the %s entries", (_what, bytes) => {
    const stage = Stage.leading();
    stage.ledger.filler = bytes;
    for (let request = 1; request <= 6; request++) stage.submit(request, bytes);
    stage.step({ type: "flush" });
    const { log, commit } = stage.replica.consensus;
    let inFlight = 0;
    for (let slot = commit + 1; slot <= log.last; slot++) {
      inFlight += log.entry(slot)?.value.byteLength ?? 0;
    }
    expect(inFlight).toBeGreaterThanOrEqual(bytes);
    expect(inFlight).toBeLessThanOrEqual(Math.max(BYTES_IN_FLIGHT_MAX, bytes + 100));
    stage.syncAll();
    expect(stage.ledger.latest.get(1)).toBe(6);
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
    expect(stage.replica.consensus.rowsSlot).toBe(0);
    stage.tick(150);
    expect(stage.replica.consensus.rowsSlot).toBe(2);
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
    expect(stage.replica.consensus.rowsSlot).toBe(count);
    expect(stage.replica.unwrittenBytes).toBe(0);
  });

  test("is written after a thousand slots, however small", () => {
    const stage = Stage.following();
    const values = Array.from({ length: 1_100 }, (_, index) => stage.batch(1, index));
    stage.accept(0, 0, values.slice(0, 600));
    stage.accept(600, 600, values.slice(600));
    expect(stage.replica.consensus.rowsSlot).toBe(0);
    stage.accept(1_100, 1_100, []);
    expect(stage.replica.consensus.rowsSlot).toBe(1_100);
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

describe("a chosen value that is no batch", () => {
  test("is void: what comes after it counts, and an operator hears of it", () => {
    const stage = Stage.following();
    stage.ledger.unreadable.set(2, { isNewer: false, reason: "rubbish" });
    stage.accept(0, 3, [stage.batch(1, 0, 1), Uint8Array.of(9), stage.batch(1, 1, 2)]);
    expect(stage.replica).toMatchObject({ applied: 3 });
    expect(stage.ledger.entries).toHaveLength(2);
    const message = "slot 2 is no batch and counts for nothing: rubbish";
    expect(stage.effects).toContainEqual(
      expect.objectContaining({ type: "log", level: "error", message }),
    );
    expect(stage.count("fatal")).toBe(0);
  });

  test("ends the leadership that it is of, in which nothing would follow on it", () => {
    const stage = Stage.leading();
    const { epoch } = stage.replica;
    stage.ledger.unreadable.set(2, { isNewer: false, reason: "rubbish" });
    stage.submit(1);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(isLeader(stage.replica)).toBe(true);
    expect(stage.replica.epoch).toBeGreaterThan(epoch);
    stage.submit(2);
    stage.step({ type: "flush" });
    stage.syncAll();
    expect(stage.ledger.entries).toEqual([{ session: 1, request: 2 }]);
  });

  test("is where a member stops whose program is too old for it, once", () => {
    const stage = Stage.following();
    stage.ledger.unreadable.set(2, { isNewer: true, reason: "version 2" });
    stage.accept(0, 3, [stage.batch(1, 0, 1), Uint8Array.of(2), stage.batch(1, 1, 2)]);
    stage.accept(3, 4, [stage.batch(1, 2, 3)]);
    stage.tick(200);
    expect(stage.replica.applied).toBe(1);
    expect(stage.replica.consensus.rowsSlot).toBe(1);
    const reason = "a newer version of Kelp wrote slot 2: version 2";
    const fatal = { type: "fatal", code: "PROGRAM_OUTDATED", reason };
    expect(stage.effects.filter(({ type }) => type === "fatal")).toEqual([fatal]);
  });
});

describe("the log behind the rows", () => {
  /** A batch of some 120 KB, in so many slots one after the other; then the rows are written. */
  function write(stage: Stage, from: number, count: number): void {
    const entries = Array.from({ length: 9_900 }, (_, at) => ({ session: 2, request: at + 1 }));
    for (let slot = from; slot < from + count; slot++) {
      const value = stage.ledger.encode({ epoch: 1, index: slot - 1, wallMs: 0 }, entries);
      stage.accept(slot - 1, slot - 1, [value]);
    }
    stage.accept(from + count - 1, from + count - 1, []);
    stage.tick(150);
    stage.syncAll();
  }

  test("keeps its newest part where all of it would be too much", () => {
    const stage = Stage.following();
    write(stage, 1, 200);
    const { log, rowsSlot } = stage.replica.consensus;
    expect(rowsSlot).toBe(200);
    expect(log.first).toBeGreaterThan(1);
    expect(log.first).toBeLessThan(100);
    expect(log.bytes).toBeLessThanOrEqual(16 << 20);
  });

  test("stays while rows are on their way to somebody, and a while longer", () => {
    const stage = Stage.following();
    write(stage, 1, 200);
    const { log } = stage.replica.consensus;
    const ask = { type: "fetch", from: 1, want: 0 } as const;
    stage.step({ type: "received", from: 2, message: ask, payload: new Uint8Array(0) });
    expect(stage.count("transfer")).toBe(0);
    stage.syncAll();
    expect(stage.count("transfer")).toBe(1);
    write(stage, 201, 200);
    expect(log.first).toBe(201);
    stage.step({ type: "transferEnded", node: 2, slot: 200 });
    write(stage, 401, 1);
    expect(log.first).toBe(201);
    stage.tick(11_000);
    write(stage, 402, 1);
    expect(log.first).toBeGreaterThan(201);
    expect(log.bytes).toBeLessThanOrEqual(16 << 20);
  });
});
