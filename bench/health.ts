/**
 * What the controller's picture of a cluster of 1,000 OSDs and 100,000 PGs costs: nothing of it may hold up a tick, which
 * comes every 50 ms. Beside each summary stands the walk over all PGs that it saves.
 */
import { type OsdId, osdId, type PoolId } from "../cluster/base/ids.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import { placementOf } from "../cluster/map/osd-map-placement.ts";
import type { PgStateName } from "../cluster/map/pg-state.ts";
import { healthChecks } from "../monitor/controller/health.ts";
import {
  createOsdBoard,
  followOsds,
  type OsdBoard,
  takeOsdStat,
} from "../monitor/controller/osd-board.ts";
import { osdDfOf } from "../monitor/controller/osd-board-df.ts";
import { poolDfOf } from "../monitor/controller/osd-board-pools.ts";
import { pgAdvice } from "../monitor/controller/pg-advice.ts";
import {
  createPgBoard,
  followPgs,
  type PgBoard,
  type PgSummary,
  pgFloor,
  pgSummary,
  type StatsReport,
  takeStats,
  tickPgs,
} from "../monitor/controller/pg-board.ts";
import { pgCountOf, placeSome } from "../monitor/controller/pg-board-places.ts";
import { pgPage } from "../monitor/controller/pg-board-query.ts";
import {
  createProgress,
  mapChanged,
  tickProgress,
  worked,
} from "../monitor/controller/progress.ts";
import {
  next,
  osdMap,
  pgStat,
  report,
  withDown,
  withOut,
} from "../test/monitor/controller/board-world.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

const TICK_MS = 50;
/** Well below a tick. */
const STEP_MS_MAX = 0.4 * TICK_MS;

const SIZES = {
  full: { racks: 10, hosts: 10, osds: 10, pools: 10, pgNum: 10_000, turns: 5 },
  tiny: { racks: 2, hosts: 2, osds: 2, pools: 2, pgNum: 32, turns: 1 },
} as const;

const SICK: readonly PgStateName[] = ["active", "undersized", "degraded"];

class Timings {
  readonly #times = new Map<string, number[]>();
  readonly #limits = new Map<string, number>();

  time<T>(what: string, work: () => T, atMost?: number): T {
    const startMs = performance.now();
    const made = work();
    const times = this.#times.get(what) ?? [];
    this.#times.set(what, times);
    times.push(performance.now() - startMs);
    if (atMost !== undefined) this.#limits.set(what, atMost);
    return made;
  }

  median(what: string): number {
    return median(this.#times.get(what) ?? []);
  }

  measurements(): Measurement[] {
    return [...this.#times].map(([what, times]) => {
      const atMost = this.#limits.get(what);
      const value = median(times);
      return {
        what,
        value,
        unit: "ms",
        spread: spread(times),
        ...(atMost !== undefined && { atMost }),
      };
    });
  }
}

/** The seeds that each OSD leads, by pool; the bench's own placing is not timed. */
function leaders(map: OsdMap): Map<OsdId, [PoolId, number][]> {
  const led = new Map<OsdId, [PoolId, number][]>();
  for (const pool of map.pools.keys()) {
    for (const [seed, primary] of placementOf(map).mapPool(pool, "acting").primaries.entries()) {
      const mine = led.get(osdId(primary)) ?? [];
      led.set(osdId(primary), mine);
      mine.push([pool, seed]);
    }
  }
  return led;
}

function reportsOf(
  map: OsdMap,
  led: ReadonlyMap<OsdId, readonly [PoolId, number][]>,
  sequence: number,
  isSick: boolean,
): StatsReport[] {
  return [...led].map(([osd, mine]) =>
    report(map, osd, {
      pgs: mine.map(([pool, seed]) =>
        pgStat(
          { pool, seed },
          {
            sequence,
            objects: 100,
            bytes: 1_000,
            ...(isSick && { states: SICK, degraded: 100 }),
          },
        ),
      ),
    }),
  );
}

/** The walk that counts by state and sums up without anything being kept. */
function walk(board: PgBoard): number {
  const counts = new Map<number, number>();
  let objects = 0;
  for (const rows of board.pools.values()) {
    for (let seed = 0; seed < rows.pgNum; seed++) {
      const state = rows.states[seed] as number;
      counts.set(state, (counts.get(state) ?? 0) + 1);
      for (const column of Object.values(rows.figures)) objects += column[seed] as number;
    }
  }
  return counts.size + objects;
}

