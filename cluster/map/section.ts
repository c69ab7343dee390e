/**
 * The map as rows: each collection of it is a section, whose rows have a key and a value in bytes. Deltas, checkpoints,
 * digests and undo know rows only, so that a new collection is one declaration in osd-map-sections.ts.
 */
import { equalBytes } from "../base/bytes.ts";
import { type Codec, decode, encode } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import type { OsdMap } from "./osd-map.ts";
import type { KeyChanges, RowTable } from "./row-table.ts";

export interface Row {
  readonly section: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Undefined means that the row is not there. */
export interface RowChange {
  readonly section: number;
  readonly key: Uint8Array;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

export interface KeyAndValue {
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
}

export interface Section {
  readonly id: number;
  readonly name: string;
  /** People ask for it, and may take it back (C8). */
  readonly isIntent: boolean;
  rows(map: OsdMap): Iterable<Row>;
  changes(before: OsdMap, after: OsdMap): Iterable<RowChange>;
  valueOf(map: OsdMap, key: Uint8Array): Uint8Array | undefined;
  /** Throws CodecError where a key or value is none of this section. */
  apply(map: OsdMap, rows: readonly KeyAndValue[]): OsdMap;
  /** The key, for people. */
  describe(key: Uint8Array): string;
}

export interface Declaration<C, K, V> {
  readonly id: number;
  readonly name: string;
  readonly isIntent: boolean;
  readonly table: RowTable<C, K, V>;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  read(map: OsdMap): C;
  write(map: OsdMap, collection: C): OsdMap;
  format?(key: K): string;
}

export function section<C, K, V>(declaration: Declaration<C, K, V>): Section {
  const { id, table, key: keyCodec, value: valueCodec, read, write } = declaration;
  const { name, isIntent, format = (key: K) => String(key) } = declaration;
  const valueBytes = (value: V | undefined): Uint8Array | undefined =>
    value === undefined ? undefined : encode(valueCodec, value);

  function* changes(before: OsdMap, after: OsdMap): Generator<RowChange> {
    const [whole, wholeNow] = [read(before), read(after)];
    if (whole === wholeNow) return;
    const [old, now] = table.unshared?.(whole, wholeNow) ?? [whole, wholeNow];
    for (const [key, value] of table.entries(now)) {
      const previous = table.get(old, key);
      if (previous === value) continue;
      const change = { before: valueBytes(previous), after: encode(valueCodec, value) };
      if (change.before !== undefined && equalBytes(change.before, change.after)) continue;
      yield { section: id, key: encode(keyCodec, key), ...change };
    }
    for (const [key, value] of table.entries(old)) {
      if (table.get(now, key) !== undefined) continue;
      const change = { before: encode(valueCodec, value), after: undefined };
      yield { section: id, key: encode(keyCodec, key), ...change };
    }
  }

  return {
    id,
    name,
    isIntent,
    changes,
    *rows(map) {
      for (const [key, value] of table.entries(read(map))) {
        yield { section: id, key: encode(keyCodec, key), value: encode(valueCodec, value) };
      }
    },
    valueOf: (map, key) => valueBytes(table.get(read(map), decode(keyCodec, key))),
    apply(map, rows) {
      const decoded: KeyChanges<K, V> = rows.map(({ key, value }) => {
        if (value !== undefined) return [decode(keyCodec, key), decode(valueCodec, value)];
        if (table.isLasting) throw new CodecError("OUT_OF_RANGE", `${name} cannot go away`, 0);
        return [decode(keyCodec, key), undefined];
      });
      return write(map, table.with(read(map), decoded));
    },
    describe: (key) => format(decode(keyCodec, key)),
  };
}
