/** The named sets of tunables, each after the release whose clients first understood it. */
import type { Tunables } from "./types.ts";

/** Straw lengths belong to the buckets that were built, so most profiles leave their version. */
export type TunablesProfile = Omit<Tunables, "strawCalcVersion"> & Partial<Tunables>;

const ARGONAUT: TunablesProfile = {
  chooseLocalTries: 2,
  chooseLocalFallbackTries: 5,
  chooseTotalTries: 19,
  chooseleafDescendOnce: 0,
  chooseleafVaryR: 0,
  chooseleafStable: 0,
  allowedBucketAlgs: 22,
};

const BOBTAIL: TunablesProfile = {
  chooseLocalTries: 0,
  chooseLocalFallbackTries: 0,
  chooseTotalTries: 50,
  chooseleafDescendOnce: 1,
  chooseleafVaryR: 0,
  chooseleafStable: 0,
  allowedBucketAlgs: 22,
};

const FIREFLY: TunablesProfile = { ...BOBTAIL, chooseleafVaryR: 1 };
const HAMMER: TunablesProfile = { ...FIREFLY, allowedBucketAlgs: 54 };
const JEWEL: TunablesProfile = { ...HAMMER, chooseleafStable: 1 };

/** What a map that says nothing means: old text and binary files carry no tunables. */
export const LEGACY_TUNABLES: Tunables = { ...ARGONAUT, strawCalcVersion: 0 };

/** What a new map should use. */
export const OPTIMAL_TUNABLES: Tunables = { ...JEWEL, strawCalcVersion: 1 };

export const TUNABLES_PROFILES: ReadonlyMap<string, TunablesProfile> = new Map([
  ["legacy", LEGACY_TUNABLES],
  ["argonaut", ARGONAUT],
  ["bobtail", BOBTAIL],
  ["firefly", FIREFLY],
  ["hammer", HAMMER],
  ["jewel", JEWEL],
  ["optimal", OPTIMAL_TUNABLES],
  ["default", OPTIMAL_TUNABLES],
]);
