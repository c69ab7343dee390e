/** What must be true of every plan, on random clusters that have some of everything. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import type { PlacementMap } from "../../../cluster/map/placement-map.ts";
import { balanceUpmaps, type UpmapPlan } from "../../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { NONE } from "../../../crush/types.ts";
import {
  countsOf,
  hostOf,
  NARROW_RULES,
  osdCountOf,
  pool,
  RULES,
  rackOf,
  type Tree,
  world,
} from "./world.ts";

const WHOLE = 0x10000;
const ALL_RULES = { ...RULES, ...NARROW_RULES };
type RuleName = keyof typeof ALL_RULES;

interface Scenario {
  readonly tree: Tree;
  readonly rule: RuleName;
  readonly map: PlacementMap;
}

const trees = fc.record({
  racks: fc.integer({ min: 1, max: 4 }),
  hosts: fc.integer({ min: 1, max: 4 }),
  osds: fc.integer({ min: 1, max: 3 }),
});

function classOf(osd: number): string {
  return osd % 3 === 1 ? "hdd" : "ssd";
}

const scenarios: fc.Arbitrary<Scenario> = trees.chain((shape) => {
  const count = osdCountOf(shape);
  const perOsd = <T>(value: fc.Arbitrary<T>) =>
    fc.array(value, { minLength: count, maxLength: count });
  return fc
    .record({
      rule: fc.constantFrom(...(Object.keys(ALL_RULES) as RuleName[])),
      weights: fc.oneof(fc.constant([]), perOsd(fc.constantFrom(0, 1, 1, 1, 2, 5))),
      reweights: fc.oneof(fc.constant([]), perOsd(fc.constantFrom(WHOLE, WHOLE, WHOLE / 2, 0))),
      isDown: fc.oneof(fc.constant([]), perOsd(fc.constantFrom(false, false, false, true))),
      size: fc.integer({ min: 1, max: 4 }),
      pgNum: fc.integer({ min: 1, max: 40 }),
      type: fc.constantFrom("replicated" as const, "erasure" as const),
      items: fc.array(fc.tuple(fc.nat(40), fc.nat(count), fc.nat(count)), { maxLength: 12 }),
    })
    .map(({ rule, weights, reweights, isDown, size, pgNum, type, items }) => {
      const tree = {
        ...shape,
        racks: rule === "twoTakes" ? Math.max(shape.racks, 2) : shape.racks,
        weightOf: (osd: number) => weights[osd] ?? 1,
        classOf,
      };
      const osd = (id: number) => ({ weight: reweights[id] ?? WHOLE, up: !isDown[id] });
      const pools = [pool({ pgNum, size, type })];
      const pgUpmapItems = pgTable(
        items.map(([seed, from, to]) => [
          { pool: poolId(1), seed },
          [{ from: osdId(from), to: osdId(to) }],
        ]),
      );
      const map = { ...world(tree, { steps: ALL_RULES[rule], pools, osd }), pgUpmapItems };
      return { tree, rule, map };
    });
});

function check(body: (scenario: Scenario, plan: UpmapPlan, after: PlacementMap) => void): void {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const plan = balanceUpmaps(scenario.map);
      body(scenario, plan, withUpmapChanges(scenario.map, plan.changes));
    }),
    { numRuns: 150 },
  );
}

function rows(map: PlacementMap, stage: "raw" | "upmap"): number[][] {
  const { osds, size } = new Placement(map).mapPool(poolId(1), stage);
  return Array.from({ length: osds.length / size }, (_, seed) => [
    ...osds.subarray(seed * size, (seed + 1) * size),
  ]);
}

/** The same map with the upmaps that its cleaning leaves. */
function cleaned(map: PlacementMap): PlacementMap {
  return withUpmapChanges(map, balanceUpmaps(map, { changesMax: 0 }).changes);
}

