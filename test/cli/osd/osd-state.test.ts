import { describe, expect, test } from "vitest";
import { isInStates, type OsdFilter, osdIds, statusOf } from "../../../cli/osd/osd-state.ts";
import { osdId } from "../../../cluster/base/ids.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

test.each([
  [{ up: true }, "up"],
  [{ isNew: false }, "down"],
  [{}, "new"],
  [{ isNew: false, destroyed: true }, "destroyed"],
])("an OSD with %o is %s", (info, status) => {
  expect(statusOf({ ...NEW_OSD, ...info })).toBe(status);
});

describe("lists are narrowed down", () => {
  const map = osdMapWorld(
    { racks: 1, hosts: 3, osds: 1 },
    { osd: (id) => [{}, { up: false }, { up: false, weight: 0, destroyed: true }][id] ?? {} },
  );

  test.each<[OsdFilter[], number[]]>([
    [[], [0, 1, 2]],
    [["up"], [0]],
    [["down"], [1, 2]],
    [["down", "in"], [1]],
    [["out"], [2]],
    [["destroyed"], [2]],
    [["up", "down"], []],
  ])("to %j", (filters, ids) => {
    expect(osdIds(map).filter((id) => isInStates(map, id, filters))).toEqual(ids);
  });

  test("and what is not there is in no state", () => {
    expect(isInStates(map, osdId(9), [])).toBe(false);
  });
});
