import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import type { OsdInfo } from "../../../cluster/map/osd-info.ts";
import {
  changesState,
  downIn,
  later,
  withOsds,
  withWeights,
} from "../../../monitor/controller/osd-rows.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const map = osdMapWorld({ racks: 1, hosts: 2, osds: 1 });

test("what changes nothing gives the map itself", () => {
  expect(withOsds(map, [])).toBe(map);
  expect(withOsds(map, [[osdId(0), { up: true }]])).toBe(map);
});

test("changes are those of the rows that are named", () => {
  const edited = withOsds(map, [[osdId(0), downIn(map)]]);
  expect(edited.osds.get(osdId(0))).toMatchObject({ up: false, downAt: 2, nonce: 1000 });
  expect(edited.osds.get(osdId(1))).toBe(map.osds.get(osdId(1)));
  expect(map.osds.get(osdId(0))?.up).toBe(true);
});

test("weights change and affinities stay", () => {
  const { shares } = withWeights(map, [[osdId(0), 7]]);
  expect(shares.get(osdId(0))).toEqual({ weight: 7, primaryAffinity: 0x10000 });
});

test("what is later is so after the next publish, unless it says when", () => {
  expect(later("why")).toEqual({ type: "later", why: "why", first: undefined, retryMs: undefined });
  expect(later("why", { retryMs: 5 })).toMatchObject({ retryMs: 5 });
});

describe("a draft changes the state of an OSD", () => {
  const cases: readonly (readonly [string, Partial<OsdInfo>, boolean])[] = [
    ["not where nothing is different", {}, false],
    ["not with what is no state", { upThru: epoch(2), fullness: "full" }, false],
    ["that goes down", { up: false }, true],
    ["that is another process", { nonce: 5 }, true],
  ];
  for (const [name, change, expected] of cases) {
    test(name, () => {
      const draft = withOsds(map, [[osdId(0), change]]);
      expect(changesState({ base: map, draft }, osdId(0))).toBe(expected);
    });
  }

  test("that the base did not have, once it is up", () => {
    const base = { ...map, osds: new Map() };
    expect(changesState({ base, draft: map }, osdId(0))).toBe(true);
    const created = withOsds(map, [[osdId(0), { up: false, nonce: 0 }]]);
    expect(changesState({ base, draft: created }, osdId(0))).toBe(false);
  });
});
