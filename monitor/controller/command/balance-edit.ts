/**
 * A plan of the balancer, put into the map as it has become meanwhile. The plan was made of a map that is some seconds
 * old: what it says of a PG is taken only where that PG's pool, what CRUSH gives for it, the weights of its OSDs and its
 * upmaps are what they were. The rest is dropped; the next plan will see to it.
 */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable, pgEntry } from "../../../cluster/map/pg-table.ts";
import { isOsd } from "../../../cluster/map/placement.ts";
import type { UpmapPair } from "../../../cluster/map/placement-map.ts";
import { placementPool } from "../../../cluster/map/pool-info.ts";
import type { UpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { type Edit, edit } from "../edit.ts";
import { hasSameRows } from "./same-rows.ts";

export function balanceEdit(draft: OsdMap, baseMap: OsdMap, changes: UpmapChanges): Edit {
  const { set, remove, removeWhole } = changes;
  const plannedCount = set.length + remove.length + removeWhole.length;
  if (plannedCount === 0) return edit(draft, "balance: there is nothing to do");
  const isAsPlanned = comparison(draft, baseMap);
  const gone = (pg: PgId): readonly [PgId, undefined] => [pg, undefined];
  const items = [...set, ...remove.map(gone)].filter(([pg, pairs]) => isAsPlanned(pg, pairs ?? []));
  const whole = removeWhole.filter((pg) => isAsPlanned(pg, [])).map(gone);
  const takenCount = items.length + whole.length;
  if (takenCount === 0) {
    return edit(draft, `balance: none of ${plannedCount} changes is still as it was planned`);
  }
  const map: OsdMap = {
    ...draft,
    pgUpmap: whole.length === 0 ? draft.pgUpmap : changedPgTable(draft.pgUpmap, whole),
    pgUpmapItems: changedPgTable(draft.pgUpmapItems, items),
  };
  return edit(map, `balance: ${takenCount} of ${plannedCount} planned changes of upmaps`);
}

/** Whether what counts for a PG, and for the pairs that it is to have, is the same in both maps. */
function comparison(
  draft: OsdMap,
  base: OsdMap,
): (pg: PgId, pairs: readonly UpmapPair[]) => boolean {
  // The plain case, and then no PG has to be placed to see it.
  if (placesAlike(draft, base)) return () => true;
  if (!hasSameRows(base, { ...base, crush: draft.crush })) return () => false;
  const [now, then] = [placementOf(draft), placementOf(base)];
  const weighsTheSame = (osd: OsdId): boolean =>
    draft.shares.get(osd)?.weight === base.shares.get(osd)?.weight;
  return (pg, pairs) => {
    if (poolKey(draft, pg) !== poolKey(base, pg)) return false;
    const row = now.pgToRaw(pg).osds;
    if (row.join() !== then.pgToRaw(pg).osds.join()) return false;
    const involved = [...row.filter(isOsd), ...pairs.flatMap(({ from, to }) => [from, to])];
    return involved.every(weighsTheSame) && upmapKey(draft, pg) === upmapKey(base, pg);
  };
}

/** Nothing that the plan rests on was touched. */
function placesAlike(draft: OsdMap, base: OsdMap): boolean {
  const isSame = (name: keyof OsdMap): boolean => draft[name] === base[name];
  return BASIS.every(isSame) && [...draft.osds.keys()].join() === [...base.osds.keys()].join();
}

const BASIS = [
  "crush",
  "shares",
  "pools",
  "poolSettings",
  "pgUpmap",
  "pgUpmapItems",
] as const satisfies readonly (keyof OsdMap)[];

function poolKey({ pools, poolSettings }: OsdMap, { pool }: PgId): string | undefined {
  const facts = pools.get(pool);
  const settings = poolSettings.get(pool);
  if (facts === undefined || settings === undefined) return undefined;
  return JSON.stringify(placementPool(pool, facts, settings));
}

function upmapKey({ pgUpmap, pgUpmapItems }: OsdMap, pg: PgId): string {
  return JSON.stringify([pgEntry(pgUpmap, pg) ?? [], pgEntry(pgUpmapItems, pg) ?? []]);
}
