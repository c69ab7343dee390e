/**
 * The order in which Apache ZooKeeper lists children and removes a session's ephemeral nodes: that
 * of a java.util.HashSet of their names or paths. No client should rely on it, but with it every
 * answer can be compared with ZooKeeper's as it is, and every member of Kelp has the same.
 *
 * A HashSet is a table of buckets, a power of two of them, doubled when it is more than three
 * quarters full and never made smaller. Iteration goes through the buckets, and in one bucket in
 * order of insertion. (Buckets that Java turns into trees are not imitated; hashes of real names do
 * not collide that much.)
 */
import { assert } from "../../cluster/base/assert.ts";

/** Capacities are kept as their binary logarithm. */
export const CHILDREN_LOG_MIN = 3;
export const EPHEMERALS_LOG_MIN = 4;
const CONCURRENT_LOG_MIN = 4;
export const CAPACITY_LOG_MAX = 28;
/** Bucket and position together are one exact number. */
const POSITION_LIMIT = 2 ** 24;

/** String.hashCode, spread as HashMap does before it picks a bucket. */
export function javaHash(text: string, from = 0): number {
  const hash = textHash(text, from);
  return hash ^ (hash >>> 16);
}

/** That of ZooKeeper's record of a scheme and an id, spread in the same way. */
export function javaIdHash({
  scheme,
  id,
}: {
  readonly scheme: string;
  readonly id: string;
}): number {
  const withScheme = (Math.imul(17, 37) + textHash(scheme, 0)) | 0;
  const hash = (Math.imul(withScheme, 37) + textHash(id, 0)) | 0;
  return hash ^ (hash >>> 16);
}

function textHash(text: string, from: number): number {
  let hash = 0;
  for (let index = from; index < text.length; index++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
}

/** The capacity after the set has grown to `count`; one of 0 stands for the initial one. */
export function grownLog(log: number, count: number, logMin: number): number {
  let grown = Math.max(log, logMin);
  while (count > 0.75 * (1 << grown) && grown < CAPACITY_LOG_MAX) grown += 1;
  return grown;
}

/** That of a ConcurrentHashMap, which is doubled already when it is three quarters full. */
export function concurrentLog(count: number): number {
  let log = CONCURRENT_LOG_MIN;
  while (count >= 0.75 * 2 ** log) log += 1;
  return log;
}

/** The capacity of a copy of a set of this size, which may be smaller than that of the set. */
export function cloneLog(count: number): number {
  const least = Math.floor(count / 0.75 + 1);
  let log = 0;
  while (2 ** log < least) log += 1;
  return log;
}

/**
 * The positions 0 to hashes.length - 1, which are in order of insertion, in the order in which a
 * HashSet of that capacity iterates over them.
 */
export function iterationOrder(hashes: Int32Array, log: number): Uint32Array {
  const count = hashes.length;
  assert(log <= CAPACITY_LOG_MAX, "a capacity is bounded");
  assert(count < POSITION_LIMIT, "positions fit beside their bucket");
  // A table that was once much larger is mostly empty: there a sort is cheaper than a walk.
  const keys = new Float64Array(count);
  const mask = 2 ** log - 1;
  for (let at = 0; at < count; at++) {
    keys[at] = ((hashes[at] as number) & mask) * POSITION_LIMIT + at;
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = (keys[at] as number) % POSITION_LIMIT;
  return order;
}
