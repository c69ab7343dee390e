import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { ruleShape } from "../../../cluster/map/rule-shape.ts";
import { addShares } from "../../../cluster/map/upmap-share.ts";
import { compileText } from "../../../crush/text.ts";
import { crushText, hostOf, osdCountOf, RULES, type Tree } from "./world.ts";

interface Case {
  readonly tree: Tree;
  readonly steps: readonly string[];
  readonly size: number;
  readonly pgCount: number;
  readonly positions?: number;
}

function sharesOf({ tree, steps, size, pgCount, positions = size * pgCount }: Case): number[] {
  const map = compileText(crushText(tree, steps));
  const reweights = new Array(osdCountOf(tree)).fill(1);
  const shape = present(ruleShape(map, 0, { size, reweights }), "the shape");
  const shares = new Float64Array(osdCountOf(tree));
  addShares(shares, present(shape.blocks[0], "the block"), { pgCount, positions });
  return [...shares];
}

describe("shares", () => {
  const tree = { racks: 1, hosts: 4, osds: 1 };
  const weighing = (...weights: number[]) => ({
    ...tree,
    weightOf: (o: number) => weights[o] ?? 0,
  });

  test.each([
    // weights of four hosts with one OSD each, size, shares of 12 PGs
    [[1, 1, 1, 1], 2, [6, 6, 6, 6]],
    [[3, 1, 1, 1], 2, [12, 4, 4, 4]],
    [[9, 1, 1, 1], 2, [12, 4, 4, 4]],
    [[9, 4, 1, 1], 3, [12, 12, 6, 6]],
    [[9, 1, 1, 0], 3, [12, 12, 12, 0]],
    [[2, 1, 1, 0], 2, [12, 6, 6, 0]],
    [[9, 1, 0, 0], 3, [12, 12, 0, 0]],
  ])("of hosts that weigh %j for %d replicas are %j", (weights, size, shares) => {
    const given = { tree: weighing(...weights), steps: RULES.host, size, pgCount: 12 };
    expect(sharesOf(given)).toEqual(shares);
  });

  test("a rack holds as many replicas as the rule puts there, and no more than its hosts", () => {
    const racks = { racks: 3, hosts: 2, osds: 1 };
    const weightOf = (osd: number): number => [8, 8, 1, 1, 9, 0][osd] ?? 0;
    const given = { tree: { ...racks, weightOf }, steps: RULES.twoByTwo, size: 4, pgCount: 10 };
    expect(sharesOf(given)).toEqual([10, 10, 5, 5, 10, 0]);
  });

  test("are by weight where nothing is in the way, and never more than there is room for", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 4 }), (given, size) => {
        fc.pre(given.some((weight) => weight > 0));
        const two = { racks: 1, hosts: 4, osds: 2, weightOf: (osd: number) => given[osd] ?? 0 };
        const shares = sharesOf({ tree: two, steps: RULES.host, size, pgCount: 100 });
        const hosts = [0, 0, 0, 0];
        for (const [osd, share] of shares.entries()) {
          hosts[hostOf(two, osd)] = (hosts[hostOf(two, osd)] ?? 0) + share;
        }
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const used = new Set([...given.keys()].filter((osd) => given[osd]).map((osd) => osd >> 1));
        expect(Math.max(...hosts)).toBeLessThanOrEqual(100 + 1e-9);
        expect(hosts.reduce((sum, host) => sum + host)).toBeCloseTo(
          100 * Math.min(size, used.size),
        );
        if (hosts.every((host) => host < 99.999)) {
          for (const [osd, share] of shares.entries()) {
            expect(share).toBeCloseTo((100 * size * (given[osd] ?? 0)) / total);
          }
        }
      }),
    );
  });
});
