/**
 * The finalizer of MurmurHash3: a bijection of 32-bit words after which neighbours have nothing in
 * common. The schemes that CRUSH is compared with use it, because it costs them a nanosecond or
 * two; with CRUSH's own hash they would look ten times slower than they are.
 */
export function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export function mixPair(first: number, second: number): number {
  return mix(mix(first) ^ Math.imul(second + 1, 0x9e3779b1));
}

/** Above 0 and up to 1, so that it has a logarithm and can be divided by. */
export function unitInterval(word: number): number {
  return (word + 1) / 2 ** 32;
}
