/**
 * firstn: each replica tries until it has an item that no place before has, then takes the next
 * place. The functions say whether the lane has to choose again; if not, the list is complete.
 */
import { accepts } from "./device";
import { contains, Lane, put } from "./lane";
import { at, NO_CHOICE, NO_ITEM } from "./map";

export function beginFirstn(lane: Lane): bool {
  lane.place = 0;
  lane.replica = -1;
  lane.stride = 1;
  return nextReplica(lane);
}

function nextReplica(lane: Lane): bool {
  const step = lane.step;
  lane.replica++;
  if (lane.replica == step.replicas || lane.place == lane.end) return false;
  lane.origin = lane.replica;
  return tryAt(lane, 0);
}

function tryAt(lane: Lane, attempt: i32): bool {
  lane.bucket = at(lane.working, lane.root);
  lane.target = lane.step.argument;
  lane.attempt = attempt;
  return true;
}

/** `type` is that of the item or says why there is none. */
// @ts-ignore: decorator
@inline
export function settleFirstn(lane: Lane, item: i32, type: i32): bool {
  if (lane.parent != 0) return settleLeaf(lane, item, type);
  if (type == NO_CHOICE) return retry(lane);
  if (type != lane.target) return nextReplica(lane);
  if (contains(lane.out, lane.start, lane.start + lane.place, item)) return retry(lane);
  const step = lane.step;
  if (item >= 0) {
    if (step.leafTries > 0) put(lane.leaves, lane.start + lane.place, item);
    return accepts(item, lane.x) ? accept(lane, item) : retry(lane);
  }
  if (step.leafTries == 0) return accept(lane, item);
  lane.parent = item;
  lane.parentAttempt = lane.attempt;
  lane.origin = (step.varyR > 0 ? lane.r >> (step.varyR - 1) : 0) + (step.stable ? 0 : lane.place);
  lane.attempt = 0;
  lane.bucket = item;
  lane.target = 0;
  return true;
}

function settleLeaf(lane: Lane, device: i32, type: i32): bool {
  const item = lane.parent;
  const leaves = lane.leaves;
  const end = lane.start + lane.place;
  if (type == 0 && !contains(leaves, lane.start, end, device) && accepts(device, lane.x)) {
    put(leaves, end, device);
    lane.parent = 0;
    return accept(lane, item);
  }
  lane.attempt++;
  if (type != NO_ITEM && lane.attempt < lane.step.leafTries) {
    lane.bucket = item;
    return true;
  }
  lane.parent = 0;
  lane.origin = lane.replica;
  lane.attempt = lane.parentAttempt;
  return retry(lane);
}

function accept(lane: Lane, item: i32): bool {
  put(lane.out, lane.start + lane.place, item);
  lane.place++;
  return nextReplica(lane);
}

function retry(lane: Lane): bool {
  const attempt = lane.attempt + 1;
  return attempt < lane.step.tries ? tryAt(lane, attempt) : nextReplica(lane);
}
