/**
 * Rows of OSDs for PGs that are longer than their pool is wide. A pool that shrinks leaves them behind, and an undo may
 * bring one back; placement gives no PG more OSDs than that, so they go.
 */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { changedPgTable, type PgTable, pgEntries } from "../../../cluster/map/pg-table.ts";

export function withoutLongRows(map: OsdMap): OsdMap {
  const pgUpmap = shortened(map, map.pgUpmap);
  const pgTemp = shortened(map, map.pgTemp);
  if (pgUpmap === map.pgUpmap && pgTemp === map.pgTemp) return map;
  return { ...map, pgUpmap, pgTemp };
}

function shortened<T extends { readonly length: number }>(
  { poolSettings }: OsdMap,
  table: PgTable<T>,
): PgTable<T> {
  const long = [...pgEntries(table)].filter(
    ([{ pool }, row]) => row.length > (poolSettings.get(pool)?.size ?? 0),
  );
  if (long.length === 0) return table;
  return changedPgTable(
    table,
    long.map(([pg]) => [pg, undefined]),
  );
}
