/**
 * Straw2 on vectors: all lanes go through the rows of their buckets in step, one row at a time.
 *
 * What decides is a score that is cheap and nearly as good as the draw: it puts two rows into the
 * order of their draws, unless they are too close to call. So each lane keeps its best score and
 * the second best, and where these are close the lane is in doubt, and the draws must decide.
 */
import { hash3x8 } from "./hash";
import { cost, hashId, reciprocal } from "./map";

/** By lane, the question: x, r, where the rows start (in bytes) and how many they are. */
export const askedX: usize = memory.data(32, 16);
export const askedR: usize = memory.data(32, 16);
export const askedStart: usize = memory.data(32, 16);
export const askedCount: usize = memory.data(32, 16);

/** By lane, the answer: which of the rows. */
export const winner: usize = memory.data(32, 16);

// @ts-ignore: decorator
@inline
function rowsMax(): i32 {
  const counts = i32x4.max_s(v128.load(askedCount), v128.load(askedCount, 16));
  return max(
    max(i32x4.extract_lane(counts, 0), i32x4.extract_lane(counts, 1)),
    max(i32x4.extract_lane(counts, 2), i32x4.extract_lane(counts, 3)),
  );
}

// @ts-ignore: decorator
@inline
function gather(a: usize, b: usize, c: usize, d: usize): v128 {
  let words = v128.load_zero<u32>(a);
  words = v128.load_lane<u32>(b, words, 1);
  words = v128.load_lane<u32>(c, words, 2);
  return v128.load_lane<u32>(d, words, 3);
}

/**
 * Where the rows of each bucket weigh the same, the score is u. Logarithms grow with u, but for
 * some neighbours that are equal and the last one, which is less than the one before: two u are
 * close if they are neighbours. Returns the lanes in doubt, as bits.
 */
export function chooseEqual(): i32 {
  const x0 = v128.load(askedX), x1 = v128.load(askedX, 16);
  const r0 = v128.load(askedR), r1 = v128.load(askedR, 16);
  const counts = v128.or(
    v128.load(askedCount),
    i32x4.shl(v128.load(askedCount, 16), 16),
  );
  // A lane that is done reads on in what follows, and does not count it.
  let p0 = hashId + load<u32>(askedStart, 0), p1 = hashId + load<u32>(askedStart, 4);
  let p2 = hashId + load<u32>(askedStart, 8), p3 = hashId + load<u32>(askedStart, 12);
  let p4 = hashId + load<u32>(askedStart, 16), p5 = hashId + load<u32>(askedStart, 20);
  let p6 = hashId + load<u32>(askedStart, 24), p7 = hashId + load<u32>(askedStart, 28);
  // Scores are u - 2^15, because signed comparisons are the cheaper ones.
  const sign = i16x8.splat(-0x8000);
  let best = sign, second = sign, bestRow = i16x8.splat(0);
  const end = rowsMax();
  for (let row = 0; row < end; row++) {
    const ids0 = gather(p0, p1, p2, p3), ids1 = gather(p4, p5, p6, p7);
    p0 += 4; p1 += 4; p2 += 4; p3 += 4; p4 += 4; p5 += 4; p6 += 4; p7 += 4;
    const here = i16x8.splat(<i16>row);
    const u = v128.and(hash3x8(x0, ids0, r0, x1, ids1, r1), i16x8.gt_s(counts, here));
    const score = v128.xor(u, sign);
    bestRow = v128.bitselect(here, bestRow, i16x8.gt_s(score, best));
    second = i16x8.max_s(second, i16x8.min_s(score, best));
    best = i16x8.max_s(best, score);
  }
  v128.store(winner, v128.and(bestRow, i32x4.splat(0xffff)));
  v128.store(winner, i32x4.shr_u(bestRow, 16), 16);
  const doubt = i16x8.le_u(i16x8.sub(best, second), i16x8.splat(1));
  return i32x4.bitmask(i32x4.shl(doubt, 16)) | (i32x4.bitmask(doubt) << 4);
}

/** More than the relative errors of two scores, each of which was rounded three times. */
const ERROR: f32 = 1.0 / 2097152.0;
const INFINITE: f32 = 1e38;

// @ts-ignore: decorator
@inline
function costsOf(u: v128): v128 {
  return gather(
    cost + (<usize>i32x4.extract_lane(u, 0) << 2),
    cost + (<usize>i32x4.extract_lane(u, 1) << 2),
    cost + (<usize>i32x4.extract_lane(u, 2) << 2),
    cost + (<usize>i32x4.extract_lane(u, 3) << 2),
  );
}

// @ts-ignore: decorator
@inline
function close(best: v128, second: v128): v128 {
  const margin = f32x4.add(f32x4.mul(second, f32x4.splat(ERROR)), f32x4.splat(1));
  return f32x4.le(f32x4.sub(second, best), margin);
}

/**
 * With weights, the score is the draw as a float, turned positive, so that the least is the best.
 * Draws are cut to integers: two scores are close if they differ by no more than 1 and their
 * errors. Returns the lanes in doubt, as bits.
 */
export function chooseWeighted(): i32 {
  const x0 = v128.load(askedX), x1 = v128.load(askedX, 16);
  const r0 = v128.load(askedR), r1 = v128.load(askedR, 16);
  const counts0 = v128.load(askedCount), counts1 = v128.load(askedCount, 16);
  let p0 = load<u32>(askedStart, 0), p1 = load<u32>(askedStart, 4);
  let p2 = load<u32>(askedStart, 8), p3 = load<u32>(askedStart, 12);
  let p4 = load<u32>(askedStart, 16), p5 = load<u32>(askedStart, 20);
  let p6 = load<u32>(askedStart, 24), p7 = load<u32>(askedStart, 28);
  const ids = hashId, shares = reciprocal;
  const worst = f32x4.splat(INFINITE);
  let best0 = worst, second0 = worst, row0 = i32x4.splat(0);
  let best1 = worst, second1 = worst, row1 = i32x4.splat(0);
  const end = rowsMax();
  for (let row = 0; row < end; row++) {
    const ids0 = gather(ids + p0, ids + p1, ids + p2, ids + p3);
    const ids1 = gather(ids + p4, ids + p5, ids + p6, ids + p7);
    const shares0 = gather(shares + p0, shares + p1, shares + p2, shares + p3);
    const shares1 = gather(shares + p4, shares + p5, shares + p6, shares + p7);
    p0 += 4; p1 += 4; p2 += 4; p3 += 4; p4 += 4; p5 += 4; p6 += 4; p7 += 4;
    const here = i32x4.splat(row);
    const u = hash3x8(x0, ids0, r0, x1, ids1, r1);
    let score0 = f32x4.mul(costsOf(v128.and(u, i32x4.splat(0xffff))), shares0);
    let score1 = f32x4.mul(costsOf(i32x4.shr_u(u, 16)), shares1);
    score0 = v128.bitselect(score0, worst, i32x4.gt_s(counts0, here));
    score1 = v128.bitselect(score1, worst, i32x4.gt_s(counts1, here));
    row0 = v128.bitselect(here, row0, f32x4.lt(score0, best0));
    row1 = v128.bitselect(here, row1, f32x4.lt(score1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(score0, best0));
    second1 = f32x4.pmin(second1, f32x4.pmax(score1, best1));
    best0 = f32x4.pmin(best0, score0);
    best1 = f32x4.pmin(best1, score1);
  }
  v128.store(winner, row0);
  v128.store(winner, row1, 16);
  return i32x4.bitmask(close(best0, second0)) | (i32x4.bitmask(close(best1, second1)) << 4);
}
