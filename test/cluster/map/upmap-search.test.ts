import { describe, expect, test } from "vitest";
import { UpmapSearch } from "../../../cluster/map/upmap-search.ts";
import { NONE } from "../../../crush/types.ts";
import { type BoardOptions, boardOf } from "./board.ts";
import { RULES } from "./world.ts";

const HOSTS = { racks: 1, hosts: 4, osds: 1 };

function first(options: BoardOptions, range = 1): readonly number[] | undefined {
  return new UpmapSearch(boardOf(options), range).next();
}

describe("the next chain", () => {
  test.each([
    // what, rows of 4 hosts with one OSD each, range, the chain
    [
      "is none if all have their shares",
      [
        [0, 1],
        [2, 3],
      ],
      1,
      undefined,
    ],
    [
      "goes from the fullest to the emptiest",
      [
        [0, 1],
        [0, 2],
        [0, 1],
        [0, 2],
      ],
      1,
      [0, 3],
    ],
    [
      "is none if all are in range",
      [
        [0, 1],
        [0, 2],
        [0, 1],
        [0, 2],
      ],
      3,
      undefined,
    ],
    [
      "fills the emptiest if none is too full",
      [
        [0, 1],
        [0, 1],
        [0, 2],
        [1, 2],
        [0, 2],
        [1, 2],
      ],
      3,
      [0, 3],
    ],
  ])("%s", (_, raw, range, chain) => {
    expect(first({ tree: HOSTS, raw }, range)).toEqual(chain);
  });

  test("goes home to an OSD out of range, even if another one is emptier", () => {
    const raw = [
      [1, 2],
      [0, 2],
      [0, 2],
      [0, 1],
    ];
    const rows = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 1],
    ];
    expect(first({ tree: HOSTS, raw, rows })).toEqual([0, 1]);
  });

  test("does not go home to an OSD in range", () => {
    const raw = [
      [1, 2],
      [0, 1],
      [0, 1],
      [0, 3],
    ];
    const rows = [
      [0, 2],
      [0, 1],
      [0, 1],
      [0, 3],
    ];
    expect(first({ tree: HOSTS, raw, rows })).toEqual([0, 2]);
  });

  test.each([
    // The fullest and the emptiest share the only PG that can move; the others are in between.
    [
      "from the fullest",
      [
        [0, 3],
        [0, 1],
        [0, 2],
        [1, 2],
      ],
      [0, 1, 3],
    ],
    [
      "to the emptiest",
      [
        [3, 0],
        [3, 1],
        [3, 2],
        [1, 2],
      ],
      [3, 1, 0],
    ],
  ])("leads %s over another one if no slot can go at once", (_, raw, chain) => {
    const board = boardOf({ tree: HOSTS, raw, pinned: [1, 2] });
    expect(new UpmapSearch(board, 1).next()).toEqual(chain);
    expect(board.pass(chain)).toBe(true);
    expect([...board.deviations]).toEqual([0, 0, 0, 0]);
  });

  test("shares a surplus that cannot leave a rack", () => {
    const tree = { racks: 2, hosts: 1, osds: 2 };
    const stuck = [
      [0, NONE],
      [0, NONE],
      [1, NONE],
      [1, NONE],
      [1, NONE],
      [1, NONE],
    ];
    const raw = [...stuck, [0, 2], [0, 3], [0, 2], [0, 3]];
    const board = boardOf({ tree, steps: RULES.rack, raw, pinned: [0, 1, 2, 3, 4, 5] });
    expect([...board.deviations]).toEqual([2.5, 0.5, -1.5, -1.5]);
    const search = new UpmapSearch(board, 1);
    expect(search.next()).toEqual([0, 1]);
    expect(board.pass([0, 1])).toBe(true);
    expect([...board.deviations]).toEqual([1.5, 1.5, -1.5, -1.5]);
    expect(search.next()).toBeUndefined();
  });

  test("is not proposed again for an OSD that is skipped", () => {
    const board = boardOf({
      tree: HOSTS,
      raw: [
        [0, 1],
        [0, 2],
        [0, 1],
        [0, 2],
      ],
    });
    const search = new UpmapSearch(board, 1);
    expect(search.next()).toEqual([0, 3]);
    search.skip();
    expect(search.next()).toEqual([0, 3]);
    search.skip();
    expect(search.next()).toBeUndefined();
  });
});
