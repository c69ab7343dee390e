/**
 * Time as the shells see it. Cores never do: they get `nowMs` with every event. The real clock is
 * cluster/runtime/real-clock.ts; the simulator has a virtual one.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back, from an arbitrary start. For deadlines and leases. */
  nowMs(): number;
  /** Milliseconds since 1970, for people and protocols. It may jump; nothing safe rests on it. */
  wallMs(): number;
  /** Calls back once, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back in a later turn, after what is already waiting: how a loop lets others go first. */
  soon(callback: () => void): void;
}

export interface Timer {
  cancel(): void;
}
