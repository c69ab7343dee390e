/** What a balancer or a cleaning does to a map's upmaps, as data. */
import { formatPgId, type PgId } from "./pg-id.ts";
import { changedPgTable } from "./pg-table.ts";
import type { PlacementMap, UpmapPair } from "./placement-map.ts";

/** What a PG's upmap items become. */
export type ItemsEntry = readonly [PgId, readonly UpmapPair[]];

export interface UpmapChanges {
  readonly set: readonly ItemsEntry[];
  /** PGs whose upmap items go away. */
  readonly remove: readonly PgId[];
  /** PGs whose pg_upmap, the one that names all OSDs, goes away. */
  readonly removeWhole: readonly PgId[];
}

export function withUpmapChanges(map: PlacementMap, changes: UpmapChanges): PlacementMap {
  const { set, remove, removeWhole } = changes;
  const gone = (pg: PgId): readonly [PgId, undefined] => [pg, undefined];
  return {
    ...map,
    pgUpmap: changedPgTable(map.pgUpmap, removeWhole.map(gone)),
    pgUpmapItems: changedPgTable(map.pgUpmapItems, [...set, ...remove.map(gone)]),
  };
}

/**
 * The changes with entries that overrule what they say about the same PGs; one without items
 * removes them.
 */
export function withEntries(changes: UpmapChanges, entries: readonly ItemsEntry[]): UpmapChanges {
  const overruled = new Set(entries.map(([pg]) => formatPgId(pg)));
  const stands = (pg: PgId): boolean => !overruled.has(formatPgId(pg));
  const filled = entries.filter(([, items]) => items.length > 0);
  const emptied = entries.filter(([, items]) => items.length === 0);
  return {
    set: [...changes.set.filter(([pg]) => stands(pg)), ...filled],
    remove: [...changes.remove.filter(stands), ...emptied.map(([pg]) => pg)],
    removeWhole: changes.removeWhole,
  };
}
