/**
 * What is known of the PGs of one pool, a column of numbers for each thing: 100,000 PGs take some 12 MB, and a walk over
 * one column a tenth of a millisecond. Counts by state and sums follow every change of a row, so that nobody walks to count.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { OsdId, PoolId } from "../../cluster/base/ids.ts";
import { isInState, type PgState, type PgStateName, pgState } from "../../cluster/map/pg-state.ts";
import type { PgStat } from "../../cluster/message/osd-report.ts";
import { PG_TROUBLES, type PgTrouble } from "../../cluster/message/query.ts";

/** Instead of an OSD: nobody, or one that cannot speak for the PG any more. */
export const NOBODY = -1;

const CREATING = pgState("creating");
const STALE = pgState("stale");
const UNKNOWN: PgState = 0;

const HEALTHY: Readonly<Record<Exclude<PgTrouble, "undersized" | "stale">, PgStateName>> = {
  inactive: "active",
  unclean: "clean",
};

export const SUMMED = [
  "objects",
  "bytes",
  "degraded",
  "misplaced",
  "unfound",
  "scrubErrors",
] as const satisfies readonly (keyof PgStat)[];
export type Summed = (typeof SUMMED)[number];
export type PgSums = Record<Summed, number>;

export interface PoolRows {
  readonly pool: PoolId;
  readonly pgNum: number;
  /** What each PG counts as: as reported, and stale where its reporter is; or unknown, or creating. */
  readonly states: Uint32Array;
  readonly reported: Uint32Array;
  readonly isHeard: Uint8Array;
  /** By the map. */
  readonly isCreating: Uint8Array;
  readonly reporters: Int32Array;
  readonly epochs: Float64Array;
  readonly sequences: Float64Array;
  readonly lastCleans: Float64Array;
  readonly figures: Readonly<Record<Summed, Float64Array>>;
  /** Since when each PG is in that trouble; NaN while it is not. */
  readonly troubleSinceMs: Readonly<Record<PgTrouble, Float64Array>>;
  /** No state with a count of 0. */
  readonly counts: Map<PgState, number>;
  readonly sums: PgSums;
  heardCount: number;
}

export function createPoolRows(pool: PoolId, pgNum: number, nowMs: number): PoolRows {
  const since = (trouble: PgTrouble): Float64Array =>
    new Float64Array(pgNum).fill(isInTrouble(UNKNOWN, trouble) ? nowMs : Number.NaN);
  const column = (): Float64Array => new Float64Array(pgNum);
  return {
    pool,
    pgNum,
    states: new Uint32Array(pgNum),
    reported: new Uint32Array(pgNum),
    isHeard: new Uint8Array(pgNum),
    isCreating: new Uint8Array(pgNum),
    reporters: new Int32Array(pgNum).fill(NOBODY),
    epochs: column(),
    sequences: column(),
    lastCleans: column(),
    figures: bySummed(column),
    troubleSinceMs: byTrouble(since),
    counts: new Map(pgNum === 0 ? [] : [[UNKNOWN, pgNum]]),
    sums: bySummed(() => 0),
    heardCount: 0,
  };
}

export function isInTrouble(state: PgState, trouble: PgTrouble): boolean {
  if (trouble === "undersized" || trouble === "stale") return isInState(state, trouble);
  return !isInState(state, HEALTHY[trouble]);
}

/** Whether a report of that epoch and sequence says more than what is known. */
export function isNewer(rows: PoolRows, seed: number, epoch: number, sequence: number): boolean {
  if (rows.isHeard[seed] === 0) return true;
  const known = rows.epochs[seed] as number;
  return epoch > known || (epoch === known && sequence > (rows.sequences[seed] as number));
}

export interface RowReport {
  readonly reporter: OsdId;
  readonly epoch: number;
  readonly stat: PgStat;
}

export function setRow(rows: PoolRows, { reporter, epoch, stat }: RowReport, nowMs: number): void {
  const { seed } = stat.pg;
  assert(seed < rows.pgNum, `the pool has a PG ${seed}`);
  rows.heardCount += 1 - (rows.isHeard[seed] as number);
  rows.isHeard[seed] = 1;
  rows.reporters[seed] = reporter;
  rows.epochs[seed] = epoch;
  rows.sequences[seed] = stat.sequence;
  rows.lastCleans[seed] = stat.lastClean;
  for (const name of SUMMED) {
    const column = rows.figures[name];
    rows.sums[name] += stat[name] - (column[seed] as number);
    column[seed] = stat[name];
  }
  rows.reported[seed] = stat.state;
  setState(rows, seed, stat.state, nowMs);
}

export function setCreating(
  rows: PoolRows,
  seed: number,
  isCreating: boolean,
  nowMs: number,
): void {
  rows.isCreating[seed] = Number(isCreating);
  if (rows.isHeard[seed] === 0) setState(rows, seed, isCreating ? CREATING : UNKNOWN, nowMs);
}

/** Nobody speaks for these PGs any more: they stay stale until they are reported anew. */
export function orphanRows(
  rows: PoolRows,
  isLost: (seed: number, reporter: number) => boolean,
  nowMs: number,
): void {
  for (let seed = 0; seed < rows.pgNum; seed++) {
    const reporter = rows.reporters[seed] as number;
    if (reporter === NOBODY || !isLost(seed, reporter)) continue;
    rows.reporters[seed] = NOBODY;
    setState(rows, seed, (rows.reported[seed] as number) | STALE, nowMs);
  }
}

/** The reporters fell silent, or they speak again and what they said before counts as it did. */
export function setStale(
  rows: PoolRows,
  isOf: (reporter: number) => boolean,
  isStale: boolean,
  nowMs: number,
): void {
  for (let seed = 0; seed < rows.pgNum; seed++) {
    const reporter = rows.reporters[seed] as number;
    if (reporter === NOBODY || !isOf(reporter)) continue;
    const reported = rows.reported[seed] as number;
    setState(rows, seed, isStale ? reported | STALE : reported, nowMs);
  }
}

function setState(rows: PoolRows, seed: number, given: PgState, nowMs: number): void {
  // The columns hold unsigned numbers, and bit operations make signed ones.
  const state = given >>> 0;
  const before = rows.states[seed] as number;
  if (before === state) return;
  rows.states[seed] = state;
  const left = (rows.counts.get(before) ?? 0) - 1;
  assert(left >= 0, "a PG that changes its state was counted");
  if (left === 0) rows.counts.delete(before);
  else rows.counts.set(before, left);
  rows.counts.set(state, (rows.counts.get(state) ?? 0) + 1);
  for (const trouble of PG_TROUBLES) {
    const since = rows.troubleSinceMs[trouble];
    if (!isInTrouble(state, trouble)) since[seed] = Number.NaN;
    else if (Number.isNaN(since[seed])) since[seed] = nowMs;
  }
}

function bySummed<T>(make: () => T): Record<Summed, T> {
  return Object.fromEntries(SUMMED.map((name) => [name, make()])) as Record<Summed, T>;
}

function byTrouble<T>(make: (trouble: PgTrouble) => T): Record<PgTrouble, T> {
  return Object.fromEntries(PG_TROUBLES.map((name) => [name, make(name)])) as Record<PgTrouble, T>;
}
