import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseByPermutation, chooseItem, permutationStep } from "../../crush/bucket.ts";
import { hash3, hash4 } from "../../crush/hash.ts";
import { LN } from "../../crush/ln-table.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { ALGORITHM, type Algorithm, type CrushBucket, NONE } from "../../crush/types.ts";

const ONE = 0x10000;
const ALGORITHMS = Object.keys(ALGORITHM) as Algorithm[];

function bucketOf(
  alg: Algorithm,
  weights: readonly number[],
  { hash = 0, items = weights.map((_, i) => 10 * i) } = {},
): CrushBucket {
  return makeBucket({ id: -3, type: 1, alg, hash, items, weights }, 1);
}

function shares(bucket: CrushBucket, draws: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let x = 0; x < draws; x++) {
    const item = chooseItem(bucket, x, 0);
    counts.set(item, (counts.get(item) ?? 0) + 1 / draws);
  }
  return counts;
}

describe("every algorithm", () => {
  test.each(ALGORITHMS)("%s gives equal items equal shares", (alg) => {
    const counts = shares(bucketOf(alg, [ONE, ONE, ONE, ONE]), 4000);
    for (const item of [0, 10, 20, 30]) expect(counts.get(item)).toBeCloseTo(0.25, 1);
  });

  test.each(["list", "tree", "straw", "straw2"] as const)("%s weighs", (alg) => {
    const counts = shares(bucketOf(alg, [ONE, 3 * ONE]), 4000);
    expect(counts.get(10)).toBeCloseTo(0.75, 1);
  });

  test.each(["list", "tree", "straw2"] as const)("%s never takes weight 0", (alg) => {
    const counts = shares(bucketOf(alg, [ONE, 0, ONE, 0]), 500);
    expect([...counts.keys()].sort()).toEqual([0, 20]);
  });

  // Where all hashes are 0, so are all draws.
  test.each([
    ["uniform", 0],
    ["list", 30],
    ["tree", 0],
    ["straw", 0],
    ["straw2", 20],
  ] as const)("%s is fixed under an unknown hash function", (alg, item) => {
    const weights = alg === "uniform" ? [ONE, ONE, ONE, ONE] : [ONE, ONE, 4 * ONE, ONE];
    const bucket = bucketOf(alg, weights, { hash: 1 });
    expect(new Set(shares(bucket, 50).keys())).toEqual(new Set([item]));
  });

  test.each([
    ["list", 0],
    ["straw", 0],
    ["straw2", 0],
  ] as const)("%s falls to its first item if all weights are 0", (alg, item) => {
    expect(new Set(shares(bucketOf(alg, [0, 0, 0]), 50).keys())).toEqual(new Set([item]));
  });

  test("a tree whose weights lead beyond its items has no item there", () => {
    expect(chooseItem(bucketOf("tree", [0, 0, 0]), 1, 0)).toBe(NONE);
  });
});

describe("a permutation", () => {
  test("brings each item once in each run of r, the same ones again after", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALGORITHMS), fc.integer(), fc.nat(1e8), (alg, x, runs) => {
        const bucket = bucketOf(alg, [ONE, ONE, ONE, ONE, ONE]);
        const at = (r: number) => chooseByPermutation(bucket, x, r);
        const run = [0, 1, 2, 3, 4].map((r) => at(5 * runs + r));
        expect(run.toSorted((a, b) => a - b)).toEqual(bucket.items);
        expect(run).toEqual([0, 1, 2, 3, 4].map(at));
      }),
    );
  });

  test("moves to a place what is as many steps on as the hash says", () => {
    const bucket = bucketOf("uniform", [ONE, ONE, ONE]);
    const first = permutationStep(bucket, 77, 0);
    expect(first).toBe(hash3(77, -3, 0) % 3);
    expect(chooseByPermutation(bucket, 77, 0)).toBe(10 * first);
  });
});

