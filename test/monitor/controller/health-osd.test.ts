import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { HEALTH_DETAILS_MAX } from "../../../cluster/message/query.ts";
import { osdMap, withDown, withOsd, withOut } from "./board-world.ts";
import { checkOf, codesOf, MAP } from "./health-world.ts";

describe("OSDs that are down", () => {
  test("are counted, and shown where they stand", () => {
    expect(checkOf({ map: withDown(MAP, 0, 5) }, "OSD_DOWN")).toMatchObject({
      summary: "2 osds down",
      count: 2,
      details: [
        "osd.0 (root=default,rack=rack0,host=host0) is down",
        "osd.5 (root=default,rack=rack1,host=host2) is down",
      ],
    });
  });

  test("and out are no trouble any more", () => {
    expect(codesOf({ map: withOut(withDown(MAP, 0), 0) })).toEqual([]);
  });

  test("of a cluster of many are not all shown", () => {
    const map = osdMap({ tree: { racks: 1, hosts: 10, osds: 10 } });
    const down = Array.from({ length: 70 }, (_, osd) => osd);
    const { details } = checkOf({ map: withDown(map, ...down) }, "OSD_DOWN") ?? { details: [] };
    expect(details.length).toBe(HEALTH_DETAILS_MAX + 1);
    expect(details.at(-1)).toBe("and 20 more");
  });
});

describe("what is down as a whole", () => {
  test("is told by its highest bucket alone", () => {
    expect(codesOf({ map: withDown(MAP, 0, 1) })).toContain("OSD_HOST_DOWN");
    const rack = codesOf({ map: withDown(MAP, 0, 1, 2, 3) });
    expect(rack).toContain("OSD_RACK_DOWN");
    expect(rack).not.toContain("OSD_HOST_DOWN");
  });

  test.each([
    [
      [0, 1],
      "OSD_HOST_DOWN",
      "1 host (2 osds) down",
      "host host0 (root=default,rack=rack0) (2 osds) is down",
    ],
    [
      [0, 1, 4, 5],
      "OSD_HOST_DOWN",
      "2 hosts (4 osds) down",
      "host host0 (root=default,rack=rack0) (2 osds) is down",
    ],
    [
      [0, 1, 2, 3],
      "OSD_RACK_DOWN",
      "1 rack (4 osds) down",
      "rack rack0 (root=default) (4 osds) is down",
    ],
    [
      [0, 1, 2, 3, 4, 5, 6, 7],
      "OSD_SUBTREE_DOWN",
      "1 root (8 osds) down",
      "root default (8 osds) is down",
    ],
  ] as const)("%j: %s", (down, code, summary, detail) => {
    const check = checkOf({ map: withDown(MAP, ...down) }, code);
    expect([check?.summary, check?.details[0]]).toEqual([summary, detail]);
  });
});

describe("full OSDs", () => {
  test.each([
    ["nearfull", "OSD_NEARFULL", "near full", "HEALTH_WARN"],
    ["backfillfull", "OSD_BACKFILLFULL", "backfill full", "HEALTH_WARN"],
    ["full", "OSD_FULL", "full", "HEALTH_ERR"],
  ] as const)("that are %s", (fullness, code, words, severity) => {
    const map = withOsd(withOsd(MAP, 0, { fullness }), 3, { fullness });
    const osdStats = { 0: { totalBytes: 1000, usedBytes: 968 } };
    expect(checkOf({ map, osdStats, silent: [3] }, code)).toMatchObject({
      severity,
      summary: `2 ${fullness} osd(s)`,
      details: [`osd.0 is ${words} at 96%`, `osd.3 is ${words}`],
    });
  });

  test("are told by their worst alone", () => {
    const codes = codesOf({ map: withOsd(MAP, 0, { fullness: "full" }) });
    expect(codes).not.toContain("OSD_NEARFULL");
  });

  test("that are destroyed are not told of", () => {
    const map = withOsd(MAP, 0, { fullness: "full", destroyed: true, up: false });
    expect(codesOf({ map: withOut(map, 0) })).toEqual([]);
  });
});

describe("slow operations", () => {
  test("of one OSD", () => {
    const check = checkOf({ osdStats: { 2: { slowOps: 3, oldestSlowMs: 35_900 } } }, "SLOW_OPS");
    expect(check?.summary).toBe("3 slow ops, oldest one blocked for 35 sec, osd.2 has slow ops");
    expect(check?.details).toEqual(["osd.2: 3 slow ops, oldest 35 sec"]);
  });

  test("of several", () => {
    const osdStats = {
      5: { slowOps: 1, oldestSlowMs: 2_000 },
      2: { slowOps: 3, oldestSlowMs: 1_000 },
    };
    expect(checkOf({ osdStats }, "SLOW_OPS")?.summary).toBe(
      "4 slow ops, oldest one blocked for 2 sec, daemons [osd.2,osd.5] have slow ops",
    );
  });

  test("of one that has been silent since, or is down, are no news", () => {
    const osdStats = { 2: { slowOps: 3 } };
    expect(checkOf({ osdStats, map: withDown(MAP, 2) }, "SLOW_OPS")).toBeUndefined();
    expect(checkOf({ osdStats, silent: [2], nowMs: 60_000 }, "SLOW_OPS")).toBeUndefined();
  });
});

test.each([
  [59_999, []],
  [60_000, ["OSD_NO_STATS"]],
])("an OSD that reports nothing for %i ms raises %j", (nowMs, codes) => {
  expect(codesOf({ map: osdMap(), silent: [1], nowMs })).toEqual(codes);
});

test.each([
  [4, undefined],
  [5, "OSD count 4 < default pool size 5"],
])("with four OSDs and pools of size %i", (poolSizeDefault, summary) => {
  expect(checkOf({ map: osdMap(), poolSizeDefault }, "TOO_FEW_OSDS")?.summary).toBe(summary);
});

test("flags are listed", () => {
  const map = { ...MAP, flags: new Set(["noout", "norebalance"] as const) };
  expect(checkOf({ map }, "OSDMAP_FLAGS")?.summary).toBe("noout,norebalance flag(s) set");
});

test("what membership knows is told with its reasons", () => {
  const membership = {
    isInTrouble: false,
    flapping: [osdId(1), osdId(2)],
    outBrake: [{ osd: osdId(4), why: "too few would be left in" }],
  };
  expect(checkOf({ membership }, "OSD_FLAPPING")?.summary).toBe("2 osds flapping");
  expect(checkOf({ membership }, "OSD_OUT_BRAKE")?.details).toEqual([
    "osd.4 is down and in: too few would be left in",
  ]);
});
