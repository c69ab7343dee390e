/** Snappy's block format, as LevelDB uses it for the blocks of its tables. */

/** Undefined if these are no compressed bytes, or more than `sizeMax` ones. */
export function snappyUncompress(bytes: Uint8Array, sizeMax: number): Uint8Array | undefined {
  const reader = { bytes, at: 0 };
  const size = readVarint(reader);
  if (size === undefined || size > sizeMax) return undefined;
  const out = new Uint8Array(size);
  let length = 0;
  while (reader.at < bytes.byteLength) {
    const end = readElement(reader, out, length);
    if (end === undefined) return undefined;
    length = end;
  }
  return length === size ? out : undefined;
}

export interface ByteReader {
  readonly bytes: Uint8Array;
  at: number;
}

/** At most 2^53 - 1. Undefined if the bytes end or it is more. */
export function readVarint(reader: ByteReader): number | undefined {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) return undefined;
    reader.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
  }
  return undefined;
}

/** The new length of the output. */
function readElement(reader: ByteReader, out: Uint8Array, length: number): number | undefined {
  const tag = reader.bytes[reader.at] ?? 0;
  reader.at += 1;
  const isCopy = (tag & 3) !== 0;
  return isCopy
    ? readCopy(reader, tag, { out, length })
    : readLiteral(reader, tag, { out, length });
}

interface Output {
  readonly out: Uint8Array;
  readonly length: number;
}

function readLiteral(reader: ByteReader, tag: number, { out, length }: Output): number | undefined {
  const short = tag >> 2;
  const lengthSize = short < 60 ? 0 : short - 59;
  const size = lengthSize === 0 ? short + 1 : littleEndian(reader, lengthSize) + 1;
  const literal = reader.bytes.subarray(reader.at, reader.at + size);
  reader.at += size;
  if (literal.byteLength !== size || length + size > out.byteLength) return undefined;
  out.set(literal, length);
  return length + size;
}

function readCopy(reader: ByteReader, tag: number, { out, length }: Output): number | undefined {
  const kind = tag & 3;
  const size = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  const offset =
    kind === 1
      ? (tag >> 5) * 256 + littleEndian(reader, 1)
      : littleEndian(reader, kind === 2 ? 2 : 4);
  if (offset === 0 || offset > length || length + size > out.byteLength) return undefined;
  // What is copied may overlap what it is copied to: it then repeats.
  for (let at = length; at < length + size; at++) out[at] = out[at - offset] as number;
  return length + size;
}

/** Bytes that are not there count as zeros; who reads on finds that they are missing. */
function littleEndian(reader: ByteReader, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) {
    value += (reader.bytes[reader.at + index] ?? 0) * 256 ** index;
  }
  reader.at += size;
  return value;
}
