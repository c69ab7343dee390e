/**
 * Where the machine's rows lie on the disk. A transfer writes a new generation of them beside the present one, and one
 * row says which generation counts: a crash in the middle leaves the old one whole, and the rest is swept.
 *
 *   c g                             the generation that counts
 *   r  generation (u32, big-endian)  the machine's key
 */
import type { KeyRange, Write } from "../../cluster/kv/store.ts";
import { decode, encode, record, u32 } from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";

const R = 0x72;
const PREFIX_SIZE = 5;
const GENERATION_MAX = 0xffff_ffff;

export const GENERATION_KEY = Uint8Array.of(0x63, 0x67);
/** Rows of any generation. */
export const ALL_ROWS: KeyRange = { gte: Uint8Array.of(R), lt: Uint8Array.of(R + 1) };
const generationCodec = versioned(1, record({ generation: u32 }));

export function generationWrite(generation: number): Write {
  return { type: "put", key: GENERATION_KEY, value: encode(generationCodec, { generation }) };
}

export function readGeneration(value: Uint8Array): number {
  return decode(generationCodec, value).generation;
}

/** The same write, in that generation. */
export function rowWrite(generation: number, write: Write): Write {
  const key = rowKey(generation, write.key);
  return write.type === "put" ? { type: "put", key, value: write.value } : { type: "delete", key };
}

export function rowsOf(generation: number): KeyRange {
  const gte = rowKey(generation, new Uint8Array(0));
  if (generation === GENERATION_MAX) return { gte, lt: Uint8Array.of(R + 1) };
  return { gte, lt: rowKey(generation + 1, new Uint8Array(0)) };
}

export function splitRowKey(key: Uint8Array): { generation: number; key: Uint8Array } {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return { generation: view.getUint32(1), key: key.subarray(PREFIX_SIZE) };
}

function rowKey(generation: number, key: Uint8Array): Uint8Array {
  const full = new Uint8Array(PREFIX_SIZE + key.byteLength);
  full[0] = R;
  new DataView(full.buffer).setUint32(1, generation);
  full.set(key, PREFIX_SIZE);
  return full;
}
