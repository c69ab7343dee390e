import type { Clock } from "../../cluster/base/clock.ts";
import type { Scheduler } from "../sim/scheduler.ts";

/** A clock that is exactly the scheduler's virtual time: for tests of one part, without a whole simulated process. */
export function virtualClock(scheduler: Scheduler): Clock {
  return {
    nowMs: () => scheduler.nowMs,
    wallMs: () => scheduler.nowMs,
    after: (delayMs, callback) => scheduler.after(delayMs, callback),
    soon: (callback) => {
      scheduler.after(0, callback);
    },
  };
}
