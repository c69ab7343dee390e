import { describe, expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { formatPgState } from "../../../cluster/map/pg-state.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import {
  createPgBoard,
  followPgs,
  type PgBoard,
  pgFloor,
  pgSummary,
  SILENCE_MS,
  silentOsds,
  takeStats,
  tickPgs,
} from "../../../monitor/controller/pg-board.ts";
import {
  creatingAt,
  fullReports,
  next,
  osdMap,
  pg,
  pgStat,
  primary,
  report,
  withDown,
  withOsd,
  withoutPool,
  withPool,
} from "./board-world.ts";

const PG = pg("1.0");
const MAP = osdMap({ pools: { 1: { pgNum: 4 } } });
const LEADER = primary(MAP, PG);
const PUNCTUAL = { lateMs: 0 };

/** By name, from the summary. */
function states(board: PgBoard, map: OsdMap): Record<string, number> {
  const { states: counts } = pgSummary(board, map);
  return Object.fromEntries([...counts].map(([state, count]) => [formatPgState(state), count]));
}

function board(map: OsdMap = MAP): PgBoard {
  const made = createPgBoard();
  followPgs(made, map, 0);
  return made;
}

describe("a report of a PG", () => {
  const stats = [pgStat(PG, { objects: 7 })];
  const other = [...MAP.osds.keys()].find((id) => id !== LEADER) ?? osdId(0);
  test.each([
    ["of its acting primary counts", report(MAP, LEADER, { pgs: stats }), 1],
    ["of another OSD does not", report(MAP, other, { pgs: stats }), 0],
    ["of an earlier incarnation does not", report(MAP, LEADER, { pgs: stats, nonce: 1 }), 0],
    ["of an OSD that nobody knows does not", report(MAP, 77, { pgs: stats }), 0],
    ["made with an older map counts", report(MAP, LEADER, { pgs: stats, epoch: epoch(3) }), 1],
    [
      "made with a map of the future does not",
      report(MAP, LEADER, { pgs: stats, epoch: epoch(11) }),
      0,
    ],
    ["of a PG beyond the pool does not", report(MAP, LEADER, { pgs: [pgStat(pg("1.4"))] }), 0],
    ["of a pool that is not there does not", report(MAP, LEADER, { pgs: [pgStat(pg("2.0"))] }), 0],
  ])("%s", (_, given, heard) => {
    const made = board();
    const taken = takeStats(made, MAP, given, 5);
    expect(pgSummary(made, MAP).unheardCount).toBe(4 - heard);
    expect(taken.type === "taken" ? taken.work.length : 0).toBe(heard);
  });

  test.each([
    ["a later epoch", { epoch: 9, sequence: 1 }, true],
    ["the same epoch and a larger sequence", { epoch: 8, sequence: 6 }, true],
    ["the same epoch and sequence", { epoch: 8, sequence: 5 }, false],
    ["the same epoch and a smaller sequence", { epoch: 8, sequence: 4 }, false],
    ["an earlier epoch and a larger sequence", { epoch: 7, sequence: 99 }, false],
  ])("after one of epoch 8 and sequence 5: %s", (_, given, counts) => {
    const made = board();
    const send = (at: number, sequence: number, objects: number): void => {
      const pgs = [pgStat(PG, { sequence, objects })];
      takeStats(made, MAP, report(MAP, LEADER, { epoch: epoch(at), pgs }), 0);
    };
    send(8, 5, 1);
    send(given.epoch, given.sequence, 2);
    expect(pgSummary(made, MAP).sums.objects).toBe(counts ? 2 : 1);
  });

  test("that is taken tells how much work there is", () => {
    const made = board();
    const send = (sequence: number, degraded: number, misplaced: number): unknown => {
      const pgs = [pgStat(PG, { sequence, degraded, misplaced })];
      return takeStats(made, MAP, report(MAP, LEADER, { pgs }), 0);
    };
    const work = { pg: PG, epoch: MAP.epoch };
    expect(send(1, 3, 4)).toEqual({ type: "taken", work: [{ ...work, amount: 7 }] });
    expect(send(1, 9, 9)).toEqual({ type: "taken", work: [] });
    expect(send(2, 0, 4)).toEqual({ type: "taken", work: [{ ...work, amount: 4 }] });
  });

  test("of one that is down or of the future is refused, so that the sender repeats it", () => {
    const down = next(withDown(MAP, LEADER));
    expect(takeStats(board(), down, report(MAP, LEADER), 0)).toEqual({ type: "mismatch" });
    const early = report(MAP, LEADER, { epoch: epoch(11) });
    expect(takeStats(board(), MAP, early, 0)).toEqual({ type: "ahead" });
  });
});

