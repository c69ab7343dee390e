import { describe, expect, test } from "vitest";
import { osdTree, TREE_COLUMNS, treeRows } from "../../../cli/osd/osd-tree.ts";
import { tableLines } from "../../../cli/table.ts";
import { present } from "../../../cluster/base/assert.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { setDeviceClass } from "../../../crush/builder.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { withOsd, withShare } from "../../monitor/controller/board-world.ts";

const TREE = { racks: 1, hosts: 2, osds: 2 };
const drawn = (map: OsdMap, ...filters: Parameters<typeof osdTree>[1] & object): string =>
  tableLines(TREE_COLUMNS, treeRows(osdTree(map, filters))).join("");

describe("osd tree", () => {
  test("shows each bucket above what it holds, devices with their state, strays last", () => {
    let map = osdMapWorld(TREE, {
      osd: (id) =>
        [{}, { up: false }, { weight: 32768 }, { weight: 0, primaryAffinity: 0 }][id] ?? {},
    });
    map = { ...map, crush: setDeviceClass(map.crush, { device: "osd.1", deviceClass: "ssd" }) };
    map = withShare(withOsd(map, 9, { isNew: true }), 9, { weight: 0 });
    expect(drawn(map)).toMatchInlineSnapshot(`
      "ID  CLASS   WEIGHT  TYPE NAME       STATUS  REWEIGHT  PRI-AFF
      -4         4.00000  root default
      -3         4.00000    rack rack0
      -1         2.00000      host host0
       0         1.00000        osd.0     up       1.00000  1.00000
       1  ssd    1.00000        osd.1     down     1.00000  1.00000
      -2         2.00000      host host1
       2         1.00000        osd.2     up       0.50000  1.00000
       3         1.00000        osd.3     up       0.00000  0.00000
       9         0.00000  osd.9           new      0.00000  1.00000
      "
    `);
  });

  test("with states shows those OSDs and what is above them", () => {
    const map = osdMapWorld(TREE, { osd: (id) => (id === 2 ? { up: false } : {}) });
    expect(drawn(map, "down")).toMatchInlineSnapshot(`
      "ID  CLASS   WEIGHT  TYPE NAME       STATUS  REWEIGHT  PRI-AFF
      -4         4.00000  root default
      -3         4.00000    rack rack0
      -2         2.00000      host host1
       2         1.00000        osd.2     down     1.00000  1.00000
      "
    `);
    expect(osdTree(map, ["destroyed"])).toEqual({ nodes: [], stray: [] });
  });

  test("says where the CRUSH map has a device that is no OSD", () => {
    const map = osdMapWorld({ racks: 1, hosts: 1, osds: 1 });
    expect(drawn({ ...map, osds: new Map(), shares: new Map() })).toContain("osd.0     no OSD");
  });

  test("of 10,000 OSDs takes about ten times as long as of 1,000", () => {
    const drawing = (racks: number): { map: OsdMap; lines: number; bestMs: number } => {
      const map = osdMapWorld({ racks, hosts: 25, osds: 20 });
      return { map, lines: 0, bestMs: Number.POSITIVE_INFINITY };
    };
    const sides = [drawing(2), drawing(20)];
    for (let round = 0; round < 3; round++) {
      for (const side of sides) {
        const startMs = performance.now();
        side.lines = drawn(side.map).split("\n").length;
        side.bestMs = Math.min(side.bestMs, performance.now() - startMs);
      }
    }
    const [small, large] = sides.map(({ bestMs }) => bestMs);
    expect(sides.map(({ lines }) => lines)).toEqual([1_000 + 50 + 5, 10_000 + 500 + 23]);
    expect(present(large, "a time") / present(small, "a time")).toBeLessThan(40);
  });
});
