/** Checks of placement groups and of the objects in them. */
import { formatPgId } from "../../cluster/map/pg-id.ts";
import { formatPgState, isInState, type PgStateName, pgState } from "../../cluster/map/pg-state.ts";
import { HEALTH_DETAILS_MAX, type HealthCheck, type PgRow } from "../../cluster/message/query.ts";
import { NONE } from "../../crush/types.ts";
import { type HealthCode, healthCheck } from "./health-codes.ts";
import type { HealthInput } from "./health-input.ts";
import { countIn } from "./pg-board.ts";
import { findPgs, type PgSearch } from "./pg-board-query.ts";

/** What passes by itself is no trouble before it has lasted so long. */
export const STUCK_MS = 60_000;
const OPTIONS = { exampleCount: HEALTH_DETAILS_MAX };

export function* pgChecks(input: HealthInput): Generator<HealthCheck> {
  yield* availabilityChecks(input);
  yield* degradedChecks(input);
  const { pgs } = input;
  yield* inStates(input, "PG_UNDERSIZED", "Degraded data redundancy", ["undersized"]);
  yield* inStates(input, "PG_DAMAGED", "Possible data damage", [
    "inconsistent",
    "failed_repair",
    "recovery_unfound",
    "backfill_unfound",
  ]);
  const lowSpace = "Low space hindering backfill (add storage if this doesn't resolve itself)";
  yield* inStates(input, "PG_BACKFILL_FULL", lowSpace, ["backfill_toofull"]);
  const { objects, unfound, misplaced, scrubErrors } = pgs.sums;
  if (unfound > 0) {
    const summary = `${portion(unfound, objects)} objects unfound (${percent(unfound, objects)})`;
    const { details, detailCount } = detailsOf(input, {
      any: { anyOf: pgState("recovery_unfound", "backfill_unfound") },
    });
    yield healthCheck("OBJECT_UNFOUND", { summary, count: unfound, details, detailCount });
  }
  if (misplaced > 0) {
    const { copies } = pgs;
    const summary = `${portion(misplaced, copies)} objects misplaced (${percent(misplaced, copies)})`;
    yield healthCheck("OBJECT_MISPLACED", { summary, count: misplaced, details: [] });
  }
  if (scrubErrors > 0) {
    const summary = `${scrubErrors} scrub errors`;
    yield healthCheck("OSD_SCRUB_ERRORS", { summary, count: scrubErrors, details: [] });
  }
}

function* availabilityChecks({ pgBoard, map, nowMs }: HealthInput): Generator<HealthCheck> {
  const stuck = { sinceMs: STUCK_MS } as const;
  const searches = {
    inactive: { trouble: "inactive", ...stuck },
    // These do not pass by themselves.
    down: { anyOf: pgState("down") },
    incomplete: { anyOf: pgState("incomplete") },
    peering: { trouble: "inactive", anyOf: pgState("peering"), ...stuck },
    stale: { trouble: "stale", ...stuck },
    unknown: { trouble: "inactive", isUnknown: true, ...stuck },
  } satisfies Record<string, PgSearch>;
  const { count, counts, examples } = findPgs(pgBoard, map, searches, OPTIONS, nowMs);
  if (count === 0) return;
  const parts = Object.entries(counts).flatMap(([name, found]) =>
    found === 0 ? [] : [`${pgCount(found)} ${name}`],
  );
  yield healthCheck("PG_AVAILABILITY", {
    summary: `Reduced data availability: ${parts.join(", ")}`,
    count,
    details: examples.map(stuckDetail),
    detailCount: count,
  });
}

function* degradedChecks(input: HealthInput): Generator<HealthCheck> {
  const { pgs } = input;
  const { degraded } = pgs.sums;
  const count = countIn(pgs, "degraded");
  if (degraded === 0 && count === 0) return;
  const parts: string[] = [];
  if (degraded > 0) {
    const { copies } = pgs;
    parts.push(`${portion(degraded, copies)} objects degraded (${percent(degraded, copies)})`);
  }
  if (count > 0) parts.push(`${pgCount(count)} degraded`);
  const { details, detailCount } = detailsOf(input, { any: { anyOf: pgState("degraded") } });
  yield healthCheck("PG_DEGRADED", {
    summary: `Degraded data redundancy: ${parts.join(", ")}`,
    count: Math.max(degraded, count),
    details,
    detailCount,
  });
}

/** One check for several words, of which a PG can have more than one. */
function* inStates(
  input: HealthInput,
  code: HealthCode,
  prefix: string,
  names: readonly PgStateName[],
): Generator<HealthCheck> {
  const parts = names.flatMap((name) => {
    const count = countIn(input.pgs, name);
    return count === 0 ? [] : [`${pgCount(count)} ${name}`];
  });
  if (parts.length === 0) return;
  const { details, detailCount } = detailsOf(input, { any: { anyOf: pgState(...names) } });
  const summary = `${prefix}: ${parts.join(", ")}`;
  yield healthCheck(code, { summary, count: detailCount, details, detailCount });
}

function detailsOf(
  { pgBoard, map, nowMs }: HealthInput,
  searches: Readonly<Record<string, PgSearch>>,
): { details: string[]; detailCount: number } {
  const { count, examples } = findPgs(pgBoard, map, searches, OPTIONS, nowMs);
  return { details: examples.map(stateDetail), detailCount: count };
}

function stateDetail({ pg, state, acting, unfound }: PgRow): string {
  const missing = unfound > 0 ? `, ${unfound} unfound` : "";
  return `pg ${formatPgId(pg)} is ${formatPgState(state)}, acting ${formatRow(acting)}${missing}`;
}

function stuckDetail(row: PgRow): string {
  const { pg, state, acting, troubleMs } = row;
  const isLost = isInState(state, "down") || isInState(state, "incomplete");
  const trouble = troubleMs.inactive === undefined ? "stale" : "inactive";
  if (isLost) return stateDetail(row);
  const since = duration(troubleMs[trouble] ?? 0);
  return `pg ${formatPgId(pg)} is stuck ${trouble} for ${since}, current state ${formatPgState(state)}, last acting ${formatRow(acting)}`;
}

function formatRow(osds: readonly number[]): string {
  return `[${osds.map((osd) => (osd === NONE ? "NONE" : osd)).join(",")}]`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`;
}

function pgCount(count: number): string {
  return `${count} ${count === 1 ? "pg" : "pgs"}`;
}

function portion(part: number, whole: number): string {
  return `${part}/${whole}`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(whole, 1)).toFixed(3)}%`;
}