describe("a PG", () => {
  test("of which nobody has told is unknown, or creating if the map lists it", () => {
    const map = { ...MAP, creating: creatingAt({ "1.0": 10, "1.1": 10 }) };
    const made = board(map);
    expect(states(made, map)).toEqual({ creating: 2, unknown: 2 });
    const later = next({ ...map, creating: creatingAt({ "1.1": 10 }) });
    followPgs(made, later, 1);
    expect(states(made, later)).toEqual({ creating: 1, unknown: 3 });
  });

  test("that is reported is what its primary says, whether the map lists it as creating or not", () => {
    const map = { ...MAP, creating: creatingAt({ "1.0": 10 }) };
    const made = board(map);
    takeStats(made, map, report(map, LEADER, { pgs: [pgStat(PG)] }), 0);
    expect(states(made, map)).toEqual({ "active+clean": 1, unknown: 3 });
  });

  test("is stale once its primary is down, until another one tells of it", () => {
    const made = board();
    for (const one of fullReports(MAP)) takeStats(made, MAP, one, 0);
    expect(states(made, MAP)).toEqual({ "active+clean": 4 });
    const down = next(withDown(MAP, LEADER));
    followPgs(made, down, 1);
    const count = fullReports(MAP).find(({ osd }) => osd === LEADER)?.pgs.length ?? 0;
    expect(states(made, down)).toEqual({
      "active+clean+stale": count,
      ...(count < 4 && { "active+clean": 4 - count }),
    });
    for (const one of fullReports(down)) takeStats(made, down, one, 2);
    expect(states(made, down)).toEqual({ "active+clean": 4 });
  });

  test("is stale once its primary has another incarnation, even if it never went down", () => {
    const made = board();
    for (const one of fullReports(MAP)) takeStats(made, MAP, one, 0);
    const restarted = next(withOsd(MAP, LEADER, { nonce: 999 }));
    followPgs(made, restarted, 1);
    expect(states(made, restarted)["active+clean+stale"]).toBeGreaterThan(0);
  });

  test("stays stale when its primary comes back, until that tells of it anew", () => {
    const made = board();
    takeStats(made, MAP, report(MAP, LEADER, { pgs: [pgStat(PG)] }), 0);
    followPgs(made, next(withDown(MAP, LEADER)), 1);
    const back = next(next(MAP));
    followPgs(made, back, 2);
    expect(states(made, back)["active+clean+stale"]).toBe(1);
    const again = report(back, LEADER, { pgs: [pgStat(PG, { sequence: 2 })] });
    takeStats(made, back, again, 3);
    expect(states(made, back)["active+clean"]).toBe(1);
  });
});

describe("silence", () => {
  function reported(): PgBoard {
    const made = board();
    takeStats(made, MAP, report(MAP, LEADER, { pgs: [pgStat(PG)] }), 0);
    return made;
  }

  test.each([
    [SILENCE_MS - 1, 0],
    [SILENCE_MS, 1],
  ])("of %i ms makes %i PG stale", (afterMs, stale) => {
    const made = reported();
    tickPgs(made, PUNCTUAL, afterMs);
    expect(states(made, MAP)["active+clean+stale"] ?? 0).toBe(stale);
    expect(silentOsds(made).includes(LEADER)).toBe(stale === 1);
  });

  test("ends with any report, and what was said before counts again", () => {
    const made = reported();
    tickPgs(made, PUNCTUAL, SILENCE_MS);
    takeStats(made, MAP, report(MAP, LEADER), SILENCE_MS + 1);
    expect(states(made, MAP)).toEqual({ "active+clean": 1, unknown: 3 });
    expect(silentOsds(made)).not.toContain(LEADER);
  });

  test("of OSDs is not held against them for the time in which the controller was stopped", () => {
    const made = reported();
    tickPgs(made, { lateMs: SILENCE_MS }, SILENCE_MS + 10);
    expect(silentOsds(made)).toEqual([]);
  });

  test("of a new primary makes stale what its predecessor said", () => {
    const made = reported();
    const successor = [...MAP.osds.keys()].find((id) => id !== LEADER) ?? osdId(0);
    const moved = next({ ...MAP, primaryTemp: pgTable([[PG, successor]]) });
    followPgs(made, moved, 1);
    for (const osd of MAP.osds.keys()) {
      if (osd !== successor) takeStats(made, moved, report(moved, osd), 1);
    }
    tickPgs(made, PUNCTUAL, 1);
    expect(states(made, moved)["active+clean"]).toBe(1);
    tickPgs(made, PUNCTUAL, SILENCE_MS);
    expect(silentOsds(made)).toEqual([successor]);
    expect(states(made, moved)["active+clean+stale"]).toBe(1);
  });
});

