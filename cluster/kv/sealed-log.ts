/**
 * What the log of a sealed store shows of damage. A crash can leave its end torn, with parts of batches that were not
 * synced yet in any order. But durable batch n + 1 is begun after n is synced, and with n everything before it: what is
 * damaged before n, or is n itself, was not torn by a crash.
 */
import { batchNumber } from "./batch-rows.ts";
import { logRecords } from "./level-log.ts";
import { type ByteReader, readVarint } from "./snappy.ts";

const HEADER_SIZE = 12;
const PUT = 1;

/** What is wrong with a log, or undefined: it is whole, or ends as a crash may leave it. */
export function sealedLogFlaw(log: Uint8Array): string | undefined {
  /** Of the durable batches before the damage and of the first one behind it. */
  let before: number | undefined;
  let behind: number | undefined;
  let isDamaged = false;
  for (const record of logRecords(log)) {
    if (record === undefined) {
      isDamaged = true;
      continue;
    }
    const number = durableBatchOf(record);
    if (number === undefined) continue;
    if (!isDamaged) {
      before = number;
      continue;
    }
    const isMissed = before !== undefined && number > before + 1;
    if (isMissed || behind !== undefined) return `it is damaged before batch ${number}`;
    behind = number;
  }
  return undefined;
}

/** LevelDB's batch: sequence (8), count (4), then for each write type, key and, of a put, value. */
function durableBatchOf(record: Uint8Array): number | undefined {
  const reader = { bytes: record, at: HEADER_SIZE };
  while (reader.at < record.byteLength) {
    const type = record[reader.at];
    reader.at += 1;
    const key = readBytes(reader);
    if (key === undefined) return undefined;
    if (type !== PUT) continue;
    const number = batchNumber(key);
    if (number !== undefined) return number;
    readBytes(reader);
  }
  return undefined;
}

function readBytes(reader: ByteReader): Uint8Array | undefined {
  const size = readVarint(reader);
  if (size === undefined) return undefined;
  const bytes = reader.bytes.subarray(reader.at, reader.at + size);
  reader.at += size;
  return bytes;
}
