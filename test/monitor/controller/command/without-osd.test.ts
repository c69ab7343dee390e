import { expect, test } from "vitest";
import { osdId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import { withoutOsd } from "../../../../monitor/controller/command/without-osd.ts";
import { MAP, osds, pg } from "./desk.ts";

test("rows that name the OSD go, and others stay", () => {
  const pair = (from: number, to: number) => ({ from: osdId(from), to: osdId(to) });
  const map: OsdMap = {
    ...MAP,
    pgUpmap: pgTable([
      [pg(1, 0), osds(1, 2, 3)],
      [pg(1, 1), osds(2, 4, 6)],
    ]),
    pgUpmapItems: pgTable([
      [pg(1, 2), [pair(3, 1)]],
      [pg(1, 3), [pair(1, 3), pair(0, 2)]],
      [pg(1, 4), [pair(0, 2)]],
    ]),
    pgTemp: pgTable([
      [pg(1, 5), osds(3)],
      [pg(1, 6), osds(4)],
    ]),
    primaryTemp: pgTable([
      [pg(1, 5), osdId(3)],
      [pg(1, 6), osdId(4)],
    ]),
  };
  const { osds: left, shares, ...rest } = withoutOsd(map, osdId(3));
  expect([left.has(osdId(3)), shares.has(osdId(3)), left.size, shares.size]).toEqual([
    false,
    false,
    7,
    7,
  ]);
  expect(rest.pgUpmap).toEqual(pgTable([[pg(1, 1), osds(2, 4, 6)]]));
  expect(rest.pgUpmapItems).toEqual(
    pgTable([
      [pg(1, 3), [pair(0, 2)]],
      [pg(1, 4), [pair(0, 2)]],
    ]),
  );
  expect(rest.pgTemp).toEqual(pgTable([[pg(1, 6), osds(4)]]));
  expect(rest.primaryTemp).toEqual(pgTable([[pg(1, 6), osdId(4)]]));
});

test("what does not name it is shared", () => {
  const map = withoutOsd(MAP, osdId(3));
  expect(map.pgUpmap).toBe(MAP.pgUpmap);
  expect(map.pgUpmapItems).toBe(MAP.pgUpmapItems);
  expect(map.pgTemp).toBe(MAP.pgTemp);
  expect(map.primaryTemp).toBe(MAP.primaryTemp);
});
