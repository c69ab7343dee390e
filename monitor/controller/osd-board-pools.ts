/** How much pools hold, and how much still fits: `df`, as Ceph computes it. */
import type { OsdId, PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { ruleIdOf } from "../../cluster/map/pool.ts";
import { type PoolFacts, type PoolSettings, placementPool } from "../../cluster/map/pool-info.ts";
import { ruleShape } from "../../cluster/map/rule-shape.ts";
import { POOLS_MAX, type PoolDfRow } from "../../cluster/message/query.ts";
import type { CrushMap } from "../../crush/types.ts";
import type { OsdBoard } from "./osd-board.ts";
import { ratio } from "./osd-board-df.ts";
import type { PgCounts, PgSummary } from "./pg-board.ts";

type Shares = OsdMap["shares"];

/** `advice` has what pg-advice.ts says of a pool. */
export function poolDfOf(
  board: OsdBoard,
  map: OsdMap,
  { pools }: Pick<PgSummary, "pools">,
  advice: ReadonlyMap<PoolId, PoolDfRow["advice"]> = new Map(),
): PoolDfRow[] {
  // Most pools share a rule, and with it the table of its OSDs.
  const availableBytes = new Map<ReadonlyMap<OsdId, number>, number | undefined>();
  const listed = [...map.poolSettings].slice(0, POOLS_MAX);
  return listed.flatMap(([pool, settings]) => {
    const facts = map.pools.get(pool);
    const counts = pools.get(pool);
    if (facts === undefined || counts === undefined) return [];
    const { objects, bytes, degraded, misplaced, unfound } = counts.sums;
    const factor = rawFactor(facts, settings);
    const shares = osdShares(map, pool);
    const available = availableBytes.has(shares)
      ? availableBytes.get(shares)
      : availableBytesOf(board, map, shares);
    availableBytes.set(shares, available);
    const maxAvailBytes = available === undefined ? undefined : available / factor;
    const { name, quotaBytes, quotaObjects } = settings;
    return [
      {
        pool,
        name,
        pgNum: facts.pgNum,
        objects,
        storedBytes: bytes,
        usedBytes: bytes * factor * wholeness(counts),
        maxAvailBytes,
        usedRatio: ratio(bytes, bytes + (maxAvailBytes ?? 0)),
        quotaBytes,
        quotaObjects,
        quotaRatio: quotaRatioOf(settings, counts),
        degraded,
        misplaced,
        unfound,
        advice: advice.get(pool),
      },
    ];
  });
}

/** How much of the quota is used, by what there is more of; undefined without one. */
export function quotaRatioOf(
  { quotaBytes, quotaObjects }: PoolSettings,
  { sums }: PgCounts,
): number | undefined {
  const ratios: number[] = [];
  if (quotaBytes > 0) ratios.push(sums.bytes / quotaBytes);
  if (quotaObjects > 0) ratios.push(sums.objects / quotaObjects);
  return ratios.length === 0 ? undefined : Math.max(...ratios);
}

/** Pools of which the map says something else than what they hold: for the next epoch. */
export function quotaFullDue(
  map: OsdMap,
  { pools }: Pick<PgSummary, "pools">,
): [PoolId, boolean][] {
  return [...map.poolSettings].flatMap(([id, settings]): [PoolId, boolean][] => {
    const facts = map.pools.get(id);
    const counts = pools.get(id);
    if (facts === undefined || counts === undefined) return [];
    const isFull = (quotaRatioOf(settings, counts) ?? 0) >= 1;
    return isFull === facts.isQuotaFull ? [] : [[id, isFull]];
  });
}

/**
 * Bytes on disks for each byte stored. The map does not say how many shards of an erasure-coded object are data; Ceph's
 * default is that min_size is one more.
 */
export function rawFactor({ type }: PoolFacts, { size, minSize }: PoolSettings): number {
  return type === "replicated" ? size : size / Math.max(1, minSize - 1);
}

/** The share of the copies that there are. */
function wholeness({ copies, sums }: PgCounts): number {
  return copies === 0 ? 1 : Math.max(0, copies - sums.degraded) / copies;
}

/**
 * What fits on the pool's OSDs together, each filled by its weight, until the first of them is full. Undefined if its rule
 * has no such OSDs or none of them has reported.
 */
function availableBytesOf(
  board: OsdBoard,
  map: OsdMap,
  shares: ReadonlyMap<OsdId, number>,
): number | undefined {
  let least: number | undefined;
  for (const [osd, share] of shares) {
    const stat = board.entries.get(osd)?.stat;
    if (stat === undefined || stat.totalBytes === 0) continue;
    const free = Math.max(0, stat.totalBytes * map.ratios.full - stat.usedBytes);
    least = Math.min(least ?? Number.POSITIVE_INFINITY, free / share);
  }
  return least;
}

interface RuleShares {
  readonly shares: Shares;
  readonly byRule: Map<number, ReadonlyMap<OsdId, number>>;
}
const sharesByMap = new WeakMap<CrushMap, RuleShares>();

/** The OSDs that the pool's rule can choose, and which part of its data falls to each by weight. */
export function osdShares(map: OsdMap, pool: PoolId): ReadonlyMap<OsdId, number> {
  const facts = map.pools.get(pool);
  const settings = map.poolSettings.get(pool);
  if (facts === undefined || settings === undefined) return new Map();
  const ruleId = ruleIdOf(map.crush, placementPool(pool, facts, settings));
  if (ruleId === undefined) return new Map();
  const known = sharesByMap.get(map.crush);
  const cached = known?.shares === map.shares ? known : { shares: map.shares, byRule: new Map() };
  sharesByMap.set(map.crush, cached);
  const shares = cached.byRule.get(ruleId) ?? ruleShares(map, ruleId, settings.size);
  cached.byRule.set(ruleId, shares);
  return shares;
}

/** Of a rule with several blocks it counts what each weighs, as Ceph does. */
function ruleShares(map: OsdMap, ruleId: number, size: number): ReadonlyMap<OsdId, number> {
  const count = map.crush.maxDevices;
  const reweights = new Float64Array(count);
  for (const [osd, { weight }] of map.shares) if (osd < count) reweights[osd] = weight;
  const weights = new Map<OsdId, number>();
  let total = 0;
  for (const block of ruleShape(map.crush, ruleId, { size, reweights })?.blocks ?? []) {
    for (const osd of map.osds.keys()) {
      const weight = block.weights[osd] ?? 0;
      if (weight === 0) continue;
      weights.set(osd, (weights.get(osd) ?? 0) + weight);
      total += weight;
    }
  }
  return new Map([...weights].map(([osd, weight]) => [osd, weight / total]));
}
