/**
 * What OSDs say of peers that they do not hear. A report is one process's word about one incarnation of its peer: it ends
 * with either of them, or when it is taken back. It is repeated while it holds, and forgotten when it is not: its reporter
 * may ping others by now and would never take it back.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { OSD_REPORTS } from "../../cluster/message/osd-report.ts";
import type { TypeOf } from "../../cluster/wire/codec.ts";
import { type Refusal, refused } from "./edit.ts";

/** Of one target. Two decide; those beyond are not taken. */
export const REPORTERS_MAX = 64;
/** Nobody's silence is believed to be longer. */
export const SILENT_MS_MAX = 3_600_000;

/** OSDs repeat a report every 5 s. */
export const REPORT_LASTS_MS = 15_000;

export type FailureMessage = TypeOf<typeof OSD_REPORTS.failure.body>;
export type AliveMessage = TypeOf<typeof OSD_REPORTS.alive.body>;

export interface FailureReport {
  readonly kind: FailureMessage["kind"];
  /** The reporter has heard nothing since. */
  readonly sinceMs: number;
  /** When it came last. */
  readonly saidMs: number;
}

/** By target, then by reporter. */
export type FailureReports = Map<OsdId, Map<OsdId, FailureReport>>;

export function takeReport(
  reports: FailureReports,
  map: OsdMap,
  message: FailureMessage,
  nowMs: number,
): Refusal | undefined {
  const { reporter, osd, kind, silentMs } = message;
  const problem = reportProblem(map, message);
  if (problem !== undefined) return problem;
  const own = reports.get(osd) ?? new Map<OsdId, FailureReport>();
  if (own.size >= REPORTERS_MAX && !own.has(reporter)) return undefined;
  own.set(reporter, {
    kind,
    sinceMs: nowMs - Math.min(silentMs, SILENT_MS_MAX),
    saidMs: nowMs,
  });
  reports.set(osd, own);
  return undefined;
}

export function takeReportBack(
  reports: FailureReports,
  map: OsdMap,
  message: AliveMessage,
): Refusal | undefined {
  const problem = reportProblem(map, message);
  if (problem === undefined) forgetReport(reports, message.osd, message);
  return problem;
}

export function forgetOldReports(reports: FailureReports, nowMs: number): void {
  for (const [target, own] of [...reports]) {
    for (const [reporter, { saidMs }] of [...own]) {
      if (nowMs - saidMs > REPORT_LASTS_MS) forgetReport(reports, target, { reporter });
    }
  }
}

/** An incarnation is over: what was said of it and what it said. */
export function forgetReportsOf(reports: FailureReports, osd: OsdId): void {
  reports.delete(osd);
  for (const target of [...reports.keys()]) forgetReport(reports, target, { reporter: osd });
}

function forgetReport(
  reports: FailureReports,
  target: OsdId,
  { reporter }: { readonly reporter: OsdId },
): void {
  const own = reports.get(target);
  own?.delete(reporter);
  if (own?.size === 0) reports.delete(target);
}

function reportProblem(map: OsdMap, { reporter, osd, upFrom }: AliveMessage): Refusal | undefined {
  if (reporter === osd) return refused("INVALID", `osd.${osd} reports itself`);
  if (map.osds.get(reporter)?.up !== true) {
    return refused("MISMATCH", `osd.${reporter} is not up, so it has no word about others`);
  }
  const target = map.osds.get(osd);
  if (target?.up === true && target.upFrom === upFrom) return undefined;
  return refused("MISMATCH", `osd.${osd} is not up since epoch ${upFrom} any more; see the map`);
}
