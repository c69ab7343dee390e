/** What time brings: OSDs that go down and out, and once a second whatever is computed from everything. */
import type { PoolId } from "../../cluster/base/ids.ts";
import { epoch } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { Tick } from "../../cluster/runtime/core.ts";
import type { ControllerState, Term } from "./controller-state.ts";
import { hasRoom, propose } from "./drafting.ts";
import { edit } from "./edit.ts";
import { proposeEdit, viewOf } from "./edits.ts";
import { healthRound } from "./health-rounds.ts";
import { dueEdits, probesDue, timeMissed } from "./membership.ts";
import { quotaFullDue } from "./osd-board-pools.ts";
import { type PgSummary, pgFloor, pgSummary, tickPgs } from "./pg-board.ts";
import { tickProgress } from "./progress.ts";

const SECOND_MS = 1_000;
const TRIM_MS = 10_000;
/** Less is not worth the reading. */
const TRIMMED_MIN = 100;

export function controllerTick(
  state: ControllerState,
  term: Term,
  { lateMs }: Tick,
  nowMs: number,
): void {
  if (lateMs > 0) timeMissed(term.membership, lateMs);
  tickPgs(term.pgs, { lateMs }, nowMs);
  judge(state, term, nowMs);
  for (const osd of probesDue(term.membership, viewOf(term).base, nowMs)) {
    const info = viewOf(term).base.osds.get(osd);
    if (info !== undefined) {
      const { heartbeatAddress: address, nonce } = info;
      state.out.push({ type: "probe", osd, address, nonce, epoch: viewOf(term).base.epoch });
    }
  }
  if (nowMs < term.secondDueMs) return;
  term.secondDueMs = nowMs + SECOND_MS;
  everySecond(state, term, nowMs);
}

/** Whoever is to go down or out by all that is known now. */
export function judge(state: ControllerState, term: Term, nowMs: number): void {
  for (const due of dueEdits(term.membership, viewOf(term), nowMs)) {
    if (hasRoom(term.drafting)) propose(term.drafting, due, { author: state.name }, nowMs);
  }
}

function everySecond(state: ControllerState, term: Term, nowMs: number): void {
  const { published } = term.drafting;
  const summary = pgSummary(term.pgs, published);
  tickProgress(term.progress, summary, nowMs);
  const full = quotaFullDue(published, summary);
  if (full.length > 0) {
    const make = (draft: OsdMap) =>
      edit(withQuotaFull(draft, full), `quotas of ${full.length} pools`);
    proposeEdit(state, term, make, { author: state.name }, nowMs);
  }
  healthRound(state, term, summary, nowMs);
  maybeBalance(state, term, summary, nowMs);
  maybeTrim(state, term, nowMs);
}

function withQuotaFull(draft: OsdMap, full: readonly (readonly [PoolId, boolean])[]): OsdMap {
  const pools = new Map(draft.pools);
  for (const [id, isQuotaFull] of full) {
    const facts = pools.get(id);
    if (facts !== undefined) pools.set(id, { ...facts, isQuotaFull });
  }
  return { ...draft, pools };
}

/** Not while much is on its way already, or too little is known to tell (the misplaced-ratio brake). */
function maybeBalance(
  { settings, out }: ControllerState,
  term: Term,
  summary: PgSummary,
  nowMs: number,
): void {
  if (settings.balancer === "off" || term.isBalancing) return;
  if (nowMs - term.balancedMs < settings.balancerInterval) return;
  term.balancedMs = nowMs;
  const { published } = term.drafting;
  const { misplaced, degraded } = summary.sums;
  const isBusy = summary.copies > 0 && misplaced / summary.copies >= settings.maxMisplacedRatio;
  if (published.flags.has("norebalance") || isBusy || degraded > 0) return;
  if (summary.pgCount === 0 || published.osds.size === 0) return;
  term.isBalancing = true;
  out.push({ type: "balance", map: published, misplacedRatioMax: settings.maxMisplacedRatio });
}

/** Never what a PG may need (C7), nor the newest, which people look at. */
function maybeTrim({ settings, out }: ControllerState, term: Term, nowMs: number): void {
  if (term.isTrimming || nowMs < term.trimDueMs) return;
  term.trimDueMs = nowMs + TRIM_MS;
  const { published } = term.drafting;
  const floor = pgFloor(term.pgs, published);
  if (floor === undefined) return;
  const below = Math.min(floor, published.epoch - settings.epochsKept);
  if (below - term.oldest < TRIMMED_MIN) return;
  term.isTrimming = true;
  out.push({ type: "trim", below: epoch(below) });
}
