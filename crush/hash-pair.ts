/**
 * Two `hash3` at once, for the scalar fast path. A hash is one long chain of operations, each of
 * which waits for the one before. Two chains side by side keep more of the processor's units busy
 * and take a quarter longer than one; a third would gain nothing, for want of registers.
 */

const SEED = 1315423911;

/** The low halves of hash3(x, id1, r) and, in the upper bits, of hash3(x, id2, r). */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: calls would cost what pairing gains
export function hash3Pair(x: number, id1: number, id2: number, r: number): number {
  let a1 = x;
  let b1 = id1;
  let c1 = r;
  let x1 = 231232;
  let y1 = 1232;
  let h1 = SEED ^ x ^ id1 ^ r;
  let a2 = x;
  let b2 = id2;
  let c2 = r;
  let x2 = 231232;
  let y2 = 1232;
  let h2 = SEED ^ x ^ id2 ^ r;
  a1 = (a1 - b1 - h1) ^ (h1 >>> 13);
  b1 = (b1 - h1 - a1) ^ (a1 << 8);
  h1 = (h1 - a1 - b1) ^ (b1 >>> 13);
  a1 = (a1 - b1 - h1) ^ (h1 >>> 12);
  b1 = (b1 - h1 - a1) ^ (a1 << 16);
  h1 = (h1 - a1 - b1) ^ (b1 >>> 5);
  a1 = (a1 - b1 - h1) ^ (h1 >>> 3);
  b1 = (b1 - h1 - a1) ^ (a1 << 10);
  h1 = (h1 - a1 - b1) ^ (b1 >>> 15);
  a2 = (a2 - b2 - h2) ^ (h2 >>> 13);
  b2 = (b2 - h2 - a2) ^ (a2 << 8);
  h2 = (h2 - a2 - b2) ^ (b2 >>> 13);
  a2 = (a2 - b2 - h2) ^ (h2 >>> 12);
  b2 = (b2 - h2 - a2) ^ (a2 << 16);
  h2 = (h2 - a2 - b2) ^ (b2 >>> 5);
  a2 = (a2 - b2 - h2) ^ (h2 >>> 3);
  b2 = (b2 - h2 - a2) ^ (a2 << 10);
  h2 = (h2 - a2 - b2) ^ (b2 >>> 15);

  c1 = (c1 - x1 - h1) ^ (h1 >>> 13);
  x1 = (x1 - h1 - c1) ^ (c1 << 8);
  h1 = (h1 - c1 - x1) ^ (x1 >>> 13);
  c1 = (c1 - x1 - h1) ^ (h1 >>> 12);
  x1 = (x1 - h1 - c1) ^ (c1 << 16);
  h1 = (h1 - c1 - x1) ^ (x1 >>> 5);
  c1 = (c1 - x1 - h1) ^ (h1 >>> 3);
  x1 = (x1 - h1 - c1) ^ (c1 << 10);
  h1 = (h1 - c1 - x1) ^ (x1 >>> 15);
  c2 = (c2 - x2 - h2) ^ (h2 >>> 13);
  x2 = (x2 - h2 - c2) ^ (c2 << 8);
  h2 = (h2 - c2 - x2) ^ (x2 >>> 13);
  c2 = (c2 - x2 - h2) ^ (h2 >>> 12);
  x2 = (x2 - h2 - c2) ^ (c2 << 16);
  h2 = (h2 - c2 - x2) ^ (x2 >>> 5);
  c2 = (c2 - x2 - h2) ^ (h2 >>> 3);
  x2 = (x2 - h2 - c2) ^ (c2 << 10);
  h2 = (h2 - c2 - x2) ^ (x2 >>> 15);

  y1 = (y1 - a1 - h1) ^ (h1 >>> 13);
  a1 = (a1 - h1 - y1) ^ (y1 << 8);
  h1 = (h1 - y1 - a1) ^ (a1 >>> 13);
  y1 = (y1 - a1 - h1) ^ (h1 >>> 12);
  a1 = (a1 - h1 - y1) ^ (y1 << 16);
  h1 = (h1 - y1 - a1) ^ (a1 >>> 5);
  y1 = (y1 - a1 - h1) ^ (h1 >>> 3);
  a1 = (a1 - h1 - y1) ^ (y1 << 10);
  h1 = (h1 - y1 - a1) ^ (a1 >>> 15);
  y2 = (y2 - a2 - h2) ^ (h2 >>> 13);
  a2 = (a2 - h2 - y2) ^ (y2 << 8);
  h2 = (h2 - y2 - a2) ^ (a2 >>> 13);
  y2 = (y2 - a2 - h2) ^ (h2 >>> 12);
  a2 = (a2 - h2 - y2) ^ (y2 << 16);
  h2 = (h2 - y2 - a2) ^ (a2 >>> 5);
  y2 = (y2 - a2 - h2) ^ (h2 >>> 3);
  a2 = (a2 - h2 - y2) ^ (y2 << 10);
  h2 = (h2 - y2 - a2) ^ (a2 >>> 15);

  b1 = (b1 - x1 - h1) ^ (h1 >>> 13);
  x1 = (x1 - h1 - b1) ^ (b1 << 8);
  h1 = (h1 - b1 - x1) ^ (x1 >>> 13);
  b1 = (b1 - x1 - h1) ^ (h1 >>> 12);
  x1 = (x1 - h1 - b1) ^ (b1 << 16);
  h1 = (h1 - b1 - x1) ^ (x1 >>> 5);
  b1 = (b1 - x1 - h1) ^ (h1 >>> 3);
  x1 = (x1 - h1 - b1) ^ (b1 << 10);
  h1 = (h1 - b1 - x1) ^ (x1 >>> 15);
  b2 = (b2 - x2 - h2) ^ (h2 >>> 13);
  x2 = (x2 - h2 - b2) ^ (b2 << 8);
  h2 = (h2 - b2 - x2) ^ (x2 >>> 13);
  b2 = (b2 - x2 - h2) ^ (h2 >>> 12);
  x2 = (x2 - h2 - b2) ^ (b2 << 16);
  h2 = (h2 - b2 - x2) ^ (x2 >>> 5);
  b2 = (b2 - x2 - h2) ^ (h2 >>> 3);
  x2 = (x2 - h2 - b2) ^ (b2 << 10);
  h2 = (h2 - b2 - x2) ^ (x2 >>> 15);

  y1 = (y1 - c1 - h1) ^ (h1 >>> 13);
  c1 = (c1 - h1 - y1) ^ (y1 << 8);
  h1 = (h1 - y1 - c1) ^ (c1 >>> 13);
  y1 = (y1 - c1 - h1) ^ (h1 >>> 12);
  c1 = (c1 - h1 - y1) ^ (y1 << 16);
  h1 = (h1 - y1 - c1) ^ (c1 >>> 5);
  y1 = (y1 - c1 - h1) ^ (h1 >>> 3);
  c1 = (c1 - h1 - y1) ^ (y1 << 10);
  h1 = (h1 - y1 - c1) ^ (c1 >>> 15);
  y2 = (y2 - c2 - h2) ^ (h2 >>> 13);
  c2 = (c2 - h2 - y2) ^ (y2 << 8);
  h2 = (h2 - y2 - c2) ^ (c2 >>> 13);
  y2 = (y2 - c2 - h2) ^ (h2 >>> 12);
  c2 = (c2 - h2 - y2) ^ (y2 << 16);
  h2 = (h2 - y2 - c2) ^ (c2 >>> 5);
  y2 = (y2 - c2 - h2) ^ (h2 >>> 3);
  c2 = (c2 - h2 - y2) ^ (y2 << 10);
  h2 = (h2 - y2 - c2) ^ (c2 >>> 15);

  return (h1 & 0xffff) | (h2 << 16);
}
