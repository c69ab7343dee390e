/** What the map says of a pool: what never changes by a setting (`PoolFacts`), and its settings. */
import { RULE_TYPE } from "../../crush/types.ts";
import { type PoolId, poolId } from "../base/ids.ts";
import {
  bool,
  type Codec,
  checked,
  oneOf,
  record,
  str,
  type TypeOf,
  u32,
  u53,
} from "../wire/codec.ts";
import { epochCodec } from "./osd-info.ts";
import type { PlacementPool } from "./pool.ts";

export const poolIdCodec: Codec<PoolId> = checked(u53, poolId);

const POOL_TYPES = Object.keys(RULE_TYPE) as (keyof typeof RULE_TYPE)[];

export const poolFacts = record({
  created: epochCodec,
  type: oneOf(...POOL_TYPES),
  pgNum: u32,
  pgpNum: u32,
  hashpspool: bool,
  objectHash: u32,
  /** Its quota is used up: OSDs refuse writes that add to it. */
  isQuotaFull: bool,
});
export type PoolFacts = TypeOf<typeof poolFacts>;

export const poolSettings = record({
  name: str,
  size: u32,
  minSize: u32,
  /** The ruleset of its CRUSH rule. */
  rule: u32,
  /** What it is for: "s3", say. Empty if nobody said. */
  application: str,
  /** It cannot be deleted while this is set. */
  nodelete: bool,
  /** 0 for none. */
  quotaBytes: u53,
  quotaObjects: u53,
});
export type PoolSettings = TypeOf<typeof poolSettings>;

export function placementPool(id: PoolId, facts: PoolFacts, settings: PoolSettings): PlacementPool {
  const { type, pgNum, pgpNum, hashpspool, objectHash } = facts;
  const { size, rule } = settings;
  return { id, type, size, pgNum, pgpNum, rule, hashpspool, objectHash };
}
