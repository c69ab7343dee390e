import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { placementMapOf, placementOf } from "../../../../cluster/map/osd-map-placement.ts";
import { formatPgId } from "../../../../cluster/map/pg-id.ts";
import { pgEntries, pgTable } from "../../../../cluster/map/pg-table.ts";
import { balanceUpmaps } from "../../../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../../../cluster/map/upmap-changes.ts";
import { balanceEdit } from "../../../../monitor/controller/command/balance-edit.ts";
import { osdMapWorld } from "../../../cluster/map/osd-map-world.ts";
import { done, osds, pg, TREE } from "./desk.ts";

/** Wide enough for a plan of several changes. */
const BASE = osdMapWorld(TREE, {
  pools: [
    { pgNum: 64, name: "rbd" },
    { pgNum: 32, name: "data" },
  ],
});
const { changes: PLAN } = balanceUpmaps(placementMapOf(BASE));
const planned = PLAN.set.length + PLAN.remove.length;

const pgsOf = (map: OsdMap) =>
  [...pgEntries(map.pgUpmapItems)].map(([id]) => formatPgId(id)).sort();
const PLANNED = PLAN.set.map(([id]) => formatPgId(id)).sort();
const isOfPool = (pool: number) => (name: string) => name.startsWith(`${pool}.`);

describe("a plan of the balancer", () => {
  test("is taken whole while the map is as it was, but for who is up", () => {
    expect(planned).toBeGreaterThan(3);
    const expected = withUpmapChanges(placementMapOf(BASE), PLAN).pgUpmapItems;
    const down = done(BASE, { type: "osdDown", osds: osds(0) }).map;
    const flagged = done(BASE, { type: "flagSet", flags: ["noout"] }).map;
    for (const draft of [BASE, down, flagged]) {
      const { map, what } = balanceEdit(draft, BASE, PLAN);
      expect(map).toEqual({ ...draft, pgUpmapItems: expected });
      expect(what).toBe(`balance: ${planned} of ${planned} planned changes of upmaps`);
    }
  });

  test("is dropped where the CRUSH map has changed", () => {
    const draft = done(BASE, { type: "crushReweight", item: "osd.0", weight: 2 }).map;
    expect(balanceEdit(draft, BASE, PLAN)).toMatchObject({
      map: draft,
      what: `balance: none of ${planned} changes is still as it was planned`,
    });
    // One that was changed back is as it was.
    const back = done(draft, { type: "crushReweight", item: "osd.0", weight: 1 }).map;
    expect(pgsOf(balanceEdit(back, BASE, PLAN).map)).toEqual(PLANNED);
  });

  test("is dropped for a pool that has changed or is gone, and taken for another", () => {
    const narrow = done(BASE, { type: "poolSet", name: "rbd", size: 2, confirm: false }).map;
    expect(pgsOf(balanceEdit(narrow, BASE, PLAN).map)).toEqual(PLANNED.filter(isOfPool(2)));
    const settings = { poolDefaultSize: 3, poolDeleteAllowed: true, pgsPerOsdMax: 250 };
    const gone = done(
      BASE,
      { type: "poolDelete", name: "data", nameAgain: "data", confirm: true },
      { settings },
    ).map;
    expect(pgsOf(balanceEdit(gone, BASE, PLAN).map)).toEqual(PLANNED.filter(isOfPool(1)));
    const renamed = done(BASE, { type: "poolRename", from: "rbd", to: "images" }).map;
    expect(pgsOf(balanceEdit(renamed, BASE, PLAN).map)).toEqual(PLANNED);
  });

  test("is dropped for PGs whose OSDs weigh otherwise, or that CRUSH gives elsewhere now", () => {
    const draft = done(BASE, { type: "osdReweight", osd: osdId(0), weight: 0.9 }).map;
    const [now, then] = [placementOf(draft), placementOf(BASE)];
    const expected = PLAN.set.filter(([id, pairs]) => {
      const row = then.pgToRaw(id).osds;
      const involved = [...row, ...pairs.flatMap(({ from, to }) => [from, to])];
      return row.join() === now.pgToRaw(id).osds.join() && !involved.includes(osdId(0));
    });
    expect(expected.length).toBeLessThan(PLAN.set.length);
    expect(expected.length).toBeGreaterThan(0);
    expect(pgsOf(balanceEdit(draft, BASE, PLAN).map)).toEqual(
      expected.map(([id]) => formatPgId(id)).sort(),
    );
  });

  test("is dropped for PGs whose upmaps somebody has changed", () => {
    const [[id, pairs]] = PLAN.set as [(typeof PLAN.set)[number]];
    const other = pairs.map(({ from }) => ({ from, to: from }));
    const draft: OsdMap = { ...BASE, pgUpmapItems: pgTable([[id, other]]) };
    const { map } = balanceEdit(draft, BASE, PLAN);
    expect(map.pgUpmapItems.get(id.pool)?.get(id.seed)).toEqual(other);
    expect(pgsOf(map)).toEqual(PLANNED);
  });

  test("removes what it says, unless that has changed", () => {
    const pairs = [{ from: osdId(0), to: osdId(1) }];
    const base: OsdMap = {
      ...BASE,
      pgUpmap: pgTable([[pg(1, 1), osds(0, 2, 4)]]),
      pgUpmapItems: pgTable([[pg(1, 0), pairs]]),
    };
    const changes = { set: [], remove: [pg(1, 0)], removeWhole: [pg(1, 1)] };
    const { map } = balanceEdit(base, base, changes);
    expect([map.pgUpmap, map.pgUpmapItems]).toEqual([pgTable(), pgTable()]);
    const draft: OsdMap = { ...base, pgUpmap: pgTable([[pg(1, 1), osds(0, 2, 6)]]) };
    const partly = balanceEdit(draft, base, changes).map;
    expect(partly.pgUpmap).toBe(draft.pgUpmap);
    expect(partly.pgUpmapItems.get(poolId(1))).toBeUndefined();
  });

  test("of nothing changes nothing", () => {
    const nothing = { set: [], remove: [], removeWhole: [] };
    expect(balanceEdit(BASE, BASE, nothing).map).toBe(BASE);
  });
});
