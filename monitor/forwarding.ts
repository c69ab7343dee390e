/** Entries on their way from the member whose clients asked for them to the leader: one list, as a message's payload. */
import { decode, encode, list } from "../cluster/wire/codec.ts";
import { BATCH_ENTRY_COUNT_MAX, type Entry, entry } from "./tree/batch.ts";

const entriesCodec = list(entry, { max: BATCH_ENTRY_COUNT_MAX });
/** Near what the fields other than these take in a batch. */
const ENTRY_OVERHEAD = 96;
/** A message that is longer would be refused by the transport. */
export const FORWARD_BYTES_MAX = 8 << 20;

export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  return encode(entriesCodec, entries);
}

/** Throws a CodecError. */
export function decodeEntries(payload: Uint8Array): readonly Entry[] {
  return decode(entriesCodec, payload);
}

export function entryBytes(entry: Entry): number {
  if (entry.type !== "request") return ENTRY_OVERHEAD;
  let bytes = ENTRY_OVERHEAD + entry.body.byteLength;
  for (const { scheme, id } of entry.identities) bytes += scheme.length + id.length;
  return bytes;
}

/** In order, in parts that each fit into a message. */
export function splitEntries(entries: readonly Entry[]): (readonly Entry[])[] {
  const parts: Entry[][] = [];
  let bytes = FORWARD_BYTES_MAX;
  for (const item of entries) {
    const size = entryBytes(item);
    const isFull = bytes + size > FORWARD_BYTES_MAX;
    if (isFull) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(item);
    bytes += size;
  }
  return parts;
}
