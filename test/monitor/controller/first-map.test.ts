import { expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { mapProblems } from "../../../cluster/map/map-problems.ts";
import { EMPTY_MAP, editOf } from "../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { firstMap } from "../../../monitor/controller/first-map.ts";
import { ControllerDesk } from "./controller-desk.ts";

test("the first map is one that may be published, with a root and one rule for replicas", () => {
  const { map, what } = firstMap(EMPTY_MAP);
  expect(what).toBe("begin the cluster");
  expect(mapProblems(map)).toEqual([]);
  expect(editOf(EMPTY_MAP, map)?.map.epoch).toBe(1);
  expect(map.crush.rules).toHaveLength(1);
});

test("what boots into it is placed on different hosts", () => {
  const desk = new ControllerDesk({ elected: { map: EMPTY_MAP } });
  desk.settle();
  for (let osd = 0; osd < 3; osd++) {
    const uuid = `33333333-0000-4000-8000-00000000000${osd}`;
    desk.order({ type: "osdNew", uuid, osd: undefined });
    desk.settle();
    desk.boot(osd, { host: `host${osd}` });
    desk.settle();
  }
  const pool = {
    name: "rbd",
    pgNum: 8,
    size: 3,
    minSize: 2,
    rule: undefined,
    application: "",
    confirm: true,
  };
  desk.order({ type: "poolCreate", ...pool });
  desk.settle();
  for (let seed = 0; seed < 8; seed++) {
    const { osds } = placementOf(desk.map).pgToUp({ pool: poolId(1), seed });
    expect([...osds].sort()).toEqual([0, 1, 2]);
  }
});
