import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jump, jumpScheme, slotsAfter } from "../../../bench/placement/jump.ts";
import { flatCluster } from "./flat-cluster.ts";
import { rowsOf, schemeSuite } from "./scheme-suite.ts";

describe("a jump", () => {
  test("ends in a slot of the row, and one slot more takes its keys from all others", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 1000 }), (key, slotCount) => {
        const before = jump(key, slotCount);
        expect(before).toBeGreaterThanOrEqual(0);
        expect(before).toBeLessThan(slotCount);
        expect([before, slotCount]).toContain(jump(key, slotCount + 1));
      }),
    );
  });

  test("gives every slot the same share", () => {
    const counts = new Array<number>(8).fill(0);
    for (let key = 0; key < 16_000; key++) {
      const slot = jump(key, 8);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    // Four standard deviations of a binomial count are less than 170.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(170);
  });
});

describe("the row of slots", () => {
  test.each<[change: string, devices: number[], slots: number[]]>([
    ["stays as it is", [0, 1, 2, 3], [0, 1, 2, 3]],
    ["grows at the end", [0, 1, 2, 3, 9, 5], [0, 1, 2, 3, 9, 5]],
    ["fills a gap from the end", [0, 2, 3], [0, 3, 2]],
    ["loses its end", [0, 1, 2], [0, 1, 2]],
    ["fills several gaps, the last one first", [2, 3], [2, 3]],
    ["is replaced", [7], [7]],
    ["ends", [], []],
  ])("%s", (_, devices, slots) => {
    expect(slotsAfter([0, 1, 2, 3], devices)).toEqual(slots);
  });
});

describe("jump hashing", () => {
  schemeSuite(jumpScheme);

  const devices = Array.from({ length: 20 }, (_, id) => ({ id, weight: 1, domain: -1 - id }));

  test("passes over a device without weight and leaves the others alone", () => {
    const before = jumpScheme.place(flatCluster(devices, 3));
    const out = devices.map((device) => (device.id === 7 ? { ...device, weight: 0 } : device));
    const after = rowsOf(before.next(flatCluster(out, 3)), 3, 500);
    for (const [index, row] of rowsOf(before, 3, 500).entries()) {
      if (row.includes(7)) {
        expect(after[index]).toEqual(expect.arrayContaining(row.filter((id) => id !== 7)));
      } else expect(after[index]).toEqual(row);
    }
  });

  test("finds nothing in an empty row", () => {
    const empty = jumpScheme.place(flatCluster(devices, 2)).next(flatCluster([], 2));
    expect(rowsOf(empty, 2, 1)).toEqual([[]]);
  });

  test("gives up where there are too few domains", () => {
    const twins = devices.slice(0, 4).map((device) => ({ ...device, domain: -1 }));
    for (const row of rowsOf(jumpScheme.place(flatCluster(twins, 2)), 2)) {
      expect(row.length).toBe(1);
    }
  });
});
