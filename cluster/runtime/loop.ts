/**
 * The shell around every core: one queue of events in, effects out, one durable batch at a time.
 *
 * A round takes what is queued, steps it, hands the merged writes of all those steps to the store as one batch, and
 * performs at once what waits for nothing. Rounds go on while a batch syncs; their writes gather in the next one
 * (group commit). So a leader's own fsync runs beside its followers', and a thousand requests share one.
 *
 *   submit -> [queue] -> step -> effects outside `then` ------------------------> perform
 *                          \--> persist: writes -> [gathering] -> [syncing] -> then -> perform
 *
 * Invariants:
 * - `step` is never called from inside a socket or disk callback, only from a round.
 * - At most one batch is with the store. Its `then`s run when it is durable, in the order of their persists.
 * - A `persist` without writes waits like any other, for everything persisted before it.
 * - Before an event is stepped at a time when a tick is due, that tick is stepped: a process that was stopped learns
 *   how late it is before it judges anybody's silence.
 * - A failed batch ends the process (`fail`): it is not repeated, and nothing that waited for it is performed.
 */
import { assert } from "../base/assert.ts";
import { BoundedQueue } from "../base/bounded-queue.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import { type KvStore, type Write, writeSize } from "../kv/store.ts";
import { type Persist, type Step, TICK_LATE_MS, TICK_MS, type Tick } from "./core.ts";

/** Rounds end after so many events, so that one flood cannot keep its own writes from the disk. */
const ROUND_EVENTS_MAX = 1024;
/** Gathered writes beyond this stop the rounds until the batch before them is durable. */
const GATHERED_BYTES_MAX = 16 << 20;

export interface LoopOptions<State, Event, Effect> {
  readonly state: State;
  readonly step: Step<State, Event, Effect>;
  /** Acts on an effect. It must not throw for what a peer can cause. */
  readonly perform: (effect: Effect) => void;
  readonly store: KvStore;
  readonly clock: Clock;
  /** The store failed. Says why and ends the process; the loop has stopped for good. */
  readonly fail: (error: unknown) => void;
  readonly queueCapacity: number;
}

interface Batch<Effect> {
  writes: Write[];
  bytes: number;
  then: (Effect | Persist<Effect>)[];
}

type AnyEffect<Effect> = Effect | Persist<Effect>;

export class Loop<State, Event, Effect extends { readonly type: string }> {
  readonly #options: LoopOptions<State, Event, Effect>;
  readonly #queue: BoundedQueue<Event>;
  #gathering: Batch<Effect> = emptyBatch();
  #syncing = false;
  #roundPlanned = false;
  #status: "idle" | "running" | "stopped" = "idle";
  #tickDueMs = 0;
  #tickTimer: Timer | undefined;
  readonly #room: { resolve(): void; reject(error: ClusterError): void }[] = [];

  constructor(options: LoopOptions<State, Event, Effect>) {
    this.#options = options;
    this.#queue = new BoundedQueue(options.queueCapacity);
  }

