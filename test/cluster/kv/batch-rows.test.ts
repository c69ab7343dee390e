import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, toHex } from "../../../cluster/base/bytes.ts";
import {
  BATCH_ROWS_END,
  judgeBatchRows,
  KEPT_BATCHES,
  originRows,
  rowsOfBatch,
} from "../../../cluster/kv/batch-rows.ts";
import type { KeyValue, Write } from "../../../cluster/kv/store.ts";

/** What a store holds after these batches; batch KEPT_BATCHES stands for the one that made it. */
function rowsAfter(batches: Iterable<number>): KeyValue[] {
  const rows = new Map<string, KeyValue>();
  const apply = (write: Write): void => {
    if (write.type === "put") rows.set(toHex(write.key), [write.key, write.value]);
    else rows.delete(toHex(write.key));
  };
  for (const number of batches) {
    const writes = number === KEPT_BATCHES ? originRows() : rowsOfBatch(number);
    for (const write of writes) apply(write);
  }
  return [...rows.values()].toSorted(([left], [right]) => compareBytes(left, right));
}

function upTo(newest: number): number[] {
  return Array.from({ length: newest - KEPT_BATCHES + 1 }, (_, index) => KEPT_BATCHES + index);
}

test("every row comes before the end of their range, in the order of the numbers", () => {
  const keys = rowsAfter(upTo(1000)).map(([key]) => toHex(key));
  expect(keys).toHaveLength(KEPT_BATCHES + 1);
  expect(keys[0]).toBe("0000");
  expect(keys[1]).toBe("00000000000000000000".slice(0, 16) + (937).toString(16).padStart(4, "0"));
  for (const key of keys) expect(key < toHex(BATCH_ROWS_END)).toBe(true);
});

test.each([KEPT_BATCHES, KEPT_BATCHES + 1, 2 * KEPT_BATCHES, 500, 70_000])(
  "an intact store of %i batches has nothing wrong with it",
  (newest) => {
    expect(judgeBatchRows(rowsAfter(upTo(newest)))).toEqual({ newest, flaw: undefined });
  },
);

describe("a lost batch is noticed", () => {
  test.each([1, 2, KEPT_BATCHES - 1, KEPT_BATCHES, KEPT_BATCHES + 1, 5 * KEPT_BATCHES])(
    "%i batches before the newest",
    (age) => {
      const newest = 6 * KEPT_BATCHES + 5;
      const left = upTo(newest).filter((number) => number !== newest - age);
      expect(judgeBatchRows(rowsAfter(left))).toEqual({ newest, flaw: expect.any(String) });
    },
  );

  test("so is any number of them, the one that made the store included, but the last ones", () => {
    const losses = fc.tuple(
      fc.integer({ min: KEPT_BATCHES + 1, max: 400 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 150 })), {
        minLength: 1,
        maxLength: 3,
      }),
    );
    fc.assert(
      fc.property(losses, ([newest, gaps]) => {
        const isLost = (number: number): boolean =>
          gaps.some(([from, count]) => number >= from && number < from + count);
        const left = upTo(newest).filter((number) => !isLost(number));
        const isHealed = left.length === 0 || left.length === upTo(left.at(-1) ?? 0).length;
        const { flaw } = judgeBatchRows(rowsAfter(left));
        if (left.length > 0) expect(flaw === undefined).toBe(isHealed);
      }),
      { numRuns: 500 },
    );
  });
});

test("a missing newest batch looks as a crash leaves it", () => {
  expect(judgeBatchRows(rowsAfter(upTo(99)))).toEqual({ newest: 99, flaw: undefined });
});

test.each<[what: string, rows: KeyValue[], flaw: RegExp]>([
  ["no rows at all", [], /made the store is missing/],
  ["no origin", rowsAfter(upTo(80)).slice(1), /made the store is missing/],
  ["a row too few at the front", without(1), /63 batch rows/],
  ["another format", withFirst([Uint8Array.of(0, 0), Uint8Array.of(2)]), /format/],
  [
    "an impossible key",
    [...rowsAfter(upTo(80)), [Uint8Array.of(0, 0, 9), new Uint8Array(0)]],
    /key/,
  ],
  [
    "a number that no store reaches",
    [...rowsAfter(upTo(80)), [Buffer.from(`0000${"ff".repeat(8)}`, "hex"), new Uint8Array(0)]],
    /key/,
  ],
])("%s is a flaw", (_, rows, flaw) => {
  expect(judgeBatchRows(rows).flaw).toMatch(flaw);
});

function without(index: number): KeyValue[] {
  return rowsAfter(upTo(80)).toSpliced(index, 1);
}

function withFirst(row: KeyValue): KeyValue[] {
  return rowsAfter(upTo(80)).toSpliced(0, 1, row);
}
