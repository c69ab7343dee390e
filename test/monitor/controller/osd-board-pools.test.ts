import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { PoolDfRow } from "../../../cluster/message/query.ts";
import { createOsdBoard, takeOsdStat } from "../../../monitor/controller/osd-board.ts";
import {
  osdShares,
  poolDfOf,
  quotaFullDue,
  rawFactor,
} from "../../../monitor/controller/osd-board-pools.ts";
import {
  createPgBoard,
  followPgs,
  type PgSummary,
  pgSummary,
  takeStats,
} from "../../../monitor/controller/pg-board.ts";
import { RULES } from "../../cluster/map/world.ts";
import {
  fullReports,
  type GivenPool,
  type GivenStat,
  osdMap,
  osdStat,
  report,
  withOut,
} from "./board-world.ts";

/** Of hosts with one OSD each, whose weights these are. */
function mapOf(weights: readonly number[], pool: GivenPool): OsdMap {
  const tree = {
    racks: 1,
    hosts: weights.length,
    osds: 1,
    weightOf: (osd: number) => weights[osd] ?? 0,
  };
  return osdMap({ tree, steps: RULES.host, pools: { 1: { pgNum: 4, pgpNum: 4, ...pool } } });
}

function summaryOf(map: OsdMap, stat: GivenStat): PgSummary {
  const board = createPgBoard();
  followPgs(board, map, 0);
  for (const one of fullReports(map, () => stat)) takeStats(board, map, one, 0);
  return pgSummary(board, map);
}

interface Figures {
  readonly used: readonly number[];
  readonly stat?: GivenStat;
}

/** Each OSD has 1000 bytes, and each of four PGs `stat`. */
function df(map: OsdMap, { used, stat = {} }: Figures): PoolDfRow | undefined {
  const osds = createOsdBoard();
  for (const [osd, usedBytes] of used.entries()) {
    takeOsdStat(osds, map, report(map, osd, { stat: osdStat({ usedBytes }) }), 0);
  }
  return poolDfOf(osds, map, summaryOf(map, stat))[0];
}

describe("what still fits into a pool", () => {
  test.each<[string, readonly number[], readonly number[], number, number]>([
    // 0.95 of 1000 bytes on each of three, by two replicas.
    ["empty and equal OSDs: all of them until they are full", [1, 1, 1], [0, 0, 0], 2, 1425],
    ["one that is fuller: until that one is full", [1, 1, 1], [0, 650, 0], 2, 450],
    ["one that is full: nothing", [1, 1, 1], [0, 980, 0], 2, 0],
    ["one of twice the weight, of the same size", [1, 1, 2], [0, 0, 0], 2, 950],
  ])("%s", (_, weights, used, size, expected) => {
    expect(df(mapOf(weights, { size }), { used })?.maxAvailBytes).toBeCloseTo(expected);
  });

  test("does not count OSDs that are out", () => {
    const map = withOut(mapOf([1, 1, 1], { size: 2 }), 1);
    expect(df(map, { used: [0, 900, 0] })?.maxAvailBytes).toBeCloseTo(950);
  });

  test("is not known before an OSD has told of itself", () => {
    const row = df(mapOf([1, 1, 1], {}), { used: [] });
    expect([row?.maxAvailBytes, row?.usedRatio]).toEqual([undefined, 0]);
  });
});

test("a row shows what is stored, and what that takes on disks", () => {
  const map = mapOf([1, 1, 1], { size: 3, name: "photos" });
  expect(df(map, { used: [0, 0, 0], stat: { objects: 2, bytes: 25, misplaced: 1 } })).toEqual({
    pool: poolId(1),
    name: "photos",
    pgNum: 4,
    objects: 8,
    storedBytes: 100,
    usedBytes: 300,
    maxAvailBytes: expect.closeTo(950),
    usedRatio: expect.closeTo(100 / 1050),
    quotaBytes: 0,
    quotaObjects: 0,
    quotaRatio: undefined,
    degraded: 0,
    misplaced: 4,
    unfound: 0,
    advice: undefined,
  });
});

test("copies that are missing take no room", () => {
  const map = mapOf([1, 1, 1], { size: 3 });
  const row = df(map, { used: [0], stat: { objects: 1, bytes: 30, degraded: 1 } });
  expect(row?.usedBytes).toBeCloseTo(240);
});

test.each([
  ["replicated", 3, 2, 3],
  ["erasure", 6, 5, 1.5],
  ["erasure", 3, 1, 3],
] as const)(
  "of a %s pool of size %i and min_size %i a byte takes %d",
  (type, size, minSize, raw) => {
    const map = osdMap({ pools: { 1: { type, size, minSize } } });
    const [facts, settings] = [map.pools.get(poolId(1)), map.poolSettings.get(poolId(1))];
    expect(facts && settings && rawFactor(facts, settings)).toBe(raw);
  },
);

describe("a quota", () => {
  test.each<[string, GivenPool, number | undefined]>([
    ["none", {}, undefined],
    ["bytes", { quotaBytes: 400 }, 0.25],
    ["objects", { quotaObjects: 16 }, 0.5],
    ["the fuller of both", { quotaBytes: 400, quotaObjects: 16 }, 0.5],
    ["used beyond it", { quotaObjects: 4 }, 2],
  ])("of %s", (_, quota, expected) => {
    const row = df(mapOf([1, 1, 1], quota), { used: [], stat: { objects: 2, bytes: 25 } });
    expect(row?.quotaRatio).toBe(expected);
  });

  test.each<[string, GivenPool, [number, boolean][]]>([
    ["is used up and the map does not say so", { quotaObjects: 8 }, [[1, true]]],
    ["is not used up", { quotaObjects: 9 }, []],
    ["was raised and the map does not know", { quotaObjects: 9, isQuotaFull: true }, [[1, false]]],
    ["was taken away", { isQuotaFull: true }, [[1, false]]],
    ["is used up and the map says so", { quotaObjects: 8, isQuotaFull: true }, []],
  ])("that %s is due as such", (_, pool, due) => {
    const map = mapOf([1, 1, 1], pool);
    expect(quotaFullDue(map, summaryOf(map, { objects: 2 }))).toEqual(due);
  });
});

describe("shares of a pool's OSDs", () => {
  test("are by weight and reweight, and sum up to 1", () => {
    const shares = osdShares(withOut(mapOf([1, 1, 2], {}), 1), poolId(1));
    expect([...shares]).toEqual([
      [osdId(0), expect.closeTo(1 / 3)],
      [osdId(2), expect.closeTo(2 / 3)],
    ]);
  });

  test("are computed once while neither CRUSH nor weights change", () => {
    const map = mapOf([1, 1, 1], {});
    expect(osdShares({ ...map }, poolId(1))).toBe(osdShares(map, poolId(1)));
    expect(osdShares(withOut(map, 0), poolId(1)).size).toBe(2);
    expect(osdShares(map, poolId(1)).size).toBe(3);
  });

  test("of a pool without a rule, or of none, are empty", () => {
    expect(osdShares(mapOf([1], { rule: 9 }), poolId(1)).size).toBe(0);
    expect(osdShares(mapOf([1], {}), poolId(9)).size).toBe(0);
  });
});
