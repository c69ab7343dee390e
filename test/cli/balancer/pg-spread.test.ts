import { describe, expect, test } from "vitest";
import { poolSpreads, spreadLines } from "../../../cli/balancer/pg-spread.ts";
import { present } from "../../../cluster/base/assert.ts";
import { placementMapOf, placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { changedPgTable } from "../../../cluster/map/pg-table.ts";
import { balanceUpmaps } from "../../../cluster/map/upmap.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { withDown } from "../../monitor/controller/board-world.ts";

const TREE = { racks: 1, hosts: 4, osds: 2 };
const PLAIN = osdMapWorld(TREE, { pools: [{ pgNum: 64, name: "rbd" }] });

describe("how even PGs are", () => {
  test("is counted against equal shares by whoever counts by hand", () => {
    const [pool] = poolSpreads(PLAIN);
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 64; seed++) {
      for (const osd of placementOf(PLAIN).pgToRaw({ pool: present(pool, "it").pool, seed }).osds) {
        counts.set(osd, (counts.get(osd) ?? 0) + 1);
      }
    }
    const fair = (64 * 3) / 8;
    const offs = [...counts.values()].map((count) => count - fair);
    expect(pool?.osdCount).toBe(8);
    expect(pool?.crush?.above).toBeCloseTo(Math.max(...offs));
    expect(pool?.crush?.below).toBeCloseTo(-Math.min(...offs));
    const mean = offs.reduce((sum, off) => sum + off * off, 0) / 8;
    expect(pool?.crush?.deviation).toBeCloseTo(Math.sqrt(mean));
    expect(pool?.upmapped).toEqual(pool?.crush);
  });

  test("is better with the balancer's upmaps", () => {
    const { set } = balanceUpmaps(placementMapOf(PLAIN)).changes;
    const balanced = { ...PLAIN, pgUpmapItems: changedPgTable(PLAIN.pgUpmapItems, set) };
    const [pool] = poolSpreads(balanced);
    expect(pool?.upmapCount).toBe(set.length);
    expect(pool?.upmapped?.deviation).toBe(0);
    expect(spreadLines(poolSpreads(balanced)).join("")).toMatchInlineSnapshot(`
      "POOL  PGS  OSDS  UPMAPS      BY CRUSH  STDDEV  WITH UPMAPS  STDDEV
      rbd    64     8      14  -10.0..+12.0    6.36   -0.0..+0.0    0.00
      "
    `);
  });

  test("leaves out what lies on OSDs that are down", () => {
    const [whole] = poolSpreads(PLAIN);
    const [pool] = poolSpreads(withDown(PLAIN, 0));
    expect(pool?.osdCount).toBe(7);
    const balance = (spread: typeof pool): number =>
      (spread?.crush?.above ?? 0) + (spread?.crush?.below ?? 0);
    expect(balance(pool)).toBeLessThanOrEqual(balance(whole) + 1);
    expect(pool?.crush?.above).toBeGreaterThan(0);
  });

  test("is not known where no rule fits", () => {
    const map = osdMapWorld(TREE, { pools: [{ pgNum: 4, name: "x", rule: 9 }] });
    expect(poolSpreads(map)).toMatchObject([{ osdCount: 0 }]);
    expect(spreadLines(poolSpreads(map))[1]).toMatch(/^x +4 +0 +0 +\? +\? +\? +\?\n$/);
  });
});
