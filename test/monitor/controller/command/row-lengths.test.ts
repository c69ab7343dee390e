import { expect, test } from "vitest";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import { withoutLongRows } from "../../../../monitor/controller/command/row-lengths.ts";
import { MAP, osds, pg } from "./desk.ts";

test("rows that are longer than their pool's size go", () => {
  const rows = pgTable([
    [pg(1, 0), osds(0, 2, 4)],
    [pg(2, 0), osds(0, 2, 4)],
    [pg(2, 1), osds(0, 2)],
  ]);
  const kept = pgTable([
    [pg(1, 0), osds(0, 2, 4)],
    [pg(2, 1), osds(0, 2)],
  ]);
  const map: OsdMap = { ...MAP, pgUpmap: rows, pgTemp: rows };
  expect(withoutLongRows(map)).toEqual({ ...map, pgUpmap: kept, pgTemp: kept });
});

test("a map without such rows is left as it is", () => {
  expect(withoutLongRows(MAP)).toBe(MAP);
});
