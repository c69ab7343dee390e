import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floorLog2, LN, LN_RANK, LN_STEP } from "../../crush/ln-table.ts";

const LAST = 65535;
const ln = (u: number) => LN[u] as number;
const rank = (u: number) => LN_RANK[u] as number;

/** All u, from the one with the least logarithm up. */
const ascending = [...LN.keys()].sort((a, b) => ln(a) - ln(b));

describe("the logarithm", () => {
  test("has the original's 65,536 values", () => {
    const words = BigUint64Array.from(LN, (value) => BigInt(value + 2 ** 48));
    const digest = createHash("sha256").update(words).digest("hex");
    expect(digest).toBe("7e86f34e8fedc36c3b6252e5a6e4fe3fa4e115ed44e16f58f7fed6543aa1bd20");
  });

  test.each([
    [0, 0],
    [1, 2 ** 44],
    [65534, 0xfffffd61ad10],
    [65535, 0xfffff0000000],
  ])("of %i is %i", (u, expected) => {
    expect(ln(u) + 2 ** 48).toBe(expected);
  });

  test("falls once, at the very end", () => {
    const falls = [...LN.keys()].filter((u) => u > 0 && ln(u) < ln(u - 1));
    expect(falls).toEqual([LAST]);
  });
});

describe("floorLog2", () => {
  test.each([
    [1, 1, 0],
    [3, 2, 0x95c01a39fbd6],
    [255, 128, 279885610482007],
  ])("of %i / %i is exact", (numerator, denominator, expected) => {
    const bits = floorLog2(numerator, denominator);
    expect(bits).toBe(Math.floor(Math.log2(numerator / denominator) * 2 ** 48));
    expect(bits).toBe(expected);
  });
});

describe("the ranks", () => {
  test("have the order and the ties of the logarithms", () => {
    const wrong = ascending.filter((u, i) => {
      const before = ascending[i - 1] ?? u;
      return rank(u) - rank(before) !== (ln(before) === ln(u) ? 0 : 1);
    });
    expect(wrong).toEqual([]);
    expect(rank(0)).toBe(0);
    // 10,007 neighbours are equal, and the misplaced last value has a rank of its own below.
    expect(rank(65534)).toBe(65534 - 10007 + 1);
  });

  test("decide as draws do, for every weight up to the least step", () => {
    const distinct = ascending.filter((u, i) => rank(u) !== rank(ascending[i - 1] ?? -1));
    const weights = fc.integer({ min: 1, max: LN_STEP });
    fc.assert(
      fc.property(weights, (weight) => {
        const draws = distinct.map((u) => Math.trunc(ln(u) / weight));
        expect(draws.every((draw, i) => i === 0 || draw > (draws[i - 1] as number))).toBe(true);
      }),
      { numRuns: 20, examples: [[1], [0x10000], [LN_STEP]] },
    );
  });

  test("cannot decide for every larger weight", () => {
    const tied = (weight: number) =>
      Math.trunc(ln(65022) / weight) === Math.trunc(ln(65023) / weight);
    expect(ln(65023) - ln(65022)).toBe(LN_STEP);
    expect(tied(2 * LN_STEP)).toBe(true);
  });
});
