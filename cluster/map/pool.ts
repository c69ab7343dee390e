/**
 * The part of a pool that placement looks at, and the way from an object's name to its PG and from
 * there to the number that CRUSH maps.
 */
import { hash2, hashString } from "../../crush/hash.ts";
import { type CrushMap, RULE_TYPE } from "../../crush/types.ts";
import { utf8 } from "../base/bytes.ts";
import type { PoolId } from "../base/ids.ts";
import type { PgId } from "./pg-id.ts";

export interface PlacementPool {
  readonly id: PoolId;
  /**
   * Each shard of an erasure-coded object is another, so a missing OSD leaves a hole at its
   * position. Replicas are alike, so those after a missing one move up.
   */
  readonly type: keyof typeof RULE_TYPE;
  /** Replicas, or data and coding shards together. */
  readonly size: number;
  readonly pgNum: number;
  /** PGs whose seeds agree modulo this number are placed alike; below `pgNum` only amid a split. */
  readonly pgpNum: number;
  /** The ruleset that a fitting rule must have. */
  readonly rule: number;
  /**
   * Without it PG s of pool p is placed as PG s+1 of pool p-1: such pools pile up on the same OSDs.
   */
  readonly hashpspool: boolean;
  /** A kind of `STRING_HASH`. */
  readonly objectHash: number;
}

/** What places an object besides its name. */
export interface ObjectLocator {
  /** Takes the place of the name, so that objects with one key share a PG. */
  readonly key?: string;
  readonly namespace?: string;
  /** Takes the place of the hash of all that. */
  readonly hash?: number;
}

/** No name can hold it, so no two pairs of namespace and name run together into one string. */
const NAMESPACE_END = "\u001f";

export function objectToPg(pool: PlacementPool, name: string, locator: ObjectLocator = {}): PgId {
  const { key = "", namespace = "" } = locator;
  const own = key === "" ? name : key;
  const full = namespace === "" ? own : `${namespace}${NAMESPACE_END}${own}`;
  const hash = locator.hash ?? hashString(pool.objectHash, utf8(full));
  return { pool: pool.id, seed: stableMod(hash, pool.pgNum) };
}

/** The x that CRUSH maps for a PG. */
export function placementSeed(pool: PlacementPool, seed: number): number {
  const folded = stableMod(seed, pool.pgpNum);
  return pool.hashpspool ? hash2(folded, pool.id) : (folded + pool.id) >>> 0;
}

/**
 * A number below `count` that changes for as few values as possible when the count grows: up to the
 * next power of two, each new number takes its values from a single old one.
 */
export function stableMod(value: number, count: number): number {
  const mask = count <= 1 ? 0 : 2 ** (32 - Math.clz32(count - 1)) - 1;
  const wide = (value & mask) >>> 0;
  return wide < count ? wide : (value & (mask >>> 1)) >>> 0;
}

/** The id of the first rule of the pool's ruleset that is meant for its type and size. */
export function ruleIdOf(map: CrushMap, pool: PlacementPool): number | undefined {
  const id = map.rules.findIndex(
    (rule) =>
      rule !== undefined &&
      rule.ruleset === pool.rule &&
      rule.type === RULE_TYPE[pool.type] &&
      rule.minSize <= pool.size &&
      pool.size <= rule.maxSize,
  );
  return id < 0 ? undefined : id;
}
