/**
 * Something that only some PGs have: an upmap, a temporary acting set. It is kept by pool and then
 * by seed, so that whoever maps a whole pool finds its few entries at once and makes no key for
 * each PG.
 */
import type { PoolId } from "../base/ids.ts";
import { changedNestedMap } from "./nested-map.ts";
import type { PgId } from "./pg-id.ts";

export type PgTable<T> = ReadonlyMap<PoolId, ReadonlyMap<number, T>>;

export function pgEntry<T>(table: PgTable<T>, { pool, seed }: PgId): T | undefined {
  return table.get(pool)?.get(seed);
}

export function pgTable<T>(entries: Iterable<readonly [PgId, T]> = []): PgTable<T> {
  return changedPgTable(new Map(), entries);
}

/** A new table in which these PGs have these values; undefined takes an entry away. */
export function changedPgTable<T>(
  table: PgTable<T>,
  changes: Iterable<readonly [PgId, T | undefined]>,
): PgTable<T> {
  const rows = [...changes].map(([{ pool, seed }, value]) => [pool, seed, value] as const);
  return changedNestedMap(table, rows);
}

export function* pgEntries<T>(table: PgTable<T>): Generator<readonly [PgId, T]> {
  for (const [pool, entries] of table) {
    for (const [seed, value] of entries) yield [{ pool, seed }, value];
  }
}
