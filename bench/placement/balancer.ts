/** What Kelp's own balancer makes of a pool that CRUSH has placed. */
import { poolId } from "../../cluster/base/ids.ts";
import { CrushMapper } from "../../cluster/map/crush-mapper.ts";
import { pgTable } from "../../cluster/map/pg-table.ts";
import { Placement } from "../../cluster/map/placement.ts";
import type { PlacementMap } from "../../cluster/map/placement-map.ts";
import { type PlacementPool, ruleIdOf } from "../../cluster/map/pool.ts";
import { balanceUpmaps } from "../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../cluster/map/upmap-changes.ts";
import { STRING_HASH } from "../../crush/hash.ts";
import { RULE_TYPE } from "../../crush/types.ts";
import { type Cluster, WHOLE } from "./cluster.ts";
import type { BalancedPool, Pool } from "./scheme.ts";

/** Undefined where no pool would get this rule: pools find theirs by type, ruleset and size. */
export function balancedPool(cluster: Cluster, pool: Pool): BalancedPool | undefined {
  const map = placementMapOf(cluster, pool);
  if (map === undefined) return undefined;
  const { changes, movedCount } = balanceUpmaps(map);
  const id = poolId(pool.id);
  const { osds } = new Placement(withUpmapChanges(map, changes)).mapPool(id, "upmap");
  const mapping = { devices: osds, replicas: cluster.replicas };
  return { mapping, movedCount, pgCount: changes.set.length };
}

function placementMapOf(cluster: Cluster, { id, pgCount }: Pool): PlacementMap | undefined {
  const { map, ruleId, replicas, deviceWeights } = cluster;
  const rule = map.rules[ruleId];
  if (rule === undefined) return undefined;
  const pool: PlacementPool = {
    id: poolId(id),
    type: rule.type === RULE_TYPE.erasure ? "erasure" : "replicated",
    size: replicas,
    pgNum: pgCount,
    pgpNum: pgCount,
    rule: rule.ruleset,
    hashpspool: true,
    objectHash: STRING_HASH.rjenkins,
  };
  if (ruleIdOf(map, pool) !== ruleId) return undefined;
  return {
    crush: new CrushMapper(map),
    osds: Array.from(deviceWeights, (weight) => ({
      exists: true,
      up: true,
      weight,
      primaryAffinity: WHOLE,
    })),
    pools: new Map([[pool.id, pool]]),
    pgUpmap: pgTable(),
    pgUpmapItems: pgTable(),
    pgTemp: pgTable(),
    primaryTemp: pgTable(),
  };
}
