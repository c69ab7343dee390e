import { expect, test } from "vitest";
import { epoch, osdId } from "../../../../cluster/base/ids.ts";
import { hasSameRows } from "../../../../monitor/controller/command/same-rows.ts";
import { MAP, osds } from "./desk.ts";

test("copies that hold the same have the same rows, of whatever epoch they are", () => {
  const copy = {
    ...structuredClone(MAP),
    epoch: epoch(9),
    flags: new Set(MAP.flags),
    shares: new Map([...MAP.shares].reverse()),
  };
  expect(hasSameRows(MAP, MAP)).toBe(true);
  expect(hasSameRows(MAP, copy)).toBe(true);
});

test("a row more, less or otherwise is a difference", () => {
  const fewer = new Map(MAP.shares);
  fewer.delete(osdId(0));
  const [share] = MAP.shares.values();
  const other = new Map(MAP.shares).set(osdId(0), {
    primaryAffinity: 0,
    weight: share?.weight ?? 0,
  });
  const [first] = osds(99);
  const more = share && first !== undefined ? new Map(MAP.shares).set(first, share) : new Map();
  for (const shares of [fewer, other, more])
    expect(hasSameRows(MAP, { ...MAP, shares })).toBe(false);
  const tunables = { ...MAP.crush.tunables, chooseTotalTries: 7 };
  expect(hasSameRows(MAP, { ...MAP, crush: { ...MAP.crush, tunables } })).toBe(false);
});
