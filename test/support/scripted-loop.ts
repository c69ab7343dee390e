/**
 * A loop around a core that does what each event says, on a clock and a store that move by hand:
 * what a test of the loop's own rules needs. All that happens leaves a line in one trace.
 */
import { expect } from "vitest";
import { assert, present } from "../../cluster/base/assert.ts";
import { textOf, utf8 } from "../../cluster/base/bytes.ts";
import type { Clock, Timer } from "../../cluster/base/clock.ts";
import type { KvStore, Write } from "../../cluster/kv/store.ts";
import type { Persist, Tick } from "../../cluster/runtime/core.ts";
import { Loop } from "../../cluster/runtime/loop.ts";

export interface Say {
  readonly type: "say";
  readonly name: string;
}

/** The core under the loop does what the event says: an event carries the effects of its step. */
export interface Script {
  readonly type: "script";
  readonly name: string;
  readonly effects: readonly (Say | Persist<Say>)[];
}

export const script = (name: string, ...effects: (Say | Persist<Say>)[]): Script => ({
  type: "script",
  name,
  effects,
});

export const say = (name: string): Say => ({ type: "say", name });

/** One write per key; effects inside `then` may be persists again, as the loop allows. */
export function persist(keys: string, ...then: (Say | Persist<Say>)[]): Persist<Say> {
  const writes = keys.split(" ").filter((key) => key !== "");
  return { type: "persist", writes: writes.map((key) => put(key, 0)), then: then as Say[] };
}

export function put(key: string, size: number): Write {
  return { type: "put", key: utf8(key), value: new Uint8Array(size) };
}

/** Time and turns pass when a test says so. */
class ManualClock implements Clock {
  #nowMs = 0;
  #soon: (() => void)[] = [];
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    throw new Error("the loop has no use for wall time");
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  get isTimerDue(): boolean {
    return this.#timers.some((timer) => timer.dueMs <= this.#nowMs);
  }

  get isTurnPlanned(): boolean {
    return this.#soon.length > 0;
  }

  /** Time alone passes: nothing gets to run, as in a process that is stopped. */
  passMs(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs what was planned for the next turn before this call. */
  turn(): void {
    const planned = this.#soon;
    this.#soon = [];
    for (const callback of planned) callback();
  }

  /** Calls each timer once that is due now. */
  fireTimers(): void {
    const due = this.#timers.filter((timer) => timer.dueMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.dueMs > this.#nowMs);
    for (const { callback } of due) callback();
  }
}

/** A store that only takes batches; each is durable, or fails, when a test says so. */
class ManualStore {
  readonly #trace: string[];
  readonly durableKeys = new Set<string>();
  #running: { keys: string[]; settle: (error?: Error) => Promise<void> } | undefined;

  constructor(trace: string[]) {
    this.#trace = trace;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  batch(writes: readonly Write[], options: { readonly durable: boolean }): Promise<void> {
    assert(options.durable, "the loop asks for durable batches");
    assert(this.#running === undefined, "one batch at a time");
    assert(writes.length > 0, "a batch of nothing is a sync for nothing");
    const keys = writes.map((write) => textOf(write.key));
    this.#trace.push(`batch ${keys.join(" ")}`);
    const done = new Promise<void>((resolve, reject) => {
      // The loop listens before the caller of `settle` does, so it has reacted when that call ends.
      const settle = (error?: Error): Promise<void> => {
        if (error === undefined) resolve();
        else reject(error);
        return done.catch(() => {});
      };
      this.#running = { keys, settle };
    });
    return done;
  }

  async finish(): Promise<void> {
    const { keys, settle } = this.#take();
    for (const key of keys) this.durableKeys.add(key);
    this.#trace.push("durable");
    await settle();
  }

  async fail(error: Error): Promise<void> {
    await this.#take().settle(error);
  }

  #take() {
    const running = present(this.#running, "a batch with the store");
    this.#running = undefined;
    return running;
  }
}

interface ScriptedLoopOptions {
  readonly queueCapacity?: number;
  /** Called when an event is stepped or an effect performed, after the line in the trace. */
  readonly onStep?: (name: string, parts: ScriptedLoop) => void;
  readonly onPerform?: (name: string, parts: ScriptedLoop) => void;
  readonly tickEffects?: Script["effects"];
}

export type ScriptedLoop = ReturnType<typeof scriptedLoop>;

export function scriptedLoop({
  queueCapacity = 5000,
  onStep,
  onPerform,
  tickEffects = [],
}: ScriptedLoopOptions = {}) {
  const trace: string[] = [];
  const clock = new ManualClock();
  const store = new ManualStore(trace);
  const failures: unknown[] = [];
  const loop = new Loop<undefined, Script, Say>({
    state: undefined,
    step(_, event: Script | Tick, nowMs) {
      const name = event.type === "tick" ? `tick ${event.lateMs}` : event.name;
      trace.push(`${name} @${nowMs}`);
      onStep?.(name, parts);
      return event.type === "tick" ? tickEffects : event.effects;
    },
    perform({ name }) {
      trace.push(name);
      onPerform?.(name, parts);
    },
    store: store as unknown as KvStore,
    clock,
    fail: (error) => failures.push(error),
    queueCapacity,
  });
  /** What happened since the last look. */
  const news = (): string[] => trace.splice(0);
  const run = (...events: Script[]): string[] => {
    for (const event of events) expect(loop.submit(event)).toBe(true);
    clock.turn();
    return news();
  };
  const parts = { clock, store, failures, loop, trace, news, run };
  return parts;
}

export function startedLoop(options?: ScriptedLoopOptions): ScriptedLoop {
  const parts = scriptedLoop(options);
  parts.loop.start();
  parts.clock.turn();
  return parts;
}
