/**
 * Random maps that have some of everything: all algorithms, empty and shared buckets, weights that
 * are equal, zero, tiny, huge or negative, unknown hash functions, choose_args, all profiles of
 * tunables, and rules of every step. One seed makes one map.
 */
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../cluster/base/prng.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { OPTIMAL_TUNABLES, TUNABLES_PROFILES } from "../../crush/tunables.ts";
import {
  ALGORITHM,
  type Algorithm,
  type BucketArgs,
  type ChooseArgs,
  type CrushBucket,
  type CrushMap,
  OPCODE,
  type Rule,
  type RuleStep,
} from "../../crush/types.ts";

const ONE = 0x10000;
const HEIGHT = 3;
const ALGORITHMS = Object.keys(ALGORITHM) as Algorithm[];

export interface RandomWorld {
  readonly map: CrushMap;
  readonly chooseArgs: ChooseArgs | undefined;
  readonly deviceWeights: Uint32Array;
}

export function randomWorld(seed: number): RandomWorld {
  const prng = createPrng(seed);
  const maxDevices = randomBetween(prng, 1, 40);
  const buckets = randomBuckets(prng, maxDevices);
  const map: CrushMap = {
    buckets,
    rules: times(prng, 1, 6, () => randomRule(prng, buckets.length)),
    maxDevices,
    tunables: { ...OPTIMAL_TUNABLES, ...randomPick(prng, [...TUNABLES_PROFILES.values()]) },
    typeNames: new Map(),
    itemNames: new Map(),
    ruleNames: new Map(),
    classNames: new Map(),
    itemClasses: new Map(),
    classBuckets: new Map(),
    chooseArgs: new Map(),
  };
  const chooseArgs = randomChance(prng, 0.5) ? randomArgs(prng, buckets) : undefined;
  const weighed = maxDevices - (randomChance(prng, 0.2) ? randomInt(prng, maxDevices) : 0);
  const deviceWeights = Uint32Array.from({ length: weighed }, () =>
    randomPick(prng, [ONE, ONE, ONE, 0, ONE / 2, randomInt(prng, 2 * ONE)]),
  );
  return { map, chooseArgs, deviceWeights };
}

function times<T>(prng: Prng, min: number, max: number, make: (index: number) => T): T[] {
  return Array.from({ length: randomBetween(prng, min, max) }, (_, index) => make(index));
}

/** Each level holds items of the one below; the last bucket is the only one of the top level. */
function randomBuckets(prng: Prng, maxDevices: number): CrushBucket[] {
  const buckets: CrushBucket[] = [];
  let below = Array.from({ length: maxDevices }, (_, device) => device);
  for (let type = 1; type <= HEIGHT; type++) {
    const level = times(prng, 1, type === HEIGHT ? 1 : 5, () => {
      const items = times(prng, randomChance(prng, 0.1) ? 0 : 1, 9, () => randomPick(prng, below));
      const bucket = randomBucket(prng, -1 - buckets.length, type, items);
      buckets.push(bucket);
      return bucket.id;
    });
    // Now and then a bucket holds devices and hosts side by side.
    below = randomChance(prng, 0.2) ? [...level, 0] : level;
  }
  return buckets;
}

function randomBucket(prng: Prng, id: number, type: number, items: number[]): CrushBucket {
  const alg = randomPick(prng, [...ALGORITHMS, "straw2", "straw2", "straw2"] as const);
  const hash = randomChance(prng, 0.05) ? 1 : 0;
  const weights =
    alg === "uniform" ? items.map(() => ONE) : randomWeights(prng, items.length, alg === "straw2");
  return makeBucket({ id, type, alg, hash, items, weights }, randomInt(prng, 2));
}

function randomWeights(prng: Prng, count: number, negative: boolean): number[] {
  const shared = randomPick(prng, [1, ONE, 100 * ONE, 56128037, 56128038, 2 ** 27]);
  const style = randomInt(prng, 6);
  const weights = Array.from({ length: count }, () => {
    if (style <= 1) return shared;
    if (style === 2) return randomChance(prng, 0.4) ? 0 : shared;
    if (style === 3) return randomInt(prng, 4);
    return randomInt(prng, randomPick(prng, [4 * ONE, 2 ** 27]));
  });
  if (negative && count > 0 && randomChance(prng, 0.05)) weights[0] = 0x80000000;
  return weights;
}

function randomArgs(prng: Prng, buckets: readonly CrushBucket[]): ChooseArgs {
  const chosen = buckets.filter(({ alg }) => alg === "straw2" && randomChance(prng, 0.7));
  return new Map(chosen.map(({ id, items }) => [id, randomBucketArgs(prng, items)]));
}

function randomBucketArgs(prng: Prng, items: readonly number[]): BucketArgs {
  return {
    weightSets: times(prng, 0, 3, () => randomWeights(prng, items.length, true)),
    ids: randomChance(prng, 0.5) ? items.map(() => randomBetween(prng, -100, 100)) : [],
  };
}

const CHOICES = [
  OPCODE.chooseFirstn,
  OPCODE.chooseIndep,
  OPCODE.chooseleafFirstn,
  OPCODE.chooseleafIndep,
];

function randomRule(prng: Prng, bucketCount: number): Rule {
  const blocks = times(prng, 1, 2, () => [
    ...times(prng, 0, 2, () => randomSetting(prng)),
    { op: OPCODE.take, arg1: randomPick(prng, [-bucketCount, -bucketCount, -1]), arg2: 0 },
    ...times(prng, 1, 2, () => ({
      op: randomPick(prng, CHOICES),
      arg1: randomBetween(prng, -1, 4),
      arg2: randomInt(prng, HEIGHT),
    })),
    { op: OPCODE.emit, arg1: 0, arg2: 0 },
  ]);
  return { ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps: blocks.flat() };
}

function randomSetting(prng: Prng): RuleStep {
  const [op, max] = randomPick(prng, [
    [OPCODE.setChooseTries, 20],
    [OPCODE.setChooseleafTries, 5],
    [OPCODE.setChooseLocalTries, 3],
    [OPCODE.setChooseLocalFallbackTries, 5],
    [OPCODE.setChooseleafVaryR, 4],
    [OPCODE.setChooseleafStable, 1],
  ] as const);
  return { op, arg1: randomBetween(prng, 0, max), arg2: 0 };
}
