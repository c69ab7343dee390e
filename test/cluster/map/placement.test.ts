import { describe, expect, test } from "vitest";
import { type OsdId, osdId, poolId } from "../../../cluster/base/ids.ts";
import { type PgTable, pgTable } from "../../../cluster/map/pg-table.ts";
import { type OsdSet, Placement } from "../../../cluster/map/placement.ts";
import type { PlacementMap, PlacementOsd } from "../../../cluster/map/placement-map.ts";
import { placementSeed } from "../../../cluster/map/pool.ts";
import { hash2 } from "../../../crush/hash.ts";
import { NONE } from "../../../crush/types.ts";
import { WEIGHT_ONE } from "../../../crush/weight.ts";
import { osdIds, pool, RULES, world } from "./world.ts";

const TREE = { racks: 1, hosts: 6, osds: 2 };
const STEPS = {
  replicated: RULES.host,
  erasure: ["take default", "chooseleaf indep 0 type host", "emit"],
};
type Type = keyof typeof STEPS;

const PG = { pool: poolId(1), seed: 3 };

function make(type: Type, osd?: (id: number) => Partial<PlacementOsd>): PlacementMap {
  const options = { steps: STEPS[type], pools: [pool({ pgNum: 8, type })] };
  return world(TREE, osd === undefined ? options : { ...options, osd });
}

/** What CRUSH gives for the PG in a map where nothing else is set. */
function rawOf(type: Type): [OsdId, OsdId, OsdId] {
  const { osds } = new Placement(make(type)).pgToRaw(PG);
  expect(osds).toHaveLength(3);
  return osds as [OsdId, OsdId, OsdId];
}

function at<T>(value: T): PgTable<T> {
  return pgTable([[PG, value]]);
}

/** An OSD that the PG does not have. */
function other(row: readonly OsdId[], skip = 0): OsdId {
  const ids = osdIds([...Array(12).keys()]).filter((id) => !row.includes(id));
  return ids[skip] as OsdId;
}

