import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { linkItem, unlinkItem } from "../../../crush/builder.ts";
import { deadSubtrees, hostOf, parentsOf } from "../../../monitor/controller/crush-ancestry.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const TREE = { racks: 2, hosts: 2, osds: 2 };
const WITH_CLASSES = { ...TREE, classOf: () => "ssd" };

function worldWithDown(...down: number[]): OsdMap {
  return osdMapWorld(TREE, { osd: (osd) => ({ up: !down.includes(osd) }) });
}

test("the host is the bucket above, whatever the OSD says", () => {
  const map = osdMapWorld(TREE, { osd: () => ({ host: "liar" }) });
  expect([0, 1, 2, 7].map((osd) => hostOf(map, osdId(osd)))).toEqual([
    "host0",
    "host0",
    "host1",
    "host3",
  ]);
});

test("without a place it is what the OSD says", () => {
  const { crush, ...rest } = osdMapWorld(TREE);
  const map = { ...rest, crush: unlinkItem(crush, { item: "osd.0", parent: "host0" }) };
  expect(hostOf(map, osdId(0))).toBe("host0");
  expect(parentsOf(map.crush, 0)).toEqual([]);
  expect(hostOf(map, osdId(99))).toBe("");
});

test("shadow trees hold nobody", () => {
  const { crush } = osdMapWorld(WITH_CLASSES);
  expect(crush.classBuckets.size).toBeGreaterThan(0);
  expect(parentsOf(crush, 0)).toHaveLength(1);
});

test("an item can stand in several buckets", () => {
  const crush = linkItem(osdMapWorld(TREE).crush, { item: "osd.0", parent: "host3" });
  expect(parentsOf(crush, 0)).toHaveLength(2);
});

describe("with osd.0 and osd.1 of host0 and osd.2 and osd.3 of host1, both in rack0", () => {
  const cases: readonly (readonly [string, readonly number[], boolean])[] = [
    ["host", [0, 1], true],
    ["host", [0], false],
    ["rack", [0, 1], false],
    ["rack", [0, 1, 2], false],
    ["rack", [0, 1, 2, 3], true],
    ["root", [0, 1, 2, 3], false],
    ["root", [0, 1, 2, 3, 4, 5, 6, 7], true],
    ["row", [0, 1, 2, 3], false],
    ["", [0, 1, 2, 3], false],
  ];
  for (const [limit, down, expected] of cases) {
    test(`${down.join(", ")} down: osd.0 is ${expected ? "" : "not "}in a dead ${limit || "?"}`, () => {
      const isDead = deadSubtrees(worldWithDown(...down), limit);
      expect(isDead(osdId(0))).toBe(expected);
      expect(isDead(osdId(0))).toBe(expected);
    });
  }

  test("a whole rack is dead to the limit host as well", () => {
    expect(deadSubtrees(worldWithDown(0, 1, 2, 3), "host")(osdId(0))).toBe(true);
  });

  test("a host whose other device is no OSD of the map is dead", () => {
    const map = worldWithDown(0, 1);
    const osds = new Map(map.osds);
    osds.delete(osdId(1));
    expect(deadSubtrees({ ...map, osds }, "host")(osdId(0))).toBe(true);
  });
});
