/** Against a twin that keeps the last word of each PG in a table and counts everything anew. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { epoch, osdId, type PoolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { formatPgId } from "../../../cluster/map/pg-id.ts";
import { type PgState, pgState } from "../../../cluster/map/pg-state.ts";
import { pgEntry } from "../../../cluster/map/pg-table.ts";
import type { PgStat } from "../../../cluster/message/osd-report.ts";
import {
  createPgBoard,
  followPgs,
  pgFloor,
  pgSummary,
  SILENCE_MS,
  type StatsReport,
  silentOsds,
  takeStats,
  tickPgs,
} from "../../../monitor/controller/pg-board.ts";
import { changed, FIRST_MAP, mapChange, OSD_COUNT, pgOf } from "./board-changes.ts";
import { pgStat, report } from "./board-world.ts";

const { KELP_LONG } = process.env;
const RUNS = KELP_LONG === "1" ? 4_000 : 150;

interface Word {
  readonly stat: PgStat;
  readonly epoch: number;
  readonly reporter: number;
  isOrphan: boolean;
}

class Twin {
  map: OsdMap;
  readonly words = new Map<string, Word>();
  readonly reporters = new Map<number, { nonce: number; heardMs: number; isSilent: boolean }>();

  constructor(map: OsdMap) {
    this.map = map;
    this.follow(map, 0);
  }

  follow(map: OsdMap, nowMs: number): void {
    for (const [id, { pgNum }] of this.map.pools) {
      if (map.pools.get(id)?.pgNum === pgNum) continue;
      for (const key of this.words.keys()) if (key.startsWith(`${id}.`)) this.words.delete(key);
    }
    this.map = map;
    for (const [osd, { nonce }] of this.reporters) {
      const info = map.osds.get(osdId(osd));
      if (info?.up && info.nonce === nonce) continue;
      this.reporters.delete(osd);
      for (const word of this.words.values()) if (word.reporter === osd) word.isOrphan = true;
    }
    for (const [osd, { up, nonce }] of map.osds) {
      if (up && !this.reporters.has(osd)) {
        this.reporters.set(osd, { nonce, heardMs: nowMs, isSilent: false });
      }
    }
  }

  take(given: StatsReport, nowMs: number): void {
    const info = this.map.osds.get(given.osd);
    if (!info?.up || info.nonce !== given.nonce || given.epoch > this.map.epoch) return;
    this.reporters.set(given.osd, { nonce: given.nonce, heardMs: nowMs, isSilent: false });
    for (const stat of given.pgs) {
      if (stat.pg.seed >= (this.map.pools.get(stat.pg.pool)?.pgNum ?? 0)) continue;
      if (placementOf(this.map).pgToActing(stat.pg).primary !== given.osd) continue;
      const key = formatPgId(stat.pg);
      const old = this.words.get(key);
      const order = [given.epoch - (old?.epoch ?? -1), stat.sequence - (old?.stat.sequence ?? -1)];
      if ((order.find((difference) => difference !== 0) ?? 0) <= 0) continue;
      this.words.set(key, { stat, epoch: given.epoch, reporter: given.osd, isOrphan: false });
    }
  }

  tick(nowMs: number): void {
    for (const reporter of this.reporters.values()) {
      reporter.isSilent = nowMs - reporter.heardMs >= SILENCE_MS;
    }
    for (const { pool, seed } of this.pgs()) {
      const word = this.words.get(formatPgId({ pool, seed }));
      const leader = placementOf(this.map).pgToActing({ pool, seed }).primary;
      if (word === undefined || leader === undefined || leader === word.reporter) continue;
      if (this.reporters.get(leader)?.isSilent) word.isOrphan = true;
    }
  }

  *pgs(): Generator<{ pool: PoolId; seed: number }> {
    for (const [pool, { pgNum }] of this.map.pools) {
      for (let seed = 0; seed < pgNum; seed++) yield { pool, seed };
    }
  }

  states(): Map<PgState, number> {
    const counts = new Map<PgState, number>();
    for (const pg of this.pgs()) {
      const word = this.words.get(formatPgId(pg));
      let state = pgEntry(this.map.creating, pg) === undefined ? 0 : pgState("creating");
      if (word !== undefined) {
        const isStale = word.isOrphan || this.reporters.get(word.reporter)?.isSilent;
        state = word.stat.state | (isStale ? pgState("stale") : 0);
      }
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  sum(name: "objects" | "degraded" | "unfound"): number {
    return [...this.words.values()].reduce((sum, { stat }) => sum + stat[name], 0);
  }

  floor(): number | undefined {
    const floors = [...this.pgs()].map((pg) => [
      this.words.get(formatPgId(pg))?.stat.lastClean,
      pgEntry(this.map.creating, pg),
    ]);
    if (floors.some((known) => known.every((one) => one === undefined))) return undefined;
    return Math.min(this.map.epoch, ...floors.flat().filter((one) => one !== undefined));
  }
}

const stat = fc.record({
  pg: pgOf,
  states: fc.subarray(["active", "clean", "degraded", "peering"] as const),
  sequence: fc.nat(3),
  objects: fc.nat(9),
  degraded: fc.nat(9),
  unfound: fc.nat(2),
  lastClean: fc.nat(20).map(epoch),
});

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant("map"), change: mapChange }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("report"),
      osd: fc.nat(OSD_COUNT),
      /** Instead of that one, the one that leads the first of the PGs. */
      isLeader: fc.integer({ min: 0, max: 4 }).map((one) => one > 0),
      /** Late by so many epochs, or of the future. */
      late: fc.constantFrom(0, 0, 0, 1, 2, -1),
      isOldNonce: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
      pgs: fc.array(stat, { minLength: 1, maxLength: 12 }),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("tick"), ms: fc.constantFrom(1_000, 40_000) }),
  },
);

