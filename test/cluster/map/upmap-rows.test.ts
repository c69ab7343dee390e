import { describe, expect, test } from "vitest";
import { NONE } from "../../../crush/types.ts";
import { rowAt, rowsOf } from "./board.ts";
import { RULES } from "./world.ts";

/** Hosts 0 1 | 2 3 in rack 0, 4 5 | 6 7 in rack 1, 8 9 | 10 11 in rack 2. */
const TREE = { racks: 3, hosts: 2, osds: 2 };
const PICK_ONE_THEN_TWO = [
  "take rack0",
  "choose firstn 1 type osd",
  "emit",
  "take default",
  "chooseleaf firstn 2 type host",
  "emit",
];

describe("where a slot can go", () => {
  test.each([
    // steps, raw row, row, position, the OSDs to which it can go
    [RULES.osd, [0, 1], [0, 1], 0, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [RULES.host, [0, 2, 4], [0, 2, 4], 0, [1, 6, 7, 8, 9, 10, 11]],
    [RULES.host, [0, 2, 4], [6, 2, 4], 0, [0, 1, 7, 8, 9, 10, 11]],
    [RULES.host, [0, 2, 4], [6, 2, 4], 1, [1, 3, 8, 9, 10, 11]],
    [RULES.host, [0, NONE, 4], [0, NONE, 4], 0, [1, 2, 3, 6, 7, 8, 9, 10, 11]],
    [RULES.rack, [0, 4, 8], [0, 4, 8], 1, [5, 6, 7]],
    [RULES.rack, [0, 4], [0, 4], 1, [5, 6, 7, 8, 9, 10, 11]],
    [RULES.twoByTwo, [0, 2, 4, 6], [0, 2, 4, 6], 0, [1]],
    [RULES.twoByTwo, [0, 2, 4], [0, 2, 4], 0, [1]],
    [RULES.twoByTwo, [0, 2, 4], [0, 2, 4], 2, [5, 6, 7, 8, 9, 10, 11]],
    [PICK_ONE_THEN_TWO, [0, 4, 6], [0, 4, 6], 0, [1, 2, 3]],
    [PICK_ONE_THEN_TWO, [0, 4, 6], [0, 4, 6], 1, [1, 2, 3, 5, 8, 9, 10, 11]],
  ])("%j: %j as %j, position %d: %j", (steps, raw, row, position, expected) => {
    const rows = rowsOf({ tree: TREE, steps, raw: [raw], rows: [row] });
    const osds = [...Array(12).keys()].filter((osd) => osd !== row[position]);
    expect(osds.filter((osd) => rows.canMove(position, osd))).toEqual(expected);
  });

  test("is never an OSD that takes no data", () => {
    const rows = rowsOf({ tree: TREE, raw: [[0, 2, 4]], without: [7] });
    expect([6, 7].map((osd) => rows.canMove(0, osd))).toEqual([true, false]);
  });
});

describe("a row is plain", () => {
  test.each([
    // raw row, row, whether it is
    [[0, 2, 4], [0, 2, 4], true],
    [[0, 2, 4], [6, 2, 4], true],
    [[0, 2, NONE], [0, 6, NONE], true],
    [[0, 2, 4], [2, 0, 4], false],
    [[0, 2, 4], [2, 6, 4], false],
    [[0, 2, 4], [0, 1, 4], false],
    [[0, 2, NONE], [0, 2, 4], false],
    [[0, 2, 4], [0, 2, NONE], false],
  ])("%j as %j: %s", (raw, row, isPlain) => {
    expect(rowsOf({ tree: TREE, raw: [raw], rows: [row] }).isPlain(0)).toBe(isPlain);
  });
});

describe("what moved", () => {
  const make = () =>
    rowsOf({
      tree: TREE,
      raw: [
        [0, 2],
        [4, 6],
      ],
      rows: [
        [0, 2],
        [8, 6],
      ],
    });

  test("counts slots and PGs against the start, so what comes back counts no more", () => {
    const rows = make();
    const seen: [number, number][] = [];
    for (const [slot, to] of [
      [0, 10],
      [1, 4],
      [0, 11],
      [2, 4],
      [0, 0],
      [1, 2],
    ] as const) {
      rows.move(slot, to);
      seen.push([rows.movedCount, rows.changedCount]);
    }
    expect(seen).toEqual([
      [1, 1],
      [2, 1],
      [2, 1],
      [3, 2],
      [2, 2],
      [1, 1],
    ]);
    expect([rowAt(rows, 0), rowAt(rows, 1)]).toEqual([
      [0, 2],
      [4, 6],
    ]);
  });

  test("becomes items against what CRUSH gives; none where it is that again", () => {
    const rows = make();
    rows.move(1, 10);
    rows.move(2, 4);
    expect(rows.changes()).toEqual([
      { seed: 0, items: [{ from: 2, to: 10 }] },
      { seed: 1, items: [] },
    ]);
  });

  test("moves cost more than items, and items more than PGs", () => {
    const rows = make();
    rows.move(1, 10);
    const costs = [
      rows.costOf(1, 2), // back where it was: a move and an item less
      rows.costOf(1, 11), // on to another OSD: nothing more
      rows.costOf(2, 4), // home: a move more, an item less
      rows.costOf(2, 9), // another target for the item: a move more
      rows.costOf(0, 8), // a move and an item more, but in a PG that has changed
      rows.costOf(3, 10), // all more
    ];
    expect(costs).toEqual([...costs].sort((left, right) => left - right));
    expect(new Set(costs).size).toBe(costs.length);
  });
});
