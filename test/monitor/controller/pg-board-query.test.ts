import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { formatPgId, type PgId } from "../../../cluster/map/pg-id.ts";
import { type PgStateName, pgState } from "../../../cluster/map/pg-state.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { PG_PAGE_MAX, type PgFilter } from "../../../cluster/message/query.ts";
import {
  createPgBoard,
  followPgs,
  type PgBoard,
  takeStats,
} from "../../../monitor/controller/pg-board.ts";
import { findPgs, pgPage } from "../../../monitor/controller/pg-board-query.ts";
import { fullReports, next, osdMap, pg, withDown } from "./board-world.ts";

const MAP = osdMap({ pools: { 2: { pgNum: 4 }, 1: { pgNum: 3 } } });
const ALL: PgFilter = { states: 0, unknown: false };

const STATES: Readonly<Record<string, readonly PgStateName[]>> = {
  "1.0": ["active", "clean"],
  "1.1": ["active", "undersized", "degraded"],
  "1.2": ["active", "clean", "scrubbing"],
  "2.0": ["peering"],
  "2.1": ["active", "degraded"],
  "2.2": ["active", "clean"],
};

/** At 0; nobody tells of 2.3. */
function board(map: OsdMap = MAP): PgBoard {
  const made = createPgBoard();
  followPgs(made, map, 0);
  const statOf = (of: PgId) => ({ states: STATES[formatPgId(of)] ?? [], objects: of.seed });
  for (const one of fullReports(map, statOf)) {
    const pgs = one.pgs.filter(({ pg: of }) => formatPgId(of) in STATES);
    takeStats(made, map, { ...one, pgs }, 0);
  }
  return made;
}

function ask(filter: Partial<PgFilter>, nowMs = 0, map = MAP, made = board(map)): string[] {
  const { rows } = pgPage(made, map, { filter: { ...ALL, ...filter }, limit: 100 }, nowMs);
  return rows.map(({ pg: of }) => formatPgId(of));
}

describe("a listing of PGs", () => {
  test("is in the order of pools and seeds", () => {
    expect(ask({})).toEqual(["1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3"]);
  });

  test.each<[string, Partial<PgFilter>, string[]]>([
    ["a pool", { pool: poolId(1) }, ["1.0", "1.1", "1.2"]],
    ["a pool that is not there", { pool: poolId(3) }, []],
    ["a state", { states: pgState("degraded") }, ["1.1", "2.1"]],
    ["two states at once", { states: pgState("degraded", "undersized") }, ["1.1"]],
    ["what nobody has told of", { unknown: true }, ["2.3"]],
    ["a pool and a state", { pool: poolId(2), states: pgState("clean") }, ["2.2"]],
  ])("by %s", (_, filter, expected) => {
    expect(ask(filter)).toEqual(expected);
  });

  test.each([
    [59_999, []],
    [60_000, ["2.0", "2.3"]],
  ])("of those that have been inactive for a minute, after %i ms: %j", (nowMs, expected) => {
    expect(ask({ stuck: { trouble: "inactive", sinceMs: 60_000 } }, nowMs)).toEqual(expected);
  });

  test("by an OSD has those of its up and acting sets", () => {
    const guest = osdId(1);
    const lonely = pg("1.0");
    const map = { ...MAP, pgTemp: pgTable([[lonely, [guest]]]) };
    const expected = ask({}, 0, map).filter((text) => {
      const placement = placementOf(map);
      return [placement.pgToUp(pg(text)), placement.pgToActing(pg(text))].some(({ osds }) =>
        osds.includes(guest),
      );
    });
    expect(expected).toContain("1.0");
    expect(expected.length).toBeLessThan(7);
    expect(ask({ osd: guest }, 0, map)).toEqual(expected);
  });

  test("by an OSD that is down is empty", () => {
    expect(ask({ osd: osdId(1) }, 0, next(withDown(MAP, 1)))).toEqual([]);
  });

  test("comes in pages, whose last says that it is", () => {
    const made = board();
    const pages: string[][] = [];
    let after: PgId | undefined;
    do {
      const page = pgPage(made, MAP, { filter: ALL, after, limit: 3 }, 0);
      pages.push(page.rows.map(({ pg: of }) => formatPgId(of)));
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual([["1.0", "1.1", "1.2"], ["2.0", "2.1", "2.2"], ["2.3"]]);
  });

  test("that ends with a full page has no further one", () => {
    const page = pgPage(board(), MAP, { filter: ALL, after: pg("1.2"), limit: 4 }, 0);
    expect([page.rows.length, page.next]).toEqual([4, undefined]);
  });

  test.each([
    [0, 1],
    [PG_PAGE_MAX + 1, PG_PAGE_MAX],
  ])("asked for with a limit of %i has %i rows", (limit, count) => {
    const map = osdMap({ pools: { 1: { pgNum: PG_PAGE_MAX + 5 } } });
    const made = createPgBoard();
    followPgs(made, map, 0);
    expect(pgPage(made, map, { filter: ALL, limit }, 0).rows.length).toBe(count);
  });

  test("shows where a PG stands by the present map, and what was reported of it", () => {
    const { rows } = pgPage(board(), MAP, { filter: { ...ALL, pool: poolId(1) }, limit: 9 }, 5);
    const placed = placementOf(MAP).pgToActing(pg("1.1"));
    expect(rows[1]).toEqual({
      pg: pg("1.1"),
      state: pgState("active", "undersized", "degraded"),
      up: placed.osds,
      upPrimary: placed.primary,
      acting: placed.osds,
      actingPrimary: placed.primary,
      objects: 1,
      bytes: 0,
      degraded: 0,
      misplaced: 0,
      unfound: 0,
      scrubErrors: 0,
      reportEpoch: 10,
      sequence: 1,
      lastClean: 5,
      troubleMs: { inactive: undefined, unclean: 5, undersized: 5, stale: undefined },
    });
  });
});

describe("a search", () => {
  test("counts a PG once, and under each name that finds it", () => {
    const searches = {
      degraded: { anyOf: pgState("degraded") },
      undersized: { anyOf: pgState("undersized", "peering") },
      unknown: { isUnknown: true },
      old: { trouble: "inactive", sinceMs: 10 },
    } as const;
    const found = findPgs(board(), MAP, searches, { exampleCount: 2 }, 9);
    expect(found.count).toBe(4);
    expect(found.counts).toEqual({ degraded: 2, undersized: 2, unknown: 1, old: 0 });
    expect(found.examples.map(({ pg: of }) => formatPgId(of))).toEqual(["1.1", "2.0"]);
  });

  test("finds what is in that trouble for long enough, to the millisecond", () => {
    const search = { any: { trouble: "inactive", sinceMs: 10 } } as const;
    const count = (nowMs: number): number =>
      findPgs(board(), MAP, search, { exampleCount: 0 }, nowMs).count;
    expect([count(9), count(10)]).toEqual([0, 2]);
  });
});
