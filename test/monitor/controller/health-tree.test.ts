import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import {
  downOsds,
  downSubtrees,
  nameOf,
  placeOf,
  typeOf,
} from "../../../monitor/controller/health-tree.ts";
import { osdMap, withDown, withOsd, withOut } from "./board-world.ts";

const TREE = { racks: 2, hosts: 2, osds: 2, classOf: () => "ssd" };
const MAP = osdMap({ tree: TREE });

function subtrees(map: OsdMap): string[] {
  return downSubtrees(map, downOsds(map)).map(
    ({ bucket, osds }) =>
      `${typeOf(map.crush, bucket)} ${nameOf(map.crush, bucket)}: ${osds.join(" ")}`,
  );
}

describe("what is down as a whole", () => {
  test.each<[string, OsdMap, string[]]>([
    ["nothing", MAP, []],
    ["nothing while one OSD of a host is up", withDown(MAP, 0), []],
    ["a host", withDown(MAP, 0, 1), ["host host0: 0 1"]],
    ["two hosts of two racks", withDown(MAP, 0, 1, 4, 5), ["host host0: 0 1", "host host2: 4 5"]],
    ["a rack instead of its hosts", withDown(MAP, 0, 1, 2, 3), ["rack rack0: 0 1 2 3"]],
    [
      "a rack and a host",
      withDown(MAP, 0, 1, 2, 3, 6, 7),
      ["rack rack0: 0 1 2 3", "host host3: 6 7"],
    ],
    ["the root", withDown(MAP, 0, 1, 2, 3, 4, 5, 6, 7), ["root default: 0 1 2 3 4 5 6 7"]],
    ["a host whose other OSD is out and down", withOut(withDown(MAP, 0, 1), 1), ["host host0: 0"]],
    ["nothing where the other OSD is out and up", withOut(withDown(MAP, 0), 1), []],
    ["nothing where all that are down are out", withOut(withDown(MAP, 0, 1), 0, 1), []],
  ])("%s", (_, map, expected) => {
    expect(subtrees(map)).toEqual(expected);
  });

  test("is exactly what has no OSD up below it, and whose parent has", () => {
    const all = Array.from({ length: 8 }, (_, osd) => osd);
    fc.assert(
      fc.property(fc.subarray(all), (down) => {
        const isDown = (osds: readonly number[]): boolean =>
          osds.every((osd) => down.includes(osd));
        const [left, right] = [all.slice(0, 4), all.slice(4)];
        const racks = [left, right].map((osds, at) => ({ name: `rack rack${at}`, osds }));
        const hosts = [0, 1, 2, 3].map((at) => ({
          name: `host host${at}`,
          osds: all.slice(2 * at, 2 * at + 2),
        }));
        const expected = isDown(all)
          ? ["root default"]
          : [
              ...racks.filter(({ osds }) => isDown(osds)),
              ...hosts.filter(({ osds }, at) => isDown(osds) && !isDown(at < 2 ? left : right)),
            ].map(({ name }) => name);
        const found = subtrees(withDown(MAP, ...down)).map((line) => line.replace(/:.*/, ""));
        expect(found.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });
});

test("an OSD counts as down if it should hold data", () => {
  const destroyed = withOsd(withDown(MAP, 3, 1, 2), 2, { destroyed: true });
  expect(downOsds(withOut(destroyed, 3))).toEqual([1]);
});

describe("names", () => {
  test("tell where something stands, without shadow trees", () => {
    expect(placeOf(MAP.crush, 5)).toBe("root=default,rack=rack1,host=host2");
    expect(placeOf(MAP.crush, 99)).toBe("");
  });

  test("of what has none are its numbers", () => {
    expect(nameOf(MAP.crush, 99)).toBe("osd.99");
    expect(nameOf(MAP.crush, -99)).toBe("bucket -99");
    expect(typeOf({ ...MAP.crush, typeNames: new Map() }, -1)).toMatch(/^type [123]$/);
  });
});

test("an OSD that stands nowhere is in no subtree", () => {
  const osds = new Map([...MAP.osds, [osdId(50), { ...NEW_OSD, up: false }] as const]);
  const shares = new Map([...MAP.shares, [osdId(50), { weight: 1, primaryAffinity: 1 }] as const]);
  expect(subtrees({ ...MAP, osds, shares })).toEqual([]);
});
