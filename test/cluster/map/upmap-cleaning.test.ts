import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { type PgTable, pgTable } from "../../../cluster/map/pg-table.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import type { PlacementMap, PlacementOsd } from "../../../cluster/map/placement-map.ts";
import type { UpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { cleanedUpmaps } from "../../../cluster/map/upmap-cleaning.ts";
import { hostOf, osdIds, pool, type Tree, world } from "./world.ts";

const TREE: Tree = { racks: 1, hosts: 5, osds: 3 };
const PG = { pool: poolId(1), seed: 2 };
const NOTHING: UpmapChanges = { set: [], remove: [], removeWhole: [] };

function make(tree: Tree = TREE, osd: (id: number) => Partial<PlacementOsd> = () => ({})) {
  return world(tree, { pools: [pool({ pgNum: 8 })], osd });
}

const [a = -1, b = -1, c = -1] = new Placement(make()).pgToRaw(PG).osds;
const used = [a, b, c].map((osd) => hostOf(TREE, osd));
const [free = -1, free2 = -1] = [...Array(15).keys()].filter(
  (osd) => !used.includes(hostOf(TREE, osd)),
);
/** Another OSD of the host of b, which the PG may have only instead of b. */
const besideB = [0, 1, 2].map((i) => 3 * hostOf(TREE, b) + i).find((osd) => osd !== b) ?? -1;

function items(...pairs: [number, number][]) {
  return pairs.map(([from, to]) => ({ from: osdId(from), to: osdId(to) }));
}

function at<T>(value: T, pg: PgId = PG): PgTable<T> {
  return pgTable([[pg, value]]);
}

const cleaned = (map: PlacementMap): UpmapChanges => cleanedUpmaps(new Placement(map));

describe("items", () => {
  test.each([
    ["that move a replica to a free host", items([a, free])],
    ["that move a replica within its host", items([b, besideB])],
    ["that move two replicas", items([a, free], [b, besideB])],
  ])("%s stay", (_, pairs) => {
    expect(cleaned({ ...make(), pgUpmapItems: at(pairs) })).toEqual(NOTHING);
  });

  test.each([
    ["whose source the PG does not have", items([free, free2])],
    ["that end where they start", items([a, a])],
    ["that put two replicas into one host", items([a, besideB])],
    ["to an OSD that is not in the CRUSH map", items([a, 15])],
  ])("%s go", (_, pairs) => {
    expect(cleaned({ ...make(), pgUpmapItems: at(pairs) })).toEqual({ ...NOTHING, remove: [PG] });
  });

  test("to an OSD that is out go", () => {
    const map = make(TREE, (id) => (id === free ? { weight: 0 } : {}));
    const pgUpmapItems = at(items([a, free]));
    expect(cleaned({ ...map, pgUpmapItems })).toEqual({ ...NOTHING, remove: [PG] });
  });

  test("to an OSD that is down stay: it may come back", () => {
    const map = make(TREE, (id) => (id === free ? { up: false } : {}));
    expect(cleaned({ ...map, pgUpmapItems: at(items([a, free])) })).toEqual(NOTHING);
  });

  test("to an OSD whose CRUSH weight has become 0 go", () => {
    const map = make({ ...TREE, weightOf: (osd) => (osd === free ? 0 : 1) });
    const { osds } = new Placement(map).pgToRaw(PG);
    const pgUpmapItems = at(items([Number(osds[0]), free]));
    expect(cleaned({ ...map, pgUpmapItems })).toEqual({ ...NOTHING, remove: [PG] });
  });

  test("of a PG or pool that is gone go", () => {
    for (const pg of [
      { pool: poolId(1), seed: 8 },
      { pool: poolId(2), seed: 0 },
    ]) {
      const map = { ...make(), pgUpmapItems: at(items([a, free]), pg) };
      expect(cleaned(map)).toEqual({ ...NOTHING, remove: [pg] });
    }
  });

  test("keep the pairs that still have an effect", () => {
    const pgUpmapItems = at(items([free2, free], [b, besideB]));
    const set = [[PG, items([b, besideB])]];
    expect(cleaned({ ...make(), pgUpmapItems })).toEqual({ ...NOTHING, set });
  });
});

describe("a pg_upmap", () => {
  test("that the rule allows stays", () => {
    const pgUpmap = at(osdIds([free, b, c]));
    expect(cleaned({ ...make(), pgUpmap })).toEqual(NOTHING);
  });

  test.each([
    ["that is what CRUSH gives", [a, b, c]],
    ["with two OSDs of one host", [besideB, b, c]],
    ["with an OSD that is not in the CRUSH map", [15, b, c]],
    ["with more OSDs than the pool has replicas", [a, b, c, free]],
  ])("%s goes", (_, osds) => {
    const pgUpmap = at(osdIds(osds));
    expect(cleaned({ ...make(), pgUpmap })).toEqual({ ...NOTHING, removeWhole: [PG] });
  });

  test("with an OSD that is out goes", () => {
    const map = make(TREE, (id) => (id === free ? { weight: 0 } : {}));
    const pgUpmap = at(osdIds([free, b, c]));
    expect(cleaned({ ...map, pgUpmap })).toEqual({ ...NOTHING, removeWhole: [PG] });
  });
});
