import { expect, test } from "vitest";
import { epoch } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { digestOf, editOf } from "../../../../cluster/map/osd-map-delta.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import { type Inverse, inverseOf } from "../../../../cluster/map/undo.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { already, done, MAP, osds, pg, refusal } from "./desk.ts";

/** The map after the command, as published, and the inverse that is kept of it. */
function publishedBy(map: OsdMap, command: Command): { map: OsdMap; inverse: Inverse } {
  const edit = editOf(map, done(map, command).map);
  if (edit === undefined) throw new Error("nothing changed");
  return { map: edit.map, inverse: inverseOf(edit.changes) };
}

const undo = (of: number): Command => ({ type: "undo", epoch: epoch(of) });
const OUT: Command = { type: "osdOut", osds: osds(3) };

test("an epoch's intent is taken back", () => {
  const { map, inverse } = publishedBy(MAP, OUT);
  const asked: number[] = [];
  const context = {
    inverseOf: (of: number) => {
      asked.push(of);
      return inverse;
    },
  };
  const { map: undone, what } = done(map, undo(2), context);
  expect(what).toBe("undo epoch 2");
  expect(asked).toEqual([2]);
  expect(undone.shares).toEqual(MAP.shares);
  expect(undone.epoch).toBe(map.epoch);
});

test("what was changed since stands in the way", () => {
  const { map, inverse } = publishedBy(MAP, OUT);
  const later = done(map, { type: "osdIn", osds: osds(3) }).map;
  expect(refusal(later, undo(2), { inverseOf: () => inverse })).toEqual({
    code: "IN_USE",
    message: "epoch 2 cannot be undone any more: weight of osd 3 was changed since",
  });
});

test("facts do not move: an epoch of them has nothing to undo, a pool that was made stays", () => {
  const down = publishedBy(MAP, { type: "osdDown", osds: osds(3) });
  expect(already(down.map, undo(2), { inverseOf: () => down.inverse })).toBe(
    "epoch 2 changed nothing that can be undone",
  );
  const made = publishedBy(MAP, {
    type: "poolCreate",
    name: "new",
    application: "",
    confirm: false,
  });
  expect(refusal(made.map, undo(2), { inverseOf: () => made.inverse }).message).toContain(
    "pool 3 has no settings",
  );
});

test("an upmap does not come back where its pool is too narrow for it by now", () => {
  const row = pgTable([[pg(1, 0), osds(0, 2, 4)]]);
  const wide = { ...MAP, pgUpmap: row };
  const before = { ...wide, digest: digestOf(wide) };
  const removal = publishedBy(before, { type: "upmapRemove", pg: pg(1, 0) });
  const narrow = done(removal.map, { type: "poolSet", name: "rbd", size: 2, confirm: false }).map;
  expect(refusal(narrow, undo(2), { inverseOf: () => removal.inverse })).toEqual({
    code: "IN_USE",
    message:
      "epoch 2 cannot be undone any more: " +
      "the upmap of PG 1.0 names 3 OSDs, and its pool would have size 2",
  });
});

test("a pool does not become too narrow again for an upmap that was made since", () => {
  const widened = publishedBy(MAP, { type: "poolSet", name: "data", size: 3, confirm: false });
  const row = osds(0, 2, 4);
  const upmapped = done(widened.map, { type: "upmapSet", pg: pg(2, 0), osds: row }).map;
  expect(refusal(upmapped, undo(2), { inverseOf: () => widened.inverse }).message).toContain(
    "the upmap of PG 2.0 names 3 OSDs, and its pool would have size 2",
  );
});

test("an epoch must have been published, and its history kept", () => {
  expect(refusal(MAP, undo(9)).message).toBe("there is no epoch 9 yet; the newest is 1");
  expect(refusal(MAP, undo(1))).toEqual({
    code: "NOT_FOUND",
    message: 'what epoch 1 changed is not kept any more; see "kelp epochs"',
  });
});

test("rows that this program does not know are refused", () => {
  const inverse: Inverse = [
    { section: 255, key: new Uint8Array(), before: undefined, after: undefined },
  ];
  expect(refusal(MAP, undo(1), { inverseOf: () => inverse }).message).toContain(
    "it was written by another version of this program",
  );
});
