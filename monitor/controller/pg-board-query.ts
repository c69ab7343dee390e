/** What is asked of the statistics of PGs: pages of rows, those that are stuck, and examples for people. */
import { assert } from "../../cluster/base/assert.ts";
import { epoch, type PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import type { PgId } from "../../cluster/map/pg-id.ts";
import type { PgState } from "../../cluster/map/pg-state.ts";
import { pgEntry } from "../../cluster/map/pg-table.ts";
import {
  PG_PAGE_MAX,
  PG_TROUBLES,
  type PgFilter,
  type PgRow,
  type PgTrouble,
} from "../../cluster/message/query.ts";
import type { PgBoard } from "./pg-board.ts";
import { belongsTo, placeSome } from "./pg-board-places.ts";
import { isInTrouble, type PoolRows } from "./pg-board-pool.ts";

/** Takes some 20 ms; those that are still due then count where they were. */
const PLACED_PER_QUESTION = 2_000;

export interface PgQuestion {
  readonly filter: PgFilter;
  readonly after?: PgId | undefined;
  readonly limit: number;
}

export interface PgPage {
  readonly rows: readonly PgRow[];
  readonly next: PgId | undefined;
}

/** The first `limit` PGs behind `after` that pass the filter. */
export function pgPage(
  board: PgBoard,
  map: OsdMap,
  { filter, after, limit }: PgQuestion,
  nowMs: number,
): PgPage {
  const max = Math.max(1, Math.min(limit, PG_PAGE_MAX));
  if (filter.osd !== undefined) placeSome(board.places, PLACED_PER_QUESTION);
  const rows: PgRow[] = [];
  let last: PgId | undefined;
  for (const id of poolsInOrder(board)) {
    if (filter.pool !== undefined && filter.pool !== id) continue;
    if (after !== undefined && id < after.pool) continue;
    const pool = rowsOf(board, id);
    for (let seed = after?.pool === id ? after.seed + 1 : 0; seed < pool.pgNum; seed++) {
      if (!passes(board, map, filter, pool, seed, nowMs)) continue;
      // One more has been found than fits: there is a next page.
      if (rows.length === max) return { rows, next: last };
      last = { pool: id, seed };
      rows.push(pgRowOf(map, pool, seed, nowMs));
    }
  }
  return { rows, next: undefined };
}

/** All that is given must be so. */
export interface PgSearch {
  /** Any of these bits is set. */
  readonly anyOf?: PgState;
  /** Nobody has said anything of it. */
  readonly isUnknown?: true;
  readonly trouble?: PgTrouble;
  /** In that trouble for so long. */
  readonly sinceMs?: number;
}

export interface PgsFound<Name extends string> {
  /** Each PG once, however many of the searches find it. */
  readonly count: number;
  readonly counts: Readonly<Record<Name, number>>;
  readonly examples: readonly PgRow[];
}

export interface FindOptions {
  readonly exampleCount: number;
}

/**
 * Counters tell how many PGs are in a state, so that their rows are walked over only for examples, or where it matters since
 * when.
 */
export function findPgs<const Name extends string>(
  board: PgBoard,
  map: OsdMap,
  searches: Readonly<Record<Name, PgSearch>>,
  { exampleCount }: FindOptions,
  nowMs: number,
): PgsFound<Name> {
  const named = Object.entries<PgSearch>(searches);
  const isTimed = named.some(([, { sinceMs = 0 }]) => sinceMs > 0);
  const counts = named.map(() => 0);
  const examples: PgRow[] = [];
  let count = 0;
  for (const id of poolsInOrder(board)) {
    const pool = rowsOf(board, id);
    const byState = candidates(pool, named);
    for (const [state, fitting] of isTimed ? [] : byState) {
      const inState = pool.counts.get(state) ?? 0;
      for (const at of fitting) counts[at] = (counts[at] as number) + inState;
      count += inState;
    }
    if (byState.size === 0 || (!isTimed && examples.length >= exampleCount)) continue;
    for (let seed = 0; seed < pool.pgNum; seed++) {
      const fitting = byState.get(pool.states[seed] as number);
      if (fitting === undefined) continue;
      let isFound = !isTimed;
      for (let index = 0; isTimed && index < fitting.length; index++) {
        const at = fitting[index] as number;
        if (!isLongEnough(pool, seed, (named[at] as NamedSearch)[1], nowMs)) continue;
        counts[at] = (counts[at] as number) + 1;
        isFound = true;
      }
      if (!isFound) continue;
      if (isTimed) count += 1;
      if (examples.length < exampleCount) examples.push(pgRowOf(map, pool, seed, nowMs));
      else if (!isTimed) break;
    }
  }
  const byName = Object.fromEntries(named.map(([name], at) => [name, counts[at]]));
  return { count, counts: byName as Record<Name, number>, examples };
}

type NamedSearch = readonly [string, PgSearch];

/** Of each state that PGs of the pool are in, the searches that it fits; no state that fits none. */
function candidates(pool: PoolRows, named: readonly NamedSearch[]): Map<PgState, number[]> {
  const byState = new Map<PgState, number[]>();
  for (const state of pool.counts.keys()) {
    const fitting = named.flatMap(([, search], at) => (fitsState(state, search) ? [at] : []));
    if (fitting.length > 0) byState.set(state, fitting);
  }
  return byState;
}

function fitsState(state: PgState, { anyOf, isUnknown, trouble }: PgSearch): boolean {
  if (anyOf !== undefined && (state & anyOf) === 0) return false;
  if (isUnknown && state !== 0) return false;
  return trouble === undefined || isInTrouble(state, trouble);
}

function isLongEnough(
  pool: PoolRows,
  seed: number,
  { trouble, sinceMs = 0 }: PgSearch,
  nowMs: number,
): boolean {
  if (trouble === undefined || sinceMs === 0) return true;
  return nowMs - (pool.troubleSinceMs[trouble][seed] as number) >= sinceMs;
}

function passes(
  board: PgBoard,
  map: OsdMap,
  { osd, states, unknown, stuck }: PgFilter,
  pool: PoolRows,
  seed: number,
  nowMs: number,
): boolean {
  const state = pool.states[seed] as number;
  if (unknown && state !== 0) return false;
  if ((state & states) >>> 0 !== states) return false;
  if (stuck !== undefined) {
    const since = pool.troubleSinceMs[stuck.trouble][seed] as number;
    if (!(nowMs - since >= stuck.sinceMs)) return false;
  }
  if (osd === undefined) return true;
  const pg = { pool: pool.pool, seed };
  const isUp = map.osds.get(osd)?.up === true;
  if (!isUp) return false;
  return belongsTo(board.places, pg, osd) || pgEntry(map.pgTemp, pg)?.includes(osd) === true;
}

/** Where it stands is of the present map; the figures are those of its last report. */
export function pgRowOf(map: OsdMap, pool: PoolRows, seed: number, nowMs: number): PgRow {
  const pg = { pool: pool.pool, seed };
  const placement = placementOf(map);
  const up = placement.pgToUp(pg);
  const acting = placement.pgToActing(pg);
  const { figures } = pool;
  const at = (column: Float64Array): number => column[seed] as number;
  const ago = (trouble: PgTrouble): number | undefined => {
    const since = at(pool.troubleSinceMs[trouble]);
    return Number.isNaN(since) ? undefined : Math.max(0, Math.floor(nowMs - since));
  };
  return {
    pg,
    state: pool.states[seed] as number,
    up: up.osds,
    upPrimary: up.primary,
    acting: acting.osds,
    actingPrimary: acting.primary,
    objects: at(figures.objects),
    bytes: at(figures.bytes),
    degraded: at(figures.degraded),
    misplaced: at(figures.misplaced),
    unfound: at(figures.unfound),
    scrubErrors: at(figures.scrubErrors),
    reportEpoch: epoch(at(pool.epochs)),
    sequence: at(pool.sequences),
    lastClean: epoch(at(pool.lastCleans)),
    troubleMs: Object.fromEntries(PG_TROUBLES.map((name) => [name, ago(name)])),
  };
}

function poolsInOrder(board: PgBoard): PoolId[] {
  return [...board.pools.keys()].sort((left, right) => left - right);
}

function rowsOf(board: PgBoard, id: PoolId): PoolRows {
  const rows = board.pools.get(id);
  assert(rows !== undefined, `pool ${id} has rows`);
  return rows;
}
