import { describe, expect, test } from "vitest";
import { boardOf, rowAt } from "./board.ts";
import { RULES } from "./world.ts";

/** One OSD in each of four hosts. */
const TREE = { racks: 1, hosts: 4, osds: 1 };

describe("deviations", () => {
  const raw = [
    [0, 1],
    [0, 2],
    [0, 3],
    [0, 1],
  ];

  test("are what OSDs have beyond their shares", () => {
    expect([...boardOf({ tree: TREE, raw }).deviations]).toEqual([2, 0, -1, -1]);
  });

  test("share out only what is on OSDs that take part", () => {
    const board = boardOf({ tree: TREE, raw, without: [0] });
    expect(board.osds).toEqual([1, 2, 3]);
    expect([...board.deviations]).toEqual(
      [0, 2 - 4 / 3, 1 - 4 / 3, 1 - 4 / 3].map((x) => expect.closeTo(x)),
    );
  });

  test("count PGs that cannot move", () => {
    const board = boardOf({ tree: TREE, raw, pinned: [0, 1, 2, 3] });
    expect([...board.deviations]).toEqual([2, 0, -1, -1]);
    expect(board.slotsOn(0)).toEqual([]);
  });

  test("lean against what other pools left where the share is no whole number", () => {
    const six = raw.slice(0, 3);
    const board = boardOf({ tree: TREE, raw: six, surpluses: [0, 0.3, -0.3, 9] });
    // Shares of 1.5 that lean to 1.2, 1.8 and nearly 1; counts are 3, 1, 1, 1.
    expect([...board.deviations]).toEqual([1.5, -0.2, -0.8, -0.01].map((x) => expect.closeTo(x)));
    expect([0, 1, 2, 3].map((osd) => board.surplusOf(osd))).toEqual(
      [1.5, -0.5, -0.5, -0.5].map((x) => expect.closeTo(x)),
    );
  });

  test("do not lean where it is", () => {
    const board = boardOf({ tree: TREE, raw, surpluses: [0, 0.3, -0.3, 9] });
    expect([...board.deviations]).toEqual([2, 0, -1, -1]);
  });
});

describe("passing slots on", () => {
  /** All OSDs in racks of their own: 0 | 1 | 2 | 3. */
  const racks = { racks: 4, hosts: 1, osds: 1 };

  test("one to the next moves one slot", () => {
    const board = boardOf({
      tree: racks,
      steps: RULES.rack,
      raw: [
        [0, 1],
        [0, 2],
      ],
    });
    expect(board.pass([0, 3])).toBe(true);
    expect([...board.deviations]).toEqual([0, 0, 0, 0]);
  });

  test("along a chain changes only its ends", () => {
    const raw = [
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 3],
    ];
    const board = boardOf({ tree: racks, steps: RULES.rack, raw });
    expect(board.canGive(0, 3)).toBe(true);
    expect(board.pass([0, 3])).toBe(true);
    expect(board.pass([1, 2])).toBe(true);
    expect([...board.deviations]).toEqual([2, 2, 3, 2].map((count) => count - 9 / 4));
  });

  test("does nothing if one of the chain cannot give", () => {
    const raw = [
      [0, 1],
      [0, 2],
    ];
    const board = boardOf({ tree: racks, steps: RULES.rack, raw, pinned: [1] });
    expect(board.canGive(2, 3)).toBe(false);
    // From the end: osd.0 gives to osd.3, but then osd.2 has nothing for osd.0.
    expect(board.pass([2, 0, 3])).toBe(false);
    expect([rowAt(board.rows, 0), rowAt(board.rows, 1)]).toEqual(raw);
    expect([...board.deviations]).toEqual([1, 0, 0, -1]);
  });

  test("moves what is cheapest to move", () => {
    const raw = [
      [0, 1],
      [0, 2],
      [3, 1],
    ];
    const rows = [
      [0, 1],
      [0, 2],
      [0, 1],
    ];
    const board = boardOf({ tree: racks, steps: RULES.rack, raw, rows });
    expect(board.pass([0, 3])).toBe(true);
    expect(rowAt(board.rows, 2)).toEqual([3, 1]);
  });
});

describe("slots that could come home", () => {
  const raw = [
    [0, 1],
    [0, 1],
    [0, 2],
  ];
  const rows = [
    [2, 1],
    [0, 3],
    [1, 2],
  ];

  test("are known at both ends", () => {
    const board = boardOf({ tree: TREE, raw, rows });
    expect([0, 1, 2, 3].map((osd) => board.homesOf(osd))).toEqual([[], [0], [0], [1]]);
    expect([0, 1, 2, 3].map((osd) => board.guestsOf(osd))).toEqual([[2, 1], [3], [], []]);
  });

  test("do not come to an OSD that takes nothing", () => {
    const board = boardOf({ tree: TREE, raw, rows, without: [0] });
    expect(board.homesOf(2)).toEqual([]);
    expect(board.guestsOf(0)).toEqual([]);
  });
});
