/**
 * A table file of LevelDB, to see whether it is whole. LevelDB keeps a checksum with each block and, as it is bound to
 * Node, does not look at it when it reads: a damaged index makes it pass over rows without a word, and a damaged row can
 * end the process in an assertion.
 *
 *   data blocks, filter block, metaindex block, index block, each: contents, type (1), checksum (4)
 *   footer: where the metaindex and the index are, padding, magic number
 */
import { crc32c } from "../wire/crc32c.ts";
import { unmaskedCrc } from "./masked-crc.ts";
import { type ByteReader, readVarint, snappyUncompress } from "./snappy.ts";

const FOOTER_SIZE = 48;
const HANDLES_SIZE = 40;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const TRAILER_SIZE = 5;
const TYPE_PLAIN = 0;
const TYPE_SNAPPY = 1;
/** Of one block: a value of the largest size and its neighbours. */
const BLOCK_SIZE_MAX = 1 << 30;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** What is wrong with a table, or undefined. Every byte of it is looked at. */
export function tableFlaw(table: Uint8Array): string | undefined {
  const footer = readFooter(table);
  if (footer === undefined) return "its footer is damaged";
  const blocks: Handle[] = [];
  for (const handle of [footer.metaindex, footer.index]) {
    const contents = blockContents(table, handle);
    const handles = contents && readHandles(contents);
    if (handles === undefined) return `its block at ${handle.offset} is damaged`;
    blocks.push(handle, ...handles);
  }
  blocks.sort((left, right) => left.offset - right.offset);
  let end = 0;
  for (const { offset, size } of blocks) {
    const isWhole = offset === end && isChecked(table, { offset, size });
    if (!isWhole) return `its block at ${offset} is damaged`;
    end = offset + size + TRAILER_SIZE;
  }
  return end === table.byteLength - FOOTER_SIZE ? undefined : `it has a gap at ${end}`;
}

function readFooter(table: Uint8Array): { metaindex: Handle; index: Handle } | undefined {
  const footer = table.subarray(-FOOTER_SIZE);
  if (footer.byteLength !== FOOTER_SIZE) return undefined;
  if (MAGIC.some((byte, index) => footer[HANDLES_SIZE + index] !== byte)) return undefined;
  const reader = { bytes: footer.subarray(0, HANDLES_SIZE), at: 0 };
  const metaindex = readHandle(reader);
  const index = readHandle(reader);
  if (metaindex === undefined || index === undefined) return undefined;
  const isPadded = reader.bytes.subarray(reader.at).every((byte) => byte === 0);
  return isPadded ? { metaindex, index } : undefined;
}

function readHandle(reader: ByteReader): Handle | undefined {
  const offset = readVarint(reader);
  const size = readVarint(reader);
  return offset === undefined || size === undefined ? undefined : { offset, size };
}

function isChecked(table: Uint8Array, { offset, size }: Handle): boolean {
  const checked = table.subarray(offset, offset + size + 1);
  const end = offset + size + TRAILER_SIZE;
  if (checked.byteLength !== size + 1 || end > table.byteLength) return false;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return unmaskedCrc(view.getUint32(end - 4, true)) === crc32c(checked);
}

function blockContents(table: Uint8Array, handle: Handle): Uint8Array | undefined {
  if (!isChecked(table, handle)) return undefined;
  const { offset, size } = handle;
  const stored = table.subarray(offset, offset + size);
  const type = table[offset + size];
  if (type === TYPE_PLAIN) return stored;
  return type === TYPE_SNAPPY ? snappyUncompress(stored, BLOCK_SIZE_MAX) : undefined;
}

/** The values of an index block: where other blocks are. Keys are shared prefix, rest; restart points stand behind. */
function readHandles(block: Uint8Array): Handle[] | undefined {
  if (block.byteLength < 4) return undefined;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restartCount = view.getUint32(block.byteLength - 4, true);
  const reader = { bytes: block.subarray(0, block.byteLength - 4 * (restartCount + 1)), at: 0 };
  const handles: Handle[] = [];
  while (reader.at < reader.bytes.byteLength) {
    readVarint(reader); // Of the key, what it shares with the one before.
    const keySize = readVarint(reader);
    const valueSize = readVarint(reader);
    if (keySize === undefined || valueSize === undefined) return undefined;
    const valueAt = reader.at + keySize;
    const value = { bytes: reader.bytes.subarray(valueAt, valueAt + valueSize), at: 0 };
    const handle = readHandle(value);
    if (handle === undefined) return undefined;
    handles.push(handle);
    reader.at = valueAt + valueSize;
  }
  return handles;
}
