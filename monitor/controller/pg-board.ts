/**
 * Statistics of all PGs, from what OSDs report: lost with the controller, gathered anew by the next one. Of a PG only its
 * acting primary by the present map is believed, in the incarnation that the map shows, and only what is newer by (epoch,
 * sequence): reports may come late, twice, or from one that does not know yet that it no longer leads.
 */
import { assert } from "../../cluster/base/assert.ts";
import { type Epoch, epoch, type OsdId, type PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { PgId } from "../../cluster/map/pg-id.ts";
import { isInState, type PgState, type PgStateName } from "../../cluster/map/pg-state.ts";
import type { OSD_REPORTS } from "../../cluster/message/osd-report.ts";
import type { TypeOf } from "../../cluster/wire/codec.ts";
import {
  createPlaces,
  followPlaces,
  knownPrimaries,
  type Places,
  placeSome,
  primaryOf,
} from "./pg-board-places.ts";
import {
  createPoolRows,
  isNewer,
  orphanRows,
  type PgSums,
  type PoolRows,
  SUMMED,
  setCreating,
  setRow,
  setStale,
} from "./pg-board-pool.ts";

export type StatsReport = TypeOf<typeof OSD_REPORTS.stats.body>;

/** What a reporter said counts as stale when it has said nothing more for so long. */
export const SILENCE_MS = 60_000;
const SILENCE_CHECK_MS = 1_000;
/** Placing one takes some 10 us. */
const PLACED_PER_TICK = 500;

interface Reporter {
  readonly nonce: number;
  /** When it spoke last, or was seen to be up. */
  heardMs: number;
  isSilent: boolean;
}

export interface PgBoard {
  map: OsdMap | undefined;
  readonly pools: Map<PoolId, PoolRows>;
  readonly places: Places;
  /** OSDs that are up, whether they have reported or not. */
  readonly reporters: Map<OsdId, Reporter>;
  silenceCheckedMs: number;
}

/** Of a PG whose report was taken: how many copies are missing or not in their place. */
export interface WorkReport {
  readonly pg: PgId;
  readonly epoch: number;
  readonly amount: number;
}

export type StatsTaken =
  | { readonly type: "taken"; readonly work: readonly WorkReport[] }
  /** Nothing was taken: the sender is not up in that incarnation, or its map is newer, so it asks again later. */
  | { readonly type: "mismatch" | "ahead" };

export function createPgBoard(): PgBoard {
  return {
    map: undefined,
    pools: new Map(),
    places: createPlaces(),
    reporters: new Map(),
    silenceCheckedMs: Number.NEGATIVE_INFINITY,
  };
}

/** To be told of every map that is published, in order; the first is the one at the election. */
export function followPgs(board: PgBoard, map: OsdMap, nowMs: number): void {
  const before = board.map;
  if (before === map) return;
  board.map = map;
  followPlaces(board.places, map);
  for (const [id, rows] of board.pools) {
    // After a split every primary has new figures for all PGs, and says so.
    if (map.pools.get(id)?.pgNum !== rows.pgNum) board.pools.delete(id);
  }
  for (const [id, { pgNum }] of map.pools) {
    const known = board.pools.get(id);
    const rows = known ?? createPoolRows(id, pgNum, nowMs);
    board.pools.set(id, rows);
    followCreating(rows, known && before?.creating.get(id), map.creating.get(id), nowMs);
  }
  if (before?.osds !== map.osds) followReporters(board, map, nowMs);
}

export function takeStats(
  board: PgBoard,
  map: OsdMap,
  report: StatsReport,
  nowMs: number,
): StatsTaken {
  followPgs(board, map, nowMs);
  const { osd, nonce, pgs } = report;
  const info = map.osds.get(osd);
  if (info?.up !== true || info.nonce !== nonce) return { type: "mismatch" };
  if (report.epoch > map.epoch) return { type: "ahead" };
  hear(board, osd, nowMs);
  const work: WorkReport[] = [];
  for (const stat of pgs) {
    const { pg } = stat;
    const rows = board.pools.get(pg.pool);
    if (rows === undefined || pg.seed >= rows.pgNum) continue;
    if (!isNewer(rows, pg.seed, report.epoch, stat.sequence)) continue;
    if (primaryOf(board.places, pg) !== osd) continue;
    setRow(rows, { reporter: osd, epoch: report.epoch, stat }, nowMs);
    work.push({ pg, epoch: report.epoch, amount: stat.degraded + stat.misplaced });
  }
  return { type: "taken", work };
}

/** `lateMs` as in a Tick: what the OSDs said meanwhile still waits in the queue. */
export function tickPgs(
  board: PgBoard,
  { lateMs }: { readonly lateMs: number },
  nowMs: number,
): void {
  for (const reporter of lateMs > 0 ? board.reporters.values() : []) reporter.heardMs += lateMs;
  placeSome(board.places, PLACED_PER_TICK);
  if (nowMs - board.silenceCheckedMs < SILENCE_CHECK_MS) return;
  board.silenceCheckedMs = nowMs;
  const silent = new Set<number>();
  const fallen = new Set<number>();
  for (const [osd, reporter] of board.reporters) {
    if (nowMs - reporter.heardMs < SILENCE_MS) continue;
    silent.add(osd);
    if (!reporter.isSilent) fallen.add(osd);
    reporter.isSilent = true;
  }
  if (silent.size === 0) return;
  for (const rows of board.pools.values()) {
    if (fallen.size > 0) setStale(rows, (osd) => fallen.has(osd), true, nowMs);
    // What its predecessor said of a PG is of no use once it leads there and says nothing.
    const leaders = knownPrimaries(board.places, rows.pool);
    const isLost = (seed: number, osd: number): boolean => {
      const leader = leaders?.(seed) ?? osd;
      return leader !== osd && silent.has(leader);
    };
    orphanRows(rows, isLost, nowMs);
  }
}

/** Those that are up and have said nothing for SILENCE_MS. */
export function silentOsds(board: PgBoard): OsdId[] {
  return [...board.reporters].flatMap(([osd, { isSilent }]) => (isSilent ? [osd] : []));
}

export interface PgCounts {
  readonly pgCount: number;
  readonly states: ReadonlyMap<PgState, number>;
  readonly sums: Readonly<PgSums>;
  /** Objects, each as often as its pool wants it. */
  readonly copies: number;
}

export interface PgSummary extends PgCounts {
  /** PGs of which nobody has said anything since the election. */
  readonly unheardCount: number;
  readonly pools: ReadonlyMap<PoolId, PgCounts>;
}

/** Costs by pools and kinds of states, not by PGs. */
export function pgSummary(board: PgBoard, map: OsdMap): PgSummary {
  const pools = new Map<PoolId, PgCounts>();
  const states = new Map<PgState, number>();
  const sums: PgSums = {
    objects: 0,
    bytes: 0,
    degraded: 0,
    misplaced: 0,
    unfound: 0,
    scrubErrors: 0,
  };
  let pgCount = 0;
  let copies = 0;
  let unheardCount = 0;
  for (const [id, rows] of board.pools) {
    const poolCopies = rows.sums.objects * (map.poolSettings.get(id)?.size ?? 0);
    const pool = {
      pgCount: rows.pgNum,
      states: new Map(rows.counts),
      sums: { ...rows.sums },
      copies: poolCopies,
    };
    pools.set(id, pool);
    for (const [state, count] of rows.counts) states.set(state, (states.get(state) ?? 0) + count);
    for (const name of SUMMED) sums[name] += rows.sums[name];
    pgCount += rows.pgNum;
    copies += poolCopies;
    unheardCount += rows.pgNum - rows.heardCount;
  }
  return { pgCount, states, sums, copies, unheardCount, pools };
}

/** How many PGs are in states with that word. */
export function countIn({ states }: PgCounts, name: PgStateName): number {
  let sum = 0;
  for (const [state, count] of states) if (isInState(state, name)) sum += count;
  return sum;
}

/**
 * Below it no PG needs an epoch any more (C7). Undefined while there is a PG that nobody has told of since the election and
 * that is not known from the map either, as one that is being created: its past may need any epoch.
 */
export function pgFloor(board: PgBoard, map: OsdMap): Epoch | undefined {
  let floor: number = map.epoch;
  for (const id of map.pools.keys()) {
    const rows = board.pools.get(id);
    if (rows === undefined) return undefined;
    const creating = map.creating.get(id);
    for (let seed = 0; seed < rows.pgNum; seed++) {
      const created = rows.isCreating[seed] === 1 ? creating?.get(seed) : undefined;
      if (rows.isHeard[seed] === 1) floor = Math.min(floor, rows.lastCleans[seed] as number);
      else if (created === undefined) return undefined;
      if (created !== undefined) floor = Math.min(floor, created);
    }
  }
  return epoch(floor);
}

function hear(board: PgBoard, osd: OsdId, nowMs: number): void {
  const known = board.reporters.get(osd);
  assert(known !== undefined, `osd.${osd} is up`);
  known.heardMs = Math.max(known.heardMs, nowMs);
  if (!known.isSilent) return;
  known.isSilent = false;
  for (const rows of board.pools.values())
    setStale(rows, (reporter) => reporter === osd, false, nowMs);
}

type Creating = ReadonlyMap<number, Epoch> | undefined;

function followCreating(rows: PoolRows, before: Creating, after: Creating, nowMs: number): void {
  if (before === after) return;
  for (const seed of before?.keys() ?? []) {
    if (seed < rows.pgNum && after?.has(seed) !== true) setCreating(rows, seed, false, nowMs);
  }
  for (const seed of after?.keys() ?? []) {
    if (seed < rows.pgNum && before?.has(seed) !== true) setCreating(rows, seed, true, nowMs);
  }
}

/** Incarnations that ended cannot speak for their PGs any more. */
function followReporters(board: PgBoard, { osds }: OsdMap, nowMs: number): void {
  const gone = new Set<number>();
  for (const [osd, { nonce }] of board.reporters) {
    const info = osds.get(osd);
    if (info?.up === true && info.nonce === nonce) continue;
    gone.add(osd);
    board.reporters.delete(osd);
  }
  for (const [osd, { up, nonce }] of osds) {
    if (!up || board.reporters.has(osd)) continue;
    board.reporters.set(osd, { nonce, heardMs: nowMs, isSilent: false });
  }
  if (gone.size === 0) return;
  for (const rows of board.pools.values()) {
    orphanRows(rows, (_, reporter) => gone.has(reporter), nowMs);
  }
}
