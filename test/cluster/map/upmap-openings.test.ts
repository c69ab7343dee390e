import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { createPrng, randomPick } from "../../../cluster/base/prng.ts";
import { Placement } from "../../../cluster/map/placement.ts";
import { UpmapOpenings } from "../../../cluster/map/upmap-openings.ts";
import { UpmapSlots } from "../../../cluster/map/upmap-slots.ts";
import { rowsOf } from "./board.ts";
import { osdCountOf, pool, RULES, type Tree, world } from "./world.ts";

const TREE: Tree = { racks: 3, hosts: 3, osds: 2 };
const OSDS = [...new Array(osdCountOf(TREE)).keys()];

function make(steps: readonly string[], size: number, pgNum = 12) {
  const map = world(TREE, { steps, pools: [pool({ pgNum, size })] });
  const { osds } = new Placement(map).mapPool(poolId(1), "raw");
  const raw = Array.from({ length: pgNum }, (_, seed) => [
    ...osds.subarray(seed * size, (seed + 1) * size),
  ]);
  const rows = rowsOf({ tree: TREE, steps, raw });
  const slots = new UpmapSlots(rows, OSDS.length);
  for (let slot = 0; slot < osds.length; slot++) slots.put(slot);
  return { rows, slots, openings: new UpmapOpenings(rows, slots, OSDS) };
}

describe("openings", () => {
  test("never deny a move that is possible, whatever has moved before", () => {
    const rules = fc.constantFrom(...Object.values(RULES));
    fc.assert(
      fc.property(rules, fc.integer({ min: 2, max: 3 }), fc.nat(), (steps, size, seed) => {
        const prng = createPrng(seed);
        const { rows, slots, openings } = make(steps, size);
        const moves = (from: number, to: number): number[] =>
          slots.on(from).filter((slot) => rows.canMove(slot, to));
        for (let round = 0; round < 8; round++) {
          const pairs = OSDS.flatMap((from) => OSDS.map((to) => ({ from, to })));
          const possible = pairs.filter(
            ({ from, to }) => from !== to && moves(from, to).length > 0,
          );
          expect(possible.filter(({ from, to }) => !openings.mayGive(from, to))).toEqual([]);
          const { from, to } = randomPick(prng, possible);
          const slot = randomPick(prng, moves(from, to));
          openings.forget(slot);
          slots.take(slot);
          rows.move(slot, to);
          slots.put(slot);
          openings.forget(slot);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("deny a move out of a rack that no slot can leave", () => {
    const { openings } = make(RULES.twoByTwo, 4, 100);
    expect(OSDS.filter((osd) => openings.mayGive(0, osd))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("deny a move to a rack in which every PG already is", () => {
    const { openings } = make(RULES.rack, 3, 100);
    expect(OSDS.filter((osd) => openings.mayGive(0, osd))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("near is the rack where the rule wants two hosts in one, else everywhere", () => {
    expect(make(RULES.twoByTwo, 4).openings.nearTo(7)).toEqual([6, 7, 8, 9, 10, 11]);
    expect(make(RULES.rack, 3).openings.nearTo(7)).toEqual(OSDS);
  });
});