/** Whether the rule could give such a row, said anew for each rule. */
function isAllowed({ tree, rule }: Scenario, row: readonly number[]): boolean {
  const osds = row.filter((osd) => osd !== NONE);
  const hosts = osds.map((osd) => hostOf(tree, osd));
  const racks = osds.map((osd) => rackOf(tree, osd));
  const isDistinct = (list: readonly number[]): boolean => new Set(list).size === list.length;
  const inRack = (rack: number): number => racks.filter((other) => other === rack).length;
  switch (rule) {
    case "osd":
      return isDistinct(osds);
    case "host":
      return isDistinct(hosts);
    case "rack":
      return isDistinct(racks);
    case "twoByTwo":
      return isDistinct(hosts) && new Set(racks).size <= 2 && racks.every((r) => inRack(r) <= 2);
    case "ssd":
      return isDistinct(hosts) && osds.every((osd) => classOf(osd) === "ssd");
    case "twoTakes":
      return isDistinct(hosts) && inRack(0) <= 1 && racks.every((r) => r <= 1);
  }
}

describe("every plan", () => {
  test("leaves each PG where its rule could have put it", () => {
    check((scenario, _, after) => {
      for (const row of rows(after, "upmap"))
        expect([row, isAllowed(scenario, row)]).toEqual([row, true]);
    });
  });

  test("moves only to OSDs that are up, in, and of some weight", () => {
    check(({ tree, map }, { changes }, after) => {
      const before = rows(cleaned(map), "upmap");
      const now = rows(after, "upmap");
      for (const [{ seed }] of changes.set) {
        const arrived = (now[seed] ?? []).filter((osd) => !before[seed]?.includes(osd));
        for (const osd of arrived) {
          const { up, weight } = map.osds[osd] ?? { up: false, weight: 0 };
          expect([up, weight > 0, (tree.weightOf?.(osd) ?? 0) > 0]).toEqual([true, true, true]);
        }
      }
    });
  });

  test("moves as many replicas as it says, each at its position, and fills no hole", () => {
    check(({ map }, { movedCount }, after) => {
      const before = rows(cleaned(map), "upmap");
      let moved = 0;
      for (const [seed, row] of rows(after, "upmap").entries()) {
        for (const [position, osd] of row.entries()) {
          const was = before[seed]?.[position];
          if (was !== osd) moved++;
          expect([was === NONE, osd === NONE]).toEqual([osd === NONE, osd === NONE]);
        }
      }
      expect(moved).toBe(movedCount);
    });
  });

  test("makes the cluster more even, if it moves anything", () => {
    check(({ map, tree }, { movedCount }, after) => {
      fc.pre(map.osds.every(({ up, weight }) => up && weight === WHOLE));
      fc.pre(map.osds.every((_, osd) => tree.weightOf?.(osd) === 1));
      const squares = (given: PlacementMap): number =>
        countsOf(given, 1).reduce((sum, count) => sum + count * count, 0);
      const [was, is] = [squares(cleaned(map)), squares(after)];
      if (movedCount === 0) expect(is).toBe(was);
      else expect(is).toBeLessThan(was);
    });
  });

  test("leaves nothing for another one to do", () => {
    check((_scenario, _plan, after) => {
      const nothing = { changes: { set: [], remove: [], removeWhole: [] }, movedCount: 0 };
      expect(balanceUpmaps(after)).toEqual(nothing);
    });
  });

  test("comes out the same again", () => {
    check(({ map }, plan) => {
      expect(balanceUpmaps(map)).toEqual(plan);
    });
  });

  test("keeps within its limits", () => {
    fc.assert(
      fc.property(
        scenarios,
        fc.nat(6),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        ({ map }, changesMax, ratio) => {
          const start = cleaned(map);
          const { changes, movedCount } = balanceUpmaps(start, {
            changesMax,
            misplacedRatioMax: ratio,
          });
          expect(changes.set.length + changes.remove.length).toBeLessThanOrEqual(changesMax);
          const replicas = rows(start, "raw").flat().length;
          expect(movedCount).toBeLessThanOrEqual(ratio * replicas);
        },
      ),
      { numRuns: 60 },
    );
  });
});
