import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { isHearing, observe, ownTime } from "../../../monitor/controller/membership-state.ts";
import { MembershipRun } from "./membership-run.ts";

const OSD = osdId(0);

test("its time stands still while the process is stopped", () => {
  const run = new MembershipRun();
  const before = ownTime(run.state, run.nowMs);
  run.stall(7_000);
  expect(ownTime(run.state, run.nowMs)).toBe(before);
});

test("one sign of life shows for ten seconds that it can hear", () => {
  const run = new MembershipRun();
  expect(isHearing(run.state, run.nowMs)).toBe(false);
  run.report(2, 0);
  expect(isHearing(run.state, run.nowMs + 10_000)).toBe(true);
  expect(isHearing(run.state, run.nowMs + 10_001)).toBe(false);
});

describe("a map that it is shown", () => {
  test("says how many are up", () => {
    const run = new MembershipRun();
    run.takeDown(0, 1);
    expect(run.state.upCount).toBe(10);
  });

  test("ends what belongs to an incarnation that is over", () => {
    const run = new MembershipRun();
    run.probe = () => "refused";
    run.setFlags("nodown");
    run.report(2, 0);
    run.loseSessions(0);
    const { reports, probes, presence } = run.state;
    expect([reports.has(OSD), probes.has(OSD), presence.absences.has(OSD)]).toEqual([
      true,
      true,
      true,
    ]);
    run.takeDown(0);
    expect([reports.has(OSD), probes.has(OSD), presence.absences.has(OSD)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("without an OSD leaves nothing of it", () => {
    const run = new MembershipRun();
    run.report(2, 0);
    run.report(0, 3);
    run.loseSessions(0);
    run.takeDown(0);
    const [osds, shares] = [new Map(run.map.osds), new Map(run.map.shares)];
    osds.delete(OSD);
    shares.delete(OSD);
    run.publish({ ...run.map, osds, shares });
    run.decide();
    for (const own of Object.values(run.state)) {
      if (own instanceof Map && own !== run.state.shown) expect(own.has(OSD)).toBe(false);
    }
    expect(run.state.reports.size).toBe(0);
  });

  test("with as many others instead of one leaves nothing of that one", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    const osds = new Map(run.map.osds);
    osds.set(osdId(50), { ...run.info(0), uuid: "other" });
    osds.delete(OSD);
    observe(run.state, { ...run.map, osds }, run.nowMs);
    expect(run.state.incarnations.has(OSD)).toBe(false);
    expect(run.state.flaps.has(OSD)).toBe(false);
  });

  test("again the same changes nothing", () => {
    const run = new MembershipRun();
    run.loseSessions(0);
    const before = structuredClone({ ...run.state, shown: undefined });
    observe(run.state, run.map, run.nowMs + 500);
    expect({ ...run.state, shown: undefined }).toEqual(before);
  });
});
