/**
 * Robert Jenkins' mix on vectors. Two chains of operations run side by side, because within one
 * each operation waits for the one before; more than two would not fit into 16 registers.
 */

const SEED: i32 = 1315423911;
const X: i32 = 231232;
const Y: i32 = 1232;

/** For one device at a time: few devices take only a part of their data. */
export function hash2(x: i32, device: i32): u32 {
  let h = <u32>SEED ^ x ^ device;
  let p = <u32>x, q = <u32>device, b = q;
  // The rounds mix (x, device, h), (X, x, h) and (device, Y, h).
  for (let round = 0; round < 3; round++) {
    p = (p - q - h) ^ (h >> 13);
    q = (q - h - p) ^ (p << 8);
    h = (h - p - q) ^ (q >> 13);
    p = (p - q - h) ^ (h >> 12);
    q = (q - h - p) ^ (p << 16);
    h = (h - p - q) ^ (q >> 5);
    p = (p - q - h) ^ (h >> 3);
    q = (q - h - p) ^ (p << 10);
    h = (h - p - q) ^ (q >> 15);
    if (round == 0) {
      b = q;
      q = p;
      p = X;
    } else {
      p = b;
      q = Y;
    }
  }
  return h;
}

// @ts-ignore: decorator
@inline
function right(p: v128, q: v128, s: v128, shift: i32): v128 {
  return v128.xor(i32x4.sub(i32x4.sub(p, q), s), i32x4.shr_u(s, shift));
}

// @ts-ignore: decorator
@inline
function left(p: v128, q: v128, s: v128, shift: i32): v128 {
  return v128.xor(i32x4.sub(i32x4.sub(p, q), s), i32x4.shl(s, shift));
}

/**
 * The low halves of hash3(a, b, c) in the lower halves of the words, and those of hash3(A, B, C) in
 * the upper halves.
 */
// @ts-ignore: decorator
@inline
export function hash3x8(a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
  let x = i32x4.splat(X), y = i32x4.splat(Y);
  let X_ = x, Y_ = y;
  let h = v128.xor(v128.xor(v128.xor(a, b), c), i32x4.splat(SEED));
  let H = v128.xor(v128.xor(v128.xor(A, B), C), i32x4.splat(SEED));

  a = right(a, b, h, 13); A = right(A, B, H, 13);
  b = left(b, h, a, 8);   B = left(B, H, A, 8);
  h = right(h, a, b, 13); H = right(H, A, B, 13);
  a = right(a, b, h, 12); A = right(A, B, H, 12);
  b = left(b, h, a, 16);  B = left(B, H, A, 16);
  h = right(h, a, b, 5);  H = right(H, A, B, 5);
  a = right(a, b, h, 3);  A = right(A, B, H, 3);
  b = left(b, h, a, 10);  B = left(B, H, A, 10);
  h = right(h, a, b, 15); H = right(H, A, B, 15);

  c = right(c, x, h, 13); C = right(C, X_, H, 13);
  x = left(x, h, c, 8);   X_ = left(X_, H, C, 8);
  h = right(h, c, x, 13); H = right(H, C, X_, 13);
  c = right(c, x, h, 12); C = right(C, X_, H, 12);
  x = left(x, h, c, 16);  X_ = left(X_, H, C, 16);
  h = right(h, c, x, 5);  H = right(H, C, X_, 5);
  c = right(c, x, h, 3);  C = right(C, X_, H, 3);
  x = left(x, h, c, 10);  X_ = left(X_, H, C, 10);
  h = right(h, c, x, 15); H = right(H, C, X_, 15);

  y = right(y, a, h, 13); Y_ = right(Y_, A, H, 13);
  a = left(a, h, y, 8);   A = left(A, H, Y_, 8);
  h = right(h, y, a, 13); H = right(H, Y_, A, 13);
  y = right(y, a, h, 12); Y_ = right(Y_, A, H, 12);
  a = left(a, h, y, 16);  A = left(A, H, Y_, 16);
  h = right(h, y, a, 5);  H = right(H, Y_, A, 5);
  y = right(y, a, h, 3);  Y_ = right(Y_, A, H, 3);
  a = left(a, h, y, 10);  A = left(A, H, Y_, 10);
  h = right(h, y, a, 15); H = right(H, Y_, A, 15);

  b = right(b, x, h, 13); B = right(B, X_, H, 13);
  x = left(x, h, b, 8);   X_ = left(X_, H, B, 8);
  h = right(h, b, x, 13); H = right(H, B, X_, 13);
  b = right(b, x, h, 12); B = right(B, X_, H, 12);
  x = left(x, h, b, 16);  X_ = left(X_, H, B, 16);
  h = right(h, b, x, 5);  H = right(H, B, X_, 5);
  b = right(b, x, h, 3);  B = right(B, X_, H, 3);
  x = left(x, h, b, 10);  X_ = left(X_, H, B, 10);
  h = right(h, b, x, 15); H = right(H, B, X_, 15);

  y = right(y, c, h, 13); Y_ = right(Y_, C, H, 13);
  c = left(c, h, y, 8);   C = left(C, H, Y_, 8);
  h = right(h, y, c, 13); H = right(H, Y_, C, 13);
  y = right(y, c, h, 12); Y_ = right(Y_, C, H, 12);
  c = left(c, h, y, 16);  C = left(C, H, Y_, 16);
  h = right(h, y, c, 5);  H = right(H, Y_, C, 5);
  y = right(y, c, h, 3);  Y_ = right(Y_, C, H, 3);
  c = left(c, h, y, 10);  C = left(C, H, Y_, 10);
  h = right(h, y, c, 15); H = right(H, Y_, C, 15);

  return v128.or(v128.and(h, i32x4.splat(0xffff)), i32x4.shl(H, 16));
}