describe("straw2", () => {
  test("a weight of 32768.0 is negative and beats all others", () => {
    const bucket = bucketOf("straw2", [ONE, 0x80000000, 100 * ONE]);
    expect(new Set(shares(bucket, 200).keys())).toEqual(new Set([10]));
  });

  test("choose_args replace the weights of a position, the last for all further ones", () => {
    const bucket = bucketOf("straw2", [ONE, ONE, ONE]);
    const args = {
      weightSets: [
        [ONE, 0, 0],
        [0, ONE, 0],
      ],
      ids: [],
    };
    const at = [0, 1, 2, 9].map((position) => chooseItem(bucket, 5, 0, args, position));
    expect(at).toEqual([0, 10, 10, 10]);
  });

  test("choose_args replace the ids that are hashed, not the items that are returned", () => {
    const args = { weightSets: [], ids: [7, 8, 9] };
    const bucket = bucketOf("straw2", [ONE, ONE, ONE]);
    const twin = bucketOf("straw2", [ONE, ONE, ONE], { items: args.ids });
    for (let x = 0; x < 100; x++) {
      const index = twin.items.indexOf(chooseItem(twin, x, 0));
      expect(chooseItem(bucket, x, 0, args)).toBe(bucket.items[index]);
    }
  });
});

describe("in whole numbers of 64 bits", () => {
  const weight = fc.oneof(
    fc.constantFrom(0, 1, ONE),
    fc.integer({ min: 0, max: 8 * ONE }),
    fc.integer({ min: 0, max: 0x07ffffff }),
  );
  const weights = fc.array(weight, { minLength: 1, maxLength: 9 });

  test.each(["list", "tree", "straw", "straw2"] as const)("%s chooses the same", (alg) => {
    fc.assert(
      fc.property(weights, fc.integer(), fc.integer({ min: 0, max: 60 }), (list, x, r) => {
        const bucket = bucketOf(alg, list);
        expect(chooseItem(bucket, x, r)).toBe(twin(bucket, x, r));
      }),
      { numRuns: 400 },
    );
  });
});

/** The definitions again, in integers as large as they get. */
function twin(bucket: CrushBucket, x: number, r: number): number | undefined {
  const { id, items } = bucket;
  const low16 = (hash: number) => BigInt(hash & 0xffff);
  switch (bucket.alg) {
    case "list": {
      const { itemWeights, sumWeights } = bucket;
      const taken = items.findLastIndex((item, i) => {
        const scaled = (low16(hash4(x, item, r, id)) * BigInt(sumWeights[i] ?? 0)) >> 16n;
        return scaled < BigInt(itemWeights[i] ?? 0);
      });
      return items[Math.max(taken, 0)];
    }
    case "tree": {
      const weightOf = (node: number) => BigInt(bucket.nodeWeights[node] ?? 0);
      let node = bucket.nodeWeights.length / 2;
      while (node % 2 === 0) {
        const half = (node & -node) / 2;
        const draw = (BigInt(hash4(x, node, r, id)) * weightOf(node)) >> 32n;
        node += draw < weightOf(node - half) ? -half : half;
      }
      return items[node >> 1] ?? NONE;
    }
    case "straw":
      return firstGreatest(items, (item, i) => {
        return low16(hash3(x, item, r)) * BigInt(bucket.straws[i] ?? 0);
      });
    case "straw2":
      return firstGreatest(items, (item, i) => {
        const itemWeight = BigInt(bucket.itemWeights[i] ?? 0);
        if (itemWeight === 0n) return -(1n << 63n);
        return BigInt(LN[hash3(x, item, r) & 0xffff] ?? 0) / itemWeight;
      });
    case "uniform":
      return undefined;
  }
}

function firstGreatest(
  items: readonly number[],
  drawOf: (item: number, index: number) => bigint,
): number | undefined {
  const draws = items.map(drawOf);
  const greatest = draws.reduce((a, b) => (b > a ? b : a));
  return items[draws.indexOf(greatest)];
}
