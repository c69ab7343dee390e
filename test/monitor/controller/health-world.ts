/** What health is computed from, for clusters in which all is well but for what a test says. */
import { epoch } from "../../../cluster/base/ids.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import type { OsdStat } from "../../../cluster/message/osd-report.ts";
import type { HealthCheck } from "../../../cluster/message/query.ts";
import { healthChecks } from "../../../monitor/controller/health.ts";
import type { HealthCode } from "../../../monitor/controller/health-codes.ts";
import type { HealthInput } from "../../../monitor/controller/health-input.ts";
import { createOsdBoard, followOsds, takeOsdStat } from "../../../monitor/controller/osd-board.ts";
import {
  createPgBoard,
  followPgs,
  pgSummary,
  takeStats,
  tickPgs,
} from "../../../monitor/controller/pg-board.ts";
import { fullReports, type GivenStat, osdMap, osdStat, report } from "./board-world.ts";

/** Two racks of two hosts of two OSDs. */
export const TREE = { racks: 2, hosts: 2, osds: 2 };
export const MAP = osdMap({ tree: TREE, pools: { 1: { pgNum: 4 } } });

export interface GivenHealth extends Partial<Omit<HealthInput, "pgs" | "pgBoard" | "osdBoard">> {
  /** What a primary says of a PG; undefined to say nothing. */
  readonly pgStat?: (of: PgId) => GivenStat | undefined;
  /** What OSDs say of themselves. */
  readonly osdStats?: Readonly<Record<number, Partial<OsdStat>>>;
  /** OSDs that say nothing at all. */
  readonly silent?: readonly number[];
}

/** All reports come at 0 with the map given; `nowMs` is that unless said otherwise. */
export function healthInput(given: GivenHealth = {}): HealthInput {
  const { map = MAP, pgStat = () => ({}), osdStats = {}, silent = [], nowMs = 0, ...rest } = given;
  const [pgBoard, osdBoard] = [createPgBoard(), createOsdBoard()];
  followPgs(pgBoard, map, 0);
  followOsds(osdBoard, map, 0);
  const pgs = new Map(fullReports(map, pgStat).map((one) => [one.osd, one.pgs]));
  const speakers = [...map.osds].flatMap(([osd, { up }]) =>
    up && !silent.includes(osd) ? [osd] : [],
  );
  for (const osd of speakers) {
    const stat = osdStat(osdStats[osd]);
    const one = report(map, osd, { pgs: pgs.get(osd) ?? [], stat });
    takeStats(pgBoard, map, one, 0);
    takeOsdStat(osdBoard, map, one, 0);
  }
  for (const osd of speakers) takeStats(pgBoard, map, report(map, osd), nowMs);
  tickPgs(pgBoard, { lateMs: 0 }, nowMs);
  return {
    map,
    nowMs,
    pgBoard,
    pgs: pgSummary(pgBoard, map),
    osdBoard,
    membership: { isInTrouble: false, flapping: [], outBrake: [] },
    monitors: [],
    advice: new Map(),
    epochsKept: 1,
    floor: epoch(1),
    poolSizeDefault: 3,
    ...rest,
  };
}

export function checkOf(given: GivenHealth, code: HealthCode): HealthCheck | undefined {
  return healthChecks(healthInput(given)).find((check) => check.code === code);
}

export function codesOf(given: GivenHealth = {}): string[] {
  return healthChecks(healthInput(given)).map(({ code }) => code);
}
