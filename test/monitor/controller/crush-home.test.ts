import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { EMPTY_CRUSH } from "../../../cluster/map/empty-map.ts";
import { setDeviceClass, unlinkItem } from "../../../crush/builder.ts";
import { bucketOf, type CrushMap } from "../../../crush/types.ts";
import { problemOf } from "../../../crush/validate.ts";
import { parentsOf } from "../../../monitor/controller/crush-ancestry.ts";
import { type Home, isPlaced, settle, weightOf } from "../../../monitor/controller/crush-home.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const TIB = 2 ** 40;
const HOME: Home = {
  osd: osdId(0),
  host: "h1",
  deviceClass: "",
  bytes: TIB,
  isHostNew: false,
};

function settled(crush: CrushMap, home: Partial<Home> = {}): CrushMap {
  const result = settle(crush, { ...HOME, ...home });
  if (result.type === "placed") return result.crush;
  throw new Error(result.why);
}

/** Names from the item up to its root. */
function pathOf(crush: CrushMap, item: number): string[] {
  const [parent] = parentsOf(crush, item);
  const name = crush.itemNames.get(item) ?? "";
  return parent === undefined ? [name] : [name, ...pathOf(crush, parent)];
}

const world = osdMapWorld({ racks: 1, hosts: 2, osds: 1 }).crush;

describe("in an empty map", () => {
  const crush = settled(EMPTY_CRUSH, { deviceClass: "ssd", bytes: TIB / 2 });

  test("root, host and OSD are made, of Ceph's types", () => {
    expect(pathOf(crush, 0)).toEqual(["osd.0", "h1", "default"]);
    const types = [...crush.typeNames.values()];
    expect([types[0], types[1], types[3], types[11]]).toEqual(["osd", "host", "rack", "root"]);
    expect(problemOf(crush)).toBe(undefined);
  });

  test("class and weight are the OSD's", () => {
    expect(crush.classNames.get(crush.itemClasses.get(0) ?? -1)).toBe("ssd");
    expect(bucketOf(crush, parentsOf(crush, 0)[0] ?? 0)?.weight).toBe(0x8000);
  });

  test("the next of the host comes beside it", () => {
    const both = settled(crush, { osd: osdId(1) });
    expect(pathOf(both, 1)).toEqual(["osd.1", "h1", "default"]);
    expect(bucketOf(both, parentsOf(both, 0)[0] ?? 0)?.items).toEqual([0, 1]);
  });
});

describe("in a map that has it", () => {
  test("it stays, and the map is the same", () => {
    expect(settled(world)).toBe(world);
  });
  test("it goes to another host that is there, which stays where it is", () => {
    const moved = settled(world, { host: "host1", isHostNew: true });
    expect(pathOf(moved, 0)).toEqual(["osd.0", "host1", "rack0", "default"]);
  });
  test("it stays if that is where it is", () => {
    expect(settled(world, { host: "host0", isHostNew: true })).toBe(world);
  });
  test("it goes to a new host below the root, with its weight", () => {
    const moved = settled(world, { isHostNew: true, bytes: 5 * TIB });
    expect(pathOf(moved, 0)).toEqual(["osd.0", "h1", "default"]);
    expect(bucketOf(moved, parentsOf(moved, 0)[0] ?? 0)?.weight).toBe(0x10000);
  });
  test("it gets a class if it has none, and keeps the one that it has", () => {
    const ssd = settled(world, { deviceClass: "ssd" });
    expect(ssd.classNames.get(ssd.itemClasses.get(0) ?? -1)).toBe("ssd");
    const hdd = setDeviceClass(world, { device: "osd.0", deviceClass: "hdd" });
    expect(settled(hdd, { deviceClass: "ssd" })).toBe(hdd);
  });
  test("it is placed again if it stands in no bucket", () => {
    const loose = unlinkItem(world, { item: "osd.0", parent: "host0" });
    expect(isPlaced(loose, osdId(0))).toBe(false);
    const placed = settled(loose, { host: "host1", bytes: 2 * TIB });
    expect(pathOf(placed, 0)).toEqual(["osd.0", "host1", "rack0", "default"]);
    expect(bucketOf(placed, parentsOf(placed, 0)[0] ?? 0)?.weight).toBe(3 * 0x10000);
  });
});

describe("it cannot be placed", () => {
  const cases: readonly (readonly [string, CrushMap, Partial<Home>, RegExp])[] = [
    ["where the name of the host is that of a rack", world, { host: "rack0" }, /is a rack/],
    ["where the name of the host is that of an OSD", world, { host: "osd.1" }, /is a osd/],
    [
      "where there is no type of hosts",
      {
        ...EMPTY_CRUSH,
        typeNames: new Map([
          [0, "osd"],
          [9, "root"],
        ]),
      },
      {},
      /"host"/,
    ],
  ];
  for (const [name, crush, home, why] of cases) {
    test(name, () => {
      const given = { ...HOME, osd: osdId(5), ...home };
      expect(settle(crush, given)).toMatchObject({
        type: "impossible",
        why: expect.stringMatching(why),
      });
    });
  }
});

describe("a weight is the size in TiB, with four digits", () => {
  const cases: readonly (readonly [number, number])[] = [
    [TIB, 0x10000],
    [TIB / 2, 0x8000],
    [10 * 2 ** 30, Math.trunc(0.0098 * 0x10000)],
    [0, 6],
    [1, 6],
    [200 * TIB, 100 * 0x10000],
    [Number.MAX_SAFE_INTEGER, 100 * 0x10000],
  ];
  for (const [bytes, weight] of cases) {
    test(`${bytes} bytes weigh ${weight}`, () => expect(weightOf(bytes)).toBe(weight));
  }
});
