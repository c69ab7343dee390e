import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { createOsdBoard, takeOsdStat } from "../../../monitor/controller/osd-board.ts";
import {
  nearestPowerOfTwo,
  type PgAdvice,
  pgAdvice,
} from "../../../monitor/controller/pg-advice.ts";
import {
  createPgBoard,
  followPgs,
  pgSummary,
  takeStats,
} from "../../../monitor/controller/pg-board.ts";
import { fullReports, type GivenPool, osdMap, osdStat, report } from "./board-world.ts";

/** 10 OSDs of 1000 bytes; `bytes` is what each PG of a pool stores. */
function advice(pools: Record<number, GivenPool & { bytes?: number }>): Map<number, PgAdvice> {
  const map = osdMap({ tree: { racks: 1, hosts: 10, osds: 1 }, pools });
  const [osds, pgs] = [createOsdBoard(), createPgBoard()];
  for (const osd of map.osds.keys()) {
    takeOsdStat(osds, map, report(map, osd, { stat: osdStat({ totalBytes: 1000 }) }), 0);
  }
  followPgs(pgs, map, 0);
  for (const one of fullReports(map, ({ pool }) => ({ bytes: pools[pool]?.bytes ?? 0 }))) {
    takeStats(pgs, map, one, 0);
  }
  return pgAdvice(osds, map, pgSummary(pgs, map));
}

test.each([
  [0, 1],
  [1, 1],
  [1.4, 1],
  [2, 2],
  [2.9, 2],
  [3, 4],
  [5, 4],
  [6, 8],
  [95, 64],
  [96, 128],
  [333, 256],
  [385, 512],
])("the power of two nearest to %d is %i", (value, power) => {
  expect(nearestPowerOfTwo(value)).toBe(power);
});

describe("a pool", () => {
  test.each<[string, number, number, number, boolean]>([
    // 1000 PGs on OSDs, of which the pool gets the part that it holds, by three replicas.
    ["that holds everything gets a third of 1000 PGs", 64, 52, 256, true],
    ["that holds half gets half of that", 64, 26, 128, false],
    ["that is empty gets the least there is", 64, 0, 32, false],
  ])("%s", (_, pgNum, bytes, target, isFarOff) => {
    expect(advice({ 1: { pgNum, bytes } }).get(1)).toMatchObject({ pgNum, target, isFarOff });
  });

  test.each([
    [96, false],
    [97, true],
    [11, false],
    [10, true],
  ])("of %i PGs that should have 32 is far off: %s", (pgNum, isFarOff) => {
    const { target, isFarOff: is } = advice({ 1: { pgNum } }).get(1) ?? {};
    expect([target, is]).toEqual([32, isFarOff]);
  });

  test("shares the OSDs with the others below its root", () => {
    const both = advice({ 1: { pgNum: 32, bytes: 52 }, 2: { pgNum: 32, bytes: 26, size: 2 } });
    expect(both.get(1)?.ratio).toBeCloseTo(0.4992);
    expect(both.get(2)?.ratio).toBeCloseTo(0.1664);
    expect(both.get(1)?.target).toBe(128);
    expect(both.get(2)?.target).toBe(64);
  });

  test.each([
    [333, false],
    [334, true],
  ])("of %i PGs and three replicas crowds ten OSDs: %s", (pgNum, isRootCrowded) => {
    expect(advice({ 1: { pgNum } }).get(1)?.isRootCrowded).toBe(isRootCrowded);
  });

  test("whose rule has no OSDs, or that has no rule, gets no advice", () => {
    const all = advice({ 1: { rule: 7 } });
    expect(all.get(poolId(1))).toBeUndefined();
  });
});
