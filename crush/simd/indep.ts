/**
 * indep: each place has a sequence of tries of its own. In each round every open place makes one.
 * The functions say whether the lane has to choose again; if not, the list is complete.
 */
import { accepts } from "./device";
import { contains, Lane, NONE, put } from "./lane";
import { at, NO_CHOICE, NO_ITEM } from "./map";

/** Marks a place that is open. */
const OPEN: i32 = 0x7ffffffe;

export function beginIndep(lane: Lane): bool {
  for (let i = lane.start; i < lane.start + lane.end; i++) {
    put(lane.out, i, OPEN);
    put(lane.leaves, i, OPEN);
  }
  lane.stride = lane.step.replicas;
  lane.round = 0;
  lane.place = -1;
  return nextPlace(lane);
}

function nextPlace(lane: Lane): bool {
  const step = lane.step;
  const out = lane.out;
  while (lane.round < step.tries) {
    while (++lane.place < lane.end) {
      if (at(out, lane.start + lane.place) != OPEN) continue;
      lane.bucket = at(lane.working, lane.root);
      lane.target = step.argument;
      lane.origin = lane.place;
      lane.attempt = lane.round;
      return true;
    }
    if (!contains(out, lane.start, lane.start + lane.end, OPEN)) break;
    lane.round++;
    lane.place = -1;
  }
  for (let i = lane.start; i < lane.start + lane.end; i++) {
    if (at(out, i) == OPEN) put(out, i, NONE);
    if (at(lane.leaves, i) == OPEN) put(lane.leaves, i, NONE);
  }
  return false;
}

/** `type` is that of the item or says why there is none. */
export function settleIndep(lane: Lane, item: i32, type: i32): bool {
  if (lane.parent != 0) return settleLeaf(lane, item, type);
  if (type == NO_CHOICE) return nextPlace(lane);
  const here = lane.start + lane.place;
  if (type != lane.target) {
    put(lane.out, here, NONE);
    put(lane.leaves, here, NONE);
    return nextPlace(lane);
  }
  if (contains(lane.out, lane.start, lane.start + lane.end, item)) return nextPlace(lane);
  if (lane.step.leafTries > 0) {
    if (item < 0) {
      lane.parent = item;
      lane.origin = lane.r + lane.place;
      lane.attempt = 0;
      lane.bucket = item;
      lane.target = 0;
      return true;
    }
    // An item that is out then stays among the leaves, as it does in the original.
    put(lane.leaves, here, item);
  }
  if (item < 0 || accepts(item, lane.x)) put(lane.out, here, item);
  return nextPlace(lane);
}

function settleLeaf(lane: Lane, device: i32, type: i32): bool {
  const item = lane.parent;
  const here = lane.start + lane.place;
  if (type == 0 && accepts(device, lane.x)) {
    put(lane.leaves, here, device);
    put(lane.out, here, item);
  } else {
    lane.attempt++;
    if (type != NO_ITEM && lane.attempt < lane.step.leafTries) {
      lane.bucket = item;
      return true;
    }
    put(lane.leaves, here, NONE);
  }
  lane.parent = 0;
  return nextPlace(lane);
}