describe.each(["replicated", "erasure"] as const)("in a pool of type %s", (type) => {
  const raw = rawOf(type);
  const [a, b, c] = raw;
  const x = other(raw);
  const y = other(raw, 1);

  test("a PG without anything special is where CRUSH puts it at every stage", () => {
    const placement = new Placement(make(type));
    const expected: OsdSet = { osds: raw, primary: a };
    expect(placement.pgToUpmap(PG)).toEqual(expected);
    expect(placement.pgToUp(PG)).toEqual(expected);
    expect(placement.pgToActing(PG)).toEqual(expected);
  });

  test("upmap items replace their sources in order", () => {
    const pgUpmapItems = at([
      { from: b, to: x },
      { from: x, to: y },
    ]);
    expect(new Placement({ ...make(type), pgUpmapItems }).pgToUpmap(PG).osds).toEqual([a, y, c]);
  });

  test.each([
    ["from an OSD that the PG does not have", { from: x, to: y }],
    ["to an OSD that the PG has already", { from: a, to: c }],
  ])("an item %s does nothing", (_, item) => {
    const placement = new Placement({ ...make(type), pgUpmapItems: at([item]) });
    expect(placement.pgToUpmap(PG).osds).toEqual(raw);
  });

  test("an item to an OSD that is out does nothing, but the others stay", () => {
    const map = make(type, (id) => (id === x ? { weight: 0 } : {}));
    const items = [
      { from: a, to: x },
      { from: b, to: y },
    ];
    const placement = new Placement({ ...map, pgUpmapItems: at(items) });
    expect(placement.pgToUpmap(PG).osds).toEqual([a, y, c]);
  });

  test("an item to an OSD beyond the end of the map counts; nobody is there", () => {
    const to = osdId(99);
    const placement = new Placement({ ...make(type), pgUpmapItems: at([{ from: a, to }]) });
    expect(placement.pgToUpmap(PG).osds).toEqual([to, b, c]);
    expect(placement.pgToUp(PG).osds).toEqual(type === "replicated" ? [b, c] : [NONE, b, c]);
  });

  test("a pg_upmap replaces the row, and items apply to what it says", () => {
    const pgUpmap = at([y, b, a]);
    const pgUpmapItems = at([{ from: y, to: c }]);
    const placement = new Placement({ ...make(type), pgUpmap, pgUpmapItems });
    expect(placement.pgToUpmap(PG).osds).toEqual([c, b, a]);
  });

  test("a pg_upmap with an OSD that is out is not in force, nor are the items", () => {
    const map = make(type, (id) => (id === x ? { weight: 0 } : {}));
    const pgUpmapItems = at([{ from: a, to: y }]);
    const placement = new Placement({ ...map, pgUpmap: at([x, b, c]), pgUpmapItems });
    expect(placement.pgToUpmap(PG).osds).toEqual(raw);
  });

  test.each([
    ["does not exist", { exists: false, up: true }],
    ["is down", { up: false }],
  ])("an OSD that %s is not in the up set", (_, state) => {
    const placement = new Placement(make(type, (id) => (id === a ? state : {})));
    const rest = type === "replicated" ? [b, c] : [NONE, b, c];
    expect(placement.pgToUp(PG)).toEqual({ osds: rest, primary: b });
    expect(placement.pgToActing(PG)).toEqual({ osds: rest, primary: b });
  });

  test("with all OSDs down nobody leads", () => {
    const placement = new Placement(make(type, () => ({ up: false })));
    const osds = type === "replicated" ? [] : [NONE, NONE, NONE];
    expect(placement.pgToUp(PG)).toEqual({ osds, primary: undefined });
    expect(placement.pgToActing(PG)).toEqual({ osds, primary: undefined });
  });

  test("an OSD of primary affinity 0 leads only if no other one does", () => {
    const shy = (...ids: OsdId[]) =>
      new Placement(
        make(type, (id) => ({ primaryAffinity: ids.includes(osdId(id)) ? 0 : WEIGHT_ONE })),
      ).pgToUp(PG);
    const moved = type === "replicated";
    expect(shy(a)).toEqual({ osds: moved ? [b, a, c] : raw, primary: b });
    expect(shy(a, b)).toEqual({ osds: moved ? [c, a, b] : raw, primary: c });
    expect(shy(a, b, c)).toEqual({ osds: raw, primary: a });
  });

  test("between 0 and 1 the hash of PG and OSD decides", () => {
    const draw = hash2(placementSeed(pool({ pgNum: 8 }), PG.seed), a) >>> 16;
    const leader = (primaryAffinity: number) =>
      new Placement(make(type, (id) => (id === a ? { primaryAffinity } : {}))).pgToUp(PG).primary;
    expect(leader(draw)).toBe(b);
    expect(leader(draw + 1)).toBe(a);
  });

  test("pg_temp takes the place of the up set, without OSDs that are down", () => {
    const map = { ...make(type, (id) => (id === y ? { up: false } : {})), pgTemp: at([y, x, c]) };
    const osds = type === "replicated" ? [x, c] : [NONE, x, c];
    expect(new Placement(map).pgToActing(PG)).toEqual({ osds, primary: x });
    expect(new Placement(map).pgToUp(PG).osds).toEqual(raw);
  });

  test("primary_temp leads whatever the acting set is, even from outside", () => {
    const primaryTemp = at(y);
    const map = make(type);
    expect(new Placement({ ...map, primaryTemp }).pgToActing(PG)).toEqual({
      osds: raw,
      primary: y,
    });
    const pgTemp = at([x, c]);
    expect(new Placement({ ...map, primaryTemp, pgTemp }).pgToActing(PG).primary).toBe(y);
  });

  test("all PGs of a pool at once are the same as one by one", () => {
    const down = make(type, (id) => ({ up: id % 5 !== 0, primaryAffinity: (id % 3) * 0x7000 }));
    const map = { ...down, pgUpmapItems: at([{ from: a, to: x }]), pgTemp: at([y, x]) };
    const placement = new Placement(map);
    const stages = {
      raw: placement.pgToRaw.bind(placement),
      upmap: placement.pgToUpmap.bind(placement),
      up: placement.pgToUp.bind(placement),
      acting: placement.pgToActing.bind(placement),
    };
    for (const stage of ["raw", "upmap", "up", "acting"] as const) {
      const { osds, primaries, size } = placement.mapPool(PG.pool, stage);
      for (let seed = 0; seed < 8; seed++) {
        const set = stages[stage]({ pool: PG.pool, seed });
        const padded = [...set.osds, NONE, NONE, NONE].slice(0, size);
        expect([...osds.subarray(seed * size, (seed + 1) * size)]).toEqual(padded);
        expect(primaries[seed]).toBe(set.primary ?? NONE);
      }
    }
  });
});

test("in an erasure pool a pg_temp of holes alone leaves the PG without a leader", () => {
  const map = { ...make("erasure"), pgTemp: at([NONE, NONE] as const) };
  const nobody = { osds: [NONE, NONE], primary: undefined };
  expect(new Placement(map).pgToActing(PG)).toEqual(nobody);
});

test.each([
  ["of a pool that is not there", { pool: poolId(9), seed: 0 }],
  ["beyond the pool's last", { pool: poolId(1), seed: 8 }],
])("a PG %s is nowhere", (_, pg) => {
  const placement = new Placement(make("replicated"));
  const nowhere = { osds: [], primary: undefined };
  expect(placement.pgToRaw(pg)).toEqual(nowhere);
  expect(placement.pgToUpmap(pg)).toEqual(nowhere);
  expect(placement.pgToUp(pg)).toEqual(nowhere);
  expect(placement.pgToActing(pg)).toEqual(nowhere);
});

test("PGs of a pool that no rule fits are nowhere", () => {
  const map = world(TREE, { pools: [pool({ pgNum: 8, size: 21 })] });
  expect(new Placement(map).ruleIdOf(PG.pool)).toBeUndefined();
  expect(new Placement(map).pgToActing(PG)).toEqual({ osds: [], primary: undefined });
});
