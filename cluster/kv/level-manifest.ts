/**
 * The manifest of a LevelDB: which tables belong to it. A crash may leave others, half written, which the next start
 * removes.
 */
import { logRecords } from "./level-log.ts";
import { type ByteReader, readVarint } from "./snappy.ts";

/** The numbers of the tables. Undefined if a part of it cannot be read: opening the database then says so. */
export function liveTables(manifest: Uint8Array): Set<number> | undefined {
  const live = new Set<number>();
  let isCut = false;
  for (const record of logRecords(manifest)) {
    if (isCut) return undefined;
    if (record === undefined) isCut = true;
    else if (!applyEdit(live, { bytes: record, at: 0 })) return undefined;
  }
  return live;
}

/** False if this is no edit. */
function applyEdit(live: Set<number>, reader: ByteReader): boolean {
  while (reader.at < reader.bytes.byteLength) {
    const tag = readVarint(reader);
    switch (tag) {
      case 1: // comparator
        skipText(reader);
        break;
      case 2: // log
      case 3: // next file
      case 4: // last sequence
      case 9: // previous log
        readVarint(reader);
        break;
      case 5: // compaction pointer
        readVarint(reader);
        skipText(reader);
        break;
      case 6: {
        readVarint(reader);
        live.delete(readVarint(reader) ?? 0);
        break;
      }
      case 7: {
        readVarint(reader);
        live.add(readVarint(reader) ?? 0);
        readVarint(reader);
        skipText(reader);
        skipText(reader);
        break;
      }
      default:
        return false;
    }
  }
  return reader.at === reader.bytes.byteLength;
}

function skipText(reader: ByteReader): void {
  const size = readVarint(reader) ?? 0;
  reader.at += size;
}
