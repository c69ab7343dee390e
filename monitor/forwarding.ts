/** Entries on their way from the member whose clients asked for them to the leader: one list, as a message's payload. */
import { utf8Size } from "../cluster/base/bytes.ts";
import { decode, encode, list } from "../cluster/wire/codec.ts";
import { ENTRY_BYTES_MAX } from "./message/limits.ts";
import { BATCH_ENTRY_COUNT_MAX, type Entry, entry, identityBytes } from "./tree/batch.ts";

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

/** What it takes in a batch, at most. */
export function entryBytes(entry: Entry): number {
  switch (entry.type) {
    case "request":
      return ENTRY_OVERHEAD + entry.body.byteLength + identityBytes(entry.identities);
    case "reap":
      return ENTRY_OVERHEAD + utf8Size(entry.path);
    case "settings":
      return (
        ENTRY_OVERHEAD + utf8Size(entry.settings.superDigest) + entry.settings.config.byteLength
      );
    default:
      return ENTRY_OVERHEAD;
  }
}

/** Those that a batch can have. */
export function isFit(entry: Entry): boolean {
  return entryBytes(entry) <= ENTRY_BYTES_MAX;
}

/** In order, in parts that each fit into a message. */
export function splitEntries(entries: readonly Entry[]): (readonly Entry[])[] {
  const parts: Entry[][] = [];
  let bytes = FORWARD_BYTES_MAX;
  for (const item of entries) {
    const size = entryBytes(item);
    const isFull =
      bytes + size > FORWARD_BYTES_MAX || parts.at(-1)?.length === BATCH_ENTRY_COUNT_MAX;
    if (isFull) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(item);
    bytes += size;
  }
  return parts;
}
