import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { OSD_COUNT_MAX, osdCreateRequested } from "../../../monitor/controller/osd-create.ts";

const asks = (uuid: string) => ({ uuid, host: "h1", deviceClass: "ssd", bytes: 2 ** 40 });

function mapWith(ids: readonly number[], given: object = {}): OsdMap {
  return {
    ...EMPTY_MAP,
    osds: new Map(ids.map((id) => [osdId(id), { ...NEW_OSD, uuid: `u${id}`, ...given }])),
  };
}

describe("an empty directory gets", () => {
  const cases: readonly (readonly [string, OsdMap, string, number])[] = [
    ["the first id of an empty map", mapWith([]), "a", 0],
    ["the lowest free id", mapWith([0, 1, 3]), "a", 2],
    ["the next one where there is no gap", mapWith([0, 1]), "a", 2],
    ["the id that it got before", mapWith([0, 1, 3]), "u3", 3],
    ["none that was destroyed", mapWith([0, 1], { destroyed: true, uuid: "" }), "a", 2],
  ];
  for (const [name, map, uuid, osd] of cases) {
    test(name, () => {
      expect(osdCreateRequested(map, asks(uuid))).toMatchObject({ type: "edit", osd });
    });
  }
});

test("its row says whose it is, and it weighs nothing before it boots", () => {
  const result = osdCreateRequested(EMPTY_MAP, asks("a"));
  expect(result).toMatchObject({ type: "edit", what: "create osd.0 for h1" });
  if (result.type !== "edit") return;
  expect(result.map.osds.get(osdId(0))).toEqual({ ...NEW_OSD, uuid: "a", host: "h1" });
  expect(result.map.shares.get(osdId(0))).toEqual({ weight: 0, primaryAffinity: 0x10000 });
});

test("asked again it changes nothing", () => {
  const map = mapWith([0]);
  expect(osdCreateRequested(map, asks("u0"))).toMatchObject({ map });
});

test("what cannot be in a map is refused", () => {
  expect(osdCreateRequested(EMPTY_MAP, asks(""))).toMatchObject({ code: "INVALID" });
  const host = { ...asks("a"), host: "" };
  expect(osdCreateRequested(EMPTY_MAP, host)).toMatchObject({ code: "INVALID" });
});

test("a map that is full takes no more, but knows those that it has", () => {
  const full = mapWith(Array.from({ length: OSD_COUNT_MAX }, (_, id) => id));
  expect(osdCreateRequested(full, asks("a"))).toMatchObject({ type: "refused", code: "IN_USE" });
  expect(osdCreateRequested(full, asks("u7"))).toMatchObject({ type: "edit", osd: 7 });
});
