/**
 * Straw lengths of the old straw algorithm: each item draws `length * random`, and lengths are
 * chosen so that items should win in proportion to their weights. They do so only for some sets of
 * weights, which is why straw2 replaced it. Version 0 also mistreats equal and zero weights; its
 * lengths stay computable because a changed straw moves data.
 */
import { power } from "./power.ts";

/** The lengths of items with these weights, 16.16 in 32 bits. */
export function strawLengths(weights: readonly number[], version: number): number[] {
  const ascending = [...weights.entries()].sort(([, a], [, b]) => a - b);
  const sorted = ascending.map(([, weight]) => weight);
  const lengths = version === 0 ? lengthsVersion0(sorted) : lengthsVersion1(sorted);
  const straws = weights.map(() => 0);
  for (const [rank, [index]] of ascending.entries()) straws[index] = lengths[rank] ?? 0;
  return straws;
}

/** A walk from the lightest item up, on which the straw grows at each step to a heavier one. */
class Walk {
  #straw = 1;
  /** The share of all draws that the items passed so far take, in units of weight. */
  #below = 0;
  #counted = 0;

  /** 32 bits of the length, as the original's conversion leaves them. */
  get length(): number {
    return (this.#straw * 65536) >>> 0;
  }

  /** From `weight` to `next`, with `left` items counted at `weight` and `leftAbove` at `next`. */
  step(weight: number, next: number, left: number, leftAbove: number): void {
    this.#below += (weight - this.#counted) * left;
    // The original multiplies in 32 bits and loses what does not fit.
    const above = Math.imul(leftAbove, next - weight) >>> 0;
    const share = this.#below / (this.#below + above);
    this.#straw *= power(1 / share, 1 / leftAbove);
    this.#counted = weight;
  }
}

function lengthsVersion1(sorted: readonly number[]): number[] {
  const walk = new Walk();
  return sorted.map((weight, i) => {
    if (weight === 0) return 0;
    const length = walk.length;
    const left = sorted.length - i;
    const next = sorted[i + 1];
    if (next !== undefined) walk.step(weight, next, left, left - 1);
    return length;
  });
}

/** Counts items of weight 0 as left, and forgets to take the lightest items off. */
function lengthsVersion0(sorted: readonly number[]): number[] {
  const walk = new Walk();
  const ends = lastOfEqual(sorted);
  let left = sorted.length;
  return sorted.map((weight, i) => {
    if (weight === 0) return 0;
    const length = walk.length;
    const next = sorted[i + 1];
    if (next !== undefined && next !== weight) {
      const leftAbove = left - ((ends[i + 1] ?? 0) - i);
      walk.step(weight, next, left, leftAbove);
      left = leftAbove;
    }
    return length;
  });
}

/** By index, that of the last of the same weight. */
function lastOfEqual(sorted: readonly number[]): number[] {
  const ends = new Array<number>(sorted.length);
  for (let i = sorted.length - 1; i >= 0; i -= 1) {
    ends[i] = sorted[i] === sorted[i + 1] ? (ends[i + 1] ?? i) : i;
  }
  return ends;
}
