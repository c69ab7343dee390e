/**
 * Collections of the map as rows under keys, whatever their form in memory. None is changed in place: `with` gives another
 * one, and copies no more than it must.
 */
import { assert } from "../base/assert.ts";
import { changedNestedMap, type NestedMap, unsharedNestedMaps } from "./nested-map.ts";
import type { PgId } from "./pg-id.ts";
import { changedPgTable, type PgTable, pgEntries, pgEntry } from "./pg-table.ts";

/** A key whose value is undefined goes away. */
export type KeyChanges<K, V> = readonly (readonly [K, V | undefined])[];

export interface RowTable<C, K, V> {
  /** None of its keys can go away. */
  readonly isLasting?: boolean;
  get(collection: C, key: K): V | undefined;
  entries(collection: C): Iterable<readonly [K, V]>;
  with(collection: C, changes: KeyChanges<K, V>): C;
  /** Both without rows that are seen to be the same at a glance. */
  unshared?(left: C, right: C): readonly [C, C];
}

export function mapTable<K, V>(): RowTable<ReadonlyMap<K, V>, K, V> {
  return {
    get: (map, key) => map.get(key),
    entries: (map) => map,
    with(map, changes) {
      const result = new Map(map);
      for (const [key, value] of changes) {
        if (value === undefined) result.delete(key);
        else result.set(key, value);
      }
      return result;
    },
  };
}

export function setTable<K>(): RowTable<ReadonlySet<K>, K, true> {
  return {
    get: (set, key) => (set.has(key) ? true : undefined),
    *entries(set) {
      for (const key of set) yield [key, true];
    },
    with(set, changes) {
      const result = new Set(set);
      for (const [key, value] of changes) {
        if (value === undefined) result.delete(key);
        else result.add(key);
      }
      return result;
    },
  };
}

export function byPgTable<V>(): RowTable<PgTable<V>, PgId, V> {
  return {
    get: pgEntry,
    entries: pgEntries,
    with: (table, changes) => changedPgTable<V>(table, changes),
    unshared: unsharedNestedMaps,
  };
}

/** An array whose index is the key; it grows as needed and never shrinks. The codec of its keys has to bound them. */
export function slotTable<V>(): RowTable<readonly (V | undefined)[], number, V> {
  return {
    get: (slots, slot) => slots[slot],
    *entries(slots) {
      for (const [slot, value] of slots.entries()) if (value !== undefined) yield [slot, value];
    },
    with(slots, changes) {
      const result = [...slots];
      for (const [slot, value] of changes) {
        while (result.length <= slot) result.push(undefined);
        result[slot] = value;
      }
      return result;
    },
  };
}

export interface NestedKey {
  readonly outer: number;
  readonly inner: number;
}

export function nestedTable<V>(): RowTable<NestedMap<number, number, V>, NestedKey, V> {
  return {
    get: (map, { outer, inner }) => map.get(outer)?.get(inner),
    *entries(map) {
      for (const [outer, values] of map) {
        for (const [inner, value] of values) yield [{ outer, inner }, value];
      }
    },
    with(map, changes) {
      const rows = changes.map(([{ outer, inner }, value]) => [outer, inner, value] as const);
      return changedNestedMap(map, rows);
    },
    unshared: unsharedNestedMaps,
  };
}

/** A value that is always there is a collection of one row. */
export function singleTable<V>(): RowTable<V, undefined, V> {
  return {
    isLasting: true,
    get: (value) => value,
    *entries(value) {
      yield [undefined, value];
    },
    with(value, changes) {
      const [, next] = changes[changes.length - 1] ?? [undefined, value];
      assert(next !== undefined, "this value cannot go away");
      return next;
    },
  };
}
