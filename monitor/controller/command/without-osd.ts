/** The map without an OSD and without what names it: placement would take a row that does at its word. */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable, type PgTable, pgEntries } from "../../../cluster/map/pg-table.ts";
import type { UpmapPair } from "../../../cluster/map/placement-map.ts";

export function withoutOsd(map: OsdMap, osd: OsdId): OsdMap {
  const osds = new Map(map.osds);
  const shares = new Map(map.shares);
  osds.delete(osd);
  shares.delete(osd);
  return {
    ...map,
    osds,
    shares,
    pgUpmap: without(map.pgUpmap, (row) => row.includes(osd)),
    pgUpmapItems: withoutItems(map, osd),
    pgTemp: without(map.pgTemp, (row) => row.includes(osd)),
    primaryTemp: without(map.primaryTemp, (primary) => primary === osd),
  };
}

/** A PG's other items stay. */
function withoutItems({ pgUpmapItems }: OsdMap, osd: OsdId): OsdMap["pgUpmapItems"] {
  const changes: [PgId, readonly UpmapPair[] | undefined][] = [];
  for (const [pg, items] of pgEntries(pgUpmapItems)) {
    const kept = items.filter(({ from, to }) => from !== osd && to !== osd);
    if (kept.length < items.length) changes.push([pg, kept.length > 0 ? kept : undefined]);
  }
  return changes.length === 0 ? pgUpmapItems : changedPgTable(pgUpmapItems, changes);
}

function without<T>(table: PgTable<T>, isGone: (value: T) => boolean): PgTable<T> {
  const gone = [...pgEntries(table)].filter(([, value]) => isGone(value));
  if (gone.length === 0) return table;
  return changedPgTable(
    table,
    gone.map(([pg]) => [pg, undefined]),
  );
}
