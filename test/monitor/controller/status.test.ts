import { describe, expect, test } from "vitest";
import { pgState } from "../../../cluster/map/pg-state.ts";
import { type ClusterStatus, PG_STATE_KINDS_MAX } from "../../../cluster/message/query.ts";
import { healthOf } from "../../../monitor/controller/health.ts";
import { statusOf } from "../../../monitor/controller/status.ts";
import { withDown, withOut } from "./board-world.ts";
import { type GivenHealth, healthInput, MAP } from "./health-world.ts";

function status(given: GivenHealth = {}): ClusterStatus {
  const input = healthInput(given);
  const health = healthOf(input, []);
  const controller = { name: "mon.a", electedMs: -5_000 };
  return statusOf({ ...input, clusterId: "c1", controller, health, progress: [] });
}

test("the status shows the cluster as it is", () => {
  const monitors = [{ name: "a", isInQuorum: true, isLeader: true }];
  const pgStat = ({ seed }: { seed: number }) => ({
    states: seed === 0 ? (["active", "degraded"] as const) : (["active", "clean"] as const),
    objects: 10,
    bytes: 100,
    degraded: seed === 0 ? 4 : 0,
    misplaced: 1,
  });
  const osdStats = { 0: { usedBytes: 7 }, 1: { usedBytes: 5 } };
  const map = withOut(withDown(MAP, 7), 6);
  const rates = {
    readOps: 0,
    writeOps: 0,
    readBytes: 0,
    writtenBytes: 0,
    recoveredObjects: 0,
    recoveredBytes: 0,
  };
  expect(status({ map, monitors, pgStat, osdStats })).toEqual({
    clusterId: "c1",
    epoch: 10,
    health: expect.objectContaining({ status: "HEALTH_WARN" }),
    monitors,
    controller: { name: "mon.a", electedAgoMs: 5_000 },
    osds: { count: 8, up: 7, in: 7, upChangedAgoMs: undefined, inChangedAgoMs: undefined },
    poolCount: 1,
    pgCount: 4,
    pgStates: [
      { state: pgState("active", "clean"), count: 3 },
      { state: pgState("active", "degraded"), count: 1 },
    ],
    objects: 40,
    copies: 120,
    degraded: 4,
    misplaced: 4,
    unfound: 0,
    storedBytes: 400,
    usedBytes: 12,
    totalBytes: 7_000,
    rates,
    progress: [],
  });
});

describe("what is said of times", () => {
  test("is how long ago it was", () => {
    const input = healthInput({ nowMs: 900 });
    Object.assign(input.osdBoard, { upChangedMs: 400, inChangedMs: 899.5 });
    const { osds } = statusOf({
      ...input,
      clusterId: "",
      controller: { name: "", electedMs: 0 },
      health: { status: "HEALTH_OK", checks: [] },
      progress: [],
    });
    expect([osds.upChangedAgoMs, osds.inChangedAgoMs]).toEqual([500, 0]);
  });
});

test("more kinds of states than an answer holds are cut, the rarest first", () => {
  const input = healthInput();
  const states = new Map(
    Array.from({ length: PG_STATE_KINDS_MAX + 9 }, (_, state) => [state, 1 + state]),
  );
  const { pgStates } = statusOf({
    ...input,
    pgs: { ...input.pgs, states },
    clusterId: "",
    controller: { name: "", electedMs: 0 },
    health: { status: "HEALTH_OK", checks: [] },
    progress: [],
  });
  expect(pgStates.length).toBe(PG_STATE_KINDS_MAX);
  expect(pgStates[0]?.count).toBe(PG_STATE_KINDS_MAX + 9);
});
