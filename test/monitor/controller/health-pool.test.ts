import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import type { HealthCode } from "../../../monitor/controller/health-codes.ts";
import type { PgAdvice } from "../../../monitor/controller/pg-advice.ts";
import { osdMap, withOsd, withOut, withPool } from "./board-world.ts";
import { checkOf, codesOf, type GivenHealth, MAP } from "./health-world.ts";

const holding =
  (objects: number): Required<GivenHealth>["pgStat"] =>
  () => ({ objects });

describe("a pool that is full", () => {
  test("by its quota says so", () => {
    const check = checkOf({ map: withPool(MAP, 1, { name: "a", isQuotaFull: true }) }, "POOL_FULL");
    expect([check?.summary, check?.details]).toEqual([
      "1 pool(s) full",
      ["pool 'a' is full (running out of quota)"],
    ]);
  });

  test("is one of which an OSD is full, and no other", () => {
    const classOf = (osd: number): string => (osd % 2 === 0 ? "hdd" : "ssd");
    const tree = { racks: 1, hosts: 4, osds: 2, classOf };
    const steps = ["take default class ssd", "chooseleaf firstn 0 type host", "emit"];
    const map = osdMap({ tree, steps, pools: { 1: { name: "fast", pgNum: 2 } } });
    const full = (osd: number): readonly string[] | undefined =>
      checkOf({ map: withOsd(map, osd, { fullness: "full" }) }, "POOL_FULL")?.details;
    expect(full(1)).toEqual(["pool 'fast' is full (no space)"]);
    expect(full(2)).toBeUndefined();
  });

  // Four PGs of 20 objects.
  test.each([
    [101, undefined],
    [100, "pool 'pool1' has used 80% of its quota"],
    [81, "pool 'pool1' has used 98% of its quota"],
  ])("nearly, with a quota of %i objects", (quotaObjects, detail) => {
    const map = withPool(MAP, 1, { pgNum: 4, quotaObjects });
    expect(checkOf({ map, pgStat: holding(20) }, "POOL_NEARFULL")?.details[0]).toBe(detail);
  });

  test("is not nearly full as well", () => {
    const map = withPool(MAP, 1, { pgNum: 4, quotaObjects: 80, isQuotaFull: true });
    expect(codesOf({ map, pgStat: holding(20) })).toEqual(["POOL_FULL"]);
  });
});

test.each([
  [1, true],
  [2, false],
])("a pool of size %i has no redundancy: %s", (size, is) => {
  const check = checkOf({ map: withPool(MAP, 1, { size, minSize: 1 }) }, "POOL_NO_REDUNDANCY");
  expect(check?.summary).toBe(is ? "1 pool(s) have no replicas configured" : undefined);
});

test.each([
  ["", 1, true],
  ["", 0, false],
  ["s3", 1, false],
])("a pool for %j with %i objects is for nobody knows what: %s", (application, objects, is) => {
  const map = withPool(MAP, 1, { application });
  const check = checkOf({ map, pgStat: holding(objects) }, "POOL_APP_NOT_ENABLED");
  expect(check?.details).toEqual(is ? ["application not enabled on pool 'pool1'"] : undefined);
});

describe("PGs per OSD", () => {
  const map = osdMap({ pools: { 1: { pgNum: 500, size: 2 } } });

  test.each([
    [map, undefined],
    [withPool(map, 1, { pgNum: 502, size: 2 }), "too many PGs per OSD (251 > max 250)"],
    [withOut(map, 3), "too many PGs per OSD (333 > max 250)"],
    [withOut(map, 0, 1, 2, 3), undefined],
  ])("are counted on those that are in: %#", (given, summary) => {
    expect(checkOf({ map: given, pgStat: () => undefined }, "TOO_MANY_PGS")?.summary).toBe(summary);
  });
});

describe("advice", () => {
  const ADVICE = { pgNum: 64, target: 64, ratio: 0.1, isFarOff: true, isRootCrowded: true };
  test.each<[string, Partial<PgAdvice>, HealthCode | undefined]>([
    ["more", { target: 256 }, "POOL_TOO_FEW_PGS"],
    ["more, but not by far", { target: 128, isFarOff: false }, undefined],
    ["fewer", { target: 16 }, "POOL_TOO_MANY_PGS"],
    ["fewer, where OSDs can carry them", { target: 16, isRootCrowded: false }, undefined],
    ["fewer, but not by far", { target: 32, isFarOff: false }, undefined],
  ])("to have %s", (_, given, code) => {
    const advice = new Map([[poolId(1), { ...ADVICE, ...given }]]);
    expect(codesOf({ advice })).toEqual(code === undefined ? [] : [code]);
    if (code === undefined) return;
    expect(checkOf({ advice }, code)?.details).toEqual([
      `pool 'pool1' has 64 placement groups, should have ${given.target}`,
    ]);
  });
});