test("counts, sums, silence and floor are those of a table of every PG's last word", () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      let nowMs = 0;
      let map = FIRST_MAP;
      const board = createPgBoard();
      const twin = new Twin(map);
      followPgs(board, map, nowMs);
      for (const one of steps) {
        if (one.type === "map") {
          map = changed(map, one.change);
          twin.follow(map, nowMs);
          followPgs(board, map, nowMs);
        } else if (one.type === "tick") {
          nowMs += one.ms;
          twin.tick(nowMs);
          tickPgs(board, { lateMs: 0 }, nowMs);
        } else {
          const first = one.pgs[0]?.pg;
          const leader = first && placementOf(map).pgToActing(first).primary;
          const osd = one.isLeader ? (leader ?? one.osd) : one.osd;
          const { nonce } = report(map, osd);
          const given = report(map, osd, {
            nonce: nonce - Number(one.isOldNonce),
            epoch: epoch(map.epoch - one.late),
            pgs: one.pgs.map(({ pg, states, ...rest }) => pgStat(pg, { states, ...rest })),
          });
          for (let time = 0; time < one.times; time++) {
            twin.take(given, nowMs);
            const result = takeStats(board, map, given, nowMs);
            taken += result.type === "taken" ? result.work.length : 0;
          }
        }
        const summary = pgSummary(board, map);
        expect(summary.states).toEqual(twin.states());
        expect(summary.sums).toMatchObject({
          objects: twin.sum("objects"),
          degraded: twin.sum("degraded"),
          unfound: twin.sum("unfound"),
        });
        expect(summary.unheardCount).toBe([...twin.pgs()].length - twin.words.size);
        expect(pgFloor(board, map)).toBe(twin.floor());
        const silent = [...twin.reporters].flatMap(([osd, { isSilent }]) =>
          isSilent ? [osd] : [],
        );
        expect(silentOsds(board).sort()).toEqual(silent.sort());
      }
    }),
    { numRuns: RUNS },
  );
  // Some 900, or the generators have gone astray.
  expect(taken).toBeGreaterThan(100);
});
