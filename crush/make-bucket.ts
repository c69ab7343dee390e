/**
 * Buckets from what they hold: each algorithm's own sums, nodes and straws are computed here and
 * nowhere else.
 */
import { CrushError } from "./error.ts";
import { strawLengths } from "./straw.ts";
import type { Algorithm, CrushBucket } from "./types.ts";
import { formatWeight } from "./weight.ts";

/** A permutation of more items is not defined: the original marks its state with 0xffff. */
export const ITEM_COUNT_MAX = 65534;
/** The number of nodes is stored in a byte, and 65 items would need 256 nodes. */
export const TREE_ITEM_COUNT_MAX = 64;

export interface BucketContent {
  readonly id: number;
  readonly type: number;
  readonly alg: Algorithm;
  readonly hash: number;
  readonly items: readonly number[];
  /** One for each item, also in a uniform bucket. */
  readonly weights: readonly number[];
}

/** Throws CrushError where the algorithm cannot hold such items. */
export function makeBucket(content: BucketContent, strawCalcVersion: number): CrushBucket {
  const { id, type, alg, hash, items, weights } = content;
  requireRoom(alg, items.length);
  const sums = prefixSums(weights);
  const base = { id, type, hash, weight: sums.at(-1) ?? 0, items };
  switch (alg) {
    case "uniform":
      return { ...base, alg, itemWeight: sharedWeight(weights) };
    case "list":
      return { ...base, alg, itemWeights: weights, sumWeights: sums };
    case "tree":
      return { ...base, alg, nodeWeights: treeNodes(weights) };
    case "straw":
      return {
        ...base,
        alg,
        itemWeights: weights,
        straws: strawLengths(weights, strawCalcVersion),
      };
    case "straw2":
      return { ...base, alg, itemWeights: weights };
  }
}

/** What each item of a bucket weighs, whatever the algorithm. */
export function itemWeightsOf(bucket: CrushBucket): readonly number[] {
  switch (bucket.alg) {
    case "uniform":
      return bucket.items.map(() => bucket.itemWeight);
    case "tree":
      return bucket.items.map((_, index) => bucket.nodeWeights[2 * index + 1] ?? 0);
    default:
      return bucket.itemWeights;
  }
}

/** The size of a tree's array of nodes: a power of two, with every second node a leaf. */
export function treeNodeCount(itemCount: number): number {
  return itemCount === 0 ? 0 : 2 ** (33 - Math.clz32(itemCount - 1));
}

function requireRoom(alg: Algorithm, itemCount: number): void {
  const limit = alg === "tree" ? TREE_ITEM_COUNT_MAX : ITEM_COUNT_MAX;
  if (itemCount <= limit) return;
  throw new CrushError("LIMIT", `${itemCount} items are too many: a ${alg} bucket holds ${limit}`);
}

function prefixSums(weights: readonly number[]): number[] {
  let sum = 0;
  const sums = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  if (sum >= 2 ** 32) {
    throw new CrushError("WEIGHT", "the items weigh 65536.0 or more together; use smaller weights");
  }
  return sums;
}

function sharedWeight(weights: readonly number[]): number {
  const [first = 0] = weights;
  const other = weights.find((weight) => weight !== first);
  if (other === undefined) return first;
  const pair = `${formatWeight(first)} and ${formatWeight(other)}`;
  throw new CrushError("WEIGHT", `items of a uniform bucket all weigh the same, not ${pair}`);
}

/**
 * Leaves are the odd nodes in the order of the items; every other node is the sum of what is below
 * it.
 */
function treeNodes(weights: readonly number[]): number[] {
  const nodes = new Array<number>(treeNodeCount(weights.length)).fill(0);
  for (const [index, weight] of weights.entries()) nodes[2 * index + 1] = weight;
  for (let half = 1; half < nodes.length / 2; half *= 2) {
    for (let node = 2 * half; node < nodes.length; node += 4 * half) {
      nodes[node] = (nodes[node - half] ?? 0) + (nodes[node + half] ?? 0);
    }
  }
  return nodes;
}