function measure(scale: Scale, progress: (step: string) => void): Measurement[] {
  const { pools, pgNum, turns, ...tree } = SIZES[scale];
  const ids = Array.from({ length: pools }, (_, at) => 1 + at);
  const map = osdMap({
    tree,
    pools: Object.fromEntries(ids.map((id) => [id, { pgNum, pgpNum: pgNum }])),
  });
  progress("placing");
  const led = leaders(map);
  const timings = new Timings();
  const events = createProgress();
  const [board, osds] = [createPgBoard(), createOsdBoard()];
  timings.time("the first map", () => followPgs(board, map, 0));
  followOsds(osds, map, 0);
  for (let turn = 0; turn <= turns; turn++) {
    progress(`turn ${turn} of ${turns}`);
    // The first one warms up, and places all PGs as the reports ask for their primaries.
    const times = turn === 0 ? new Timings() : timings;
    const isSick = turn % 2 === 1;
    const nowMs = turn * 1_000;
    if (turn > 0) times.time("a tick", () => tickPgs(board, { lateMs: 0 }, nowMs), STEP_MS_MAX);
    const reports = reportsOf(map, led, 1 + turn, isSick);
    for (const one of reports) {
      times.time(
        "one of a report for each OSD",
        () => {
          const taken = takeStats(board, map, one, nowMs);
          if (taken.type === "taken") worked(events, taken.work, nowMs);
          takeOsdStat(osds, map, one, nowMs);
        },
        STEP_MS_MAX,
      );
    }
    const state = isSick ? "all sick" : "all clean";
    const summary = times.time("summary", () => pgSummary(board, map), 1);
    times.time("the walk that it saves", () => walk(board));
    times.time("progress at a tick", () => tickProgress(events, summary, nowMs), 1);
    const advice = times.time("pg_num advice", () => pgAdvice(osds, map, summary), STEP_MS_MAX);
    const floor = times.time("floor of the history", () => pgFloor(board, map), STEP_MS_MAX);
    const input = {
      map,
      nowMs: nowMs + 120_000,
      pgBoard: board,
      pgs: summary,
      osdBoard: osds,
      membership: { isInTrouble: false, flapping: [], outBrake: [] },
      monitors: [],
      advice,
      epochsKept: 1,
      floor,
      poolSizeDefault: 3,
    };
    times.time(`health, ${state}`, () => healthChecks(input), STEP_MS_MAX);
    const fresh = createPgBoard();
    followPgs(fresh, map, nowMs);
    const unheard = { ...input, pgBoard: fresh, pgs: pgSummary(fresh, map) };
    times.time("health, all unknown for long", () => healthChecks(unheard), STEP_MS_MAX);
    questions(times, { map, board, osds, summary }, nowMs);
    changes(times, { map, board }, nowMs);
  }
  const saved = timings.median("the walk that it saves") / timings.median("summary");
  return [
    ...timings.measurements(),
    {
      what: "the walk over all PGs to the summary",
      value: saved,
      unit: "x",
      ...(scale === "full" && { atLeast: 10 }),
    },
  ];
}

interface Known {
  readonly map: OsdMap;
  readonly board: PgBoard;
  readonly osds: OsdBoard;
  readonly summary: PgSummary;
}

/** What operators ask now and then. */
function questions(times: Timings, { map, board, osds, summary }: Known, nowMs: number): void {
  const pgCount = (osd: OsdId): number => pgCountOf(board.places, osd);
  times.time("osd df", () => osdDfOf(osds, map, pgCount), STEP_MS_MAX);
  times.time("pool df", () => poolDfOf(osds, map, summary), STEP_MS_MAX);
  const question = { filter: { states: 0, unknown: false }, limit: 100 };
  times.time("a page of pg ls", () => pgPage(board, map, question, nowMs), STEP_MS_MAX);
}

/** An OSD goes down, and out, and each time comes back as if nothing had been. */
function changes(
  times: Timings,
  { map, board }: Pick<Known, "map" | "board">,
  nowMs: number,
): void {
  const epochs = { down: next(withDown(map, 1)), out: next(withOut(map, 1)) };
  for (const [what, after] of Object.entries(epochs)) {
    const events = createProgress();
    // What follows from a map for placement is made once for the whole controller.
    placementOf(after);
    times.time(
      `an epoch in which an OSD goes ${what}`,
      () => {
        followPgs(board, after, nowMs);
        mapChanged(events, { before: map, after }, nowMs);
      },
      STEP_MS_MAX,
    );
    times.time(
      `a tick after one goes ${what}`,
      () => tickPgs(board, { lateMs: 0 }, nowMs + 1),
      STEP_MS_MAX,
    );
    followPgs(board, map, nowMs);
    placeSome(board.places, board.places.dueCount);
  }
}

export const healthBench: Bench = {
  name: "health",
  about:
    "The controller's statistics of 100,000 PGs: reports, summaries, health and df, beside a tick",
  run: (scale, progress) => Promise.resolve(measure(scale, progress)),
};
