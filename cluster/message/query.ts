/**
 * What operators ask the controller, and what it answers. These records are also what it computes: there is no other form
 * of a health report or of a row of `osd df`. Bits of PG states stay numbers until somebody prints them (map/pg-state.ts).
 *
 * Sums over the cluster are floats: they can pass 2^53, where an answer must not fail.
 */
import { epochCodec, osdIdCodec } from "../map/osd-info.ts";
import { poolIdCodec } from "../map/pool-info.ts";
import {
  bool,
  f64,
  list,
  oneOf,
  optional,
  record,
  str,
  type TypeOf,
  u32,
  u53,
} from "../wire/codec.ts";
import { versioned } from "../wire/versioned.ts";
import { pgIdCodec } from "./osd-report.ts";

export const PG_PAGE_MAX = 1_000;
export const HEALTH_DETAILS_MAX = 50;
export const PROGRESS_EVENTS_MAX = 128;
const CHECKS_MAX = 128;
/** What one frame can hold; of more, the first are answered. */
export const OSDS_MAX = 1 << 15;
export const POOLS_MAX = 1 << 14;
const MONITORS_MAX = 64;
const PG_ROW_MAX = 64;
export const PG_STATE_KINDS_MAX = 4_096;

/** Ways in which a PG is stuck, in Ceph's words. */
export const PG_TROUBLES = ["inactive", "unclean", "undersized", "stale"] as const;
export type PgTrouble = (typeof PG_TROUBLES)[number];

export const HEALTH_STATUSES = ["HEALTH_OK", "HEALTH_WARN", "HEALTH_ERR"] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

export const healthCheck = record({
  /** Never changes its meaning: "OSD_DOWN". */
  code: str,
  severity: oneOf(...HEALTH_STATUSES),
  summary: str,
  /** What it means, whatever the case at hand. */
  explanation: str,
  /** The command that helps, or that shows what does. */
  command: str,
  /** What grows as it gets worse: OSDs, PGs, objects. */
  count: f64,
  /** At most HEALTH_DETAILS_MAX, and then one line that says how many more there are. */
  details: list(str, { max: HEALTH_DETAILS_MAX + 1 }),
  isMuted: bool,
});
export type HealthCheck = TypeOf<typeof healthCheck>;

export const healthReport = record({
  /** Of the checks that are not muted. */
  status: oneOf(...HEALTH_STATUSES),
  checks: list(healthCheck, { max: CHECKS_MAX }),
});
export type HealthReport = TypeOf<typeof healthReport>;

const trouble = optional(u53);

export const pgRow = record({
  pg: pgIdCodec,
  state: u32,
  up: list(u32, { max: PG_ROW_MAX }),
  upPrimary: optional(u32),
  acting: list(u32, { max: PG_ROW_MAX }),
  actingPrimary: optional(u32),
  objects: u53,
  bytes: u53,
  degraded: u53,
  misplaced: u53,
  unfound: u53,
  scrubErrors: u32,
  /** Of its last report; 0 if there was none. */
  reportEpoch: epochCodec,
  sequence: u53,
  lastClean: epochCodec,
  /** For how long it has been in each trouble that it is in. */
  troubleMs: record({ inactive: trouble, unclean: trouble, undersized: trouble, stale: trouble }),
});
export type PgRow = TypeOf<typeof pgRow>;

export const pgFilter = record({
  pool: optional(poolIdCodec),
  /** It is in the up or the acting set. */
  osd: optional(osdIdCodec),
  /** Every one of these bits is set; 0 asks for nothing. */
  states: u32,
  /** Those of which nobody has said anything. */
  unknown: bool,
  stuck: optional(record({ trouble: oneOf(...PG_TROUBLES), sinceMs: u53 })),
});
export type PgFilter = TypeOf<typeof pgFilter>;

export const osdDfRow = record({
  osd: osdIdCodec,
  deviceClass: str,
  /** Its weight in the CRUSH map and its reweight, as numbers: 1 is one. */
  crushWeight: f64,
  reweight: f64,
  isUp: bool,
  totalBytes: u53,
  usedBytes: u53,
  /** Used of total, 0 to 1, and that in relation to the average. */
  utilization: f64,
  variance: f64,
  pgCount: u32,
  /** False of one that has said nothing yet, whose figures are then 0. */
  isHeard: bool,
});
export type OsdDfRow = TypeOf<typeof osdDfRow>;

export const osdDf = record({
  rows: list(osdDfRow, { max: OSDS_MAX }),
  totalBytes: f64,
  usedBytes: f64,
  utilization: f64,
  minVariance: f64,
  maxVariance: f64,
  /** Of the utilization, 0 to 1. */
  deviation: f64,
});
export type OsdDf = TypeOf<typeof osdDf>;

