import { describe, expect, test } from "vitest";
import { UpmapGroups } from "../../../cluster/map/upmap-groups.ts";
import { type BoardOptions, boardOf, rowAt } from "./board.ts";
import { RULES } from "./world.ts";

/** Two OSDs in hosts of their own in each rack: 0 1 | 2 3 | 4 5. */
const TREE = { racks: 3, hosts: 2, osds: 1 };
const FULL = [0, 1, 2, 3];

function evened(options: Omit<BoardOptions, "tree">, range = 1) {
  const board = boardOf({ tree: TREE, steps: RULES.twoByTwo, ...options });
  for (const { slots, targets } of new UpmapGroups(board, range).moves()) {
    for (const [index, slot] of slots.entries()) board.move(slot, targets[index] ?? -1);
  }
  return board;
}

describe("groups", () => {
  test("leave a rack together for one that the PG does not use", () => {
    const board = evened({ raw: [FULL, FULL, FULL] });
    expect([...board.deviations]).toEqual([0, 0, 0, 0, 0, 0]);
    const racks = [0, 1, 2].map((seed) => rowAt(board.rows, seed).map((osd) => osd >> 1));
    expect(racks.map(([a, b, c, d]) => [a === b, c === d, a !== c])).toEqual(
      racks.map(() => [true, true, true]),
    );
  });

  test("move if only the emptiest OSDs are out of range", () => {
    const board = evened({ raw: [FULL, FULL] });
    expect(board.rows.movedCount).toBe(2);
    expect(Math.max(...board.deviations.map(Math.abs))).toBeLessThan(1);
  });

  test("stay where all OSDs are in range", () => {
    expect(evened({ raw: [FULL, FULL, FULL] }, 3).rows.movedCount).toBe(0);
  });

  test("stay if the PG is pinned", () => {
    expect(evened({ raw: [FULL, FULL, FULL], pinned: [0, 1, 2] }).rows.movedCount).toBe(0);
  });

  test("stay if one of their OSDs takes no part", () => {
    expect(evened({ raw: [FULL, FULL, FULL], without: [1, 3] }).rows.movedCount).toBe(0);
  });

  test("stay where the rule puts one replica in a rack", () => {
    expect(evened({ steps: RULES.host, raw: [[0, 1]] }).rows.movedCount).toBe(0);
  });

  test("go to OSDs that CRUSH gives to their own positions, not to others'", () => {
    const raw = [[0, 1, 4, 5], FULL];
    const board = evened({ raw, rows: [FULL, FULL], pinned: [1] });
    expect(rowAt(board.rows, 0)).toEqual([0, 1, 4, 5]);
    expect(board.rows.changes()).toEqual([{ seed: 0, items: [] }]);
  });
});
