/**
 * The increments on disk, one row each: the key is the entry's place, 4 bytes big-endian and
 * counted from 1, so that the order of the keys is that of the log. The counter is the number of
 * rows.
 */
import { assert } from "../../../cluster/base/assert.ts";
import { equalBytes } from "../../../cluster/base/bytes.ts";
import type { KvStore, Write } from "../../../cluster/kv/store.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { type Entry, entryCodec } from "./messages.ts";

export function entryWrite(place: number, entry: Entry): Write {
  return { type: "put", key: keyOf(place), value: encode(entryCodec, entry) };
}

export async function readEntries(store: KvStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const [key, value] of store.iterate({})) {
    assert(equalBytes(key, keyOf(entries.length + 1)), "the log has no holes");
    entries.push(decode(entryCodec, value));
  }
  return entries;
}

function keyOf(place: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, place);
  return key;
}
