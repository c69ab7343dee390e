import { expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { causeOf } from "../../../monitor/controller/progress-cause.ts";
import {
  next,
  osdMap,
  pg,
  withDown,
  withOsd,
  withOut,
  withoutPool,
  withPool,
  withShare,
} from "./board-world.ts";

const MAP = osdMap({ tree: { racks: 1, hosts: 6, osds: 1 }, pools: { 1: { name: "a" } } });
const OUT = withOut(MAP, 1, 2);

function settings(map: OsdMap, size: number): OsdMap {
  return withPool(map, 1, { name: "a", size });
}

test.each<[string, OsdMap, OsdMap, string | undefined]>([
  ["an OSD out", MAP, withOut(MAP, 3), "Rebalancing after osd.3 marked out"],
  ["two OSDs out", MAP, OUT, "Rebalancing after osd.1, osd.2 marked out"],
  [
    "many OSDs out",
    MAP,
    withOut(MAP, 0, 1, 2, 3, 4),
    "Rebalancing after osd.0, osd.1, osd.2 and 2 more marked out",
  ],
  ["an OSD in", OUT, withShare(OUT, 1, { weight: 5 }), "Rebalancing after osd.1 marked in"],
  ["another weight", MAP, withShare(MAP, 4, { weight: 5 }), "Rebalancing after osd.4 reweighted"],
  [
    "one out and one in",
    OUT,
    withOut(withShare(OUT, 1, { weight: 5 }), 5),
    "Rebalancing after osd.5 marked out, osd.1 marked in",
  ],
  [
    "an OSD that is gone",
    MAP,
    { ...MAP, shares: new Map([...MAP.shares].filter(([osd]) => osd !== 3)) },
    "Rebalancing after osd.3 marked out",
  ],
  [
    "another CRUSH map",
    MAP,
    { ...MAP, crush: { ...MAP.crush } },
    "Rebalancing after the CRUSH map changed",
  ],
  ["another size", MAP, settings(MAP, 2), "Rebalancing after pool 'a' got size 2"],
  [
    "upmaps",
    MAP,
    { ...MAP, pgUpmapItems: pgTable([[pg("1.0"), [{ from: osdId(0), to: osdId(1) }]]]) },
    "Balancing by upmaps",
  ],
])("%s gives work", (_, before, after, title) => {
  expect(causeOf(before, next(after))).toEqual({ title });
});

test("an OSD that goes down gives work that waits", () => {
  expect(causeOf(MAP, next(withDown(MAP, 2)))).toEqual({ title: undefined });
});

test.each<[string, OsdMap, OsdMap]>([
  ["nothing", MAP, MAP],
  ["an OSD that comes up", withDown(MAP, 2), MAP],
  ["up_thru", MAP, withOsd(MAP, 1, { upThru: MAP.epoch })],
  ["another affinity", MAP, withShare(MAP, 1, { primaryAffinity: 5 })],
  ["flags", MAP, { ...MAP, flags: new Set(["noout"]) }],
  ["another name of a pool", MAP, withPool(MAP, 1, { name: "b" })],
  ["a new pool", MAP, withPool(MAP, 2)],
  ["a pool that is deleted", MAP, withoutPool(MAP, 1)],
  ["pg_temp", MAP, { ...MAP, pgTemp: new Map([[poolId(1), new Map([[0, [osdId(1)]]])]]) }],
  ["the first CRUSH map", EMPTY_MAP, { ...EMPTY_MAP, crush: MAP.crush }],
])("%s gives none", (_, before, after) => {
  expect(causeOf(before, before === after ? after : next(after))).toBeUndefined();
});
