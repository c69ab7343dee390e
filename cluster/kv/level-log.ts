/**
 * LevelDB's form of a log, which its manifest has too: records in blocks of 32 KiB, cut where a block ends. LevelDB drops
 * what is left of a block once a part of it is damaged, and takes what it then finds for the end that a crash cut. Here
 * what stands behind the damage is found, so that the two can be told apart.
 *
 *   checksum (4) of type and data, size (2), type (1), data
 */
import { crc32c } from "../wire/crc32c.ts";
import { unmaskedCrc } from "./masked-crc.ts";

const BLOCK_SIZE = 32 << 10;
const HEADER_SIZE = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** All whole records in order, with undefined for each place where something is damaged or cut. */
export function* logRecords(log: Uint8Array): Generator<Uint8Array | undefined> {
  let parts: Uint8Array[] | undefined;
  let at = 0;
  while (at < log.byteLength) {
    const blockEnd = Math.min(log.byteLength, at - (at % BLOCK_SIZE) + BLOCK_SIZE);
    // Too little for a header: LevelDB leaves it empty.
    if (blockEnd - at < HEADER_SIZE) {
      at = blockEnd;
      continue;
    }
    const part = readPart(log, at, blockEnd);
    if (part === undefined) {
      parts = undefined;
      yield undefined;
      at = nextPart(log, at + 1, blockEnd);
      continue;
    }
    at += HEADER_SIZE + part.data.byteLength;
    if (part.type === FULL) yield part.data;
    else if (part.type === FIRST) parts = [part.data];
    else parts?.push(part.data);
    if (part.type === LAST && parts !== undefined) {
      yield Buffer.concat(parts);
      parts = undefined;
    }
  }
  if (parts !== undefined) yield undefined;
}

function readPart(
  log: Uint8Array,
  at: number,
  blockEnd: number,
): { readonly type: number; readonly data: Uint8Array } | undefined {
  const header = log.subarray(at, at + HEADER_SIZE);
  const [crc0 = 0, crc1 = 0, crc2 = 0, crc3 = 0, size0 = 0, size1 = 0, type = 0] = header;
  const end = at + HEADER_SIZE + size0 + 256 * size1;
  if (type < FULL || type > LAST || end > blockEnd) return undefined;
  const masked = (crc0 | (crc1 << 8) | (crc2 << 16) | (crc3 << 24)) >>> 0;
  if (unmaskedCrc(masked) !== crc32c(log.subarray(at + HEADER_SIZE - 1, end))) return undefined;
  return { type, data: log.subarray(at + HEADER_SIZE, end) };
}

/** The sizes of what is damaged are not believed: any byte may be where the next part begins. */
function nextPart(log: Uint8Array, from: number, blockEnd: number): number {
  for (let at = from; at + HEADER_SIZE <= blockEnd; at++) {
    const type = log[at + HEADER_SIZE - 1] ?? 0;
    const isPossible = type >= FULL && type <= LAST;
    if (isPossible && readPart(log, at, blockEnd) !== undefined) return at;
  }
  return blockEnd;
}
