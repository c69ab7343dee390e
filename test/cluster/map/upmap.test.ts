import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import { pgEntries, pgTable } from "../../../cluster/map/pg-table.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import type { PlacementMap, PlacementOsd } from "../../../cluster/map/placement-map.ts";
import { balanceUpmaps } from "../../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { countsOf, hostOf, NARROW_RULES, osdIds, pool, RULES, type Tree, world } from "./world.ts";

const WHOLE = 0x10000;

function balanced(map: PlacementMap): PlacementMap {
  return withUpmapChanges(map, balanceUpmaps(map).changes);
}

/** The fewest moves that can make all counts equal. */
function excessOf(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + Math.max(count - mean, 0), 0);
}

describe("balancing equal OSDs", () => {
  test.each([
    // what, tree, rule, replicas, PGs
    ["hosts", { racks: 1, hosts: 10, osds: 10 }, RULES.host, 3, 3200],
    ["racks", { racks: 6, hosts: 2, osds: 4 }, RULES.rack, 3, 512],
    ["as many racks as replicas", { racks: 3, hosts: 4, osds: 4 }, RULES.rack, 3, 512],
    ["OSDs alone", { racks: 1, hosts: 2, osds: 8 }, RULES.osd, 3, 256],
  ] as const)("over %s needs no more moves than they must make", (_, tree, steps, size, pgNum) => {
    const map = world(tree, { steps, pools: [pool({ pgNum, size })] });
    const plan = balanceUpmaps(map);
    const after = countsOf(withUpmapChanges(map, plan.changes), 1);
    expect(new Set(after)).toEqual(new Set([(size * pgNum) / after.length]));
    expect(plan.movedCount).toBe(excessOf(countsOf(map, 1)));
    const pairs = plan.changes.set.flatMap(([, items]) => items);
    expect(pairs).toHaveLength(plan.movedCount);
    expect(plan.changes.remove).toEqual([]);
  });

  test("evens racks too, where the rule wants two hosts in each of two", () => {
    const tree = { racks: 4, hosts: 4, osds: 2 };
    const pools = [pool({ pgNum: 512, size: 4 })];
    const map = world(tree, { steps: RULES.twoByTwo, pools });
    expect(new Set(countsOf(balanced(map), 1))).toEqual(new Set([64]));
  });

  test("makes good in each pool what the others leave", () => {
    const pools = Array.from({ length: 12 }, (_, i) => pool({ id: poolId(i), pgNum: 16 }));
    const map = balanced(world({ racks: 1, hosts: 8, osds: 2 }, { pools }));
    const totals = new Array<number>(16).fill(0);
    for (const { id } of pools) {
      const counts = countsOf(map, id);
      expect(counts.every((count) => count === 3)).toBe(true);
      for (const [osd, count] of counts.entries()) totals[osd] = (totals[osd] ?? 0) + count;
    }
    expect(new Set(totals)).toEqual(new Set([36]));
  });

  test("spreads what does not divide evenly over all OSDs", () => {
    const pools = Array.from({ length: 12 }, (_, i) => pool({ id: poolId(i), pgNum: 13, size: 2 }));
    const map = balanced(world({ racks: 1, hosts: 6, osds: 2 }, { pools }));
    const totals = new Array<number>(12).fill(0);
    for (const { id } of pools) {
      const counts = countsOf(map, id);
      expect(counts.every((count) => count === 2 || count === 3)).toBe(true);
      for (const [osd, count] of counts.entries()) totals[osd] = (totals[osd] ?? 0) + count;
    }
    expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(2);
  });
});

