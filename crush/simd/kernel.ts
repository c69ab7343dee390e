/**
 * Maps many x by one rule over one map. Only what is frequent is done here: straw2 by scores. Where
 * these are too close, and in buckets of other algorithms, the host chooses.
 */
import { settleFirstn } from "./firstn";
import { settleIndep } from "./indep";
import { Lane, LANE_COUNT, put, Step, STEP_FIRSTN, STEP_INDEP } from "./lane";
import {
  at,
  firstRow,
  firstView,
  item,
  lastView,
  NO_CHOICE,
  plan,
  PLAN_EQUAL,
  PLAN_SINGLE,
  PLAN_UNIFORM,
  PLAN_WEIGHTED,
  rowCount,
  size,
  typeOf,
} from "./map";
import { execute, nextRoot, resultMax } from "./rule";
import {
  askedCount,
  askedR,
  askedStart,
  askedX,
  chooseEqual,
  chooseWeighted,
  winner,
} from "./winner";

export {
  cost,
  deviceCount,
  deviceWeight,
  firstRow,
  firstView,
  hashId,
  item,
  lastView,
  maxDevices,
  plan,
  reciprocal,
  rowCount,
  size,
  slotCount,
  type,
} from "./map";
export { resultMax } from "./rule";

/** By the bucket's own algorithm, whatever it is. */
// @ts-ignore: decorator
@external("host", "choose")
declare function chooseExactly(bucket: i32, x: i32, r: i32, place: i32): i32;

/** Set by the host, as the map's columns are: the steps of the rule. */
export let program: usize = 0;
/** Room for three lists of `resultMax` ids in each lane. */
export let lists: usize = 0;
export let xs: usize = 0;
export let results: usize = 0;

/** Where memory is free from: the host places everything above, and grows the memory for it. */
export const free: usize = __heap_base;

const lanes: usize = memory.data(offsetof<Lane>() * LANE_COUNT, 16);

/** In place of the type of what was chosen: the descent has only begun. */
const ON_THE_WAY: i32 = i32.MAX_VALUE;

/** By lane, the view that it asks; -1 once there is no x left for it. */
const askedView: usize = memory.data(32, 16);
/** By lane, whether weights matter in that view. */
const askedWeighted: usize = memory.data(32, 16);

/** How many of the x have been given to lanes, and how many there are. */
let begun: i32 = 0;
let count: i32 = 0;

// @ts-ignore: decorator
@inline
function laneAt(index: i32): Lane {
  return changetype<Lane>(lanes + <usize>index * offsetof<Lane>());
}

/** Maps the first `xCount` of `xs`; every mapping takes `resultMax` words of `results`. */
export function map(xCount: i32): void {
  begun = 0;
  count = xCount;
  let busy = 0;
  for (let index = 0; index < LANE_COUNT; index++) {
    const lane = laneAt(index);
    const listSize = <usize>resultMax << 2;
    lane.working = lists + <usize>(3 * index) * listSize;
    lane.out = lane.working + listSize;
    lane.leaves = lane.out + listSize;
    retire(index);
    if (nextX(lane) && proceed(index, lane, lane.bucket, ON_THE_WAY)) busy++;
  }
  while (busy > 0) {
    const doubts = anyWeighted() ? chooseWeighted() : chooseEqual();
    for (let index = 0; index < LANE_COUNT; index++) {
      const view = at(askedView, index);
      if (view < 0) continue;
      const lane = laneAt(index);
      const chosen = (doubts >> index) & 1
        ? chooseExactly(lane.bucket, lane.x, lane.r, positionOf(lane))
        : at(item, at(firstRow, view) + at(winner, index));
      if (!proceed(index, lane, chosen, typeOf(chosen))) busy--;
    }
  }
}

function retire(index: i32): void {
  put(askedView, index, -1);
  put(askedCount, index, 0);
  put(askedWeighted, index, 0);
}

// @ts-ignore: decorator
@inline
function anyWeighted(): bool {
  return v128.any_true(v128.or(v128.load(askedWeighted), v128.load(askedWeighted, 16)));
}

/**
 * Follows up what the lane's bucket chose, to the next choice that is one for vectors. False if
 * there is none, because no x is left.
 */
function proceed(index: i32, lane: Lane, chosen: i32, type: i32): bool {
  while (true) {
    if (type > 0 && type != lane.target) {
      lane.bucket = chosen;
    } else {
      const goesOn = lane.step.kind == STEP_FIRSTN
        ? settleFirstn(lane, chosen, type)
        : settleIndep(lane, chosen, type);
      if (!goesOn && !nextRoot(lane) && !nextX(lane)) {
        retire(index);
        return false;
      }
    }
    const slot = -1 - lane.bucket;
    const position = positionOf(lane);
    const view = min(at(firstView, slot) + position, at(lastView, slot));
    const how = at(plan, view);
    lane.r = lane.origin + lane.attempt * lane.stride;
    if (how == PLAN_EQUAL || how == PLAN_WEIGHTED) {
      put(askedView, index, view);
      put(askedX, index, lane.x);
      put(askedR, index, lane.r);
      put(askedStart, index, at(firstRow, view) << 2);
      put(askedCount, index, at(rowCount, view));
      put(askedWeighted, index, how == PLAN_WEIGHTED);
      return true;
    }
    const itemCount = at(size, slot);
    if (itemCount == 0) {
      chosen = 0;
      type = NO_CHOICE;
      continue;
    }
    if (how == PLAN_UNIFORM && lane.step.kind == STEP_INDEP && itemCount % lane.stride == 0) {
      // A permutation of a multiple of `replicas` items would bring each place the same few again.
      lane.r += lane.attempt;
    }
    chosen = how == PLAN_SINGLE
      ? at(item, at(firstRow, view))
      : chooseExactly(lane.bucket, lane.x, lane.r, position);
    type = typeOf(chosen);
  }
}

/** The position whose choose_args count: an indep list as a whole is one place of the result. */
// @ts-ignore: decorator
@inline
function positionOf(lane: Lane): i32 {
  return lane.step.kind == STEP_FIRSTN || lane.parent != 0 ? lane.place : 0;
}

/** Gives the lane the next x whose mapping takes a choice; false if there is none. */
function nextX(lane: Lane): bool {
  while (begun < count) {
    lane.x = at(xs, begun);
    lane.result = results + ((<usize>begun * <usize>resultMax) << 2);
    begun++;
    lane.emitted = 0;
    lane.workingCount = 0;
    lane.step = changetype<Step>(program);
    lane.parent = 0;
    if (execute(lane)) return true;
  }
  return false;
}
