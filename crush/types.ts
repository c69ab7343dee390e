/**
 * A CRUSH map as plain data, with everything its text and binary forms hold. Nothing here is ever
 * changed in place: an edit makes a new map that shares what stayed the same.
 *
 * Numbers. Devices have ids from 0 up, buckets have ids below 0, and bucket `id` lives in slot
 * `-1 - id`. A weight is 16.16 fixed point in 32 unsigned bits (1.0 is 0x10000). Sums, straws and
 * node weights are kept as they were given, because a map read from its binary form must place
 * data as its writer did, even where the writer's sums were wrong.
 */

/** Stands for "no device" in a mapping; only indep rules leave such holes. */
export const NONE = 0x7fffffff;

/** The algorithms by their number in the binary map, and as bits in `allowedBucketAlgs`. */
export const ALGORITHM = { uniform: 1, list: 2, tree: 3, straw: 4, straw2: 5 } as const;

export type Algorithm = keyof typeof ALGORITHM;

interface BucketBase {
  readonly id: number;
  /** Above 0; type 0 is a device. */
  readonly type: number;
  /** 0 is rjenkins1; under any other number every hash of this bucket is 0. */
  readonly hash: number;
  /** What this bucket counts for, which need not be what its parent weighs it with. */
  readonly weight: number;
  readonly items: readonly number[];
}

export interface UniformBucket extends BucketBase {
  readonly alg: "uniform";
  /** Of every item. */
  readonly itemWeight: number;
}

export interface ListBucket extends BucketBase {
  readonly alg: "list";
  readonly itemWeights: readonly number[];
  /** `sumWeights[i]` is the sum of `itemWeights[0..i]`, both ends included. */
  readonly sumWeights: readonly number[];
}

export interface TreeBucket extends BucketBase {
  readonly alg: "tree";
  /** Item `i` weighs `nodeWeights[2 * i + 1]`; the length is a power of two, or 0 if empty. */
  readonly nodeWeights: readonly number[];
}

export interface StrawBucket extends BucketBase {
  readonly alg: "straw";
  readonly itemWeights: readonly number[];
  /** The length of each item's straw, 16.16, as `strawLengths` computes it. */
  readonly straws: readonly number[];
}

export interface Straw2Bucket extends BucketBase {
  readonly alg: "straw2";
  readonly itemWeights: readonly number[];
}

export type CrushBucket = UniformBucket | ListBucket | TreeBucket | StrawBucket | Straw2Bucket;

export const OPCODE = {
  noop: 0,
  take: 1,
  chooseFirstn: 2,
  chooseIndep: 3,
  emit: 4,
  chooseleafFirstn: 6,
  chooseleafIndep: 7,
  setChooseTries: 8,
  setChooseleafTries: 9,
  setChooseLocalTries: 10,
  setChooseLocalFallbackTries: 11,
  setChooseleafVaryR: 12,
  setChooseleafStable: 13,
} as const;

/** As stored, so that steps of newer releases survive a round trip; the mapper skips them. */
export interface RuleStep {
  readonly op: number;
  readonly arg1: number;
  readonly arg2: number;
}

export const RULE_TYPE = { replicated: 1, erasure: 3 } as const;

export interface Rule {
  readonly ruleset: number;
  readonly type: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly steps: readonly RuleStep[];
}

export interface Tunables {
  /** Retries in the same bucket before the descent starts again at the top. */
  readonly chooseLocalTries: number;
  /** Further retries in the same bucket, walking a permutation of its items. */
  readonly chooseLocalFallbackTries: number;
  /** Retries of the whole descent: one more than this many tries. */
  readonly chooseTotalTries: number;
  /** 1: the search for a leaf is tried once and then the whole descent again. */
  readonly chooseleafDescendOnce: number;
  /** How the parent's try enters the leaf's: 0 not at all, n as `r >> (n - 1)`. */
  readonly chooseleafVaryR: number;
  /** 1: a leaf does not depend on the place of its replica in the list. */
  readonly chooseleafStable: number;
  /** Which computation of straw lengths builders use. */
  readonly strawCalcVersion: number;
  /** Bits of ALGORITHM that tools may give to a new bucket; the mapper does not look at it. */
  readonly allowedBucketAlgs: number;
}

/** What replaces a straw2 bucket's weights and hashed ids. An empty list replaces nothing. */
export interface BucketArgs {
  /** One list of weights for each position in the result; the last serves all further ones. */
  readonly weightSets: readonly (readonly number[])[];
  readonly ids: readonly number[];
}

/** By bucket id. */
export type ChooseArgs = ReadonlyMap<number, BucketArgs>;

/** The key of the choose_args that serve where a pool has none of its own. */
export const DEFAULT_CHOOSE_ARGS = -1;

export interface CrushMap {
  /** By slot; the length is the slot array's size in the binary form. */
  readonly buckets: readonly (CrushBucket | undefined)[];
  /** By rule id; the length is max_rules. */
  readonly rules: readonly (Rule | undefined)[];
  /** One more than the largest device id. */
  readonly maxDevices: number;
  readonly tunables: Tunables;

  readonly typeNames: ReadonlyMap<number, string>;
  /** Of devices and buckets, shadow buckets (`name~class`) included. */
  readonly itemNames: ReadonlyMap<number, string>;
  readonly ruleNames: ReadonlyMap<number, string>;

  readonly classNames: ReadonlyMap<number, string>;
  /** Item id to class id, for devices and for shadow buckets. */
  readonly itemClasses: ReadonlyMap<number, number>;
  /** Original bucket's id to class id to the shadow bucket's id. */
  readonly classBuckets: ReadonlyMap<number, ReadonlyMap<number, number>>;

  /** By pool id or DEFAULT_CHOOSE_ARGS. */
  readonly chooseArgs: ReadonlyMap<number, ChooseArgs>;
}

export function slotOf(bucketId: number): number {
  return -1 - bucketId;
}

/** The bucket of this id; undefined for a device, NONE and an empty slot. */
export function bucketOf(map: CrushMap, id: number): CrushBucket | undefined {
  // To look for what is no index of an array is slow, and most items are devices.
  return id < 0 ? map.buckets[slotOf(id)] : undefined;
}

/** The set made for this key (a pool id), else the default one, else none. */
export function chooseArgsFor(map: CrushMap, key: number): ChooseArgs | undefined {
  return map.chooseArgs.get(key) ?? map.chooseArgs.get(DEFAULT_CHOOSE_ARGS);
}
