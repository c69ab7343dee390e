/**
 * Who goes down and out. What OSDs and the coordinator say is taken down as it comes; `dueEdits` then decides from all of
 * it together (C4), and asked again it decides again: nothing is lost where an edit was not published.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { hostOf } from "./crush-ancestry.ts";
import { type Outs, outsOf } from "./down-out.ts";
import { verdictOf } from "./down-verdict.ts";
import { type Edit, edit, type Refusal } from "./edit.ts";
import {
  type AliveMessage,
  type FailureMessage,
  takeReport,
  takeReportBack,
} from "./failure-reports.ts";
import { pauseEnd } from "./flapping.ts";
import { graceOf } from "./grace.ts";
import { heard, isHearing, type Membership, observe, ownTime } from "./membership-state.ts";
import { changesState, downIn, type EpochDraft, type OsdChange, withOsds } from "./osd-rows.ts";
import { burstCount } from "./presence.ts";
import { askDue, findingOf, type ProbeResult, takeResult } from "./probes.ts";

/** Of OSDs that go down together so many are explained; the rest is counted. */
const EXPLAINED_MAX = 8;
/** In a burst so many OSDs that still have a session are asked as well, to learn whether the controller can hear. */
const CONTROLS_MAX = 3;

export interface Registration {
  readonly nonce: number;
}

/** After an election: all there are. Before it nobody is missed. */
export function registrationsListed(
  state: Membership,
  registrations: ReadonlyMap<OsdId, Registration>,
): void {
  const { presence, touched } = state;
  presence.isListed = true;
  for (const osd of presence.registered.keys()) touched.add(osd);
  for (const osd of state.incarnations.keys()) touched.add(osd);
  presence.registered.clear();
  for (const [osd, { nonce }] of registrations) {
    presence.registered.set(osd, nonce);
    touched.add(osd);
  }
}

/** Undefined: the session is gone. */
export function sessionSeen(
  state: Membership,
  osd: OsdId,
  registration: Registration | undefined,
): void {
  if (registration === undefined) state.presence.registered.delete(osd);
  else state.presence.registered.set(osd, registration.nonce);
  state.touched.add(osd);
}

/** Undefined: it is taken. */
export function failureReported(
  state: Membership,
  map: OsdMap,
  message: FailureMessage,
  nowMs: number,
): Refusal | undefined {
  const ownMs = ownTime(state, nowMs);
  observe(state, map, ownMs);
  const problem = takeReport(state.reports, map, message, ownMs);
  if (problem === undefined) heard(state, ownMs);
  return problem;
}

export function aliveReported(
  state: Membership,
  map: OsdMap,
  message: AliveMessage,
  nowMs: number,
): Refusal | undefined {
  const ownMs = ownTime(state, nowMs);
  observe(state, map, ownMs);
  const problem = takeReportBack(state.reports, map, message);
  if (problem === undefined) heard(state, ownMs);
  return problem;
}

/** Any other message of an OSD came, statistics for example. */
export function osdHeard(state: Membership, nowMs: number): void {
  heard(state, ownTime(state, nowMs));
}

export function probed(state: Membership, osd: OsdId, result: ProbeResult, nowMs: number): void {
  const wasAsked = takeResult(state.probes, osd, result);
  if (wasAsked && result !== "silent") heard(state, ownTime(state, nowMs));
}

/** Of a tick that came late: the time that the process missed is nobody's silence (R6). */
export function timeMissed(state: Membership, lateMs: number): void {
  state.missedMs += lateMs;
}

/** Whom the shell is to ask now whether they are there; each counts as asked. */
export function probesDue(state: Membership, map: OsdMap, nowMs: number): OsdId[] {
  const ownMs = ownTime(state, nowMs);
  observe(state, map, ownMs);
  const suspects = suspectsOf(state);
  if (burstCount(state.presence) > 0) {
    let controls = 0;
    for (const [osd, { up }] of map.osds) {
      if (!up || suspects.has(osd)) continue;
      suspects.add(osd);
      controls += 1;
      if (controls === CONTROLS_MAX) break;
    }
  }
  return askDue(state.probes, suspects, ownMs);
}

/** Downs and outs, each an edit of the map of the one before it. */
export function dueEdits(state: Membership, drafting: EpochDraft, nowMs: number): Edit[] {
  const ownMs = ownTime(state, nowMs);
  observe(state, drafting.base, ownMs);
  const downs = downsOf(state, drafting, ownMs);
  const outs = outsNow(state, downs?.map ?? drafting.draft, ownMs);
  for (const osd of outs.brake.subtree) state.held.set(osd, ownMs);
  return [downs, outs.edit].filter((due) => due !== undefined);
}

