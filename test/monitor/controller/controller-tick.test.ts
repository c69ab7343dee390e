import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { type Epoch, epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import type { PgStat } from "../../../cluster/message/osd-report.ts";
import { creatingAt, osdStat, pgStat, withPool } from "./board-world.ts";
import { ControllerDesk, MAP } from "./controller-desk.ts";

/** As the primary of each PG of the pool says of it. */
function reportPgs(desk: ControllerDesk, given: Partial<PgStat>, seeds = [0, 1, 2, 3]): void {
  for (const seed of seeds) {
    const pg = { pool: poolId(1), seed };
    const leader = placementOf(desk.map).pgToActing(pg).primary;
    const stat = pgStat(pg, { sequence: desk.nowMs, ...given });
    desk.stats(present(leader, "a primary"), { pgs: [stat] });
  }
}

const at = (of: number, map: OsdMap = MAP): OsdMap => ({ ...map, epoch: epoch(of) });

describe("what time brings", () => {
  test("an OSD that is absent for long goes down, and out in the end", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: undefined });
    desk.live(59_000);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(true);
    desk.live(2_000);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
    desk.live(601_000);
    expect(desk.map.shares.get(osdId(3))?.weight).toBe(0);
  });

  test("is no absence while the process itself stood still", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: undefined });
    desk.pass(1_000);
    desk.nowMs += 100_000;
    desk.step({ type: "tick", lateMs: 100_000 });
    expect(desk.settle()).toBe(0);
    desk.live(61_000);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
  });

  test("waits for the next epoch where this one is full", () => {
    const desk = new ControllerDesk();
    desk.order({ type: "flagSet", flags: ["noscrub"] });
    desk.gather();
    while (desk.answers.length === 0) {
      desk.order({ type: "flagSet", flags: ["noout"] });
      desk.order({ type: "flagUnset", flags: ["noout"] });
    }
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: undefined });
    desk.step({ type: "tick", lateMs: 0 });
    desk.step({ type: "probed", osd: osdId(3), result: "refused" });
    desk.confirm();
    desk.settle();
    desk.live(100);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
  });

  test("asks of those that are missing whether they are there, where the map says", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: undefined });
    desk.live(5_000);
    expect(desk.wanted("probe")).toHaveLength(1);
    desk.step({ type: "probed", osd: osdId(3), result: "answered" });
    desk.live(5_000);
    expect(desk.wanted("probe")).toHaveLength(2);
    for (const probe of desk.wanted("probe")) {
      const { nonce } = present(desk.map.osds.get(osdId(3)), "osd.3");
      const { epoch: at } = desk.map;
      expect(probe).toEqual({ type: "probe", osd: 3, address: "127.0.0.1:6807", nonce, epoch: at });
    }
  });

  test("a pool that is over its quota is marked full, and is not when it is no more", () => {
    const map = withPool(MAP, 1, { pgNum: 4, quotaObjects: 10 });
    const desk = new ControllerDesk({ elected: { map: { ...map, epoch: epoch(1) } } });
    reportPgs(desk, { objects: 3 });
    desk.live(2_000);
    expect(desk.map.pools.get(poolId(1))?.isQuotaFull).toBe(true);
    expect(desk.events).toContain("quotas of 1 pools");
    reportPgs(desk, { objects: 1, sequence: desk.nowMs });
    desk.live(2_000);
    expect(desk.map.pools.get(poolId(1))?.isQuotaFull).toBe(false);
  });
});

