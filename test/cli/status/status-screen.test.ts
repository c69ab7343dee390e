import { describe, expect, test } from "vitest";
import { statusLines } from "../../../cli/status/status-screen.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import { pgState } from "../../../cluster/map/pg-state.ts";
import type { ClusterStatus } from "../../../cluster/message/query.ts";
import { healthCheck } from "../../../monitor/controller/health-codes.ts";

const NO_RATES = {
  readOps: 0,
  writeOps: 0,
  readBytes: 0,
  writtenBytes: 0,
  recoveredObjects: 0,
  recoveredBytes: 0,
};

const QUIET: ClusterStatus = {
  clusterId: "6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55",
  epoch: epoch(42),
  health: { status: "HEALTH_OK", checks: [] },
  monitors: [],
  controller: { name: "controller.a", electedAgoMs: 61_000 },
  osds: { count: 0, up: 0, in: 0 },
  poolCount: 0,
  pgCount: 0,
  pgStates: [],
  objects: 0,
  copies: 0,
  degraded: 0,
  misplaced: 0,
  unfound: 0,
  storedBytes: 0,
  usedBytes: 0,
  totalBytes: 0,
  rates: NO_RATES,
  progress: [],
};

describe("the status screen", () => {
  test("of a cluster with nothing in it is short", () => {
    expect(statusLines(QUIET).join("")).toMatchInlineSnapshot(`
      "  cluster:
          id:          6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55
          epoch:       42
          health:      HEALTH_OK

        services:
          monitors:    none of Kelp's: the tree is on another ZooKeeper
          controller:  controller.a (for 1m 1s)
          osds:        0: 0 up, 0 in

        data:
          pools:       0 pools, 0 PGs
          objects:     0 objects, 0 B
          usage:       not known: no OSD has said anything yet
      "
    `);
  });

  test("of a cluster in trouble shows what is wrong, what is done about it, and until when", () => {
    const down = healthCheck("OSD_DOWN", { summary: "1 osd down", count: 1, details: [] });
    const busy: ClusterStatus = {
      ...QUIET,
      health: { status: "HEALTH_WARN", checks: [down] },
      monitors: [
        { name: "mon.1", isInQuorum: true, isLeader: false },
        { name: "mon.2", isInQuorum: true, isLeader: true },
        { name: "mon.3", isInQuorum: false, isLeader: false },
      ],
      osds: { count: 12, up: 11, in: 12, upChangedAgoMs: 90_000, inChangedAgoMs: 86_400_000 },
      poolCount: 2,
      pgCount: 1_088,
      pgStates: [
        { state: pgState("active", "clean"), count: 1_000 },
        { state: pgState("active", "undersized", "degraded"), count: 87 },
        { state: 0, count: 1 },
      ],
      objects: 10_000,
      copies: 30_000,
      degraded: 2_400,
      misplaced: 10,
      unfound: 1,
      storedBytes: 5 * 2 ** 30,
      usedBytes: 15 * 2 ** 30,
      totalBytes: 60 * 2 ** 30,
      rates: {
        readOps: 120,
        writeOps: 30.4,
        readBytes: 2 ** 20,
        writtenBytes: 3.4 * 2 ** 20,
        recoveredObjects: 3,
        recoveredBytes: 12 * 2 ** 20,
      },
      progress: [
        {
          id: "1",
          title: "osd.3 went down",
          startedAgoMs: 90_000,
          unit: "copies",
          done: 600,
          total: 3_000,
          grown: 0,
          fraction: 0.2,
          perSecond: 3,
          etaMs: 800_000,
        },
      ],
    };
    const lines = statusLines(busy);
    expect(lines.join("")).toMatchInlineSnapshot(`
      "  cluster:
          id:          6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55
          epoch:       42
          health:      HEALTH_WARN
                       1 osd down (OSD_DOWN)

        services:
          monitors:    3: 2 in quorum, mon.2 leads, without mon.3
          controller:  controller.a (for 1m 1s)
          osds:        12: 11 up (for 1m 30s), 12 in (for 1d)

        data:
          pools:       2 pools, 1,088 PGs
          objects:     10,000 objects, 5.0 GiB
          usage:       15 GiB used, 45 GiB of 60 GiB free
          pgs:         2,400/30,000 copies degraded (8.0%)
                       10/30,000 copies misplaced (<0.1%)
                       1/10,000 objects unfound (<0.1%)
                       1,000 active+clean
                          87 active+degraded+undersized
                           1 unknown

        io:
          client:      1.0 MiB/s read (120 op/s), 3.4 MiB/s written (30 op/s)
          recovery:    12 MiB/s, 3 objects/s

        progress:
          osd.3 went down (for 1m 30s)
            [####--------------------]  20.0%  600/3,000 copies, 13m 20s left
      "
    `);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(81);
    expect(statusLines(busy, (style, text) => `<${style}:${text}>`).join("")).toContain(
      "osds:        12: <warning:11 up> (for 1m 30s), 12 in (for 1d)",
    );
  });
});
