/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), seeded through SplitMix64 as its authors advise. 128 bits of state in four 32-bit words, because
 * 32-bit arithmetic is what a JavaScript engine does exactly and fast.
 *
 * A Prng is plain data, so that it can live in a core's state and be cloned with it. Not for secrets.
 *
 * What a seed gives is the same on every machine. Numbers that are not whole are therefore made only with operations
 * whose every bit is defined (+ - * / and comparisons); ECMAScript leaves Math.log and its like to the engine.
 */
import { assert } from "./assert.ts";

const TWO_TO_26 = 0x400_0000;
const TWO_TO_32 = 0x1_0000_0000;
const TWO_TO_53 = 0x20_0000_0000_0000;

export interface Prng {
  a: number;
  b: number;
  c: number;
  d: number;
}

export function createPrng(seed: number | bigint): Prng {
  let state = BigInt.asUintN(64, BigInt(seed));
  const splitMix64 = (): bigint => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  const first = splitMix64();
  const second = splitMix64();
  return {
    a: Number(first & 0xffffffffn),
    b: Number(first >> 32n),
    c: Number(second & 0xffffffffn),
    d: Number(second >> 32n),
  };
}

/** The next 32 random bits, as an unsigned number. */
export function randomU32(prng: Prng): number {
  const scrambled = Math.imul(rotateLeft(Math.imul(prng.b, 5), 7), 9);
  const shifted = prng.b << 9;
  prng.c ^= prng.a;
  prng.d ^= prng.b;
  prng.b ^= prng.c;
  prng.a ^= prng.d;
  prng.c ^= shifted;
  prng.d = rotateLeft(prng.d, 11);
  return scrambled >>> 0;
}

/** A number in [0, 1) with 53 random bits. */
export function randomFloat(prng: Prng): number {
  const high = randomU32(prng) >>> 5;
  const low = randomU32(prng) >>> 6;
  return (high * TWO_TO_26 + low) / TWO_TO_53;
}

/** A whole number in [0, bound), for bounds below 2^53. */
export function randomInt(prng: Prng, bound: number): number {
  assert(Number.isSafeInteger(bound) && bound > 0, `a bound is a whole number above 0: ${bound}`);
  if (bound > TWO_TO_32) return Math.floor(randomFloat(prng) * bound);
  // Values past the last whole multiple of the bound would make small results likelier: draw again.
  const limit = TWO_TO_32 - (TWO_TO_32 % bound);
  for (;;) {
    const value = randomU32(prng);
    if (value < limit) return value % bound;
  }
}

/** A whole number in [min, max], both included. */
export function randomBetween(prng: Prng, min: number, max: number): number {
  return min + randomInt(prng, max - min + 1);
}

/** True with the given probability; 0 and 1 are exact. */
export function randomChance(prng: Prng, probability: number): boolean {
  return randomFloat(prng) < probability;
}

/** Exponentially distributed with the given mean: the time between independent events. */
export function randomExponential(prng: Prng, mean: number): number {
  return -mean * naturalLog(1 - randomFloat(prng));
}

/**
 * Of a number above 0 and at most 1, within a few units of the last place. As value = part * 2^-halvings with a part
 * near 1, this is ln(part) - halvings * ln(2), and ln(part) = 2 atanh(slope) = 2 (slope + slope^3 / 3 + ...).
 */
export function naturalLog(value: number): number {
  assert(value > 0 && value <= 1, "only logarithms of (0, 1] are known here");
  let part = value;
  let halvings = 0;
  while (part < Math.SQRT1_2) {
    part *= 2;
    halvings += 1;
  }
  const slope = (part - 1) / (part + 1);
  const square = slope * slope;
  // |slope| < 0.172: the first term left out is below 2^-55 of the sum.
  let series = 0;
  for (let power = 19; power > 0; power -= 2) series = series * square + 1 / power;
  return 2 * slope * series - halvings * Math.LN2;
}

export function randomPick<T>(prng: Prng, list: readonly T[]): T {
  assert(list.length > 0, "cannot pick from an empty list");
  return list[randomInt(prng, list.length)] as T;
}

/** Shuffles in place (Fisher-Yates). */
export function randomShuffle<T>(prng: Prng, list: T[]): T[] {
  for (let index = list.length - 1; index > 0; index--) {
    const other = randomInt(prng, index + 1);
    const kept = list[index] as T;
    list[index] = list[other] as T;
    list[other] = kept;
  }
  return list;
}

export function randomBytes(prng: Prng, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 4) {
    const word = randomU32(prng);
    for (let part = 0; part < 4 && index + part < size; part++) {
      bytes[index + part] = word >>> (8 * part);
    }
  }
  return bytes;
}

/** An independent stream: what one part draws then does not shift what another part gets. */
export function forkPrng(prng: Prng): Prng {
  const high = BigInt(randomU32(prng)) << 32n;
  return createPrng(high | BigInt(randomU32(prng)));
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
