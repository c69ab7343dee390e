import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { poolId } from "../../../cluster/base/ids.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import { fitsRule, groupByItem, ruleShape } from "../../../cluster/map/rule-shape.ts";
import { linkItem } from "../../../crush/builder.ts";
import { compileText } from "../../../crush/text.ts";
import { NONE } from "../../../crush/types.ts";
import { crushText, pool, RULES, type Tree, world } from "./world.ts";

/** OSDs 0 1 | 2 3 are hosts of rack 0, 4 5 | 6 7 of rack 1, 8 9 | 10 11 of rack 2. */
const TREE: Tree = { racks: 3, hosts: 2, osds: 2 };
const ALL = new Array(12).fill(1);

function shapeOf(steps: readonly string[], size: number, tree: Tree = TREE) {
  const map = compileText(crushText(tree, steps));
  return present(ruleShape(map, 0, { size, reweights: ALL }), "the shape");
}

describe("the shape of a rule", () => {
  test.each([
    // steps, size, then for each block: its end, and each level's items and positions
    [RULES.osd, 3, [[3, [[3, 1]]]]],
    [
      RULES.host,
      3,
      [
        [
          3,
          [
            [3, 1],
            [1, 1],
          ],
        ],
      ],
    ],
    [
      ["take default", "chooseleaf firstn -1 type host", "emit"],
      4,
      [
        [
          3,
          [
            [3, 1],
            [1, 1],
          ],
        ],
      ],
    ],
    [
      RULES.twoByTwo,
      4,
      [
        [
          4,
          [
            [2, 2],
            [2, 1],
            [1, 1],
          ],
        ],
      ],
    ],
    [
      RULES.twoByTwo,
      3,
      [
        [
          3,
          [
            [2, 2],
            [2, 1],
            [1, 1],
          ],
        ],
      ],
    ],
    [
      ["take default", "choose indep 0 type rack", "choose indep 2 type osd", "emit"],
      4,
      [
        [
          4,
          [
            [4, 2],
            [2, 1],
          ],
        ],
      ],
    ],
    [
      ["take rack0", "choose firstn 1 type osd", "emit", ...RULES.host],
      3,
      [
        [1, [[1, 1]]],
        [
          3,
          [
            [3, 1],
            [1, 1],
          ],
        ],
      ],
    ],
    [["set_choose_tries 10", ...RULES.osd], 2, [[2, [[2, 1]]]]],
  ])("%j for size %d", (steps, size, expected) => {
    const { blocks, blockAt } = shapeOf(steps, size);
    const seen = blocks.map(({ end, levels }) => [
      end,
      levels.map(({ itemsMax, positionsMax }) => [itemsMax, positionsMax]),
    ]);
    expect(seen).toEqual(expected);
    expect(blockAt.map((block) => blocks.indexOf(block))).toEqual(
      blocks.flatMap(({ start, end }, index) => new Array(end - start).fill(index)),
    );
  });

  test.each([
    ["emits buckets", ["take default", "choose firstn 0 type host", "emit"]],
    ["emits what it took", ["take osd.3", "emit"]],
    ["emits twice", ["take default", "choose firstn 1 type osd", "emit", "emit"]],
  ])("there is none of a rule that %s", (_, steps) => {
    const map = compileText(crushText(TREE, steps));
    expect(ruleShape(map, 0, { size: 3, reweights: ALL })).toBeUndefined();
  });

  test("knows in which item of each level a device stands", () => {
    const [block] = shapeOf(RULES.twoByTwo, 4).blocks;
    const devices = [...ALL.keys()];
    const groups = block?.levels.map(({ itemOf }) => [...groupByItem(itemOf, devices).values()]);
    const hosts = [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
    ];
    const racks = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ];
    expect(groups).toEqual([racks, hosts, devices.map((device) => [device])]);
  });

  test("has only devices below what is taken, of the class that is taken", () => {
    const classOf = (osd: number): string => (osd % 2 === 0 ? "ssd" : "hdd");
    const steps = ["take rack1 class ssd", "chooseleaf firstn 0 type host", "emit"];
    const [block] = shapeOf(steps, 2, { ...TREE, classOf }).blocks;
    expect([...(block?.weights ?? [])].flatMap((weight, osd) => (weight > 0 ? [osd] : []))).toEqual(
      [4, 6],
    );
    expect(block?.levels[0]?.itemOf[5]).toBe(NONE);
  });

  test("weighs by CRUSH weight times reweight", () => {
    const map = compileText(crushText({ ...TREE, weightOf: (osd) => osd }, RULES.host));
    const reweights = [1, 1, 0.5, 0];
    const weights = ruleShape(map, 0, { size: 2, reweights })?.blocks[0]?.weights;
    expect([...(weights ?? [])].map((weight) => weight / 0x10000)).toEqual([
      0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  test("leaves out what stands in two places", () => {
    const twice = linkItem(compileText(crushText(TREE, RULES.host)), {
      item: "host0",
      parent: "rack1",
    });
    const [block] = ruleShape(twice, 0, { size: 2, reweights: ALL })?.blocks ?? [];
    expect([...(block?.weights ?? [])].map((weight) => weight > 0)).toEqual(
      ALL.map((_, osd) => osd > 1),
    );
    expect(block?.levels[0]?.itemOf[0]).toBe(NONE);
  });
});

describe("a row fits", () => {
  test.each([
    // steps, row, whether it fits
    [RULES.host, [0, 2, 4], true],
    [RULES.host, [0, NONE, 4], true],
    [RULES.host, [0, 1, 4], false],
    [RULES.host, [0, 2, 0], false],
    [RULES.host, [0, 2, 12], false],
    [RULES.rack, [0, 4, 8], true],
    [RULES.rack, [0, 2, 8], false],
    [RULES.twoByTwo, [0, 2, 4, 6], true],
    [RULES.twoByTwo, [0, 2, 4], true],
    [RULES.twoByTwo, [0, 2, 4, 8], false],
    [RULES.twoByTwo, [0, 1, 4, 6], false],
    [RULES.twoByTwo, [0, NONE, 4, 6], true],
    [["take rack0", "choose firstn 1 type osd", "emit", ...RULES.rack], [0, 4, 8], true],
    [["take rack0", "choose firstn 1 type osd", "emit", ...RULES.rack], [4, 0, 8], false],
    [["take rack0", "choose firstn 1 type osd", "emit", ...RULES.rack], [0, 2, 8], true],
    [["take rack0", "choose firstn 1 type osd", "emit", ...RULES.rack], [0, 0, 8], false],
  ])("%j: %j %s", (steps, row, fits) => {
    expect(fitsRule(shapeOf(steps, row.length), row)).toBe(fits);
  });

  test("whatever CRUSH itself gives", () => {
    const rules = fc.constantFrom(...Object.values(RULES));
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 4 }), (steps, size) => {
        const map = world(TREE, { steps, pools: [pool({ pgNum: 16, size })] });
        const { osds } = new Placement(map).mapPool(poolId(1), "raw");
        const shape = shapeOf(steps, size);
        for (let at = 0; at < osds.length; at += size) {
          expect(fitsRule(shape, [...osds.subarray(at, at + size)])).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});