  /** Events submitted before the start wait for it. */
  start(): void {
    assert(this.#status === "idle", "a loop starts once");
    this.#status = "running";
    this.#planTick(this.#options.clock.nowMs());
    this.#planRound();
  }

  /** No event is stepped and no effect performed from now on. What was handed to the store still gets there. */
  stop(): void {
    this.#status = "stopped";
    this.#tickTimer?.cancel();
    this.#queue.clear();
    this.#gathering = emptyBatch();
    for (const { reject } of this.#room.splice(0)) reject(stoppedError());
  }

  /** False if the queue is full: the caller drops the event or waits for `room`. */
  submit(event: Event): boolean {
    if (this.#status === "stopped") return false;
    const accepted = this.#queue.push(event);
    if (accepted) this.#planRound();
    return accepted;
  }

  /** Settles when the queue has room again, which is how a full one holds back a connection; INTERRUPTED if it stops. */
  room(): Promise<void> {
    if (this.#status === "stopped") return Promise.reject(stoppedError());
    if (!this.#queue.isFull) return Promise.resolve();
    return new Promise((resolve, reject) => this.#room.push({ resolve, reject }));
  }

  get #isGatheringFull(): boolean {
    return this.#gathering.bytes >= GATHERED_BYTES_MAX;
  }

  #planRound(): void {
    if (this.#roundPlanned || this.#status !== "running") return;
    if (this.#isGatheringFull) return; // The end of the running sync plans the next round.
    this.#roundPlanned = true;
    this.#options.clock.soon(this.#round);
  }

  readonly #round = (): void => {
    this.#roundPlanned = false;
    if (this.#status !== "running") return;
    const immediate: Effect[] = [];
    for (let count = 0; count < ROUND_EVENTS_MAX && !this.#isGatheringFull; count++) {
      const nowMs = this.#options.clock.nowMs();
      if (nowMs >= this.#tickDueMs) this.#stepTick(nowMs, immediate);
      const event = this.#queue.shift();
      if (event === undefined) break;
      this.#stepEvent(event, nowMs, immediate);
    }
    this.#handOver(immediate);
    for (const effect of immediate) this.#perform(effect);
    this.#announceRoom();
    if (this.#queue.size > 0) this.#planRound();
  };

  #stepTick(nowMs: number, immediate: Effect[]): void {
    const lateness = nowMs - this.#tickDueMs;
    this.#planTick(nowMs);
    const lateMs = lateness > TICK_LATE_MS ? lateness : 0;
    this.#stepEvent({ type: "tick", lateMs }, nowMs, immediate);
  }

  #stepEvent(event: Event | Tick, nowMs: number, immediate: Effect[]): void {
    this.#gather(this.#options.step(this.#options.state, event, nowMs), immediate);
  }

  /** Sorts effects into those that leave now and those that wait for a batch. */
  #gather(effects: readonly AnyEffect<Effect>[], immediate: Effect[]): void {
    for (const effect of effects) {
      if (!isPersist(effect)) {
        immediate.push(effect);
        continue;
      }
      for (const write of effect.writes) {
        this.#gathering.writes.push(write);
        this.#gathering.bytes += writeSize(write);
      }
      for (const next of effect.then) this.#gathering.then.push(next);
    }
  }

  /** Gives the gathered batch to the store unless one is there already. What waits for nothing more joins `immediate`. */
  #handOver(immediate: Effect[]): void {
    while (!this.#syncing && this.#gathering.writes.length === 0) {
      if (this.#gathering.then.length === 0) return;
      const { then } = this.#gathering;
      this.#gathering = emptyBatch();
      this.#gather(then, immediate);
    }
    if (this.#syncing) return;
    const batch = this.#gathering;
    this.#gathering = emptyBatch();
    this.#syncing = true;
    this.#options.store.batch(batch.writes, { durable: true }).then(
      () => this.#durable(batch),
      (error: unknown) => this.#failed(error),
    );
  }

  #durable(batch: Batch<Effect>): void {
    this.#syncing = false;
    if (this.#status !== "running") return;
    const immediate: Effect[] = [];
    this.#gather(batch.then, immediate);
    this.#handOver(immediate);
    for (const effect of immediate) this.#perform(effect);
    // Rounds that were held back by what had gathered go on, for events or for a tick.
    if (this.#queue.size > 0 || this.#options.clock.nowMs() >= this.#tickDueMs) this.#planRound();
  }

  #failed(error: unknown): void {
    if (this.#status === "stopped") return;
    this.stop();
    this.#options.fail(error);
  }

  /** An effect may stop the loop (a fatal one does): nothing after it is performed. */
  #perform(effect: Effect): void {
    if (this.#status === "running") this.#options.perform(effect);
  }

  #announceRoom(): void {
    if (this.#room.length === 0 || this.#queue.isFull) return;
    for (const { resolve } of this.#room.splice(0)) resolve();
  }

  /** The timer only makes sure that a round comes; the round sees by itself that a tick is due. */
  #planTick(nowMs: number): void {
    this.#tickDueMs = nowMs + TICK_MS;
    this.#tickTimer?.cancel();
    this.#tickTimer = this.#options.clock.after(TICK_MS, () => this.#planRound());
  }
}

function stoppedError(): ClusterError {
  return new ClusterError("INTERRUPTED", "the loop has stopped");
}

function emptyBatch<Effect>(): Batch<Effect> {
  return { writes: [], bytes: 0, then: [] };
}

function isPersist<Effect extends { readonly type: string }>(
  effect: AnyEffect<Effect>,
): effect is Persist<Effect> {
  return effect.type === "persist";
}
