import { expect, test } from "vitest";
import { osdId } from "../../../../cluster/base/ids.ts";
import { osdOf, osdsOf, withOsds } from "../../../../monitor/controller/command/osd-table.ts";
import { isRefusal } from "../../../../monitor/controller/command/sentence.ts";
import { MAP, osds } from "./desk.ts";

test("OSDs are found by their ids, each once", () => {
  const found = osdsOf(MAP, osds(2, 1, 2));
  if (isRefusal(found)) throw new Error(found.message);
  expect([...found.keys()]).toEqual([2, 1]);
  expect(found.get(osdId(2))).toEqual(osdOf(MAP, osdId(2)));
  expect(osdsOf(MAP, osds(1, 8))).toMatchObject({ code: "NOT_FOUND" });
  expect(osdsOf(MAP, [])).toMatchObject({ code: "INVALID", message: "no OSD is named" });
});

test("some of them are otherwise in another map", () => {
  const state = osdOf(MAP, osdId(0));
  if (isRefusal(state)) throw new Error(state.message);
  const share = { ...state.share, weight: 5 };
  const map = withOsds(MAP, new Map([[osdId(0), { ...state, share }]]));
  expect(osdOf(map, osdId(0))).toEqual({ info: state.info, share });
  expect(osdOf(MAP, osdId(0))).toEqual(state);
  expect(osdOf(map, osdId(1))).toEqual(osdOf(MAP, osdId(1)));
});
