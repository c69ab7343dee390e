import { describe, expect, test } from "vitest";
import { UpmapSlots } from "../../../cluster/map/upmap-slots.ts";
import { rowsOf } from "./board.ts";

const TREE = { racks: 1, hosts: 4, osds: 1 };

function slotsOf() {
  const raw = [
    [0, 1],
    [0, 2],
    [0, 3],
  ];
  const rows = rowsOf({
    tree: TREE,
    raw,
    rows: [
      [0, 1],
      [0, 2],
      [2, 3],
    ],
  });
  const slots = new UpmapSlots(rows, 4);
  for (const slot of [0, 1, 2, 3, 4, 5]) slots.put(slot);
  return { rows, slots };
}

describe("slots by OSD", () => {
  test("are where the rows have them", () => {
    const { slots } = slotsOf();
    expect([0, 1, 2, 3].map((osd) => slots.on(osd))).toEqual([[0, 2], [1], [3, 4], [5]]);
  });

  test("those elsewhere are known at home", () => {
    const { slots } = slotsOf();
    expect([0, 1, 2, 3].map((osd) => [...slots.awayFrom(osd)])).toEqual([[4], [], [], []]);
  });

  test("follow a move, there and back", () => {
    const { rows, slots } = slotsOf();
    const move = (slot: number, to: number): void => {
      slots.take(slot);
      rows.move(slot, to);
      slots.put(slot);
    };
    move(0, 3);
    expect([slots.on(0), slots.on(3), [...slots.awayFrom(0)]]).toEqual([[2], [5, 0], [4, 0]]);
    move(0, 0);
    move(4, 0);
    expect([slots.on(0), slots.on(3), [...slots.awayFrom(0)]]).toEqual([[2, 0, 4], [5], []]);
  });

  test("one that was not put cannot be taken", () => {
    const { rows } = slotsOf();
    expect(() => new UpmapSlots(rows, 4).take(0)).toThrow("slot 0 can move and is on osd.0");
  });
});
