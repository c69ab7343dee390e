/**
 * Upmaps outlive their reasons: pools go, OSDs leave, CRUSH maps change. This finds those that have
 * no effect any more, or that put a PG where its rule would not.
 */
import type { OsdId, PoolId } from "../base/ids.ts";
import type { PgId } from "./pg-id.ts";
import { pgEntries } from "./pg-table.ts";
import { isOsd, type Placement } from "./placement.ts";
import type { OsdOrNone, UpmapPair } from "./placement-map.ts";
import { fitsRule, type RuleShape, ruleShape } from "./rule-shape.ts";
import type { UpmapChanges } from "./upmap-changes.ts";

export function cleanedUpmaps(placement: Placement): UpmapChanges {
  const { map } = placement;
  const shapes = new Map([...map.pools.keys()].map((id) => [id, shapeOf(placement, id)]));
  const fits = (pg: PgId, row: readonly OsdOrNone[]): boolean => {
    const shape = shapes.get(pg.pool);
    return shape !== undefined && fitsRule(shape, row) && hasWeights(shape, row);
  };
  const isOut = (osd: OsdId): boolean => map.osds[osd]?.weight === 0;
  const set: [PgId, UpmapPair[]][] = [];
  const remove: PgId[] = [];
  for (const [pg, items] of pgEntries(map.pgUpmapItems)) {
    const raw = placement.pgToRaw(pg).osds;
    const kept = items.filter(({ from, to }) => from !== to && raw.includes(from) && !isOut(to));
    if (kept.length === 0 || !fits(pg, placement.pgToUpmap(pg).osds)) remove.push(pg);
    else if (kept.length < items.length) set.push([pg, kept]);
  }
  const removeWhole: PgId[] = [];
  for (const [pg, osds] of pgEntries(map.pgUpmap)) {
    const raw = placement.pgToRaw(pg).osds;
    const isSame = osds.length === raw.length && osds.every((osd, index) => osd === raw[index]);
    if (isSame || osds.some(isOut) || !fits(pg, osds)) removeWhole.push(pg);
  }
  return { set, remove, removeWhole };
}

export function shapeOf(placement: Placement, id: PoolId): RuleShape | undefined {
  const { crush, osds, pools } = placement.map;
  const ruleId = placement.ruleIdOf(id);
  const size = pools.get(id)?.size;
  if (ruleId === undefined || size === undefined) return undefined;
  return ruleShape(crush.map, ruleId, { size, reweights: osds.map(({ weight }) => weight) });
}

/** Whether every OSD of the row takes data. A device of CRUSH weight 0 is being emptied. */
export function hasWeights({ blockAt }: RuleShape, row: readonly OsdOrNone[]): boolean {
  return row.every((osd, index) => !isOsd(osd) || (blockAt[index]?.weights[osd] ?? 0) > 0);
}