export interface MembershipFacts {
  /** Many lost their sessions together, and `absent` of them are still without. */
  readonly isInTrouble: boolean;
  readonly absent: number;
  /** Who has to wait before it boots. */
  readonly flapping: readonly OsdId[];
  /** Who would have been marked out by now, and why it is not. */
  readonly outBrake: readonly { readonly osd: OsdId; readonly why: string }[];
}

export function membershipFacts(state: Membership, map: OsdMap, nowMs: number): MembershipFacts {
  const ownMs = ownTime(state, nowMs);
  observe(state, map, ownMs);
  const { minInRatio, downOutSubtreeLimit } = state.options;
  const { noout, ratio, subtree } = outsNow(state, map, ownMs).brake;
  const because = (osds: readonly OsdId[], why: string) => osds.map((osd) => ({ osd, why }));
  const absent = burstCount(state.presence);
  return {
    isInTrouble: absent > 0,
    absent,
    flapping: [...state.flaps.keys()].filter((osd) => {
      return map.osds.get(osd)?.up === false && pauseEnd(state.flaps, osd, ownMs) !== undefined;
    }),
    outBrake: [
      ...because(noout, "noout is set"),
      ...because(ratio, `less than ${minInRatio} of all OSDs would stay in`),
      ...because(subtree, `all of its ${downOutSubtreeLimit} or of something larger is down`),
    ],
  };
}

function suspectsOf({ presence, reports }: Membership): Set<OsdId> {
  return new Set([...presence.absences.keys(), ...reports.keys()]);
}

function downsOf(state: Membership, { base, draft }: EpochDraft, ownMs: number): Edit | undefined {
  if (draft.flags.has("nodown")) return undefined;
  const isInTrouble = burstCount(state.presence) > 0;
  const surroundings = { base, isInTrouble, isHearing: isHearing(state, ownMs) };
  const changes: OsdChange[] = [];
  const whys: string[] = [];
  for (const osd of suspectsOf(state)) {
    const info = draft.osds.get(osd);
    if (info?.up !== true || changesState({ base, draft }, osd)) continue;
    const why = verdictOn(state, osd, surroundings, ownMs);
    if (why === undefined) continue;
    changes.push([osd, downIn(draft)]);
    whys.push(`osd.${osd} down: ${why}`);
    state.judged.set(osd, info.upFrom);
  }
  if (changes.length === 0) return undefined;
  const rest = whys.length - EXPLAINED_MAX;
  const said = whys.slice(0, EXPLAINED_MAX).join("; ");
  return edit(withOsds(draft, changes), `mark ${said}${rest > 0 ? `; and ${rest} more` : ""}`);
}

/** What is the same for all OSDs of one decision. */
interface Surroundings {
  readonly base: OsdMap;
  readonly isInTrouble: boolean;
  readonly isHearing: boolean;
}

function verdictOn(
  state: Membership,
  osd: OsdId,
  { base, isInTrouble, isHearing }: Surroundings,
  ownMs: number,
): string | undefined {
  const { presence, reports, probes, graces, options, rules } = state;
  const words = [...(reports.get(osd) ?? [])].map(([reporter, report]) => {
    return { ...report, osd: reporter, host: hostOf(base, reporter) };
  });
  const evidence = {
    absence: presence.absences.get(osd),
    isInTrouble,
    words,
    probe: findingOf(probes, osd, ownMs),
    graceMs: graceOf(graces, osd, options, ownMs),
    isHearing,
    isOneHostLeft: () => isOneHostLeft(base, osd),
  };
  return verdictOf(evidence, options, rules, ownMs);
}

function isOneHostLeft(map: OsdMap, without: OsdId): boolean {
  const hosts = new Set<string>();
  for (const [id, { up }] of map.osds) {
    if (up && id !== without) hosts.add(hostOf(map, id));
    if (hosts.size > 1) return false;
  }
  return true;
}

function outsNow(state: Membership, draft: OsdMap, ownMs: number): Outs {
  const away = [...state.incarnations]
    .filter(([, { isUp }]) => !isUp)
    .map(([osd, { sinceMs }]) => {
      const heldMs = state.held.get(osd) ?? Number.NEGATIVE_INFINITY;
      return { osd, downForMs: ownMs - sinceMs, freeForMs: ownMs - heldMs };
    });
  return outsOf(draft, away, state.options);
}
