/** Health as it is kept: computed at the election and once a second, told to the cluster log when it changes, mutes ended when they are over. */
import type { HealthCheck, HealthReport } from "../../cluster/message/query.ts";
import type { ControllerState, Term } from "./controller-state.ts";
import { healthChecks } from "./health.ts";
import type { HealthInput } from "./health-input.ts";
import { membershipFacts } from "./membership.ts";
import { currentMutes, reportOf } from "./mutes.ts";
import { pgAdvice } from "./pg-advice.ts";
import { type PgSummary, pgFloor } from "./pg-board.ts";

export const NO_HEALTH: HealthReport = { status: "HEALTH_OK", checks: [] };

export function healthRound(
  state: ControllerState,
  term: Term,
  summary: PgSummary,
  nowMs: number,
): void {
  const checks = healthChecks(inputOf(state, term, summary, nowMs));
  const wallMs = Math.max(0, Math.floor(nowMs + state.wallOffsetMs));
  const mutes = currentMutes(term.mutes, checks, wallMs);
  if (mutes !== term.mutes) {
    term.mutes = mutes;
    state.out.push({ type: "storeMutes", mutes });
  }
  const before = term.health;
  term.health = reportOf(checks, mutes);
  const lines =
    before === NO_HEALTH ? [firstLine(state, term.health)] : changesOf(before, term.health);
  for (const line of lines) state.out.push({ type: "event", ...line, wallMs });
}

/** What the controller before this one knew is in the log already. */
function firstLine({ name }: ControllerState, { status, checks }: HealthReport): Line {
  const codes = checks.length === 0 ? "" : ` (${checks.map(({ code }) => code).join(", ")})`;
  return { level: "info", text: `${name} leads; health is ${status}${codes}` };
}

function inputOf(
  { settings, monitors }: ControllerState,
  term: Term,
  pgs: PgSummary,
  nowMs: number,
): HealthInput {
  const map = term.drafting.published;
  return {
    map,
    nowMs,
    pgBoard: term.pgs,
    pgs,
    osdBoard: term.osds,
    membership: membershipFacts(term.membership, map, nowMs),
    monitors,
    advice: pgAdvice(term.osds, map, pgs),
    epochsKept: map.epoch - term.oldest,
    floor: pgFloor(term.pgs, map),
    poolSizeDefault: settings.poolDefaultSize,
  };
}

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

function* changesOf(before: HealthReport, after: HealthReport): Generator<Line> {
  const known = new Map(before.checks.map((check) => [check.code, check]));
  for (const check of after.checks) {
    const previous = known.get(check.code);
    known.delete(check.code);
    if (previous === undefined)
      yield { level: levelOf(check), text: `health: ${check.summary} (${check.code})` };
    else if (previous.severity !== check.severity) {
      yield {
        level: levelOf(check),
        text: `health is ${check.severity} now: ${check.summary} (${check.code})`,
      };
    }
  }
  for (const { code, summary } of known.values()) {
    yield { level: "info", text: `health: no longer ${code} (was: ${summary})` };
  }
  if (before.status !== after.status && after.status === "HEALTH_OK") {
    yield { level: "info", text: "the cluster is healthy" };
  }
}

function levelOf({ severity }: HealthCheck): Line["level"] {
  return severity === "HEALTH_ERR" ? "error" : "warn";
}