describe("balancing follows", () => {
  const tree: Tree = { racks: 1, hosts: 8, osds: 2 };
  const one = { pools: [pool({ pgNum: 400, size: 3 })] };

  test("CRUSH weights and reweights", () => {
    const weightOf = (osd: number): number => 1 + (osd % 4);
    const osd = (id: number): Partial<PlacementOsd> => (id < 4 ? { weight: WHOLE / 2 } : {});
    const map = world({ ...tree, weightOf }, { ...one, osd });
    const weights = map.osds.map(({ weight }, id) => (weightOf(id) * weight) / WHOLE);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [id, count] of countsOf(balanced(map), 1).entries()) {
      expect(Math.abs(count - (1200 * (weights[id] ?? 0)) / total)).toBeLessThan(1);
    }
  });

  test("device classes", () => {
    const classOf = (osd: number): string => (osd % 2 === 0 ? "ssd" : "hdd");
    const steps = ["take default class ssd", "chooseleaf firstn 0 type host", "emit"];
    const counts = countsOf(balanced(world({ ...tree, classOf }, { ...one, steps })), 1);
    expect(counts).toEqual(counts.map((_, osd) => (osd % 2 === 0 ? 150 : 0)));
  });

  test("each take of a rule for itself", () => {
    const steps = [
      ...["take rack0", "choose firstn 1 type osd", "emit"],
      ...["take rack1", "chooseleaf firstn -1 type host", "emit"],
    ];
    const two = { racks: 2, hosts: 4, osds: 2 };
    const counts = countsOf(balanced(world(two, { ...one, steps })), 1);
    expect(counts).toEqual([...new Array(8).fill(50), ...new Array(8).fill(100)]);
  });

  test("the fewest replicas that a heavy host can have", () => {
    const weightOf = (osd: number): number => (osd < 2 ? 9 : 1);
    const small = { racks: 1, hosts: 4, osds: 2, weightOf };
    const counts = countsOf(balanced(world(small, { pools: [pool({ pgNum: 120, size: 2 })] })), 1);
    expect(counts).toEqual([60, 60, 20, 20, 20, 20, 20, 20]);
  });

  test("positions of erasure-coded PGs, and leaves their holes", () => {
    const steps = ["take default", "chooseleaf indep 0 type host", "emit"];
    const pools = [pool({ pgNum: 96, size: 10, type: "erasure" })];
    // Ten shards do not find ten of eight hosts.
    const map = world(tree, { steps, pools });
    const after = countsOf(balanced(map), 1);
    expect(new Set(after)).toEqual(new Set([48]));
  });
});

describe("balancing leaves alone", () => {
  const tree: Tree = { racks: 1, hosts: 6, osds: 2 };
  const one = { pools: [pool({ pgNum: 128 })] };

  test.each([
    ["an OSD that is down", { up: false }],
    ["an OSD that does not exist", { exists: false, up: false, weight: 0 }],
  ])("%s", (_, state) => {
    const map = world(tree, { ...one, osd: (id) => (id === 5 ? state : {}) });
    const { changes } = balanceUpmaps(map);
    const ids = changes.set.flatMap(([, items]) => items.flatMap(({ from, to }) => [from, to]));
    expect(ids).not.toContain(5);
    const others = countsOf(withUpmapChanges(map, changes), 1).filter((_count, id) => id !== 5);
    expect(Math.max(...others) - Math.min(...others)).toBeLessThanOrEqual(1);
  });

  test("a PG that a pg_upmap places", () => {
    const plain = world(tree, one);
    const pg = { pool: poolId(1), seed: 7 };
    const map = { ...plain, pgUpmap: pgTable([[pg, osdIds([0, 2, 4])]]) };
    const { changes } = balanceUpmaps(map);
    expect(changes.removeWhole).toEqual([]);
    expect(changes.set.map(([{ seed }]) => seed)).not.toContain(7);
    expect(new Set(countsOf(withUpmapChanges(map, changes), 1))).toEqual(new Set([32]));
  });

  test("PGs that have an OSD without weight, whose upmaps the cleaning would take away again", () => {
    const weights = [0, 0, 5, 1];
    const map = world(
      { racks: 2, hosts: 1, osds: 2, weightOf: (osd) => weights[osd] ?? 0 },
      { steps: NARROW_RULES.twoTakes, pools: [pool({ pgNum: 5, pgpNum: 5, size: 2 })] },
    );
    expect(balanceUpmaps(map).movedCount).toBe(0);
  });

  test("pools that are not asked for, and pools that no rule places", () => {
    const pools = [pool({ pgNum: 64 }), pool({ id: poolId(2), pgNum: 64 })];
    const map = world(tree, { pools: [...pools, pool({ id: poolId(3), pgNum: 8, rule: 9 })] });
    const plan = balanceUpmaps(map, { pools: [poolId(2), poolId(3)] });
    expect(new Set(plan.changes.set.map(([{ pool: id }]) => id))).toEqual(new Set([2]));
  });

  test("a map without OSDs that take data", () => {
    const map = world(tree, { ...one, osd: () => ({ weight: 0 }) });
    expect(balanceUpmaps(map).movedCount).toBe(0);
  });
});

