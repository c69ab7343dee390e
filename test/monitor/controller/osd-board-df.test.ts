import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { OsdDf } from "../../../cluster/message/query.ts";
import { WEIGHT_ONE } from "../../../crush/weight.ts";
import { createOsdBoard, takeOsdStat } from "../../../monitor/controller/osd-board.ts";
import { deviceWeights, osdDfOf, ratio } from "../../../monitor/controller/osd-board-df.ts";
import { osdMap, osdStat, report, withDown, withOut, withShare } from "./board-world.ts";

const MAP = osdMap({
  tree: {
    racks: 1,
    hosts: 4,
    osds: 1,
    weightOf: (osd) => 1 + osd,
    classOf: (osd) => (osd === 0 ? "ssd" : "hdd"),
  },
});

/** By OSD; undefined of one that says nothing. Each has 1000 bytes. */
function df(used: readonly (number | undefined)[], map: OsdMap = MAP): OsdDf {
  const board = createOsdBoard();
  for (const [osd, usedBytes] of used.entries()) {
    if (usedBytes === undefined) continue;
    takeOsdStat(board, MAP, report(MAP, osd, { stat: osdStat({ usedBytes }) }), 0);
  }
  return osdDfOf(board, map, (osd) => 10 * osd);
}

describe("a row of osd df", () => {
  test("shows weights, class, use and PGs", () => {
    const { rows } = df([100, 200, 300, 200], withShare(MAP, 1, { weight: WEIGHT_ONE / 2 }));
    expect(rows[1]).toEqual({
      osd: osdId(1),
      deviceClass: "hdd",
      crushWeight: 2,
      reweight: 0.5,
      isUp: true,
      totalBytes: 1000,
      usedBytes: 200,
      utilization: 0.2,
      variance: 1,
      pgCount: 10,
      isHeard: true,
    });
    expect(rows[0]?.deviceClass).toBe("ssd");
  });

  test("of an OSD that has said nothing has no figures, and counts in none", () => {
    const { rows, totalBytes, minVariance } = df([undefined, 100, 100, 100]);
    expect(rows[0]).toMatchObject({ isHeard: false, totalBytes: 0, utilization: 0 });
    expect([totalBytes, minVariance]).toEqual([3000, 1]);
  });

  test("of one that is down shows what it had", () => {
    const { rows } = df([100, 100, 100, 100], withDown(MAP, 2));
    expect(rows[2]).toMatchObject({ isUp: false, usedBytes: 100 });
  });
});

describe("the totals of osd df", () => {
  test("are the average, the extremes and the deviation of the utilization", () => {
    const { utilization, minVariance, maxVariance, deviation } = df([100, 200, 300, 200]);
    expect(utilization).toBe(0.2);
    expect([minVariance, maxVariance]).toEqual([0.5, expect.closeTo(1.5)]);
    expect(deviation).toBeCloseTo(Math.sqrt(0.02 / 4));
  });

  test("leave out OSDs that are out, as Ceph does", () => {
    const { rows, totalBytes, maxVariance } = df([100, 100, 100, 900], withOut(MAP, 3));
    expect([totalBytes, maxVariance]).toEqual([3000, 1]);
    expect(rows[3]?.variance).toBeCloseTo(9);
  });

  test("are 0 where nobody has said anything", () => {
    const { utilization, minVariance, maxVariance, deviation } = df([]);
    expect([utilization, minVariance, maxVariance, deviation]).toEqual([0, 0, 0, 0]);
  });
});

test("the weight of a device is that of where it stands, not of shadow trees by its class", () => {
  expect(deviceWeights(MAP.crush).get(osdId(3))).toBe(4 * WEIGHT_ONE);
  expect(deviceWeights(MAP.crush)).toBe(deviceWeights(MAP.crush));
});

test("a ratio to nothing is 0", () => {
  expect([ratio(1, 0), ratio(1, 4)]).toEqual([0, 0.25]);
});
