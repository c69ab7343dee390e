/**
 * How a bucket chooses one of its items for (x, r): the plain form of each algorithm, after which
 * the faster ones are tested. A bucket with no items cannot choose.
 */
import { hash3, hash4 } from "./hash.ts";
import { LN } from "./ln-table.ts";
import {
  type BucketArgs,
  type CrushBucket,
  type ListBucket,
  NONE,
  type Straw2Bucket,
  type StrawBucket,
  type TreeBucket,
} from "./types.ts";

/** `args` and the position in the result matter to straw2 only. */
export function chooseItem(
  bucket: CrushBucket,
  x: number,
  r: number,
  args?: BucketArgs,
  position = 0,
): number {
  switch (bucket.alg) {
    case "uniform":
      return chooseByPermutation(bucket, x, r);
    case "list":
      return chooseFromList(bucket, x, r);
    case "tree":
      return chooseFromTree(bucket, x, r);
    case "straw":
      return chooseByStraw(bucket, x, r);
    case "straw2":
      return chooseByStraw2(bucket, x, r, straw2Args(bucket, args, position));
  }
}

/**
 * The r-th item of a shuffle that depends on x. Uniform buckets choose so, and buckets of any kind
 * when the search falls back to trying all their items.
 */
export function chooseByPermutation(bucket: CrushBucket, x: number, r: number): number {
  const { items } = bucket;
  const place = (r >>> 0) % items.length;
  const order = [...items.keys()];
  for (let p = 0; p <= place; p++) {
    const q = p + permutationStep(bucket, x, p);
    const displaced = order[p] as number;
    order[p] = order[q] as number;
    order[q] = displaced;
  }
  return itemAt(bucket, order[place] as number);
}

/** How far beyond place `p` the item comes from that the shuffle puts there. */
export function permutationStep(bucket: CrushBucket, x: number, p: number): number {
  return bucketHash(bucket, hash3(x, bucket.id, p)) % (bucket.items.length - p);
}

/** Under an unknown hash function the original hashes everything to 0. */
function bucketHash(bucket: CrushBucket, hash: number): number {
  return bucket.hash === 0 ? hash : 0;
}

/** A tree whose weights lead nowhere ends beyond the items, where there is no device. */
function itemAt(bucket: CrushBucket, index: number): number {
  return bucket.items[index] ?? NONE;
}

/** From the newest item down, each is taken with its share of the weight up to it. */
function chooseFromList(bucket: ListBucket, x: number, r: number): number {
  const { id, items, itemWeights, sumWeights } = bucket;
  for (let i = items.length - 1; i >= 0; i--) {
    const draw = bucketHash(bucket, hash4(x, itemAt(bucket, i), r, id)) & 0xffff;
    const scaled = Math.floor((draw * (sumWeights[i] as number)) / 65536);
    if (scaled < (itemWeights[i] as number)) return itemAt(bucket, i);
  }
  return itemAt(bucket, 0);
}

/** Node n has its children at the same distance on both sides; odd nodes are the leaves. */
function chooseFromTree(bucket: TreeBucket, x: number, r: number): number {
  const { id, nodeWeights } = bucket;
  let node = nodeWeights.length >> 1;
  for (let distance = node >> 1; distance > 0; distance >>= 1) {
    const hash = bucketHash(bucket, hash4(x, node, r, id));
    const draw = highProduct(hash, nodeWeights[node] as number);
    node += draw < (nodeWeights[node - distance] as number) ? -distance : distance;
  }
  return itemAt(bucket, node >> 1);
}

/** The upper 32 of the 64 bits of a product of unsigned words. */
function highProduct(a: number, b: number): number {
  const low = Math.floor(((a & 0xffff) * b) / 65536);
  return Math.floor(((a >>> 16) * b + low) / 65536);
}

function chooseByStraw(bucket: StrawBucket, x: number, r: number): number {
  let best = 0;
  let longest = -1;
  for (let i = 0; i < bucket.items.length; i++) {
    const u = bucketHash(bucket, hash3(x, itemAt(bucket, i), r)) & 0xffff;
    const draw = u * (bucket.straws[i] as number);
    if (draw > longest) {
      best = i;
      longest = draw;
    }
  }
  return itemAt(bucket, best);
}

export interface Straw2Args {
  readonly ids: readonly number[];
  readonly weights: readonly number[];
}

/** What a straw2 bucket hashes and weighs with at this position. */
export function straw2Args(
  bucket: Straw2Bucket,
  args: BucketArgs | undefined,
  position: number,
): Straw2Args {
  const { weightSets = [], ids = [] } = args ?? {};
  return {
    ids: ids.length > 0 ? ids : bucket.items,
    weights: weightSets[Math.min(position, weightSets.length - 1)] ?? bucket.itemWeights,
  };
}

/**
 * Each item draws an exponential variate whose rate is its weight, and the first to arrive wins.
 * Variates are negative here, so that is the largest. The quotient must be cut to an integer:
 * two that differ in the fraction only are a tie, which the earlier item wins.
 */
function chooseByStraw2(bucket: Straw2Bucket, x: number, r: number, args: Straw2Args): number {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < args.ids.length; i++) {
    // The original reads the weight as signed; 32768.0 and more give draws above all others.
    const weight = (args.weights[i] as number) | 0;
    if (weight === 0) continue;
    const u = bucketHash(bucket, hash3(x, args.ids[i] as number, r)) & 0xffff;
    const draw = Math.trunc((LN[u] as number) / weight);
    if (draw > largest) {
      best = i;
      largest = draw;
    }
  }
  return itemAt(bucket, best);
}
