/**
 * A map flattened into columns of 32-bit integers.
 *
 *   by slot   type, size, firstView, lastView    of the bucket in that slot
 *   by view   plan, firstRow, endRow             one view for each position with weights of its own
 *   by row    item, hashId, weight               in the bucket's order
 *
 * A straw2 bucket's views hold only what can win. Items of weight 0 are left out (if all are, the
 * first item wins, so it stays alone). Rows come in pairs, because they are hashed in pairs: where
 * their number is odd the last one is repeated, which changes nothing, because the first of equal
 * draws wins. The views of other buckets have no rows.
 *
 * All columns lie in one buffer, one after the other, so a copy of it at any aligned address of a
 * WebAssembly memory is the same map: a column is then at that address plus its `byteOffset`.
 */
import { type Straw2Args, straw2Args } from "./bucket.ts";
import { NO_ITEM } from "./choose.ts";
import { LN_STEP } from "./ln-table.ts";
import type { ChooseArgs, CrushBucket, CrushMap, Straw2Bucket } from "./types.ts";

/** How a view chooses. */
export const PLAN = {
  /** The only row wins. */
  single: 0,
  /** straw2 with one weight for all rows, no more of them than MAX_EQUAL_ROWS. */
  equal: 1,
  /** straw2 with weights below 32768.0. */
  weighted: 2,
  /** By permutation. */
  uniform: 3,
  /** By the plain form of the bucket's algorithm. */
  plain: 4,
} as const;

/** So that a rank and a row's index fit into 31 bits. */
export const MAX_EQUAL_ROWS = 32768;

interface ColumnsOf<Column> {
  readonly type: Column;
  readonly size: Column;
  readonly firstView: Column;
  readonly lastView: Column;
  readonly plan: Column;
  readonly firstRow: Column;
  readonly endRow: Column;
  readonly item: Column;
  readonly hashId: Column;
  readonly weight: Column;
}

export interface Columns extends ColumnsOf<Int32Array> {
  readonly buffer: ArrayBuffer;
}

type Lists = ColumnsOf<number[]>;

export function flatten(map: CrushMap, chooseArgs?: ChooseArgs): Columns {
  const lists: Lists = {
    type: [],
    size: [],
    firstView: [],
    lastView: [],
    plan: [],
    firstRow: [],
    endRow: [],
    item: [],
    hashId: [],
    weight: [],
  };
  for (const bucket of map.buckets) {
    lists.type.push(bucket?.type ?? NO_ITEM);
    lists.size.push(bucket?.items.length ?? 0);
    lists.firstView.push(lists.plan.length);
    if (bucket !== undefined) addViews(lists, bucket, chooseArgs);
    lists.lastView.push(lists.plan.length - 1);
  }
  return pack(lists);
}

function addViews(lists: Lists, bucket: CrushBucket, chooseArgs?: ChooseArgs): void {
  if (bucket.alg !== "straw2" || bucket.hash !== 0 || bucket.items.length === 0) {
    addView(lists, bucket.alg === "uniform" ? PLAN.uniform : PLAN.plain, []);
    return;
  }
  const args = chooseArgs?.get(bucket.id);
  const positions = Math.max(args?.weightSets.length ?? 0, 1);
  for (let position = 0; position < positions; position++) {
    const rows = straw2Rows(bucket, straw2Args(bucket, args, position));
    addView(lists, planOf(rows), rows);
  }
}

interface Row {
  readonly item: number;
  readonly hashId: number;
  readonly weight: number;
}

function straw2Rows(bucket: Straw2Bucket, { ids, weights }: Straw2Args): Row[] {
  const rows = bucket.items.map((item, i) => ({
    item,
    hashId: ids[i] as number,
    weight: (weights[i] as number) | 0,
  }));
  const contenders = rows.filter((row) => row.weight !== 0);
  return contenders.length > 0 ? contenders : rows.slice(0, 1);
}

/**
 * Divided by one weight, logarithms keep their order. As long as the weight is no more than the
 * least difference between two of them, their quotients differ even when they are cut to integers;
 * then comparing ranks decides as comparing draws does.
 */
function planOf(rows: readonly Row[]): number {
  if (rows.length === 1) return PLAN.single;
  if (rows.some((row) => row.weight < 0)) return PLAN.plain;
  const weight = rows[0]?.weight ?? 0;
  const equal = rows.every((row) => row.weight === weight);
  const ranked = equal && weight <= LN_STEP && rows.length <= MAX_EQUAL_ROWS;
  return ranked ? PLAN.equal : PLAN.weighted;
}

function addView(lists: Lists, plan: number, rows: readonly Row[]): void {
  lists.plan.push(plan);
  lists.firstRow.push(lists.item.length);
  const last = rows.at(-1);
  const pairs = last !== undefined && rows.length % 2 === 1 ? [...rows, last] : rows;
  for (const row of pairs) {
    lists.item.push(row.item);
    lists.hashId.push(row.hashId);
    lists.weight.push(row.weight);
  }
  lists.endRow.push(lists.item.length);
}

function pack(lists: Lists): Columns {
  const cells = Object.values(lists).reduce((sum, values) => sum + values.length, 0);
  const buffer = new ArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT);
  let used = 0;
  const column = (values: readonly number[]) => {
    const view = new Int32Array(buffer, used, values.length);
    view.set(values);
    used += view.byteLength;
    return view;
  };
  return {
    buffer,
    type: column(lists.type),
    size: column(lists.size),
    firstView: column(lists.firstView),
    lastView: column(lists.lastView),
    plan: column(lists.plan),
    firstRow: column(lists.firstRow),
    endRow: column(lists.endRow),
    item: column(lists.item),
    hashId: column(lists.hashId),
    weight: column(lists.weight),
  };
}
