/**
 * Two clients never both hold the lock and believe so: whoever holds it and loses its session is disconnected before
 * another can get it (M7). A client that stood still believes what it last knew, and no server can tell it; so one whose
 * pulse has stopped since it got the lock is not judged.
 */
import type { Clock } from "../../../cluster/base/clock.ts";
import type { SessionStatus } from "../../../cluster/zookeeper/session-state.ts";

const PULSE_MS = 20;
const PULSE_MS_MAX = 100;
/** Clocks drift by at most 5,000 ppm: within the longest session timeout, so much. */
const TOLERANCE_MS = 60;

interface Holder {
  readonly name: string;
  readonly status: () => SessionStatus;
  readonly since: { beatMs: number; hasStopped: boolean };
}

export class LockRule {
  readonly #violated: (reason: string) => void;
  readonly #trueMs: () => number;
  readonly #holders = new Map<string, Holder>();
  readonly #wanting = new Set<string>();
  readonly #later: (delayMs: number, callback: () => void) => void;
  acquiredCount = 0;

  constructor(options: {
    readonly violated: (reason: string) => void;
    readonly trueMs: () => number;
    readonly later: (delayMs: number, callback: () => void) => void;
  }) {
    this.#violated = options.violated;
    this.#trueMs = options.trueMs;
    this.#later = options.later;
  }

  acquired(name: string, status: () => SessionStatus, clock: Clock): void {
    this.acquiredCount += 1;
    const since = { beatMs: this.#trueMs(), hasStopped: false };
    const holder = { name, status, since };
    this.#holders.set(name, holder);
    this.#beat(holder, clock);
    const rivals = [...this.#holders.values()].filter((other) => other !== holder);
    this.#later(TOLERANCE_MS, () => {
      for (const rival of rivals) this.#judge(holder, rival);
    });
  }

  released(name: string): void {
    this.#holders.delete(name);
    this.#wanting.delete(name);
  }

  /** A session wants the lock once at a time. */
  isWanted(name: string): boolean {
    return this.#wanting.has(name);
  }

  wants(name: string): void {
    this.#wanting.add(name);
  }

  #judge(holder: Holder, rival: Holder): void {
    if (this.#believes(holder) && this.#believes(rival)) {
      this.#violated(`${holder.name} holds the lock, and ${rival.name} believes it does`);
    }
  }

  #believes({ name, status, since }: Holder): boolean {
    const isHolding = this.#holders.get(name)?.since === since;
    const isAlive = !since.hasStopped && this.#trueMs() - since.beatMs < PULSE_MS_MAX;
    return isHolding && isAlive && status() === "connected";
  }

  #beat(holder: Holder, clock: Clock): void {
    const { name, since } = holder;
    if (this.#trueMs() - since.beatMs > PULSE_MS_MAX) since.hasStopped = true;
    since.beatMs = this.#trueMs();
    if (this.#holders.get(name) !== holder) return;
    clock.after(PULSE_MS, () => this.#beat(holder, clock));
  }
}
