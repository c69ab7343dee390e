/**
 * The controller: the one writer of the map, for as long as its term is. What OSDs report, what operators ask for and what
 * time brings becomes edits of a draft (drafting.ts), the draft an epoch, and whoever waits for the epoch is answered when
 * it is published. All that it knows beside the map it learnt in this term, so that the next one needs nothing from it.
 *
 *   report ---> membership, boards --\
 *   command --> apply-command --------+--> edits --> draft --> publish --> published --> answers
 *   tick -----> downs, outs, balancer /
 */
import { assert } from "../../cluster/base/assert.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { Tick } from "../../cluster/runtime/core.ts";
import { balanceEdit } from "./command/balance-edit.ts";
import type { ControllerSettings } from "./controller-settings.ts";
import {
  ALL_RULES,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerRules,
  type ControllerState,
  type Term,
  type TermEvent,
} from "./controller-state.ts";
import { controllerTick, judge } from "./controller-tick.ts";
import {
  abandon,
  baseOf,
  createDrafting,
  GATHER_MS,
  notePublished,
  takePublication,
} from "./drafting.ts";
import { proposeEdit } from "./edits.ts";
import { firstMap } from "./first-map.ts";
import { healthRound, NO_HEALTH } from "./health-rounds.ts";
import { probed, registrationsListed, sessionSeen } from "./membership.ts";
import { createMembership } from "./membership-state.ts";
import { askedByOperator } from "./operator-messages.ts";
import { createOsdBoard, followOsds } from "./osd-board.ts";
import { askedByOsd, retryBoots } from "./osd-messages.ts";
import { createPgBoard, followPgs, pgSummary } from "./pg-board.ts";
import { createProgress, mapChanged } from "./progress.ts";
import { RecentRequests } from "./recent-requests.ts";

/** Of epochs of this term, so that what was just done can be undone. */
const INVERSES_MAX = 1_000;

export function createController(options: {
  readonly name: PeerName;
  readonly clusterId: string;
  readonly settings: ControllerSettings;
  readonly wallOffsetMs: number;
  readonly rules?: ControllerRules;
}): ControllerState {
  const { rules = ALL_RULES, ...given } = options;
  return { ...given, rules, monitors: [], term: undefined, out: [] };
}

export function stepController(
  state: ControllerState,
  event: ControllerEvent | Tick,
  nowMs: number,
): ControllerEffect[] {
  switch (event.type) {
    case "elected":
      elected(state, event, nowMs);
      break;
    case "deposed":
      deposed(state);
      break;
    case "published":
      if (state.term !== undefined) published(state, state.term, nowMs);
      break;
    case "asked":
      asked(state, event, nowMs);
      break;
    case "settingsChanged":
      state.settings = event.settings;
      if (state.term !== undefined) state.term.membership.options = event.settings;
      break;
    case "monitorsSeen":
      state.monitors = event.monitors;
      break;
    case "wallClock":
      state.wallOffsetMs = event.offsetMs;
      break;
    default:
      if (state.term !== undefined) stepTerm(state, state.term, event, nowMs);
      break;
  }
  if (state.term !== undefined) advance(state, state.term, nowMs);
  const { out } = state;
  state.out = [];
  return out;
}

function stepTerm(state: ControllerState, term: Term, event: TermEvent, nowMs: number): void {
  switch (event.type) {
    case "registrationsListed":
      registrationsListed(term.membership, event.registrations);
      break;
    case "sessionSeen":
      sessionSeen(term.membership, event.osd, event.registration);
      break;
    case "probed":
      probed(term.membership, event.osd, event.result, nowMs);
      judge(state, term, nowMs);
      break;
    case "balanced":
      balanced(state, term, event, nowMs);
      break;
    case "trimmed":
      term.isTrimming = false;
      term.oldest = event.oldest;
      break;
    case "woken":
      term.isWakePlanned = false;
      break;
    case "tick":
      controllerTick(state, term, event, nowMs);
      break;
  }
}

