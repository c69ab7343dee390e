/**
 * Robert Jenkins' 96-bit mix, as CRUSH hashes one to five 32-bit words with it, and the two string
 * hashes that place objects. Words may come signed or unsigned; results are unsigned.
 */

const SEED = 1315423911;

/** The words being mixed, by place. One array serves all calls: hashing allocates nothing. */
const words = new Int32Array(8);
const [A, B, C, D, E, X, Y, H] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** One round over three of the words, in place. */
function mix(i: number, j: number, k: number): void {
  let a = words[i] as number;
  let b = words[j] as number;
  let c = words[k] as number;
  a = (a - b - c) ^ (c >>> 13);
  b = (b - c - a) ^ (a << 8);
  c = (c - a - b) ^ (b >>> 13);
  a = (a - b - c) ^ (c >>> 12);
  b = (b - c - a) ^ (a << 16);
  c = (c - a - b) ^ (b >>> 5);
  a = (a - b - c) ^ (c >>> 3);
  b = (b - c - a) ^ (a << 10);
  c = (c - a - b) ^ (b >>> 15);
  words[i] = a;
  words[j] = b;
  words[k] = c;
}

function load(a: number, b: number, c: number, d: number, e: number): void {
  words[A] = a;
  words[B] = b;
  words[C] = c;
  words[D] = d;
  words[E] = e;
  words[X] = 231232;
  words[Y] = 1232;
  words[H] = SEED ^ a ^ b ^ c ^ d ^ e;
}

function mixed(): number {
  return (words[H] as number) >>> 0;
}

export function hash1(a: number): number {
  load(a, 0, 0, 0, 0);
  words[B] = a;
  mix(B, X, H);
  mix(Y, A, H);
  return mixed();
}

export function hash2(a: number, b: number): number {
  load(a, b, 0, 0, 0);
  mix(A, B, H);
  mix(X, A, H);
  mix(B, Y, H);
  return mixed();
}

export function hash3(a: number, b: number, c: number): number {
  load(a, b, c, 0, 0);
  mix(A, B, H);
  mix(C, X, H);
  mix(Y, A, H);
  mix(B, X, H);
  mix(Y, C, H);
  return mixed();
}

export function hash4(a: number, b: number, c: number, d: number): number {
  load(a, b, c, d, 0);
  mix(A, B, H);
  mix(C, D, H);
  mix(A, X, H);
  mix(Y, B, H);
  mix(C, X, H);
  mix(Y, D, H);
  return mixed();
}

export function hash5(a: number, b: number, c: number, d: number, e: number): number {
  load(a, b, c, d, e);
  mix(A, B, H);
  mix(C, D, H);
  mix(E, X, H);
  mix(Y, A, H);
  mix(B, X, H);
  mix(Y, C, H);
  mix(D, X, H);
  mix(Y, E, H);
  return mixed();
}

/** A pool's `object_hash`. */
export const STRING_HASH = { linux: 1, rjenkins: 2 } as const;

const GOLDEN_RATIO = 0x9e3779b9;
const BLOCK_BYTES = 12;

export function rjenkinsString(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  words[A] = GOLDEN_RATIO;
  words[B] = GOLDEN_RATIO;
  words[C] = 0;
  let at = 0;
  for (; bytes.length - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
    for (let word = 0; word < 3; word++) add(word, view.getInt32(at + 4 * word, true));
    mix(A, B, C);
  }
  // The lowest byte of the last word holds the length, so the bytes of the rest go around it.
  add(C, bytes.length);
  for (let i = 0; at + i < bytes.length; i++) {
    const place = i < 8 ? i : i + 1;
    add(place >> 2, (bytes[at + i] as number) << (8 * (place & 3)));
  }
  mix(A, B, C);
  return (words[C] as number) >>> 0;
}

function add(place: number, value: number): void {
  words[place] = (words[place] as number) + value;
}

export function linuxString(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = Math.imul(hash + (byte << 4) + (byte >> 4), 11);
  return hash >>> 0;
}

/** What an unknown kind of hash makes of every string. */
const UNKNOWN_STRING_HASH = 0xffffffff;

export function hashString(kind: number, bytes: Uint8Array): number {
  if (kind === STRING_HASH.rjenkins) return rjenkinsString(bytes);
  if (kind === STRING_HASH.linux) return linuxString(bytes);
  return UNKNOWN_STRING_HASH;
}
