/**
 * A sealed value ends in the xxh64 over its key and itself, so that a row that came back changed, or
 * from under another key, is noticed by whoever reads it:
 *
 *   | value | u64 xxh64 (of key, then value) |
 */
import { xxh64, xxh64OfChunks } from "../wire/checksum.ts";

export const SEAL_SIZE = 8;
/** Up to here, key and value are copied together: that is faster than a checksum over two pieces. */
const JOINED_SIZE_MAX = 64 << 10;

const joined = Buffer.allocUnsafeSlow(JOINED_SIZE_MAX);

export function sealValue(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(value.byteLength + SEAL_SIZE);
  sealed.set(value);
  sealed.writeBigUInt64LE(checksumOf(key, value), value.byteLength);
  return sealed;
}

/** The value as a view of what was read, or undefined if it is not what was sealed under this key. */
export function unsealValue(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.byteLength < SEAL_SIZE) return undefined;
  const value = withoutSeal(sealed);
  const seal = Buffer.from(sealed.buffer, sealed.byteOffset + value.byteLength, SEAL_SIZE);
  return seal.readBigUInt64LE() === checksumOf(key, value) ? value : undefined;
}

/** The value, whatever its seal says. */
export function withoutSeal(sealed: Uint8Array): Uint8Array {
  const size = Math.max(0, sealed.byteLength - SEAL_SIZE);
  return new Uint8Array(sealed.buffer, sealed.byteOffset, size);
}

function checksumOf(key: Uint8Array, value: Uint8Array): bigint {
  const size = key.byteLength + value.byteLength;
  if (size > JOINED_SIZE_MAX) return xxh64OfChunks([key, value]);
  joined.set(key);
  joined.set(value, key.byteLength);
  return xxh64(joined.subarray(0, size));
}
