import { describe, expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { CONTROLLER_ANSWERS, OSD_REPORTS } from "../../../cluster/message/osd-report.ts";
import {
  type ClusterStatus,
  type HealthCheck,
  PG_PAGE_MAX,
  type PgRow,
  type PoolDfRow,
  type ProgressEvent,
  QUERIES,
  QUERY_ANSWERS,
} from "../../../cluster/message/query.ts";
import { createRegistry, type MessageOf } from "../../../cluster/wire/registry.ts";
import { Writer } from "../../../cluster/wire/writer.ts";

const registry = createRegistry({
  ...OSD_REPORTS,
  ...CONTROLLER_ANSWERS,
  ...QUERIES,
  ...QUERY_ANSWERS,
});
type Message = MessageOf<typeof registry>;

function trip(message: Message): Message {
  const out = new Writer();
  const id = registry.encode(out, message);
  return registry.decode(id, out.finish());
}

const check: HealthCheck = {
  code: "OSD_DOWN",
  severity: "HEALTH_WARN",
  summary: "1 osds down",
  explanation: "It is.",
  command: "kelp osd tree",
  count: 1,
  details: ["osd.1 is down"],
  isMuted: false,
};
const event: ProgressEvent = {
  id: "7",
  title: "Rebalancing after osd.3 marked out",
  startedAgoMs: 5,
  finishedAgoMs: undefined,
  unit: "copies",
  done: 1,
  total: 4,
  grown: 0,
  fraction: 0.25,
  perSecond: 0.5,
  etaMs: 6_000,
};
const row: PgRow = {
  pg: { pool: poolId(1), seed: 3 },
  state: 0x8000_0001,
  up: [1, 0x7fffffff],
  upPrimary: 1,
  acting: [],
  actingPrimary: undefined,
  objects: 1,
  bytes: 2,
  degraded: 3,
  misplaced: 4,
  unfound: 5,
  scrubErrors: 6,
  reportEpoch: epoch(7),
  sequence: 8,
  lastClean: epoch(9),
  troubleMs: { inactive: 1, unclean: undefined, undersized: undefined, stale: 2 },
};
const pool: PoolDfRow = {
  pool: poolId(4),
  name: "a",
  pgNum: 8,
  objects: 1,
  storedBytes: 2 ** 60,
  usedBytes: 2 ** 61,
  maxAvailBytes: undefined,
  usedRatio: 0.5,
  quotaBytes: 0,
  quotaObjects: 7,
  quotaRatio: 0.1,
  degraded: 0,
  misplaced: 0,
  unfound: 0,
  advice: { pgNum: 32, isFarOff: true },
};
const status: ClusterStatus = {
  clusterId: "c",
  epoch: epoch(5),
  health: { status: "HEALTH_WARN", checks: [check] },
  monitors: [{ name: "a", isInQuorum: true, isLeader: false }],
  controller: { name: "mon.a", electedAgoMs: 4 },
  osds: { count: 3, up: 2, in: 1, upChangedAgoMs: 9, inChangedAgoMs: undefined },
  poolCount: 1,
  pgCount: 8,
  pgStates: [{ state: 3, count: 8 }],
  objects: 1,
  copies: 3,
  degraded: 0,
  misplaced: 0,
  unfound: 0,
  storedBytes: 1,
  usedBytes: 2,
  totalBytes: 3,
  rates: {
    readOps: 1,
    writeOps: 2,
    readBytes: 3,
    writtenBytes: 4,
    recoveredObjects: 5,
    recoveredBytes: 6,
  },
  progress: [event],
};
const filter = { pool: undefined, osd: osdId(3), states: 5, unknown: false };
const stuck = { trouble: "stale", sinceMs: 60_000 } as const;

test.each<Message>([
  { type: "askStatus" },
  { type: "askHealth" },
  { type: "askPgs", filter: { ...filter, stuck }, after: { pool: poolId(1), seed: 2 }, limit: 10 },
  { type: "askPgs", filter: { ...filter, stuck: undefined }, after: undefined, limit: 0 },
  { type: "askOsdDf" },
  { type: "askPoolDf" },
  { type: "askProgress" },
  { type: "askQuorum" },
  { type: "status", status },
  { type: "health", health: status.health },
  { type: "pgs", rows: [row], next: { pool: poolId(1), seed: 3 } },
  { type: "poolDf", rows: [pool] },
  { type: "progress", events: [event] },
  { type: "quorum", monitors: status.monitors },
  {
    type: "osdDf",
    df: {
      rows: [
        {
          osd: osdId(1),
          deviceClass: "ssd",
          crushWeight: 1.5,
          reweight: 1,
          isUp: true,
          totalBytes: 10,
          usedBytes: 5,
          utilization: 0.5,
          variance: 1,
          pgCount: 8,
          isHeard: true,
        },
      ],
      totalBytes: 10,
      usedBytes: 5,
      utilization: 0.5,
      minVariance: 1,
      maxVariance: 1,
      deviation: 0,
    },
  },
])("$type comes out as it went in", (message) => {
  expect(trip(message)).toEqual(message);
});

describe("a page", () => {
  test("of as many rows as there may be fits into a frame with room to spare", () => {
    const full = {
      ...row,
      up: new Array<number>(64).fill(1),
      acting: new Array<number>(64).fill(1),
    };
    const out = new Writer();
    registry.encode(out, {
      type: "pgs",
      rows: new Array<PgRow>(PG_PAGE_MAX).fill(full),
      next: undefined,
    });
    expect(out.finish().length).toBeLessThan(1 << 20);
  });
});
