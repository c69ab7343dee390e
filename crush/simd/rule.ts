/** The steps of a rule, as a lane executes them. */
import { beginFirstn } from "./firstn";
import { beginIndep } from "./indep";
import { Lane, put, Step, STEP_EMIT, STEP_END, STEP_FIRSTN, STEP_TAKE } from "./lane";
import { at, typeOf } from "./map";

/** How many ids a mapping may have; set by the host. */
export let resultMax: i32 = 0;

/** Fills up a mapping that has fewer. */
const VACANT: i32 = 0x7ffffffe;

/** Executes steps until a bucket has to choose; false if none has to. */
export function execute(lane: Lane): bool {
  while (true) {
    const step = lane.step;
    if (step.kind == STEP_END) {
      while (lane.emitted < resultMax) put(lane.result, lane.emitted++, VACANT);
      return false;
    }
    if (step.kind == STEP_TAKE) {
      put(lane.working, 0, step.argument);
      lane.workingCount = 1;
      advance(lane);
    } else if (step.kind == STEP_EMIT) {
      emit(lane);
      advance(lane);
    } else {
      lane.root = -1;
      lane.start = 0;
      if (beginRoot(lane)) return true;
      finishStep(lane);
    }
  }
}

/** Goes to the next bucket of the working list; false if there is none. */
function beginRoot(lane: Lane): bool {
  const step = lane.step;
  if (step.replicas <= 0) return false;
  while (++lane.root < lane.workingCount) {
    if (typeOf(at(lane.working, lane.root)) <= 0) continue;
    lane.end = min(step.replicas, resultMax - lane.start);
    const begun = step.kind == STEP_FIRSTN ? beginFirstn(lane) : beginIndep(lane);
    if (begun) return true;
    lane.start += filled(lane);
  }
  return false;
}

// @ts-ignore: decorator
@inline
function filled(lane: Lane): i32 {
  return lane.step.kind == STEP_FIRSTN ? lane.place : lane.end;
}

/** When the list of one bucket is complete: goes on as `execute` does. */
export function nextRoot(lane: Lane): bool {
  lane.start += filled(lane);
  if (beginRoot(lane)) return true;
  finishStep(lane);
  return execute(lane);
}

/** What was chosen becomes what is worked on. */
function finishStep(lane: Lane): void {
  const working = lane.working;
  if (lane.step.leafTries > 0) {
    lane.working = lane.leaves;
    lane.leaves = working;
  } else {
    lane.working = lane.out;
    lane.out = working;
  }
  lane.workingCount = lane.start;
  advance(lane);
}

// @ts-ignore: decorator
@inline
function advance(lane: Lane): void {
  lane.step = changetype<Step>(changetype<usize>(lane.step) + offsetof<Step>());
}

function emit(lane: Lane): void {
  for (let i = 0; i < lane.workingCount && lane.emitted < resultMax; i++) {
    put(lane.result, lane.emitted++, at(lane.working, i));
  }
  lane.workingCount = 0;
}
