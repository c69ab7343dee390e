/**
 * The contract between a core and its shell. A core decides, the shell acts:
 *
 *   same state value + same event + same nowMs  =>  same state value + same effects, forever, on every machine.
 *
 * So a core has no clock, no I/O and no randomness except a Prng in its state. It changes its state in place (it is
 * the only owner) and returns what the shell must do:
 * - An effect outside any `persist` may leave at once, beside the disk.
 * - `persist.then` is the only way to say "after it is durable". Promises, votes, acknowledgements: whatever tells
 *   anybody of state that a crash could take back stands inside a `then`.
 * - A `persist` without writes runs its `then` after everything persisted before it: for an answer that speaks of
 *   state which an earlier event changed and whose batch may still be on its way to the disk.
 *
 * Time comes with the event: `nowMs` is when the shell took the event from its queue, never when it arrived.
 * Deadlines are fields that a core compares on a tick; there are no timer effects, so there is nothing to cancel.
 */
import type { Write } from "../kv/store.ts";

export interface Persist<Effect> {
  readonly type: "persist";
  readonly writes: readonly Write[];
  readonly then: readonly Effect[];
}

export interface Tick {
  readonly type: "tick";
  /**
   * How much too late this tick runs if that is more than TICK_LATE_MS, else 0: the process was stopped or starved,
   * and what others sent meanwhile still waits in its queue. A core moves the deadlines it set *for others* later by
   * this, and never its own leases: those ran out on time.
   */
  readonly lateMs: number;
}

export const TICK_MS = 50;
export const TICK_LATE_MS = 200;

export type Step<State, Event, Effect> = (
  state: State,
  event: Event | Tick,
  nowMs: number,
) => readonly (Effect | Persist<Effect>)[];
