import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ITEM_COUNT_MAX } from "../../crush/make-bucket.ts";
import { power } from "../../crush/power.ts";
import { strawLengths } from "../../crush/straw.ts";

const ONE = 0x10000;

describe("straw lengths", () => {
  test.each<[about: string, version: number, weights: number[], straws: number[]]>([
    ["of nothing", 1, [], []],
    ["of one item", 1, [ONE], [ONE]],
    ["of equal items, version 0", 0, [ONE, ONE, ONE], [ONE, ONE, ONE]],
    ["of equal items, version 1", 1, [ONE, ONE, ONE], [ONE, ONE, ONE]],
    ["of a double item", 1, [ONE, 2 * ONE], [ONE, 1.5 * ONE]],
    ["of a double item, listed first", 1, [2 * ONE, ONE], [1.5 * ONE, ONE]],
    ["of items without weight", 1, [0, ONE, 0], [0, ONE, 0]],
    ["of only such items", 0, [0, 0], [0, 0]],
  ])("%s", (_about, version, weights, straws) => {
    expect(strawLengths(weights, version)).toEqual(straws);
  });

  test("an item without weight stretches the others' straws in version 0 only", () => {
    const [, , without] = strawLengths([0, ONE, 2 * ONE], 1);
    expect(without).toBe(1.5 * ONE);
    expect(strawLengths([0, ONE, 2 * ONE], 0)[2]).not.toBe(without);
  });

  test("follow the definition, for weights of every kind", () => {
    const weight = fc.oneof(
      fc.constantFrom(0, 1, ONE, 2 * ONE),
      fc.integer({ min: 0, max: 4 * ONE }),
      fc.integer({ min: 0, max: 0xffffffff }),
    );
    const weights = fc.array(weight, { maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.constantFrom(0, 1, 2), (list, version) => {
        expect(strawLengths(list, version)).toEqual(definition(list, version));
      }),
      { numRuns: 300 },
    );
  });
});

test.each([0, 1])("as many different weights as fit take a moment in version %i", (version) => {
  const weights = Array.from({ length: ITEM_COUNT_MAX }, (_, i) => ITEM_COUNT_MAX - i);
  const lengths = strawLengths(weights, version);
  expect(lengths.at(-1)).toBe(65536);
  expect(lengths.every((length, i) => i === 0 || length <= (lengths[i - 1] ?? 0))).toBe(true);
});

/** Step by step, with the bookkeeping of the original. */
function definition(weights: readonly number[], version: number): number[] {
  const w = (i: number) => weights[i] as number;
  const reverse: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    const j = reverse.findIndex((other) => w(i) < w(other));
    reverse.splice(j === -1 ? reverse.length : j, 0, i);
  }
  const sorted = (i: number) => w(reverse[i] as number);
  const straws = weights.map(() => 0);
  let [left, straw, below, last, i] = [weights.length, 1, 0, 0, 0];
  while (i < weights.length) {
    if (sorted(i) === 0) {
      i++;
      if (version >= 1) left--;
      continue;
    }
    straws[reverse[i] as number] = (straw * 65536) >>> 0;
    i++;
    if (i === weights.length) break;
    if (version === 0 && sorted(i) === sorted(i - 1)) continue;
    below += (sorted(i - 1) - last) * left;
    if (version === 0) {
      for (let j = i; j < weights.length && sorted(j) === sorted(i); j++) left--;
    } else {
      left--;
    }
    const next = Number(BigInt.asUintN(32, BigInt(left) * BigInt(sorted(i) - sorted(i - 1))));
    straw *= power(1 / (below / (below + next)), 1 / left);
    last = sorted(i - 1);
  }
  return straws;
}
