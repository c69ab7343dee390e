/**
 * One life of a process, from its start to its crash: the gate through which everything reaches it,
 * and its clock.
 *
 * - Whatever would run code of the process (a timer, an arriving message, a settled promise) comes
 *   through `run`. After the crash it is dropped; while the process is stopped it waits, and runs
 *   late and in order afterwards.
 * - The process's clock starts anywhere, runs a little too fast or too slow, and its wall clock
 *   jumps. Only differences on one clock mean anything, which is what makes this worth simulating.
 */
import { assert } from "../../cluster/base/assert.ts";
import { BoundedQueue } from "../../cluster/base/bounded-queue.ts";
import type { Clock, Timer } from "../../cluster/base/clock.ts";
import { roundUpMs, type Scheduler } from "./scheduler.ts";

export interface ClockSkew {
  /** What the monotonic clock shows when the simulation begins. */
  readonly startMs: number;
  /** Milliseconds that it gains in a thousand seconds: parts per million. */
  readonly driftPpm: number;
  /** How far the wall clock is from the true time. */
  readonly wallOffsetMs: number;
}

/** 2025-01-01, the day on which every simulation begins. */
const WALL_START_MS = 1_735_689_600_000;
/** What waits for a stopped process: its peers' queues are bounded, so far fewer get here. */
const HELD_MAX = 1_000_000;

export class Incarnation implements Clock {
  wallOffsetMs: number;
  readonly #scheduler: Scheduler;
  readonly #startMs: number;
  readonly #rate: number;
  readonly #bug: (error: unknown) => void;
  readonly #held = new BoundedQueue<() => void>(HELD_MAX);
  #isAlive = true;
  #isStopped = false;
  #isCatchingUp = false;

  /** `bug` is told what code of the process threw. */
  constructor(options: {
    scheduler: Scheduler;
    skew: ClockSkew;
    bug: (error: unknown) => void;
  }) {
    this.#scheduler = options.scheduler;
    this.#startMs = options.skew.startMs;
    this.#rate = 1 + options.skew.driftPpm / 1e6;
    this.wallOffsetMs = options.skew.wallOffsetMs;
    this.#bug = options.bug;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  run(callback: () => void): void {
    if (!this.#isAlive) return;
    if (!this.#isStopped && this.#held.size === 0) this.#runNow(callback);
    else assert(this.#held.push(callback), `over ${HELD_MAX} events wait for a stopped process`);
  }

  /** What `callback` returns, at once if it may run at once. Never settles after a death. */
  call<T>(callback: () => T | Promise<T>): T | Promise<T> {
    if (this.#isAlive && !this.#isStopped && this.#held.size === 0) return callback();
    return new Promise((resolve) => this.run(() => resolve(callback())));
  }

  /** The same promise, as a process that can stop and die sees it. */
  pass<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.run(() => resolve(value)),
        (error: unknown) => this.run(() => reject(error)),
      );
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    if (!this.#isCatchingUp) this.#catchUp();
  }

  die(): void {
    this.#isAlive = false;
    this.#held.clear();
  }

  nowMs(): number {
    return this.#startMs + roundUpMs(this.#scheduler.nowMs * this.#rate);
  }

  wallMs(): number {
    return WALL_START_MS + this.#scheduler.nowMs + this.wallOffsetMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const dueMs = this.nowMs() + roundUpMs(Math.max(0, delayMs));
    let isCancelled = false;
    // The scheduler rounds this up, and so does nowMs: a timer that this clock showed to be early
    // would make its process wait for the rest in a loop in which no time passes.
    const timer = this.#scheduler.at((dueMs - this.#startMs) / this.#rate, () => {
      this.run(() => {
        if (!isCancelled) callback();
      });
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  soon(callback: () => void): void {
    this.#scheduler.after(0, () => this.run(callback));
  }

  /** One at a time, each in an event of its own; what arrives meanwhile waits behind them. */
  #catchUp(): void {
    this.#isCatchingUp = this.#held.size > 0;
    if (!this.#isCatchingUp) return;
    this.#scheduler.after(0, () => {
      const callback = this.#isStopped ? undefined : this.#held.shift();
      if (callback !== undefined) this.#runNow(callback);
      if (this.#isStopped) this.#isCatchingUp = false;
      else this.#catchUp();
    });
  }

  #runNow(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#bug(error);
    }
  }
}
