/** CRUSH with each of its bucket algorithms: the same tree and rule, every bucket made anew. */
import { compile } from "../../crush/compiled.ts";
import { itemWeightsOf, makeBucket } from "../../crush/make-bucket.ts";
import { simdMapper } from "../../crush/simd.ts";
import {
  type Algorithm,
  type CrushBucket,
  type CrushMap,
  chooseArgsFor,
} from "../../crush/types.ts";
import { balancedPool } from "./balancer.ts";
import type { Cluster } from "./cluster.ts";
import type { Placement, Scheme } from "./scheme.ts";

const ABOUT = {
  straw2: "Each item draws by its weight alone. What Ceph uses.",
  straw: "straw2's predecessor: the length of a straw depends on the other weights too.",
  tree: "A binary tree of weights in each bucket, of at most 64 items.",
  list: "Newest first: keeps its data or passes it on. Made for clusters that only grow.",
  uniform: "A permutation of the items. Cannot express weights, and a change reshuffles a bucket.",
} as const satisfies Record<Algorithm, string>;

const ALGORITHMS: readonly Algorithm[] = ["straw2", "straw", "tree", "list", "uniform"];

/**
 * A map that is not all straw2, or whose choose_args replace weights, is measured as it is too;
 * the other schemes leave choose_args out.
 */
export function crushSchemes(map: CrushMap): Scheme[] {
  const schemes = ALGORITHMS.map((alg) => schemeOf(alg, ABOUT[alg], (from) => withAll(from, alg)));
  if (isPlainStraw2(map)) return schemes;
  const asItIs = schemeOf("map", "The map as it is, with its own algorithms.", (from) => from);
  return [asItIs, ...schemes];
}

function schemeOf(name: string, about: string, formOf: (map: CrushMap) => CrushMap): Scheme {
  return { name, about, ignoresWeights: name === "uniform", formOf, place: crushPlacement };
}

function crushPlacement(cluster: Cluster): Placement {
  const { map, ruleId, replicas, deviceWeights } = cluster;
  const chooseArgs = chooseArgsFor(map, NO_POOL);
  const compiled = compile(map, chooseArgs);
  const request = { map, chooseArgs, ruleId, resultMax: replicas, deviceWeights };
  return {
    mapInto: (x, result, at) => compiled.mapInto(ruleId, x, replicas, deviceWeights, result, at),
    // Other buckets would be chosen from by the plain code, called for each of them.
    vectorized: () => (hasStraw2(map) ? simdMapper(request, compiled) : undefined),
    balanced: (pool) => balancedPool(cluster, pool),
    next: crushPlacement,
  };
}

/** No pool has this key, so it stands for the choose_args that serve all pools. */
const NO_POOL = -2;

function isPlainStraw2({ buckets, chooseArgs }: CrushMap): boolean {
  return chooseArgs.size === 0 && buckets.every((bucket) => (bucket?.alg ?? "straw2") === "straw2");
}

function hasStraw2({ buckets }: CrushMap): boolean {
  return buckets.some((bucket) => bucket?.alg === "straw2");
}

/** Throws CrushError where a bucket has more items than the algorithm can hold. */
export function withAll(map: CrushMap, alg: Algorithm): CrushMap {
  if (alg === "straw2" && isPlainStraw2(map)) return map;
  const { strawCalcVersion } = map.tunables;
  const buckets = map.buckets.map((bucket) => {
    if (bucket === undefined) return undefined;
    const { id, type, hash, items } = bucket;
    const weights = alg === "uniform" ? evenedWeights(bucket) : itemWeightsOf(bucket);
    return makeBucket({ id, type, hash, items, alg, weights }, strawCalcVersion);
  });
  return { ...map, buckets, chooseArgs: new Map() };
}

/** A uniform bucket has one weight for all its items: the mean keeps the sum, but for rounding. */
function evenedWeights(bucket: CrushBucket): number[] {
  const weights = itemWeightsOf(bucket);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map(() => Math.round(sum / weights.length));
}
