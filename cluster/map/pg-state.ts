/** What a PG is doing, in Ceph's words: a set of them, as bits whose numbers never change. */
export const PG_STATES = [
  "creating",
  "peering",
  "activating",
  "active",
  "peered",
  "clean",
  "degraded",
  "undersized",
  "remapped",
  "misplaced",
  "recovery_wait",
  "recovering",
  "backfill_wait",
  "backfilling",
  "backfill_toofull",
  "recovery_unfound",
  "backfill_unfound",
  "down",
  "incomplete",
  "stale",
  "scrubbing",
  "deep",
  "repair",
  "inconsistent",
  "failed_repair",
  "laggy",
  "wait",
  "deleting",
] as const;
export type PgStateName = (typeof PG_STATES)[number];

/** Bits, by the index in PG_STATES. 0: nobody has said anything of it. */
export type PgState = number;

export function pgState(...names: readonly PgStateName[]): PgState {
  return names.reduce((state, name) => state | (1 << PG_STATES.indexOf(name)), 0);
}

export function isInState(state: PgState, name: PgStateName): boolean {
  return (state & (1 << PG_STATES.indexOf(name))) !== 0;
}

/** As Ceph prints it: `active+clean`. */
export function formatPgState(state: PgState): string {
  const names = PG_STATES.filter((name) => isInState(state, name));
  return names.length === 0 ? "unknown" : names.join("+");
}
