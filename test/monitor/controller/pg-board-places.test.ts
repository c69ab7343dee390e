import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import {
  belongsTo,
  createPlaces,
  followPlaces,
  knownPrimaries,
  type Places,
  pgCountOf,
  placeSome,
  primaryOf,
} from "../../../monitor/controller/pg-board-places.ts";
import { changed, FIRST_MAP, mapChange, OSD_COUNT } from "./board-changes.ts";
import { next, osdMap, pg, withDown, withoutPool, withPool, withShare } from "./board-world.ts";

function follow(...maps: readonly OsdMap[]): Places {
  const places = createPlaces();
  for (const map of maps) followPlaces(places, map);
  return places;
}

/** Counted from every PG, by the map alone. */
function countsByMap(map: OsdMap): number[] {
  const counts = new Array<number>(OSD_COUNT).fill(0);
  for (const [pool, { pgNum }] of map.pools) {
    for (let seed = 0; seed < pgNum; seed++) {
      for (const osd of placementOf(map).pgToUp({ pool, seed }).osds) {
        if (counts[osd] !== undefined) counts[osd] += 1;
      }
    }
  }
  return counts;
}

const counts = (places: Places): number[] =>
  Array.from({ length: OSD_COUNT }, (_, osd) => pgCountOf(places, osdId(osd)));

test("after any epochs, primaries and counts are those of the present map", () => {
  const step = fc.record({ change: mapChange, placed: fc.nat(8) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let map = FIRST_MAP;
      const places = follow(map);
      for (const { change, placed } of steps) {
        placeSome(places, placed);
        map = changed(map, change);
        followPlaces(places, map);
      }
      placeSome(places, 1000);
      expect(places.dueCount).toBe(0);
      expect(counts(places)).toEqual(countsByMap(map));
      for (const [pool, { pgNum }] of map.pools) {
        for (let seed = 0; seed < pgNum; seed++) {
          const { primary } = placementOf(map).pgToActing({ pool, seed });
          expect(primaryOf(places, { pool, seed })).toBe(primary);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("primaries asked for one by one are those of the present map", () => {
  fc.assert(
    fc.property(fc.array(mapChange, { maxLength: 15 }), (changes) => {
      let map = FIRST_MAP;
      const places = follow(map);
      for (const change of changes) {
        map = changed(map, change);
        followPlaces(places, map);
        const { primary } = placementOf(map).pgToActing(pg("2.1"));
        expect(primaryOf(places, pg("2.1"))).toBe(primary);
      }
    }),
    { numRuns: 200 },
  );
});

describe("what an epoch makes due", () => {
  const tree = { racks: 1, hosts: 8, osds: 1 };
  const map = osdMap({ tree, pools: { 1: { pgNum: 64, size: 2 } } });

  function dueAfter(after: OsdMap): number {
    const places = follow(map);
    placeSome(places, 1000);
    followPlaces(places, after);
    return places.dueCount;
  }

  test("an OSD that goes down: its own PGs", () => {
    const places = follow(map);
    placeSome(places, 1000);
    expect(dueAfter(next(withDown(map, 3)))).toBe(pgCountOf(places, osdId(3)));
  });

  test.each<[string, OsdMap, number]>([
    ["nothing that places: none", next(map), 0],
    ["a weight: all", next(withShare(map, 3, { weight: 0 })), 64],
    ["another pool: its PGs", next(withPool(map, 2, { pgNum: 4 })), 4],
    ["a pool of another size: its PGs", next(withPool(map, 1, { pgNum: 64, size: 3 })), 64],
    ["a pool that is gone: none", next(withoutPool(map, 1)), 0],
    [
      "one pg_temp: that PG",
      next({ ...map, pgTemp: new Map([[poolId(1), new Map([[7, [osdId(1)]]])]]) }),
      1,
    ],
  ])("%s", (_, after, due) => {
    expect(dueAfter(after)).toBe(due);
  });
});

test("a PG whose temporary primary goes down is led by another one", () => {
  const map = osdMap({ pools: { 1: { pgNum: 1, size: 2 } } });
  const { osds } = placementOf(map).pgToUp(pg("1.0"));
  const guests = [0, 1, 2, 3].filter((osd) => !osds.includes(osdId(osd))).map(osdId);
  const temporary = next({ ...map, pgTemp: new Map([[poolId(1), new Map([[0, guests]])]]) });
  const places = follow(temporary);
  expect(primaryOf(places, pg("1.0"))).toBe(guests[0]);
  followPlaces(places, next(withDown(temporary, guests[0] ?? 0)));
  expect(primaryOf(places, pg("1.0"))).toBe(guests[1]);
});

test("a few are placed at a time, in turn through all pools", () => {
  const map = osdMap({ pools: { 1: { pgNum: 5 }, 2: { pgNum: 5 } } });
  const places = follow(map);
  const due = [];
  for (let turn = 0; turn < 5; turn++) {
    placeSome(places, 3);
    due.push(places.dueCount);
  }
  expect(due).toEqual([7, 4, 1, 0, 0]);
});

test("an OSD that is down has no PGs, and has them back when it is up", () => {
  const map = osdMap({ pools: { 1: { pgNum: 16 } } });
  const places = follow(map);
  placeSome(places, 100);
  const before = pgCountOf(places, osdId(2));
  expect(before).toBeGreaterThan(0);
  followPlaces(places, next(withDown(map, 2)));
  expect(pgCountOf(places, osdId(2))).toBe(0);
  followPlaces(places, next(next(map)));
  placeSome(places, 100);
  expect(pgCountOf(places, osdId(2))).toBe(before);
});

test("a PG belongs to its OSDs also while they are down", () => {
  const map = osdMap({ pools: { 1: { pgNum: 4 } } });
  const places = follow(next(withDown(map, 0, 1, 2, 3)));
  placeSome(places, 100);
  const { osds } = placementOf(map).pgToUpmap(pg("1.0"));
  expect(osds.every((osd) => belongsTo(places, pg("1.0"), osdId(osd)))).toBe(true);
  expect(belongsTo(places, pg("1.4"), osdId(0))).toBe(false);
  expect(belongsTo(places, pg("9.0"), osdId(0))).toBe(false);
});

test("a primary is known without placing only of a PG that was placed", () => {
  const map = osdMap({ pools: { 1: { pgNum: 2 } } });
  const places = follow(map);
  const leader = primaryOf(places, pg("1.0"));
  const known = knownPrimaries(places, poolId(1));
  expect([known?.(0), known?.(1)]).toEqual([leader, undefined]);
  expect(knownPrimaries(places, poolId(2))).toBeUndefined();
  expect(primaryOf(places, pg("2.0"))).toBeUndefined();
  expect(primaryOf(places, pg("1.2"))).toBeUndefined();
});
