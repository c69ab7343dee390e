/**
 * Statistics of the OSDs, from what they report: the newest figures of each, and rates over the last seconds. A report says
 * what happened since the one before, so the first one of an incarnation says nothing of rates: nobody knows since when.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { OsdStat } from "../../cluster/message/osd-report.ts";
import type { IoRates } from "../../cluster/message/query.ts";
import type { StatsReport } from "./pg-board.ts";

export const RATE_WINDOW_MS = 10_000;
/** Of one OSD; one that reports more often has its reports joined. */
const SAMPLES_MAX = 16;
const SAMPLE_MS_MIN = RATE_WINDOW_MS / SAMPLES_MAX;

const RATED = [
  "readOps",
  "writeOps",
  "readBytes",
  "writtenBytes",
  "recoveredObjects",
  "recoveredBytes",
] as const satisfies readonly (keyof OsdStat & keyof IoRates)[];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Sample {
  readonly fromMs: number;
  untilMs: number;
  readonly done: Mutable<IoRates>;
}

export interface OsdEntry {
  readonly nonce: number;
  readonly stat: OsdStat;
  readonly heardMs: number;
  readonly samples: readonly Sample[];
}

export interface OsdBoard {
  map: OsdMap | undefined;
  readonly entries: Map<OsdId, OsdEntry>;
  up: number;
  in: number;
  /** When OSDs last went up or down, and in or out; undefined since the election. */
  upChangedMs: number | undefined;
  inChangedMs: number | undefined;
}

export function createOsdBoard(): OsdBoard {
  return {
    map: undefined,
    entries: new Map(),
    up: 0,
    in: 0,
    upChangedMs: undefined,
    inChangedMs: undefined,
  };
}

/** To be told of every map that is published, in order. */
export function followOsds(board: OsdBoard, map: OsdMap, nowMs: number): void {
  const before = board.map;
  if (before === map) return;
  board.map = map;
  if (before?.osds !== map.osds || before.shares !== map.shares)
    countOsds(board, before, map, nowMs);
  for (const [osd, { nonce }] of board.entries) {
    const info = map.osds.get(osd);
    // Figures of one that is down stay, as what it had when it was seen last.
    if (info === undefined || info.destroyed || info.nonce !== nonce) board.entries.delete(osd);
  }
}

/** False if it is not from the incarnation that is up. */
export function takeOsdStat(
  board: OsdBoard,
  map: OsdMap,
  { osd, nonce, stat }: Pick<StatsReport, "osd" | "nonce" | "stat">,
  nowMs: number,
): boolean {
  followOsds(board, map, nowMs);
  const info = map.osds.get(osd);
  if (info?.up !== true || info.nonce !== nonce) return false;
  const known = board.entries.get(osd);
  const samples = known === undefined ? [] : withSample(known, stat, nowMs);
  board.entries.set(osd, { nonce, stat, heardMs: nowMs, samples });
  return true;
}

/** Per second, over the last RATE_WINDOW_MS or as long as it is known. */
export function ratesOf({ samples }: OsdEntry, nowMs: number): IoRates {
  const rates = noRates();
  const recent = samples.filter(({ untilMs }) => nowMs - untilMs < RATE_WINDOW_MS);
  const [first] = recent;
  if (first === undefined) return rates;
  const seconds = Math.max(nowMs - first.fromMs, SAMPLE_MS_MIN) / 1000;
  for (const { done } of recent) for (const name of RATED) rates[name] += done[name] / seconds;
  return rates;
}

export function clusterRates(board: OsdBoard, nowMs: number): IoRates {
  const sum = noRates();
  for (const entry of board.entries.values()) {
    if (nowMs - entry.heardMs >= RATE_WINDOW_MS) continue;
    const rates = ratesOf(entry, nowMs);
    for (const name of RATED) sum[name] += rates[name];
  }
  return sum;
}

export interface Capacity {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

export function clusterCapacity(board: OsdBoard): Capacity {
  let totalBytes = 0;
  let usedBytes = 0;
  for (const { stat } of board.entries.values()) {
    totalBytes += stat.totalBytes;
    usedBytes += stat.usedBytes;
  }
  return { totalBytes, usedBytes };
}

function withSample({ samples, heardMs }: OsdEntry, stat: OsdStat, nowMs: number): Sample[] {
  const kept = samples.filter(({ untilMs }) => nowMs - untilMs < RATE_WINDOW_MS);
  const last = kept.at(-1);
  if (last !== undefined && nowMs - last.fromMs < SAMPLE_MS_MIN) {
    for (const name of RATED) last.done[name] += stat[name];
    last.untilMs = nowMs;
    return kept;
  }
  const done = noRates();
  for (const name of RATED) done[name] = stat[name];
  return [...kept, { fromMs: heardMs, untilMs: nowMs, done }];
}

function noRates(): Mutable<IoRates> {
  return {
    readOps: 0,
    writeOps: 0,
    readBytes: 0,
    writtenBytes: 0,
    recoveredObjects: 0,
    recoveredBytes: 0,
  };
}

function countOsds(board: OsdBoard, before: OsdMap | undefined, map: OsdMap, nowMs: number): void {
  board.up = 0;
  board.in = 0;
  let hasUpChanged = false;
  let hasInChanged = false;
  for (const [osd, { up }] of map.osds) {
    const isIn = isOsdIn(map, osd);
    board.up += Number(up);
    board.in += Number(isIn);
    if (before === undefined) continue;
    hasUpChanged ||= (before.osds.get(osd)?.up === true) !== up;
    hasInChanged ||= isOsdIn(before, osd) !== isIn;
  }
  for (const [osd, { up }] of before?.osds ?? []) {
    if (before === undefined || map.osds.has(osd)) continue;
    hasUpChanged ||= up;
    hasInChanged ||= isOsdIn(before, osd);
  }
  if (hasUpChanged) board.upChangedMs = nowMs;
  if (hasInChanged) board.inChangedMs = nowMs;
}

export function isOsdIn({ osds, shares }: OsdMap, osd: OsdId): boolean {
  return osds.has(osd) && (shares.get(osd)?.weight ?? 0) > 0;
}
