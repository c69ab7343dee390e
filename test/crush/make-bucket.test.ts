import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ITEM_COUNT_MAX,
  itemWeightsOf,
  makeBucket,
  treeNodeCount,
} from "../../crush/make-bucket.ts";
import type { Algorithm, CrushBucket } from "../../crush/types.ts";
import { failureOf } from "./map-texts.ts";

function made(alg: Algorithm, weights: readonly number[]): CrushBucket {
  const items = weights.map((_, index) => index);
  return makeBucket({ id: -1, type: 1, hash: 0, alg, items, weights }, 1);
}

describe("a bucket", () => {
  test.each([
    ["uniform", [5, 5], { weight: 10, itemWeight: 5 }],
    ["uniform", [], { weight: 0, itemWeight: 0 }],
    ["list", [1, 2, 3], { weight: 6, itemWeights: [1, 2, 3], sumWeights: [1, 3, 6] }],
    ["tree", [1, 2, 3], { weight: 6, nodeWeights: [0, 1, 3, 2, 6, 3, 3, 0] }],
    ["tree", [7], { weight: 7, nodeWeights: [0, 7] }],
    ["tree", [], { weight: 0, nodeWeights: [] }],
    ["straw", [4, 4], { weight: 8, itemWeights: [4, 4], straws: [0x10000, 0x10000] }],
    ["straw2", [1, 0], { weight: 1, itemWeights: [1, 0] }],
  ] as const)("%s of %j", (alg, weights, expected) => {
    expect(made(alg, weights)).toMatchObject({ alg, ...expected });
  });

  test.each([
    ["uniform", [1, 2], "WEIGHT"],
    ["tree", new Array(65).fill(1), "LIMIT"],
    ["straw2", new Array(ITEM_COUNT_MAX + 1).fill(1), "LIMIT"],
    ["list", [0xffffffff, 1], "WEIGHT"],
  ] as const)("%s cannot hold what breaks its form (%#)", (alg, weights, code) => {
    expect(failureOf(() => made(alg, weights)).code).toBe(code);
  });

  test.each([
    [0, 0],
    [1, 2],
    [2, 4],
    [3, 8],
    [5, 16],
    [64, 128],
  ])("a tree of %i items has %i nodes", (items, nodes) => {
    expect(treeNodeCount(items)).toBe(nodes);
  });

  test("tells the weights that it was made from, whatever its algorithm", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 64 });
    const algorithms = ["list", "tree", "straw", "straw2"] as const;
    fc.assert(
      fc.property(weights, fc.constantFrom(...algorithms), (drawn, alg) => {
        expect(itemWeightsOf(made(alg, drawn))).toEqual(drawn);
      }),
    );
    expect(itemWeightsOf(made("uniform", [3, 3, 3]))).toEqual([3, 3, 3]);
  });

  test("every inner node of a tree is the sum of what is below it", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(weights, (drawn) => {
        const bucket = made("tree", drawn);
        if (bucket.alg !== "tree") throw new Error("not a tree");
        const total = drawn.reduce((sum, weight) => sum + weight, 0);
        expect(bucket.nodeWeights[bucket.nodeWeights.length / 2]).toBe(total);
      }),
    );
  });
});
