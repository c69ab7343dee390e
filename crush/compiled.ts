/**
 * The fast form of a map, for mapping many x at a microsecond or so each. It gives exactly what
 * `doRule` gives: the search is the same code, and only the ways in which straw2 and uniform
 * buckets choose are others. The remaining algorithms are used in their plain form.
 */
import { chooseItem, permutationStep } from "./bucket.ts";
import { type Hierarchy, NO_ITEM } from "./choose.ts";
import { type Columns, flatten, MAX_EQUAL_ROWS, PLAN } from "./columns.ts";
import { hash3Pair } from "./hash-pair.ts";
import { LN, LN_RANK } from "./ln-table.ts";
import { RuleMachine } from "./rule.ts";
import type { ChooseArgs, CrushBucket, CrushMap } from "./types.ts";

/** The choose_args become part of what is compiled, so each set needs a compilation of its own. */
export function compile(map: CrushMap, chooseArgs?: ChooseArgs): CompiledMap {
  return new CompiledMap(map, chooseArgs);
}

export class CompiledMap {
  readonly columns: Columns;
  readonly hierarchy: Hierarchy;
  readonly #machine: RuleMachine;

  constructor(map: CrushMap, chooseArgs: ChooseArgs | undefined) {
    this.columns = flatten(map, chooseArgs);
    this.hierarchy = new CompiledHierarchy(map, chooseArgs, this.columns);
    this.#machine = new RuleMachine(map, this.hierarchy);
  }

  doRule(ruleId: number, x: number, resultMax: number, deviceWeights: ArrayLike<number>): number[] {
    return this.#machine.run(ruleId, x, resultMax, deviceWeights);
  }

  /** As `doRule`, but writes to `result` from index `at`, returns the number, allocates nothing. */
  mapInto(
    ruleId: number,
    x: number,
    resultMax: number,
    deviceWeights: ArrayLike<number>,
    result: Int32Array,
    at: number,
  ): number {
    return this.#machine.runInto(ruleId, x, resultMax, deviceWeights, result, at);
  }
}

class CompiledHierarchy implements Hierarchy {
  readonly #map: CrushMap;
  readonly #chooseArgs: ChooseArgs | undefined;
  readonly #columns: Columns;
  /** By slot; only of buckets that have been permuted. */
  readonly #shuffles: (Shuffle | undefined)[];

  constructor(map: CrushMap, chooseArgs: ChooseArgs | undefined, columns: Columns) {
    this.#map = map;
    this.#chooseArgs = chooseArgs;
    this.#columns = columns;
    this.#shuffles = map.buckets.map(() => undefined);
  }

  typeOf(item: number): number {
    if (item >= 0) return item < this.#map.maxDevices ? 0 : NO_ITEM;
    const { type } = this.#columns;
    const slot = -1 - item;
    return slot < type.length ? (type[slot] as number) : NO_ITEM;
  }

  sizeOf(bucket: number): number {
    return this.#columns.size[-1 - bucket] as number;
  }

  isUniform(bucket: number): boolean {
    const { plan, firstView } = this.#columns;
    return plan[firstView[-1 - bucket] as number] === PLAN.uniform;
  }

  choose(bucket: number, x: number, r: number, place: number): number {
    const { firstView, lastView, plan, firstRow, item } = this.#columns;
    const slot = -1 - bucket;
    const view = Math.min((firstView[slot] as number) + place, lastView[slot] as number);
    switch (plan[view]) {
      case PLAN.single:
        return item[firstRow[view] as number] as number;
      case PLAN.equal:
        return this.#chooseByRank(view, x, r);
      case PLAN.weighted:
        return this.#chooseByDraw(view, x, r);
      case PLAN.uniform:
        return this.permute(bucket, x, r);
      default:
        return chooseItem(this.#bucket(slot), x, r, this.#chooseArgs?.get(bucket), place);
    }
  }

  permute(bucket: number, x: number, r: number): number {
    const slot = -1 - bucket;
    const shuffle = this.#shuffles[slot] ?? new Shuffle(this.#bucket(slot));
    this.#shuffles[slot] = shuffle;
    return shuffle.itemAt(x, r);
  }

  #bucket(slot: number): CrushBucket {
    return this.#map.buckets[slot] as CrushBucket;
  }

  /**
   * The key of a row is its rank and, for ties, how early it comes. The greatest is found without
   * branches, as each new one would be mispredicted: `lead >> 31` is all ones if the key is greater
   * than the best so far, else 0.
   */
  #chooseByRank(view: number, x: number, r: number): number {
    const { firstRow, endRow, item, hashId } = this.#columns;
    const ranks = LN_RANK;
    const start = firstRow[view] as number;
    const end = endRow[view] as number;
    let best = -1;
    let earliness = MAX_EQUAL_ROWS - 1;
    for (let row = start; row < end; row += 2) {
      const pair = hash3Pair(x, hashId[row] as number, hashId[row + 1] as number, r);
      let lead = best - (((ranks[pair & 0xffff] as number) << 15) | earliness);
      best -= lead & (lead >> 31);
      lead = best - (((ranks[pair >>> 16] as number) << 15) | (earliness - 1));
      best -= lead & (lead >> 31);
      earliness -= 2;
    }
    return item[start + (~best & (MAX_EQUAL_ROWS - 1))] as number;
  }

  /**
   * A quotient cut towards zero exceeds the whole number `largest` exactly if the logarithm exceeds
   * `largest * weight`, so only a new best costs a division. The product is exact where it matters:
   * beyond 2^53 it is below every logarithm, rounded or not.
   */
  #chooseByDraw(view: number, x: number, r: number): number {
    const { firstRow, endRow, item, hashId, weight } = this.#columns;
    const logarithms = LN;
    const start = firstRow[view] as number;
    const end = endRow[view] as number;
    let best = start;
    let largest = Number.NEGATIVE_INFINITY;
    for (let row = start; row < end; row += 2) {
      const pair = hash3Pair(x, hashId[row] as number, hashId[row + 1] as number, r);
      const weight1 = weight[row] as number;
      const ln1 = logarithms[pair & 0xffff] as number;
      if (ln1 > largest * weight1) {
        largest = Math.ceil(ln1 / weight1);
        best = row;
      }
      const weight2 = weight[row + 1] as number;
      const ln2 = logarithms[pair >>> 16] as number;
      if (ln2 > largest * weight2) {
        largest = Math.ceil(ln2 / weight2);
        best = row + 1;
      }
    }
    return item[best] as number;
  }
}

/** The permutation of a bucket for the last x, as far as it was needed. */
class Shuffle {
  readonly #bucket: CrushBucket;
  readonly #items: Int32Array;
  readonly #shuffled: Int32Array;
  #x = 0;
  /** So many places are final. */
  #done = 0;

  constructor(bucket: CrushBucket) {
    this.#bucket = bucket;
    this.#items = Int32Array.from(bucket.items);
    this.#shuffled = this.#items.slice();
  }

  itemAt(x: number, r: number): number {
    const items = this.#shuffled;
    const place = (r >>> 0) % items.length;
    if (x !== this.#x) {
      items.set(this.#items);
      this.#x = x;
      this.#done = 0;
    }
    for (; this.#done <= place; this.#done++) {
      const from = this.#done + permutationStep(this.#bucket, x, this.#done);
      const displaced = items[this.#done] as number;
      items[this.#done] = items[from] as number;
      items[from] = displaced;
    }
    return items[place] as number;
  }
}
