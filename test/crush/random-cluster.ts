/**
 * Random maps such as clusters have: straw2 throughout, hosts in racks below one root, up to some
 * dozens of items in each bucket. Their weights are such that scores of the fast path come close:
 * equal, nearly equal, tiny or huge; here and there 0, or so large that it is read as negative.
 */
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../cluster/base/prng.ts";
import { OPTIMAL_TUNABLES, TUNABLES_PROFILES } from "../../crush/tunables.ts";
import {
  type ChooseArgs,
  type CrushBucket,
  type CrushMap,
  OPCODE,
  type Rule,
  type RuleStep,
} from "../../crush/types.ts";
import type { RandomWorld } from "./random-map.ts";

const ONE = 0x10000;
const [HOST, RACK, ROOT] = [1, 2, 3] as const;
const PROFILES = ["jewel", "hammer", "firefly", "bobtail"] as const;

export function randomCluster(seed: number): RandomWorld {
  const prng = createPrng(seed);
  const buckets: CrushBucket[] = [];
  const add = (type: number, items: readonly number[]): number => {
    const id = -1 - buckets.length;
    const itemWeights = randomWeights(prng, items.length);
    buckets.push({ id, type, alg: "straw2", hash: 0, weight: 0, items, itemWeights });
    return id;
  };
  let maxDevices = 0;
  const host = () =>
    add(
      HOST,
      list(prng, 0, 24, () => maxDevices++),
    );
  const rack = () => add(RACK, list(prng, 1, 12, host));
  const root = add(ROOT, list(prng, 1, 6, randomChance(prng, 0.7) ? rack : host));
  const profile = TUNABLES_PROFILES.get(randomPick(prng, PROFILES));
  const none = new Map();
  const map: CrushMap = {
    buckets,
    rules: Array.from({ length: 4 }, () => randomRule(prng, root)),
    maxDevices,
    tunables: { ...OPTIMAL_TUNABLES, ...profile },
    typeNames: none,
    itemNames: none,
    ruleNames: none,
    classNames: none,
    itemClasses: none,
    classBuckets: none,
    chooseArgs: none,
  };
  const allIn = randomChance(prng, 0.5);
  const deviceWeights = Uint32Array.from({ length: maxDevices }, () =>
    allIn ? ONE : randomPick(prng, [ONE, ONE, ONE, 0, ONE / 2]),
  );
  const chooseArgs = randomChance(prng, 0.3) ? randomArgs(prng, buckets) : undefined;
  return { map, chooseArgs, deviceWeights };
}

function list<T>(prng: Prng, min: number, max: number, make: () => T): T[] {
  return Array.from({ length: randomBetween(prng, min, max) }, () => make());
}

function randomWeights(prng: Prng, count: number): number[] {
  const base = randomPick(prng, [1, ONE, 30 * ONE, 500 * ONE, 0x7fffffff - 2]);
  const style = randomInt(prng, 5);
  const weights = Array.from({ length: count }, () => {
    if (style <= 1) return base;
    if (style === 2) return base + randomInt(prng, 3);
    if (style === 3) return randomChance(prng, 0.2) ? 0 : base;
    return randomInt(prng, 8 * ONE);
  });
  if (count > 0 && randomChance(prng, 0.02)) weights[count - 1] = 0x80000000;
  return weights;
}

function randomArgs(prng: Prng, buckets: readonly CrushBucket[]): ChooseArgs {
  return new Map(
    buckets.map(({ id, items }) => [
      id,
      {
        weightSets: list(prng, 0, 3, () => randomWeights(prng, items.length)),
        ids: randomChance(prng, 0.3) ? items.map(() => randomInt(prng, 1000)) : [],
      },
    ]),
  );
}

function randomRule(prng: Prng, root: number): Rule {
  const [choose, chooseleaf] = randomPick(prng, [
    [OPCODE.chooseFirstn, OPCODE.chooseleafFirstn],
    [OPCODE.chooseIndep, OPCODE.chooseleafIndep],
  ] as const);
  const count = randomBetween(prng, -1, 4);
  const ways: RuleStep[][] = [
    [{ op: chooseleaf, arg1: count, arg2: HOST }],
    [{ op: chooseleaf, arg1: count, arg2: RACK }],
    [{ op: choose, arg1: count, arg2: 0 }],
    [
      { op: choose, arg1: 2, arg2: RACK },
      { op: chooseleaf, arg1: 2, arg2: HOST },
    ],
  ];
  const leafTries = { op: OPCODE.setChooseleafTries, arg1: randomBetween(prng, 1, 5), arg2: 0 };
  const steps = [
    ...(randomChance(prng, 0.5) ? [leafTries] : []),
    { op: OPCODE.take, arg1: root, arg2: 0 },
    ...randomPick(prng, ways),
    { op: OPCODE.emit, arg1: 0, arg2: 0 },
  ];
  return { ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps };
}
