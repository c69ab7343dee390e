/**
 * The search of one choose step: from a bucket down to items of a type, with retries where an item
 * is taken already or cannot be used. firstn fills its list without holes, each place depending on
 * those before; indep gives each place its own sequence of tries and leaves NONE where it fails.
 *
 * Every failure counts against a number of tries, and every descent ends because a valid map has no
 * loop of buckets.
 */
import { hash2 } from "./hash.ts";
import { NONE } from "./types.ts";

/** What the search needs to know of a map. */
export interface Hierarchy {
  /** 0 for a device, a bucket's type, or NO_ITEM for an id that the map does not have. */
  typeOf(item: number): number;
  sizeOf(bucket: number): number;
  isUniform(bucket: number): boolean;
  /** By the bucket's own algorithm. `place` is the one being filled, for choose_args. */
  choose(bucket: number, x: number, r: number, place: number): number;
  /** By permutation, whatever the bucket's algorithm. */
  permute(bucket: number, x: number, r: number): number;
}

export const NO_ITEM = -1;

/** Marks a place that indep may still fill. */
const UNDEFINED = 0x7ffffffe;

/** What holds at all levels of one mapping; `set_` steps change it for the steps that follow. */
export interface Search {
  readonly hierarchy: Hierarchy;
  x: number;
  /** By device id, 16.16: the share of its data that a device takes. */
  deviceWeights: ArrayLike<number>;
  localTries: number;
  fallbackTries: number;
  varyR: number;
  stable: boolean;
}

/** A list that is being filled with items of one type. */
export interface Level {
  type: number;
  tries: number;
  out: Int32Array;
  /** Where in `out` place 0 is. */
  start: number;
  /** The places to fill are those from `from` to before `end`. */
  from: number;
  end: number;
  /** Of how many replicas those places are a part. */
  replicas: number;
  /** For chooseleaf: the list of the devices below the items, which has the same `start`. */
  leaf: Level | undefined;
}

/** The weight of a device that takes all of its data. */
const WHOLE = 0x10000;

function isOut(search: Search, device: number): boolean {
  const { deviceWeights, x } = search;
  if (device >= deviceWeights.length) return true;
  const weight = deviceWeights[device] as number;
  if (weight >= WHOLE) return false;
  return weight === 0 || (hash2(x, device) & 0xffff) >= weight;
}

function contains(level: Level, from: number, end: number, item: number): boolean {
  for (let i = level.start + from; i < level.start + end; i++) {
    if (level.out[i] === item) return true;
  }
  return false;
}

/** Returns how many places it filled. A replica that finds no item leaves its place to the next. */
export function chooseFirstn(search: Search, level: Level, root: number): number {
  let place = level.from;
  for (let replica = 0; replica < level.replicas && place < level.end; replica++) {
    if (fillFirstn(search, level, root, replica, place)) place++;
  }
  return place - level.from;
}

/** Puts an item that no earlier place has into `place`; `firstR` is the r of the first try. */
function fillFirstn(
  search: Search,
  level: Level,
  root: number,
  firstR: number,
  place: number,
): boolean {
  const { hierarchy, x, localTries, fallbackTries } = search;
  let bucket = root;
  let failures = 0;
  let localFailures = 0;
  for (;;) {
    const size = hierarchy.sizeOf(bucket);
    let collides = false;
    if (size > 0) {
      const r = firstR + failures;
      // Hashing may miss an item for long; a permutation comes to each one.
      const exhaustive =
        fallbackTries > 0 && localFailures >= size >> 1 && localFailures > fallbackTries;
      const item = exhaustive
        ? hierarchy.permute(bucket, x, r)
        : hierarchy.choose(bucket, x, r, place);
      const type = hierarchy.typeOf(item);
      if (type !== level.type) {
        if (type <= 0) return false;
        bucket = item;
        continue;
      }
      collides = contains(level, 0, place, item);
      if (!collides && acceptFirstn(search, level, item, r, place)) {
        level.out[level.start + place] = item;
        return true;
      }
    }
    failures++;
    localFailures++;
    const stay =
      (collides && localFailures <= localTries) ||
      (fallbackTries > 0 && localFailures <= size + fallbackTries);
    if (stay) continue;
    if (failures >= level.tries) return false;
    bucket = root;
    localFailures = 0;
  }
}

/** Whether the item will do; for chooseleaf it needs a device below it. */
function acceptFirstn(
  search: Search,
  level: Level,
  item: number,
  r: number,
  place: number,
): boolean {
  const { leaf } = level;
  if (item < 0) {
    if (leaf === undefined) return true;
    const parentR = search.varyR > 0 ? r >> (search.varyR - 1) : 0;
    return fillFirstn(search, leaf, item, parentR + (search.stable ? 0 : place), place);
  }
  if (leaf !== undefined) leaf.out[leaf.start + place] = item;
  return !isOut(search, item);
}

/** Fills places with items or, when tries run out, with NONE. Returns their number. */
export function chooseIndep(search: Search, level: Level, root: number, parentR: number): number {
  const { out, start, from, end, leaf } = level;
  out.fill(UNDEFINED, start + from, start + end);
  leaf?.out.fill(UNDEFINED, start + from, start + end);
  let left = end - from;
  for (let round = 0; left > 0 && round < level.tries; round++) {
    for (let place = from; place < end; place++) {
      if (out[start + place] !== UNDEFINED) continue;
      if (fillIndep(search, level, root, place, parentR + place, round)) left--;
    }
  }
  for (let i = start + from; i < start + end; i++) {
    if (out[i] === UNDEFINED) out[i] = NONE;
    if (leaf?.out[i] === UNDEFINED) leaf.out[i] = NONE;
  }
  return end - from;
}

/** One try for one place; false leaves it to the next round. */
function fillIndep(
  search: Search,
  level: Level,
  root: number,
  place: number,
  firstR: number,
  round: number,
): boolean {
  const { hierarchy } = search;
  const { replicas, leaf } = level;
  const at = level.start + place;
  let bucket = root;
  for (;;) {
    const size = hierarchy.sizeOf(bucket);
    if (size === 0) return false;
    // A permutation of a multiple of `replicas` items would bring each place the same few again.
    const repeats = hierarchy.isUniform(bucket) && size % replicas === 0;
    const r = firstR + round * (repeats ? replicas + 1 : replicas);
    const item = hierarchy.choose(bucket, search.x, r, level.from);
    const type = hierarchy.typeOf(item);
    if (type !== level.type) {
      if (type > 0) {
        bucket = item;
        continue;
      }
      level.out[at] = NONE;
      if (leaf !== undefined) leaf.out[at] = NONE;
      return true;
    }
    if (contains(level, level.from, level.end, item)) return false;
    if (leaf !== undefined && !findLeaf(search, level, leaf, item, place, r)) return false;
    if (item >= 0 && isOut(search, item)) return false;
    level.out[at] = item;
    return true;
  }
}

/**
 * Puts the device below an item, or the item if it is one, into the leaves. It stays there even if
 * the item is refused afterwards, and so an out device can end up in a mapping.
 */
function findLeaf(
  search: Search,
  level: Level,
  leaf: Level,
  item: number,
  place: number,
  r: number,
): boolean {
  if (item >= 0) {
    leaf.out[leaf.start + place] = item;
    return true;
  }
  leaf.from = place;
  leaf.end = place + 1;
  leaf.replicas = level.replicas;
  chooseIndep(search, leaf, item, r);
  return leaf.out[leaf.start + place] !== NONE;
}