describe("limits", () => {
  const tree: Tree = { racks: 1, hosts: 6, osds: 2 };
  const map = world(tree, { pools: [pool({ pgNum: 256 })] });
  const share = (3 * 256) / 12;
  const farthest = (given: PlacementMap): number =>
    Math.max(...countsOf(given, 1).map((count) => Math.abs(count - share)));

  test.each([1, 2, 5])(
    "of %d changed PGs hold, and what is done is what helps most",
    (changesMax) => {
      const { changes } = balanceUpmaps(map, { changesMax });
      expect(changes.set).toHaveLength(changesMax);
      expect(excessOf(countsOf(withUpmapChanges(map, changes), 1))).toBe(
        excessOf(countsOf(map, 1)) - changes.set.flatMap(([, items]) => items).length,
      );
    },
  );

  test("of the replicas that move hold", () => {
    const plan = balanceUpmaps(map, { misplacedRatioMax: 0.01 });
    expect(plan.movedCount).toBe(Math.floor(0.01 * 3 * 256));
  });

  test("of the range decide how far it goes", () => {
    const wide = balanceUpmaps(map, { range: 4 });
    expect(farthest(map)).toBeGreaterThanOrEqual(4);
    expect(farthest(withUpmapChanges(map, wide.changes))).toBe(3);
    expect(wide.movedCount).toBeLessThan(balanceUpmaps(map).movedCount);
  });

  test.each([0, 0.5, -1])("of %d for the range are refused", (range) => {
    expect(() => balanceUpmaps(map, { range })).toThrow("a range is a whole number from 1 up");
  });
});

describe("upmaps that are there already", () => {
  const tree: Tree = { racks: 1, hosts: 6, osds: 2 };
  const one = { pools: [pool({ pgNum: 128 })] };

  test("are given up before new ones are made", () => {
    const even = balanced(world(tree, one));
    const items = even.pgUpmapItems.get(poolId(1));
    expect(items?.size).toBeGreaterThan(5);
    // As if somebody had moved one replica by hand, from an even state.
    const seed = [...new Array(128).keys()].find((one) => !items?.has(one)) ?? -1;
    const set = [[{ pool: poolId(1), seed }, away(even, seed)] as const];
    const uneven = withUpmapChanges(even, { set, remove: [], removeWhole: [] });
    expect(excessOf(countsOf(uneven, 1))).toBe(1);
    const plan = balanceUpmaps(uneven);
    const after = withUpmapChanges(uneven, plan.changes);
    expect(plan.movedCount).toBe(1);
    expect(excessOf(countsOf(after, 1))).toBe(0);
    expect(pairsOf(after)).toBe(pairsOf(even));
  });

  test("that are void are cleaned away, whatever the limits are", () => {
    const void1 = { pool: poolId(1), seed: 999 };
    const map = {
      ...world(tree, one),
      pgUpmapItems: pgTable([[void1, [{ from: osdId(0), to: osdId(1) }]]]),
    };
    const plan = balanceUpmaps(map, { changesMax: 0 });
    expect(plan).toEqual({ changes: { set: [], remove: [void1], removeWhole: [] }, movedCount: 0 });
  });

  function pairsOf({ pgUpmapItems }: PlacementMap): number {
    return [...pgEntries(pgUpmapItems)].reduce((sum, [, items]) => sum + items.length, 0);
  }

  /** Moves the first replica of a PG to a host that it does not use. */
  function away(map: PlacementMap, seed: number) {
    const { osds: row } = new Placement(map).pgToRaw({ pool: poolId(1), seed });
    const hosts = row.map((osd) => hostOf(tree, osd));
    const to = [...new Array(12).keys()].find((osd) => !hosts.includes(hostOf(tree, osd)));
    return [{ from: osdId(row[0] ?? -1), to: osdId(to ?? -1) }];
  }
});
