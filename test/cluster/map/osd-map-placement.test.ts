import { expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { mapProblems } from "../../../cluster/map/map-problems.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { osdCount, placementMapOf, placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { isOsd, Placement } from "../../../cluster/map/placement.ts";
import { reweightItem } from "../../../crush/builder.ts";
import { osdMapWorld, published } from "./osd-map-world.ts";
import { pool, world } from "./world.ts";

const TREE = { racks: 2, hosts: 3, osds: 2 };
const POOL = poolId(1);
const PG_NUM = 32;

function cluster(): OsdMap {
  return osdMapWorld(TREE, {
    pools: [{ pgNum: PG_NUM }],
    osd: (id) => (id === 3 ? { up: false } : id === 7 ? { weight: 0 } : {}),
  });
}

test("a map that was published once has nothing wrong with it", () => {
  expect(cluster().epoch).toBe(1);
  expect(mapProblems(cluster())).toEqual([]);
});

test("PGs are where placement puts them by the same CRUSH map, weights and states", () => {
  const plain = world(TREE, {
    pools: [pool({ pgNum: PG_NUM })],
    osd: (id) => (id === 3 ? { up: false } : id === 7 ? { weight: 0 } : {}),
  });
  const twin = new Placement(plain).mapPool(POOL, "acting");
  expect(placementOf(cluster()).mapPool(POOL, "acting")).toEqual(twin);
});

test("upmaps, pg_temp and primary_temp of the map count", () => {
  const pg = { pool: POOL, seed: 0 };
  const map = cluster();
  const from = present(placementOf(map).pgToUpmap(pg).osds.find(isOsd), "an OSD of the PG");
  const to = osdId(11);
  const pgUpmapItems = pgTable([[pg, [{ from, to }]]]);
  const moved = placementOf(published(map, { ...map, pgUpmapItems }));
  expect(moved.pgToUpmap(pg).osds).not.toContain(from);
  const pgTemp = pgTable([[pg, [osdId(1), osdId(2)]]]);
  const primaryTemp = pgTable([[pg, osdId(2)]]);
  const temporary = placementOf(published(map, { ...map, pgTemp, primaryTemp }));
  expect(temporary.pgToActing(pg)).toEqual({ osds: [1, 2], primary: 2 });
});

test("an OSD without a share, a pool without settings, and a gap between ids are nowhere", () => {
  const map = cluster();
  const [shares, osds] = [new Map(map.shares), new Map(map.osds)];
  shares.delete(osdId(2));
  osds.delete(osdId(4));
  const placed = placementMapOf({ ...map, shares, osds, poolSettings: new Map() });
  expect(placed.osds.map(({ exists }, id) => (exists ? -1 : id)).filter((id) => id >= 0)).toEqual([
    2, 4,
  ]);
  expect(placed.pools.size).toBe(0);
});

test("OSDs beyond the CRUSH map count, and so do devices that are no OSDs", () => {
  const map = cluster();
  expect(osdCount(map)).toBe(12);
  expect(osdCount({ ...map, osds: new Map() })).toBe(12);
  const far = new Map(map.osds).set(osdId(20), NEW_OSD);
  expect(osdCount({ ...map, osds: far })).toBe(21);
});

test("a map is made ready once, and its CRUSH map once for all epochs that share it", () => {
  const map = cluster();
  expect(placementOf(map)).toBe(placementOf(map));
  const next = published(map, { ...map, flags: new Set(["noout"]) });
  expect(next.epoch).toBe(epoch(2));
  expect(placementMapOf(next).crush).toBe(placementMapOf(map).crush);
  const crush = reweightItem(map.crush, { item: "osd.0", weight: 0x8000 });
  expect(placementMapOf({ ...map, crush }).crush).not.toBe(placementMapOf(map).crush);
});

test("OSDs are made ready once for epochs in which they stay, and anew when one changes", () => {
  const map = cluster();
  const { osds } = placementMapOf(map);
  expect(placementMapOf({ ...map, flags: new Set(["noout"]) }).osds).toBe(osds);
  const shares = new Map(map.shares).set(osdId(0), { weight: 0, primaryAffinity: 1 });
  const reweighted = placementMapOf({ ...map, shares }).osds;
  expect(reweighted[0]).toEqual({ exists: true, up: true, weight: 0, primaryAffinity: 1 });
  expect(placementMapOf(map).osds).toEqual(osds);
  const crush = { ...map.crush, maxDevices: 30 };
  expect(placementMapOf({ ...map, crush }).osds).toHaveLength(30);
});
