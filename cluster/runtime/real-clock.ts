/** Time as the machine tells it. The simulator has a virtual clock instead. */
import type { Clock } from "../base/clock.ts";

/** The longest delay that a timer takes; beyond it Node calls back after one millisecond. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

export const realClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    // Timers round down to whole milliseconds and end at their maximum; the promise here is "no
    // earlier".
    const wait = (): void => {
      const leftMs = dueMs - performance.now();
      timer = setTimeout(check, Math.min(Math.max(0, Math.ceil(leftMs)), TIMER_DELAY_MS_MAX));
    };
    const check = (): void => {
      if (performance.now() < dueMs) wait();
      else callback();
    };
    wait();
    return { cancel: () => clearTimeout(timer) };
  },
  soon(callback) {
    setImmediate(callback);
  },
};
