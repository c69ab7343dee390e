import { describe, expect, test } from "vitest";
import { type Columns, flatten, PLAN } from "../../crush/columns.ts";
import { LN_STEP } from "../../crush/ln-table.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import type { Algorithm, ChooseArgs, CrushBucket, CrushMap } from "../../crush/types.ts";

const ONE = 0x10000;

function bucket(id: number, weights: readonly number[], alg: Algorithm = "straw2", hash = 0) {
  const items = weights.map((_, i) => 10 + i);
  return makeBucket({ id, type: 4, alg, hash, items, weights }, 1);
}

function flat(buckets: readonly (CrushBucket | undefined)[], chooseArgs?: ChooseArgs): Columns {
  const none = new Map();
  const map: CrushMap = {
    buckets,
    rules: [],
    maxDevices: 20,
    tunables: OPTIMAL_TUNABLES,
    typeNames: none,
    itemNames: none,
    ruleNames: none,
    classNames: none,
    itemClasses: none,
    classBuckets: none,
    chooseArgs: none,
  };
  return flatten(map, chooseArgs);
}

function rowsOf(columns: Columns, view: number): number[][] {
  const { firstRow, endRow, item, hashId, weight } = columns;
  const rows = [...item.keys()].slice(firstRow[view], endRow[view]);
  return rows.map((row) => [item[row] ?? 0, hashId[row] ?? 0, weight[row] ?? 0]);
}

describe("the plan of a view", () => {
  const tooMany = new Array<number>(32769).fill(1);
  test.each<[what: string, plan: keyof typeof PLAN, bucket: CrushBucket]>([
    ["one item", "single", bucket(-1, [ONE])],
    ["one item with weight", "single", bucket(-1, [0, ONE, 0])],
    ["no item with weight", "single", bucket(-1, [0, 0])],
    ["equal weights", "equal", bucket(-1, [ONE, 0, ONE])],
    ["equal weights at the limit", "equal", bucket(-1, [LN_STEP, LN_STEP])],
    ["equal weights above it", "weighted", bucket(-1, [LN_STEP + 1, LN_STEP + 1])],
    ["more items than a key can count", "weighted", bucket(-1, tooMany)],
    ["different weights", "weighted", bucket(-1, [ONE, ONE + 1])],
    ["a negative weight", "plain", bucket(-1, [ONE, 0x80000000])],
    ["an unknown hash function", "plain", bucket(-1, [ONE, ONE], "straw2", 1)],
    ["no items", "plain", bucket(-1, [])],
    ["uniform", "uniform", bucket(-1, [ONE, ONE], "uniform")],
    ["list", "plain", bucket(-1, [ONE, ONE], "list")],
    ["tree", "plain", bucket(-1, [ONE, ONE], "tree")],
    ["straw", "plain", bucket(-1, [ONE, ONE], "straw")],
  ])("%s: %s", (_what, plan, one) => {
    expect(flat([one]).plan[0]).toBe(PLAN[plan]);
  });
});

describe("columns", () => {
  test("have a view's rows in pairs, without those of weight 0", () => {
    const columns = flat([bucket(-1, [3, 0, 5, 7]), bucket(-2, [8, 9])]);
    expect(rowsOf(columns, 0)).toEqual([
      [10, 10, 3],
      [12, 12, 5],
      [13, 13, 7],
      [13, 13, 7],
    ]);
    expect(rowsOf(columns, 1)).toEqual([
      [10, 10, 8],
      [11, 11, 9],
    ]);
  });

  test("have a view for each position of the choose_args", () => {
    const args = {
      weightSets: [
        [1, 2],
        [3, 4],
        [0, 5],
      ],
      ids: [-70, -71],
    };
    const columns = flat([bucket(-1, [8, 9]), bucket(-2, [6, 7])], new Map([[-1, args]]));
    expect([...columns.firstView]).toEqual([0, 3]);
    expect([...columns.lastView]).toEqual([2, 3]);
    expect(rowsOf(columns, 1)).toEqual([
      [10, -70, 3],
      [11, -71, 4],
    ]);
    expect(columns.plan[2]).toBe(PLAN.single);
    expect(rowsOf(columns, 3)[0]).toEqual([10, 10, 6]);
  });

  test("have what the search asks for by slot, empty slots included", () => {
    const columns = flat([bucket(-1, [ONE, ONE, ONE]), undefined, bucket(-3, [ONE], "list")]);
    expect([...columns.type]).toEqual([4, -1, 4]);
    expect([...columns.size]).toEqual([3, 0, 1]);
  });

  test("fill one buffer without gaps", () => {
    const { buffer, ...columns } = flat([bucket(-1, [1, 2, 3]), bucket(-2, [1], "tree")]);
    let end = 0;
    for (const column of Object.values(columns)) {
      expect(column.buffer).toBe(buffer);
      expect(column.byteOffset).toBe(end);
      end += column.byteLength;
    }
    expect(buffer.byteLength).toBe(end);
  });
});
