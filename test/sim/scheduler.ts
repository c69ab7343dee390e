/**
 * Virtual time: a heap of callbacks, run one at a time in order of (time, order of planning). Everything in a
 * simulation happens inside one of them, so a run is a function of its seed.
 *
 * Times are milliseconds, and whole multiples of 2^-20 of one (about a nanosecond): doubles hold these exactly, as
 * well as their sums, for a hundred days. A time is rounded once, where it is planned, and up: whoever is called at
 * a time then finds that it has come, also by what it compares itself.
 *
 * Promises are allowed. After each callback the engine's microtask queue is drained before the next one, by running
 * each callback in a setImmediate of its own; a burst of them is planned at once, which makes a turn cheap. Real
 * I/O and real timers are not allowed: what they resolve would fall between any two events.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Timer } from "../../cluster/base/clock.ts";
import { Heap } from "../../cluster/base/heap.ts";

const BURST = 128;
const STEPS_PER_MS = 0x10_0000;

/** The first time that the scheduler can tell from then on. */
export function roundUpMs(timeMs: number): number {
  return Math.ceil(timeMs * STEPS_PER_MS) / STEPS_PER_MS;
}

interface Planned {
  readonly timeMs: number;
  readonly order: number;
  /** Undefined once cancelled. */
  callback: (() => void) | undefined;
}

export class Scheduler {
  readonly #heap = new Heap<Planned>(
    (left, right) =>
      left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.order < right.order),
  );
  #order = 0;
  #nowMs = 0;
  #eventCount = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Calls back at this time, or next if it has passed. Times equal once rounded keep the order of these calls. */
  at(timeMs: number, callback: () => void): Timer {
    assert(!Number.isNaN(timeMs), "a time is a number");
    const planned: Planned = {
      timeMs: Math.max(roundUpMs(timeMs), this.#nowMs),
      order: this.#order++,
      callback,
    };
    this.#heap.push(planned);
    return {
      cancel: () => {
        planned.callback = undefined;
      },
    };
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.at(this.#nowMs + roundUpMs(Math.max(0, delayMs)), callback);
  }

  /**
   * Runs until `until()` holds (asked after every event), or there is nothing more to run before `endMs`, which is
   * then the time.
   * Rejects with what an event threw, at that event.
   */
  run(until: () => boolean, endMs: number): Promise<"done" | "limit" | "idle"> {
    const limitMs = roundUpMs(endMs);
    return new Promise((resolve, reject) => {
      let outcome: "done" | "limit" | "idle" | "failed" | undefined;
      const turn = (): void => {
        if (outcome !== undefined) return;
        try {
          outcome = until() ? "done" : this.#runNext(limitMs);
          if (outcome !== undefined) resolve(outcome);
        } catch (error) {
          outcome = "failed";
          reject(error);
        }
      };
      const burst = (): void => {
        for (let count = 1; count < BURST; count++) setImmediate(turn);
        setImmediate(() => {
          turn();
          if (outcome === undefined) burst();
        });
      };
      burst();
    });
  }

  /** Undefined while there is more to do. */
  #runNext(limitMs: number): "limit" | "idle" | undefined {
    for (;;) {
      const next = this.#heap.peek();
      if (next === undefined || next.timeMs > limitMs) {
        if (Number.isFinite(limitMs)) this.#nowMs = Math.max(this.#nowMs, limitMs);
        return next === undefined ? "idle" : "limit";
      }
      this.#heap.pop();
      if (next.callback === undefined) continue;
      this.#nowMs = next.timeMs;
      this.#eventCount += 1;
      next.callback();
      return undefined;
    }
  }
}