function elected(
  state: ControllerState,
  { map, requests, oldest, mutes }: ControllerEvent & { type: "elected" },
  nowMs: number,
): void {
  assert(state.term === undefined, "a term ends before the next begins");
  const recent = new RecentRequests();
  for (const { ids, epoch } of requests) recent.add(ids, epoch);
  const term: Term = {
    sinceMs: nowMs,
    drafting: createDrafting(map),
    membership: createMembership(state.settings, state.rules),
    pgs: createPgBoard(),
    osds: createOsdBoard(),
    progress: createProgress(),
    requests: recent,
    inverses: new Map(),
    publishing: undefined,
    boots: new Map(),
    triedBase: undefined,
    mutes,
    health: NO_HEALTH,
    oldest,
    isTrimming: false,
    isBalancing: false,
    balancedMs: nowMs,
    secondDueMs: nowMs,
    trimDueMs: nowMs,
    isWakePlanned: false,
  };
  followPgs(term.pgs, map, nowMs);
  followOsds(term.osds, map, nowMs);
  state.term = term;
  healthRound(state, term, pgSummary(term.pgs, map), nowMs);
  if (map.epoch === 0) proposeEdit(state, term, firstMap, { author: state.name }, nowMs);
}

/** Whoever waits asks the next one, which knows from the history what was published. */
function deposed(state: ControllerState): void {
  const { term } = state;
  if (term === undefined) return;
  state.term = undefined;
  const calls = [...abandon(term.drafting), ...[...term.boots.values()].map(({ call }) => call)];
  for (const call of calls) {
    state.out.push({ type: "answer", call, message: { type: "notController" } });
  }
}

function asked(
  state: ControllerState,
  { from, message, call }: ControllerEvent & { type: "asked" },
  nowMs: number,
): void {
  const { term } = state;
  if (term === undefined) {
    state.out.push({ type: "answer", call, message: { type: "notController" } });
    return;
  }
  const question = { from, message, call };
  if (askedByOsd(state, term, question, nowMs)) return;
  if (askedByOperator(state, term, question, nowMs)) return;
  const why = `a controller does not answer ${message.type}`;
  const refusal = { type: "refused", code: "INVALID", message: why } as const;
  state.out.push({ type: "answer", call, message: refusal });
}

function published(state: ControllerState, term: Term, nowMs: number): void {
  const before = term.drafting.published;
  for (const { call, answer } of notePublished(term.drafting)) {
    state.out.push({ type: "answer", call, message: answer });
  }
  const after = term.drafting.published;
  const { causes = [], wallMs = 0 } = term.publishing ?? {};
  term.publishing = undefined;
  for (const { what } of causes) {
    state.out.push({ type: "event", level: "info", text: what, wallMs });
  }
  followPgs(term.pgs, after, nowMs);
  followOsds(term.osds, after, nowMs);
  mapChanged(term.progress, { before, after }, nowMs);
}

function balanced(
  state: ControllerState,
  term: Term,
  { base, changes }: ControllerEvent & { type: "balanced" },
  nowMs: number,
): void {
  term.isBalancing = false;
  if (changes === undefined) return;
  const author = `${state.name} balancer`;
  proposeEdit(state, term, (draft) => balanceEdit(draft, base, changes), { author }, nowMs);
}

/** Boots that had to wait may go into this draft; the draft is published if it is time; else the clock says when. */
function advance(state: ControllerState, term: Term, nowMs: number): void {
  const { drafting } = term;
  do {
    retryBoots(state, term, nowMs);
    publish(state, term, nowMs);
  } while (term.triedBase !== baseOf(drafting));
  if (drafting.draft === undefined || drafting.inFlight !== undefined || term.isWakePlanned) return;
  term.isWakePlanned = true;
  state.out.push({ type: "wake", afterMs: GATHER_MS });
}

function publish(state: ControllerState, term: Term, nowMs: number): void {
  const wallMs = Math.max(0, Math.floor(nowMs + state.wallOffsetMs));
  const writer = { controller: state.name, wallMs };
  const { publication, answers } = takePublication(term.drafting, writer, nowMs);
  for (const { call, answer } of answers) state.out.push({ type: "answer", call, message: answer });
  if (publication === undefined) return;
  const { record, inverse, map } = publication;
  term.requests.add(record.requests, record.epoch);
  term.inverses.set(record.epoch, inverse);
  for (const oldest of term.inverses.keys()) {
    if (term.inverses.size <= INVERSES_MAX) break;
    term.inverses.delete(oldest);
  }
  term.publishing = record;
  state.out.push({ type: "publish", map, record, inverse });
}