describe("pools", () => {
  test("that are deleted take their PGs and sums along", () => {
    const map = withPool(MAP, 2, { pgNum: 2 });
    const made = board(map);
    for (const one of fullReports(map, () => ({ objects: 3 }))) takeStats(made, map, one, 0);
    expect(pgSummary(made, map).sums.objects).toBe(18);
    const later = next(withoutPool(map, 1));
    followPgs(made, later, 1);
    const { pgCount, sums, copies, pools } = pgSummary(made, later);
    expect({ pgCount, objects: sums.objects, copies }).toEqual({
      pgCount: 2,
      objects: 6,
      copies: 18,
    });
    expect([...pools.keys()]).toEqual([2]);
  });

  test("that are split start over: every PG has new figures", () => {
    const made = board();
    for (const one of fullReports(MAP)) takeStats(made, MAP, one, 0);
    const split = next(withPool(MAP, 1, { pgNum: 8 }));
    followPgs(made, split, 1);
    expect(states(made, split)).toEqual({ unknown: 8 });
  });

  test("have sums of their own, and copies by their size", () => {
    const map = withPool(MAP, 2, { pgNum: 1, size: 2 });
    const made = board(map);
    const bytesOf = ({ pool }: { pool: number }) => ({
      objects: pool,
      bytes: 10 * pool,
      degraded: 1,
    });
    for (const one of fullReports(map, bytesOf)) takeStats(made, map, one, 0);
    const { pools } = pgSummary(made, map);
    expect(pools.get(poolId(1))).toMatchObject({ copies: 12, sums: { objects: 4, bytes: 40 } });
    expect(pools.get(poolId(2))).toMatchObject({ copies: 4, sums: { objects: 2, degraded: 1 } });
  });
});

describe("pgFloor", () => {
  test("is not known while there is a PG that nobody has told of", () => {
    const made = board();
    const [first, ...others] = fullReports(MAP);
    for (const one of others) takeStats(made, MAP, one, 0);
    expect(pgFloor(made, MAP)).toBeUndefined();
    if (first !== undefined) takeStats(made, MAP, first, 0);
    expect(pgFloor(made, MAP)).toBe(5);
  });

  test("is the least epoch in which a PG was clean last", () => {
    const made = board();
    const lastClean = { 0: 9, 1: 4, 2: 7, 3: 8 } as Record<number, number>;
    for (const one of fullReports(MAP, ({ seed }) => ({
      lastClean: epoch(lastClean[seed] ?? 0),
    }))) {
      takeStats(made, MAP, one, 0);
    }
    expect(pgFloor(made, MAP)).toBe(4);
  });

  test("is at most the creation of a PG that is still being created, and needs no report of it", () => {
    const map = { ...MAP, creating: creatingAt({ "1.0": 3 }) };
    const made = board(map);
    for (const one of fullReports(map)) {
      takeStats(made, map, { ...one, pgs: one.pgs.filter(({ pg: of }) => of.seed !== 0) }, 0);
    }
    expect(pgFloor(made, map)).toBe(3);
  });

  test("is the present epoch where there are no pools", () => {
    const map = withoutPool(MAP, 1);
    expect(pgFloor(board(map), map)).toBe(map.epoch);
  });

  test("is what a PG said that is stale by now: it can only have been clean later", () => {
    const made = board();
    for (const one of fullReports(MAP)) takeStats(made, MAP, one, 0);
    const down = next(withDown(MAP, 0, 1, 2, 3));
    followPgs(made, down, 1);
    expect(pgFloor(made, down)).toBe(5);
  });
});
