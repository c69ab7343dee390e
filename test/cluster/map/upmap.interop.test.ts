/** The balancer beside the one of Ceph's own osdmaptool, on the same maps. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import type { PlacementMap } from "../../../cluster/map/placement-map.ts";
import { balanceUpmaps } from "../../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { interopTool } from "../../support/interop.ts";
import { itemsOfCommands, Osdmaptool } from "../../support/osdmaptool.ts";
import { countsOf, osdCountOf, pool, RULES, type Tree, world } from "./world.ts";

const POOL = poolId(1);
const PGS_PER_OSD = 16;

let tool: Osdmaptool;
beforeAll(() => {
  tool = new Osdmaptool();
});
afterAll(() => {
  tool.close();
});

function make(tree: Tree, steps: readonly string[], out: number | undefined): PlacementMap {
  return world(tree, {
    steps,
    pools: [pool({ pgNum: osdCountOf(tree) * PGS_PER_OSD })],
    osd: (id) => (id === out ? { weight: 0 } : {}),
  });
}

/** By OSD, how many PGs it has beyond what the weights say. */
function deviationsOf(map: PlacementMap, { weightOf = () => 1 }: Tree): number[] {
  const counts = countsOf(map, POOL);
  const weights = map.osds.map(({ weight }, osd) => weight * weightOf(osd));
  const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);
  const perWeight = sum(counts) / sum(weights);
  return counts.map((count, osd) => count - (weights[osd] ?? 0) * perWeight);
}

/** The root of the mean square. */
function spreadOf(deviations: readonly number[]): number {
  return Math.hypot(...deviations) / Math.sqrt(deviations.length);
}

function isInRange(deviations: readonly number[]): boolean {
  return deviations.every((deviation) => Math.abs(deviation) < 1 - 1e-6);
}

interopTool({ command: "osdmaptool", debianPackage: "ceph-base" })("with osdmaptool", () => {
  test.each<[string, Tree, readonly string[], number | undefined]>([
    ["hosts", { racks: 1, hosts: 8, osds: 5 }, RULES.host, undefined],
    ["hosts, one OSD out", { racks: 1, hosts: 8, osds: 5 }, RULES.host, 7],
    [
      "hosts of unlike weight",
      { racks: 2, hosts: 4, osds: 4, weightOf: (o) => 1 + (o % 3) },
      RULES.host,
      undefined,
    ],
    ["racks", { racks: 4, hosts: 3, osds: 3 }, RULES.rack, undefined],
    ["as many racks as twice the replicas", { racks: 6, hosts: 2, osds: 4 }, RULES.rack, undefined],
    ["two hosts in each of two racks", { racks: 4, hosts: 3, osds: 3 }, RULES.twoByTwo, 5],
  ])(
    "over %s every OSD is in range, and with no more items if osdmaptool's are too",
    (_, tree, steps, out) => {
      const map = make(tree, steps, out);
      tool.givePlacement(map);
      const theirs = { ...map, pgUpmapItems: itemsOfCommands(tool.balance().commands) };
      const { changes, movedCount } = balanceUpmaps(map);
      const ours = deviationsOf(withUpmapChanges(map, changes), tree);
      expect(isInRange(ours)).toBe(true);
      const peers = deviationsOf(theirs, tree);
      const items = [...(theirs.pgUpmapItems.get(POOL)?.values() ?? [])].flat();
      if (isInRange(peers)) expect(movedCount).toBeLessThanOrEqual(items.length);
      else expect(spreadOf(ours)).toBeLessThanOrEqual(spreadOf(peers) + 1e-9);
    },
  );

  test("osdmaptool places PGs with our upmap items as we do, and finds nothing to clean", () => {
    const start = make({ racks: 2, hosts: 4, osds: 4 }, RULES.host, 3);
    const map = withUpmapChanges(start, balanceUpmaps(start).changes);
    tool.givePlacement(map);
    const placement = new Placement(map);
    const { pgNum = 0 } = map.pools.get(POOL) ?? {};
    const ours = Array.from(
      { length: pgNum },
      (_, seed) => `[${placement.pgToActing({ pool: POOL, seed }).osds}]`,
    );
    const rows = tool.run("--test-map-pgs-dump").matchAll(/^1\.[0-9a-f]+\t(\S+)\t/gm);
    expect(Array.from(rows, ([, osds]) => osds)).toEqual(ours);
    expect(tool.run("--upmap-cleanup", "-")).not.toContain("upmap-items");
  });
});
