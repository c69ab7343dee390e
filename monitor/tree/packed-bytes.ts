/**
 * How the data of a million small nodes is kept: as texts of one byte per character, which cost 16
 * bytes beside their own where a Uint8Array costs 200. Larger ones are byte arrays, of their own
 * and not parts of a packet that they would keep alive.
 */
export type PackedBytes = string | Uint8Array | undefined;

/** From here on a byte array's overhead is small, and a text would have to be copied to be sent. */
const TEXT_SIZE_MAX = 4096;

/** Undefined is ZooKeeper's null, which is not the same as no bytes. */
export function packBytes(bytes: Uint8Array | undefined): PackedBytes {
  if (bytes === undefined) return undefined;
  if (bytes.byteLength > TEXT_SIZE_MAX) return Uint8Array.from(bytes);
  return asBuffer(bytes).toString("latin1");
}

export function unpackBytes(packed: PackedBytes): Uint8Array | undefined {
  if (typeof packed !== "string") return packed;
  const size = packed.length;
  const bytes = Buffer.allocUnsafe(size);
  bytes.write(packed, 0, size, "latin1");
  return bytes;
}

export function packedSize(packed: PackedBytes): number {
  return packed === undefined ? 0 : packed.length;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
