import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import type { KeyValue } from "../../../cluster/kv/store.ts";
import { encodeRows } from "../../../monitor/message/rows.ts";
import { GENERATION_KEY } from "../../../monitor/replica/rows.ts";
import { Ledger } from "../../sim/consensus/ledger.ts";
import { Stage } from "./stage.ts";

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
    const { rows, ...rest } = part;
    const payload = encodeRows(rows);
    stage.step({ type: "rowsReceived", from, transfer, call, payload, ...rest });
    stage.syncAll();
    const taken = stage.effects.findLast((effect) => effect.type === "rowsTaken");
    return taken?.type === "rowsTaken" && taken.call === call ? taken.ok : undefined;
  }

  test("replace the machine when all are there, in one batch with the switch to them", () => {
    const stage = Stage.following();
    const rows = rowsAsOf(9, 3);
    expect(receive(stage, { rows: rows.slice(0, 2), index: 0, isLast: false })).toBe(true);
    expect(stage.replica.applied).toBe(0);
    const payload = encodeRows(rows.slice(2));
    const part = { from: 2, transfer: 3, index: 1, payload, isLast: true, call: 99 };
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
      generation: 1,
      nextGeneration: 2,
    });
    expect(stage.replica.consensus).toMatchObject({ commit: 9, rowsSlot: 9 });
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

  test.each<[string, KeyValue]>([
    ["no row", [utf8("z"), Uint8Array.of(1)]],
    ["a row's value without its end", [utf8("t"), Uint8Array.of(0, 0, 0)]],
  ])("are dropped with what came before if one is %s, and who sent it is told", (_what, bad) => {
    const stage = Stage.following();
    const rows = rowsAsOf(9, 3);
    receive(stage, { rows: rows.slice(0, 1), index: 0, isLast: false });
    expect(receive(stage, { rows: [bad], index: 1, isLast: false })).toBe(false);
    expect(stage.effects).toContainEqual({ type: "dropRows", generation: 1 });
    const [told] = stage.effects.filter(({ type }) => type === "log");
    expect(told).toMatchObject({ level: "error", message: expect.stringContaining("mon.2 sent") });
    expect(receive(stage, { rows: rows.slice(1), index: 2, isLast: true })).toBe(false);
    expect(stage.replica).toMatchObject({ applied: 0, generation: 0, receiving: undefined });
    // The next transfer is another matter.
    expect(receive(stage, { rows, index: 0, isLast: true, transfer: 4 })).toBe(true);
    expect(stage.replica).toMatchObject({ applied: 9, generation: 2 });
  });

  test("are refused from one that is no member, or of no ensemble that is known", () => {
    const rows = rowsAsOf(9, 3);
    for (const from of [3, 4]) {
      const stage = Stage.following();
      expect(receive(stage, { rows, index: 0, isLast: true, from })).toBe(false);
      expect(stage.replica).toMatchObject({ applied: 0, nextGeneration: 1 });
    }
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
