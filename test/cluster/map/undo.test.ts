import { expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { editOf } from "../../../cluster/map/osd-map-delta.ts";
import { changedPgTable, pgTable } from "../../../cluster/map/pg-table.ts";
import { type Inverse, inverseOf, undo } from "../../../cluster/map/undo.ts";
import { addBucket, reweightItem } from "../../../crush/builder.ts";
import { osdMapWorld, published } from "./osd-map-world.ts";

const TREE = { racks: 1, hosts: 4, osds: 2 };
const POOL = poolId(1);
const map = osdMapWorld(TREE, { pools: [{ pgNum: 8 }] });

interface Change {
  readonly after: OsdMap;
  readonly inverse: Inverse;
}

function make(before: OsdMap, change: (map: OsdMap) => OsdMap): Change {
  const edit = editOf(before, change(before));
  return { after: edit?.map ?? before, inverse: inverseOf(edit?.changes ?? []) };
}

const out =
  (id: number, weight = 0) =>
  (from: OsdMap): OsdMap => ({
    ...from,
    shares: new Map(from.shares).set(osdId(id), { ...FULL_SHARE, weight }),
  });

const down =
  (id: number) =>
  (from: OsdMap): OsdMap => ({
    ...from,
    osds: new Map(from.osds).set(osdId(id), { ...NEW_OSD, downAt: epoch(2) }),
  });

const purged =
  (id: number) =>
  (from: OsdMap): OsdMap => {
    const [osds, shares] = [new Map(from.osds), new Map(from.shares)];
    osds.delete(osdId(id));
    shares.delete(osdId(id));
    return { ...from, osds, shares };
  };

const created =
  (id: number) =>
  (from: OsdMap): OsdMap => ({
    ...from,
    osds: new Map(from.osds).set(osdId(id), NEW_OSD),
    shares: new Map(from.shares).set(osdId(id), FULL_SHARE),
  });

const poolDeleted = (from: OsdMap): OsdMap => ({
  ...from,
  pools: new Map(),
  poolSettings: new Map(),
  pgUpmapItems: new Map(),
});

const renamed = (from: OsdMap): OsdMap => {
  const settings = from.poolSettings.get(POOL);
  if (settings === undefined) return from;
  return { ...from, poolSettings: new Map([[POOL, { ...settings, name: "other" }]]) };
};

const upmapped = (from: OsdMap): OsdMap => ({
  ...from,
  pgUpmapItems: pgTable([[{ pool: POOL, seed: 5 }, [{ from: osdId(0), to: osdId(7) }]]]),
});

function refusal(now: OsdMap, inverse: Inverse): readonly string[] {
  const result = undo(now, inverse);
  return result.type === "refused" ? result.conflicts : [];
}

test("the inverse of an edit holds its intent and no fact", () => {
  const { inverse } = make(map, (from) => down(3)(out(3)(from)));
  expect(inverse.map(({ section }) => section)).toEqual([2]);
  expect(make(map, down(3)).inverse).toEqual([]);
});

test("intent goes back, and facts that changed in the same epoch or since stay", () => {
  const { after, inverse } = make(map, (from) => down(3)(out(3)(from)));
  const now = published(after, down(4)(after));
  const result = undo(now, inverse);
  expect(result).toEqual({ type: "undone", map: { ...now, shares: map.shares } });
});

test("undoing nothing gives the map itself", () => {
  expect(undo(map, [])).toEqual({ type: "undone", map });
});

test("what other people changed elsewhere stays", () => {
  const { after, inverse } = make(map, out(3));
  const now = published(after, out(4, 0x8000)(after));
  const result = undo(now, inverse);
  const shares = new Map(map.shares).set(osdId(4), { ...FULL_SHARE, weight: 0x8000 });
  expect(result).toEqual({ type: "undone", map: { ...now, shares } });
});

test("whatever the map has become, undone twice is refused", () => {
  const { after, inverse } = make(map, out(3));
  const result = undo(after, inverse);
  const back = result.type === "undone" ? published(after, result.map) : after;
  expect(refusal(back, inverse)).toEqual(["weight of osd 3 was changed since"]);
});

test("an undo is an edit like any other: it can be undone", () => {
  const { after, inverse } = make(map, out(3));
  const result = undo(after, inverse);
  const again = make(after, () => (result.type === "undone" ? result.map : after));
  const twice = undo(again.after, again.inverse);
  expect(twice.type === "undone" && twice.map.shares).toEqual(after.shares);
});

test.each<[string, (map: OsdMap) => OsdMap, (map: OsdMap) => OsdMap, string[]]>([
  ["a weight that was set again", out(3), out(3, 0x8000), ["weight of osd 3 was changed since"]],
  ["the creation of an OSD", created(9), (now) => now, ["osd.9 has no weight"]],
  ["the purge of an OSD", purged(3), (now) => now, ["there is no osd.3 to have a weight"]],
  [
    "the deletion of a pool",
    poolDeleted,
    (now) => now,
    ["there is no pool 1 to have settings", "there is no PG 1.5 to have an upmap"],
  ],
  [
    "settings of a pool that is gone",
    renamed,
    poolDeleted,
    ["settings of pool 1 was changed since"],
  ],
  [
    "an upmap that leads to an OSD that went away",
    (from) => ({ ...from, pgUpmapItems: new Map() }),
    purged(7),
    ["PG 1.5 would be mapped to osd.7, which is not there any more"],
  ],
  [
    "a bucket that holds something now",
    (from) => ({
      ...from,
      crush: addBucket(from.crush, { name: "new", type: "host", parent: "rack0" }),
    }),
    (now) => ({ ...now, crush: reweightItem(now.crush, { item: "osd.0", weight: 0x8000 }) }),
    ["CRUSH bucket -5 was changed since"],
  ],
])("%s is not undone", (_, change, since, conflicts) => {
  const start = published(map, upmapped(map));
  const { after, inverse } = make(start, change);
  const now = published(after, since(after));
  expect(refusal(now, inverse)).toEqual(conflicts);
});

test("the creation of a pool is not undone", () => {
  const { pools, poolSettings } = osdMapWorld(TREE, { pools: [{ id: 2, pgNum: 4 }] });
  const { after, inverse } = make(map, (from) => ({
    ...from,
    pools: new Map([...from.pools, ...pools]),
    poolSettings: new Map([...from.poolSettings, ...poolSettings]),
    poolIdMax: 2,
  }));
  expect(refusal(after, inverse)).toEqual(["pool 2 has no settings"]);
});

test("many rows are undone in one go", () => {
  const rows = Array.from({ length: 8 }, (_, seed) => [{ pool: POOL, seed }, [osdId(1)]] as const);
  const { after, inverse } = make(map, (from) => ({
    ...from,
    pgUpmap: changedPgTable(from.pgUpmap, rows),
  }));
  expect(inverse).toHaveLength(8);
  const result = undo(after, inverse);
  expect(result.type === "undone" && result.map.pgUpmap.size).toBe(0);
});