describe("the balancer", () => {
  const SOON = { balancerInterval: 1_000 };

  test("is asked once at a time, every interval", () => {
    const desk = new ControllerDesk({ settings: SOON });
    desk.everybodyReports();
    desk.live(20_000);
    expect(desk.wanted("balance")).toHaveLength(1);
  });

  test.each([
    ["it is switched off", { balancer: "off" as const }, MAP, {}],
    ["norebalance is set", {}, { ...MAP, flags: new Set(["norebalance" as const]) }, {}],
    ["copies are missing", {}, MAP, { degraded: 1, objects: 10 }],
    ["much is on its way already", {}, MAP, { misplaced: 4, objects: 10 }],
    ["there is no pool", {}, { ...MAP, pools: new Map(), poolSettings: new Map() }, undefined],
  ])("is not asked while %s", (_, settings, map, stat) => {
    const desk = new ControllerDesk({ settings: { ...SOON, ...settings }, elected: { map } });
    if (stat !== undefined) reportPgs(desk, stat);
    desk.live(20_000);
    expect(desk.wanted("balance")).toEqual([]);
  });

  test("is asked while a little is on its way", () => {
    const desk = new ControllerDesk({ settings: SOON });
    reportPgs(desk, { misplaced: 1, objects: 10 });
    desk.live(3_000);
    expect(desk.wanted("balance")).toHaveLength(1);
  });

  test("has its brake set while it runs", () => {
    const desk = new ControllerDesk({ settings: { ...SOON, maxMisplacedRatio: 0.01 } });
    reportPgs(desk, { misplaced: 1, objects: 10 });
    desk.live(3_000);
    expect(desk.wanted("balance")).toEqual([]);
    desk.step({
      type: "settingsChanged",
      settings: { ...desk.state.settings, maxMisplacedRatio: 0.5 },
    });
    desk.live(3_000);
    expect(desk.wanted("balance")).toMatchObject([{ misplacedRatioMax: 0.5 }]);
  });
});

describe("old epochs", () => {
  const KEPT = { epochsKept: 100 };

  function trims(desk: ControllerDesk): Epoch[] {
    return desk.wanted("trim").map(({ below }) => below);
  }

  test("go when every PG was heard of, below what any of them needs", () => {
    const desk = new ControllerDesk({ settings: KEPT, elected: { map: at(2_000) } });
    reportPgs(desk, { lastClean: epoch(1_500) }, [0, 1, 2]);
    desk.live(30_000);
    expect(trims(desk)).toEqual([]);
    reportPgs(desk, { lastClean: epoch(700) }, [3]);
    desk.live(15_000);
    expect(trims(desk)).toEqual([700]);
  });

  test("go below what is kept for people, if no PG needs less", () => {
    const desk = new ControllerDesk({ settings: KEPT, elected: { map: at(2_000) } });
    reportPgs(desk, { lastClean: epoch(2_000) });
    desk.live(15_000);
    expect(trims(desk)).toEqual([1_900]);
  });

  test("stay where a PG is still to be created", () => {
    const map = { ...at(2_000), creating: creatingAt({ "1.2": 300 }) };
    const desk = new ControllerDesk({ settings: KEPT, elected: { map } });
    reportPgs(desk, { lastClean: epoch(2_000) }, [0, 1, 3]);
    desk.live(15_000);
    expect(trims(desk)).toEqual([300]);
  });

  test("are trimmed once at a time, and again only where it is worth it", () => {
    const desk = new ControllerDesk({ settings: KEPT, elected: { map: at(2_000) } });
    reportPgs(desk, { lastClean: epoch(2_000) });
    desk.live(60_000);
    expect(trims(desk)).toEqual([1_900]);
    desk.step({ type: "trimmed", oldest: epoch(1_500) });
    desk.live(60_000);
    expect(trims(desk)).toEqual([1_900, 1_900]);
    desk.step({ type: "trimmed", oldest: epoch(1_900) });
    desk.live(60_000);
    expect(trims(desk)).toHaveLength(2);
  });

  test("of a cluster as young as that stay", () => {
    const desk = new ControllerDesk({ elected: { map: at(300) } });
    reportPgs(desk, { lastClean: epoch(300) });
    desk.live(60_000);
    expect(trims(desk)).toEqual([]);
  });
});

test("figures of a disk come with each report", () => {
  const desk = new ControllerDesk();
  desk.stats(3, { stat: osdStat({ totalBytes: 1_000, usedBytes: 500 }) });
  expect(desk.term.osds.entries.get(osdId(3))?.stat.usedBytes).toBe(500);
});
