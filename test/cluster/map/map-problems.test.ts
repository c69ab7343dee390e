import { expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import { mapProblems, PG_COUNT_MAX, POOL_SIZE_MAX } from "../../../cluster/map/map-problems.ts";
import { FULL_SHARE, NEW_OSD, OSD_COUNT_MAX } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import type { PoolFacts, PoolSettings } from "../../../cluster/map/pool-info.ts";
import { osdMapWorld, type WorldPool } from "./osd-map-world.ts";

const TREE = { racks: 1, hosts: 4, osds: 2 };
const ONE = poolId(1);

function withPools(...pools: WorldPool[]): OsdMap {
  return osdMapWorld(TREE, { pools });
}

const GOOD = withPools({ pgNum: 8 }, { pgNum: 8, type: "erasure", size: 4 });

function withOne(facts: Partial<PoolFacts>, settings: Partial<PoolSettings>): OsdMap {
  return withPools({ pgNum: 8, ...facts, ...settings }, { pgNum: 8 });
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  return new Map([...map].filter(([other]) => other !== key));
}

function upmapped(pool: number, seed: number, length = 3): OsdMap {
  const row = Array.from({ length }, (_, id) => osdId(id));
  return { ...GOOD, pgUpmap: pgTable([[{ pool: poolId(pool), seed }, row]]) };
}

test.each([
  ["an empty map", EMPTY_MAP],
  ["a map with pools of both types", GOOD],
  ["an upmap of a PG that is there", upmapped(1, 7)],
  [
    "a pool that is as small as it may be",
    withOne({ pgNum: 1, pgpNum: 1 }, { size: 1, minSize: 1 }),
  ],
])("nothing is wrong with %s", (_, map) => {
  expect(mapProblems(map)).toEqual([]);
});

const LOOP = {
  ...GOOD.crush,
  buckets: GOOD.crush.buckets.map((b) => b && { ...b, items: [b.id] }),
};
const FAR = osdId(OSD_COUNT_MAX);

test.each<[string, OsdMap, string]>([
  ["a CRUSH map that loops", { ...GOOD, crush: LOOP as never }, "the CRUSH map is not valid: "],
  [
    "an OSD without a weight",
    { ...GOOD, shares: without(GOOD.shares, osdId(3)) },
    "osd.3 has no weight",
  ],
  [
    "a weight without an OSD",
    { ...GOOD, osds: without(GOOD.osds, osdId(3)) },
    "there is no osd.3 to have a weight",
  ],
  [
    "an OSD beyond all ids",
    {
      ...GOOD,
      osds: new Map(GOOD.osds).set(FAR, NEW_OSD),
      shares: new Map(GOOD.shares).set(FAR, FULL_SHARE),
    },
    "osd.1048576 is above the largest id, 1048575",
  ],
  [
    "a pool without settings",
    { ...GOOD, poolSettings: without(GOOD.poolSettings, ONE) },
    "pool 1 has no settings",
  ],
  [
    "settings without a pool",
    { ...GOOD, pools: without(GOOD.pools, ONE) },
    "there is no pool 1 to have settings",
  ],
  ["a pool id that was never given", { ...GOOD, poolIdMax: 1 }, "pool 2 is above the last id"],
  ["a pool without PGs", withOne({ pgNum: 0, pgpNum: 0 }, {}), "pool 1 has no PGs"],
  [
    "more PGPs than PGs",
    withOne({ pgpNum: 9 }, {}),
    "pool 1 has pgp_num 9; it must be within 1..8",
  ],
  [
    "too many PGs",
    withOne({ pgNum: PG_COUNT_MAX }, {}),
    `all pools together have ${PG_COUNT_MAX + 8} PGs; there may be ${PG_COUNT_MAX}`,
  ],
  ["a pool without a name", withOne({}, { name: "" }), "pool 1 has no name"],
  ["two pools of one name", withOne({}, { name: "pool2" }), 'two pools are called "pool2"'],
  ["size 0", withOne({}, { size: 0 }), 'pool "pool1" has the size 0; it must be within 1..64'],
  ["size 65", withOne({}, { size: POOL_SIZE_MAX + 1 }), 'pool "pool1" has the size 65'],
  ["min_size 0", withOne({}, { minSize: 0 }), "min_size 0; it must be within 1..3, its size"],
  ["min_size above size", withOne({}, { minSize: 4 }), "min_size 4; it must be within 1..3"],
  ["an unknown rule", withOne({}, { rule: 5 }), 'no CRUSH rule of ruleset 5 fits pool "pool1"'],
  ["a rule for another type", withOne({}, { rule: 1 }), "no CRUSH rule of ruleset 1 fits"],
  ["an upmap of a PG beyond the pool", upmapped(1, 8), "there is no PG 1.8 to have an upmap"],
  ["an upmap of no pool", upmapped(7, 0), "there is no PG 7.0 to have an upmap"],
  ["a long upmap", upmapped(1, 0, 65), "the upmap of PG 1.0 has 65 entries; it may have 64"],
])("%s is said", (_, map, sentence) => {
  expect(mapProblems(map).join("\n")).toContain(sentence);
});