export const poolDfRow = record({
  pool: poolIdCodec,
  name: str,
  pgNum: u32,
  objects: f64,
  storedBytes: f64,
  /** On all OSDs together. */
  usedBytes: f64,
  /** What can still be stored before the first OSD is full; undefined while nobody can tell. */
  maxAvailBytes: optional(f64),
  /** Stored of what could be stored in all, 0 to 1. */
  usedRatio: f64,
  /** 0 for none. */
  quotaBytes: u53,
  quotaObjects: u53,
  /** The fuller of the two, 0 to 1 or more; undefined without a quota. */
  quotaRatio: optional(f64),
  degraded: f64,
  misplaced: f64,
  unfound: f64,
  advice: optional(record({ pgNum: u32, isFarOff: bool })),
});
export type PoolDfRow = TypeOf<typeof poolDfRow>;

export const progressEvent = record({
  id: str,
  title: str,
  startedAgoMs: u53,
  /** Undefined while it goes on. */
  finishedAgoMs: optional(u53),
  unit: oneOf("copies", "pgs"),
  done: f64,
  total: f64,
  /** What was added to the total after the event had begun; `done` never falls, the share may because of this. */
  grown: f64,
  /** Done of total, 0 to 1. */
  fraction: f64,
  perSecond: f64,
  /** Undefined while nothing moves or it is too early to tell. */
  etaMs: optional(u53),
});
export type ProgressEvent = TypeOf<typeof progressEvent>;
const progressEvents = list(progressEvent, { max: PROGRESS_EVENTS_MAX });

export const ioRates = record({
  readOps: f64,
  writeOps: f64,
  readBytes: f64,
  writtenBytes: f64,
  recoveredObjects: f64,
  recoveredBytes: f64,
});
/** Per second. */
export type IoRates = TypeOf<typeof ioRates>;

export const monitorRow = record({ name: str, isInQuorum: bool, isLeader: bool });
export type MonitorRow = TypeOf<typeof monitorRow>;
const monitors = list(monitorRow, { max: MONITORS_MAX });

export const clusterStatus = record({
  clusterId: str,
  epoch: epochCodec,
  health: healthReport,
  /** Empty on a tree that is not Kelp's own. */
  monitors,
  controller: record({ name: str, electedAgoMs: u53 }),
  osds: record({
    count: u32,
    up: u32,
    in: u32,
    /** Since when, as far as this controller knows. */
    upChangedAgoMs: optional(u53),
    inChangedAgoMs: optional(u53),
  }),
  poolCount: u32,
  pgCount: u32,
  pgStates: list(record({ state: u32, count: u32 }), { max: PG_STATE_KINDS_MAX }),
  objects: f64,
  /** Objects, each as often as its pool wants it. */
  copies: f64,
  degraded: f64,
  misplaced: f64,
  unfound: f64,
  storedBytes: f64,
  usedBytes: f64,
  totalBytes: f64,
  rates: ioRates,
  progress: progressEvents,
});
export type ClusterStatus = TypeOf<typeof clusterStatus>;

const message = <const F extends Parameters<typeof record>[0]>(fields: F) =>
  versioned(1, record(fields));

export const QUERIES = {
  askStatus: { id: 0x0360, body: message({}) },
  askHealth: { id: 0x0361, body: message({}) },
  askPgs: {
    id: 0x0362,
    /** In the order of pools and seeds, those behind `after`. */
    body: message({ filter: pgFilter, after: optional(pgIdCodec), limit: u32 }),
  },
  askOsdDf: { id: 0x0363, body: message({}) },
  askPoolDf: { id: 0x0364, body: message({}) },
  askProgress: { id: 0x0365, body: message({}) },
  askQuorum: { id: 0x0366, body: message({}) },
} as const;

/** A controller that was deposed answers `notController` (osd-report.ts). */
export const QUERY_ANSWERS = {
  status: { id: 0x0370, body: message({ status: clusterStatus }) },
  health: { id: 0x0371, body: message({ health: healthReport }) },
  pgs: {
    id: 0x0372,
    body: message({
      rows: list(pgRow, { max: PG_PAGE_MAX }),
      /** What to ask for next; undefined at the end. */
      next: optional(pgIdCodec),
    }),
  },
  osdDf: { id: 0x0373, body: message({ df: osdDf }) },
  poolDf: { id: 0x0374, body: message({ rows: list(poolDfRow, { max: POOLS_MAX }) }) },
  progress: { id: 0x0375, body: message({ events: progressEvents }) },
  quorum: { id: 0x0376, body: message({ monitors }) },
} as const;
