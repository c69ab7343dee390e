/**
 * Eight lanes map eight x at a time, each at its own pace: a lane is the state of one search, which
 * stands still wherever a bucket has to choose. Then all lanes choose at once, on vectors.
 */
import { at } from "./map";

export const LANE_COUNT: i32 = 8;

export const STEP_TAKE: i32 = 0;
export const STEP_EMIT: i32 = 1;
export const STEP_FIRSTN: i32 = 2;
export const STEP_INDEP: i32 = 3;
export const STEP_END: i32 = 4;

/** A step of the rule with all settings that hold for it; the host writes them. */
@unmanaged
export class Step {
  kind: i32;
  /** take: the item. choose: the type. */
  argument: i32;
  replicas: i32;
  tries: i32;
  /** 0 for choose, else the tries of chooseleaf below an item. */
  leafTries: i32;
  varyR: i32;
  stable: i32;
}

@unmanaged
export class Lane {
  x: i32;
  /** Where the mapping of x goes. */
  result: usize;
  emitted: i32;
  step: Step;

  /** The lists of the rule machine, with room for a whole result each. */
  working: usize;
  out: usize;
  leaves: usize;
  workingCount: i32;
  /** Which bucket of the working list the step has come to. */
  root: i32;
  /** How much of the lists the buckets before it filled; places count from here. */
  start: i32;
  place: i32;
  end: i32;
  /** firstn: the replica that looks for a place. indep: how many places are open. */
  replica: i32;
  /** indep: which of its tries each open place has come to. */
  round: i32;

  /** The bucket that is to choose, and the type at which the descent ends. */
  bucket: i32;
  target: i32;
  /** A try's r is origin + attempt * stride. */
  origin: i32;
  attempt: i32;
  stride: i32;
  r: i32;

  /** While a leaf is searched: the item it must be below, and which try chose that. */
  parent: i32;
  parentAttempt: i32;
}

export const NONE: i32 = 0x7fffffff;

// @ts-ignore: decorator
@inline
export function put(list: usize, index: i32, value: i32): void {
  store<i32>(list + (<usize>index << 2), value);
}

export function contains(list: usize, from: i32, end: i32, value: i32): bool {
  for (let i = from; i < end; i++) {
    if (at(list, i) == value) return true;
  }
  return false;
}
