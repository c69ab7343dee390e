import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { OsdStat } from "../../../cluster/message/osd-report.ts";
import {
  clusterCapacity,
  clusterRates,
  createOsdBoard,
  followOsds,
  isOsdIn,
  type OsdBoard,
  RATE_WINDOW_MS,
  ratesOf,
  takeOsdStat,
} from "../../../monitor/controller/osd-board.ts";
import {
  next,
  osdMap,
  osdStat,
  report,
  withDown,
  withOsd,
  withOut,
  withShare,
} from "./board-world.ts";

const MAP = osdMap();

function board(map: OsdMap = MAP): OsdBoard {
  const made = createOsdBoard();
  followOsds(made, map, 0);
  return made;
}

function say(
  made: OsdBoard,
  osd: number,
  stat: Partial<OsdStat>,
  nowMs: number,
  map = MAP,
): boolean {
  return takeOsdStat(made, map, report(map, osd, { stat: osdStat(stat) }), nowMs);
}

function readOps(made: OsdBoard, nowMs: number): number {
  const entry = made.entries.get(osdId(0));
  return entry === undefined ? Number.NaN : ratesOf(entry, nowMs).readOps;
}

describe("rates", () => {
  test("are not known from the first report: nobody knows since when", () => {
    const made = board();
    say(made, 0, { readOps: 1_000_000 }, 100);
    expect(readOps(made, 100)).toBe(0);
  });

  test("are what happened over the time that it took", () => {
    const made = board();
    say(made, 0, {}, 0);
    say(made, 0, { readOps: 100, writtenBytes: 7_000 }, 2_000);
    say(made, 0, { readOps: 300 }, 4_000);
    expect(readOps(made, 4_000)).toBe(100);
    expect(clusterRates(made, 4_000)).toMatchObject({ readOps: 100, writtenBytes: 1_750 });
  });

  test("forget what is older than the window, and are 0 once nothing comes", () => {
    const made = board();
    say(made, 0, {}, 0);
    say(made, 0, { readOps: 900 }, 1_000);
    for (let at = 2_000; at <= 11_000; at += 1_000) say(made, 0, { readOps: 10 }, at);
    expect(readOps(made, 11_000)).toBe(10);
    expect(readOps(made, 11_000 + RATE_WINDOW_MS)).toBe(0);
    expect(clusterRates(made, 11_000 + RATE_WINDOW_MS).readOps).toBe(0);
  });

  test("of one that reports very often take no more room, and lose nothing", () => {
    const made = board();
    for (let at = 0; at <= 20_000; at += 10) say(made, 0, { readOps: 1 }, at);
    expect(made.entries.get(osdId(0))?.samples.length).toBeLessThanOrEqual(17);
    expect(readOps(made, 20_000)).toBeCloseTo(100, -1);
  });

  test("sum up over OSDs", () => {
    const made = board();
    for (const osd of [0, 1, 2]) {
      say(made, osd, {}, 0);
      say(made, osd, { recoveredBytes: 10 * osd }, 1_000);
    }
    expect(clusterRates(made, 1_000).recoveredBytes).toBe(30);
  });
});

describe("figures", () => {
  test("count only from the incarnation that is up", () => {
    const made = board();
    expect(takeOsdStat(made, MAP, report(MAP, 0, { nonce: 5 }), 0)).toBe(false);
    expect(takeOsdStat(made, MAP, report(MAP, 9), 0)).toBe(false);
    expect(say(made, 0, { usedBytes: 4 }, 0)).toBe(true);
    expect(clusterCapacity(made)).toEqual({ totalBytes: 1000, usedBytes: 4 });
  });

  test("of one that is down stay; those of another incarnation or of one that is gone do not", () => {
    const made = board();
    for (const osd of [0, 1, 2]) say(made, osd, {}, 0);
    const purged = { ...MAP, osds: new Map([...MAP.osds].filter(([osd]) => osd !== 2)) };
    followOsds(made, next(withOsd(withDown(purged, 0), 1, { nonce: 7 })), 1);
    expect([...made.entries.keys()]).toEqual([0]);
  });
});

describe("how many are up and in", () => {
  test("follows the map, and when it changed last is remembered", () => {
    const made = board();
    const show = () => [made.up, made.in, made.upChangedMs, made.inChangedMs];
    expect(show()).toEqual([4, 4, undefined, undefined]);
    const down = next(withDown(MAP, 1));
    followOsds(made, down, 10);
    expect(show()).toEqual([3, 4, 10, undefined]);
    const out = next(withOut(down, 1));
    followOsds(made, out, 20);
    expect(show()).toEqual([3, 3, 10, 20]);
    followOsds(made, next(withShare(out, 2, { weight: 5 })), 30);
    expect(show()).toEqual([3, 3, 10, 20]);
  });

  test("changes with one that is purged, and when one goes as another comes", () => {
    const made = board();
    const purged = next({ ...MAP, osds: new Map([...MAP.osds].slice(1)) });
    followOsds(made, purged, 10);
    expect([made.up, made.in, made.upChangedMs, made.inChangedMs]).toEqual([3, 3, 10, 10]);
    const swapped = next(withOsd(withDown(purged, 1), 9, { up: true }));
    followOsds(made, swapped, 20);
    expect([made.up, made.upChangedMs]).toEqual([3, 20]);
  });

  test("an OSD of no weight, or that is not there, is not in", () => {
    expect(isOsdIn(withOut(MAP, 1), osdId(1))).toBe(false);
    expect(isOsdIn(MAP, osdId(99))).toBe(false);
    expect(isOsdIn(MAP, osdId(1))).toBe(true);
  });
});
