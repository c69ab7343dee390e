/**
 * The disk of one simulated process. It outlives the process: `open` recovers what the last crash left, `crash` draws
 * the fate of everything that was not synced. A batch that was answered as durable is always there again (unless its
 * record was damaged on purpose); any other is there as a whole or not at all.
 *
 * Every fault can be drawn at random (DiskFaults) or made to happen at a chosen moment (the methods here).
 */
import { assert } from "../../cluster/base/assert.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { type Prng, randomExponential, randomInt } from "../../cluster/base/prng.ts";
import type { KvStore } from "../../cluster/kv/store.ts";
import type { DiskFaults } from "./disk-faults.ts";
import { Platter } from "./platter.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Device, SimStore } from "./sim-store.ts";
import type { TraceSink } from "./trace.ts";

export class SimDisk implements Device {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly platter = new Platter();
  readonly #name: string;
  readonly #trace: TraceSink;
  #faults: DiskFaults;
  #isFull = false;
  #stalledUntilMs = 0;
  #store: SimStore | undefined;
  /** The last store failed: what its last batches left is drawn at the next recovery. */
  #isUncertain = false;
  /** Grows with each crash, so that an opening that was under way is forgotten. */
  #incarnation = 0;
  #isOpening = false;

  constructor(options: {
    scheduler: Scheduler;
    prng: Prng;
    trace: TraceSink;
    faults: DiskFaults;
    name: string;
  }) {
    this.scheduler = options.scheduler;
    this.prng = options.prng;
    this.#trace = options.trace;
    this.#faults = options.faults;
    this.#name = options.name;
  }

  get faults(): DiskFaults {
    return this.#faults;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  get stalledUntilMs(): number {
    return this.#stalledUntilMs;
  }

  /** Never settles if a crash comes first. */
  open(): Promise<KvStore> {
    if (this.#isOpening || this.#store !== undefined) {
      return Promise.reject(new ClusterError("STORE_LOCKED", `${this.#name}'s disk is in use`));
    }
    const incarnation = this.#incarnation;
    this.#isOpening = true;
    return new Promise((resolve) => {
      const readMs = randomExponential(this.prng, this.#faults.readMsMean);
      const readyMs = Math.max(this.#stalledUntilMs, this.scheduler.nowMs) + readMs;
      this.scheduler.at(readyMs, () => {
        if (incarnation === this.#incarnation) resolve(this.#recover());
      });
    });
  }

  /** The machine loses power: handles that are open die, and what was not synced is kept, lost or torn. */
  crash(): void {
    this.#incarnation += 1;
    this.#store?.crash();
    this.#store = undefined;
    this.#isOpening = false;
    this.#drawFates();
  }

  /** An empty disk in its place. Only while no process has it open. */
  wipe(): void {
    assert(this.#store === undefined && !this.#isOpening, `${this.#name}'s disk is in use`);
    this.platter.wipe();
    this.#isUncertain = false;
    this.record("fault", "disk replaced");
  }

  setFaults(faults: DiskFaults): void {
    this.#faults = faults;
  }

  /** Batches that are handed over while it is full fail. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull;
    this.record("fault", isFull ? "disk full" : "disk has room");
  }

  /** Nothing completes for so long. */
  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.scheduler.nowMs + durationMs);
    this.record("fault", `stall until ${this.#stalledUntilMs.toFixed(3)}`);
  }

  /** Flips a bit in a stored value, a random one if no key is given. False if there is nothing to flip. */
  rotValue(key?: Uint8Array): boolean {
    const store = this.#store;
    if (store === undefined || store.size === 0) return false;
    const chosen = key ?? store.keyAt(randomInt(this.prng, store.size));
    return chosen !== undefined && store.rot(chosen);
  }

  /** Damages a synced batch that is still in the log: the next recovery skips it. False if there is none. */
  damageRecord(): boolean {
    const isDone = this.platter.damageRecord(this.prng);
    if (isDone) this.record("fault", "log record damaged");
    return isDone;
  }

  record(kind: string, detail: string): void {
    this.#trace.record(this.scheduler.nowMs, this.#name, kind, detail);
  }

  closed(store: SimStore): void {
    if (this.#store !== store) return;
    this.#store = undefined;
    this.#isUncertain ||= store.hasFailed;
  }

  #recover(): SimStore {
    if (this.#isUncertain) this.#drawFates();
    const { contents, skippedCount } = this.platter.recover();
    this.record("open", `${contents.size} keys, ${skippedCount} damaged records skipped`);
    this.#store = new SimStore(this, contents);
    this.#isOpening = false;
    return this.#store;
  }

  #drawFates(): void {
    this.#isUncertain = false;
    this.record("fault", `unsynced batches: ${this.platter.crash(this.prng).join(" ") || "none"}`);
  }
}
