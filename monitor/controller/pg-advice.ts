/**
 * How many PGs each pool should have, as Ceph's pg_autoscaler computes it: the OSDs below the bucket that a rule takes are
 * to carry 100 PGs each, shared out among the pools there by what they hold, in powers of two. It is advice: a pool's number
 * of PGs is fixed when it is created.
 */
import type { OsdId, PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { ruleIdOf } from "../../cluster/map/pool.ts";
import { placementPool } from "../../cluster/map/pool-info.ts";
import { OPCODE } from "../../crush/types.ts";
import type { OsdBoard } from "./osd-board.ts";
import { ratio } from "./osd-board-df.ts";
import { osdShares, rawFactor } from "./osd-board-pools.ts";
import type { PgSummary } from "./pg-board.ts";

export const PGS_PER_OSD = 100;
/** No less is advised, however little a pool holds. */
export const PG_NUM_MIN = 32;
const FAR_OFF = 3;

export interface PgAdvice {
  readonly pgNum: number;
  readonly target: number;
  /** Of what the OSDs of its root hold in all, the part that it has on them. */
  readonly ratio: number;
  /** Off by more than three times. */
  readonly isFarOff: boolean;
  /** The OSDs of its root carry more PGs than they are to, all pools counted. */
  readonly isRootCrowded: boolean;
}

export function pgAdvice(
  board: OsdBoard,
  map: OsdMap,
  { pools }: Pick<PgSummary, "pools">,
): Map<PoolId, PgAdvice> {
  const advice = new Map<PoolId, PgAdvice>();
  for (const members of poolsByRoot(map).values()) {
    const osds = osdsOf(map, members);
    if (osds.size === 0) continue;
    let capacity = 0;
    for (const osd of osds) capacity += board.entries.get(osd)?.stat.totalBytes ?? 0;
    let carried = 0;
    for (const { pgNum, size } of members) carried += pgNum * size;
    const isRootCrowded = carried > osds.size * PGS_PER_OSD;
    for (const { id, pgNum, factor } of members) {
      const share = ratio((pools.get(id)?.sums.bytes ?? 0) * factor, capacity);
      const wanted = (share * osds.size * PGS_PER_OSD) / factor;
      const target = Math.max(nearestPowerOfTwo(wanted), PG_NUM_MIN);
      const isFarOff = target > pgNum * FAR_OFF || target < pgNum / FAR_OFF;
      advice.set(id, { pgNum, target, ratio: share, isFarOff, isRootCrowded });
    }
  }
  return advice;
}

/** Half-way between two, it is the larger. 1 up to 1. */
export function nearestPowerOfTwo(value: number): number {
  if (value <= 1) return 1;
  const above = 2 ** Math.ceil(Math.log2(value));
  const below = above / 2;
  return above - value > value - below ? below : above;
}

interface Member {
  readonly id: PoolId;
  readonly pgNum: number;
  readonly size: number;
  readonly factor: number;
}

/** By the bucket that their rule takes first; one that shadows another by a class is another. */
function poolsByRoot(map: OsdMap): Map<number, Member[]> {
  const roots = new Map<number, Member[]>();
  for (const [id, settings] of map.poolSettings) {
    const facts = map.pools.get(id);
    if (facts === undefined) continue;
    const ruleId = ruleIdOf(map.crush, placementPool(id, facts, settings));
    const steps = ruleId === undefined ? [] : (map.crush.rules[ruleId]?.steps ?? []);
    const root = steps.find(({ op }) => op === OPCODE.take)?.arg1;
    if (root === undefined) continue;
    const members = roots.get(root) ?? [];
    roots.set(root, members);
    const factor = rawFactor(facts, settings);
    members.push({ id, pgNum: facts.pgNum, size: settings.size, factor });
  }
  return roots;
}

function osdsOf(map: OsdMap, members: readonly Member[]): Set<OsdId> {
  // Most pools share a rule, and with it the table of its OSDs.
  const tables = new Set(members.map(({ id }) => osdShares(map, id)));
  return new Set([...tables].flatMap((shares) => [...shares.keys()]));
}
