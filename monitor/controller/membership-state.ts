/**
 * What the controller remembers of OSDs beside the map, all of it since its election: a new one starts with nothing, and its
 * timers anew. Every question to it first shows it the newest map, so that it forgets what belongs to incarnations that
 * are over.
 *
 * Its time stands still while the process does (R6): what a late tick missed is taken off every later time, which moves all
 * deadlines on others at once and leaves none to be forgotten.
 */
import type { Epoch, OsdId } from "../../cluster/base/ids.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { type FailureReports, forgetOldReports, forgetReportsOf } from "./failure-reports.ts";
import { type Flaps, fell } from "./flapping.ts";
import type { Graces } from "./grace.ts";
import { ALL_RULES, type MembershipOptions, type MembershipRules } from "./membership-options.ts";
import { createPresence, noteBursts, notePresence, type Presence } from "./presence.ts";
import type { Probes } from "./probes.ts";

/** How long one sign of life of any OSD shows that the controller can hear. */
const HEARING_MS = 10_000;

/** As the map last showed it. */
interface Incarnation {
  readonly isUp: boolean;
  readonly upFrom: Epoch;
  readonly sinceMs: number;
}

export interface Membership {
  /** May be replaced at any time. */
  options: MembershipOptions;
  readonly rules: MembershipRules;
  /** How much of the time the process has missed. */
  missedMs: number;
  /** The OSDs of the newest map that was shown. */
  shown: OsdMap["osds"] | undefined;
  upCount: number;
  readonly incarnations: Map<OsdId, Incarnation>;
  readonly presence: Presence;
  /** Whose presence is to be looked at again. */
  readonly touched: Set<OsdId>;
  readonly reports: FailureReports;
  readonly probes: Probes;
  readonly graces: Graces;
  readonly flaps: Flaps;
  /** The incarnations that said that they stop: their downs are no failures. */
  readonly stopped: Map<OsdId, Epoch>;
  /** The incarnations that went down by a verdict, which may have been wrong. */
  readonly judged: Map<OsdId, Epoch>;
  /** When it was last kept in because all of its rack was down. */
  readonly held: Map<OsdId, number>;
  /** When any OSD was heard of last. */
  heardMs: number | undefined;
}

/** At each election. */
export function createMembership(
  options: MembershipOptions,
  rules: MembershipRules = ALL_RULES,
): Membership {
  return {
    options,
    rules,
    missedMs: 0,
    shown: undefined,
    upCount: 0,
    incarnations: new Map(),
    presence: createPresence(),
    touched: new Set(),
    reports: new Map(),
    probes: new Map(),
    graces: new Map(),
    flaps: new Map(),
    stopped: new Map(),
    judged: new Map(),
    held: new Map(),
    heardMs: undefined,
  };
}

/** Its own time, which all that it keeps is in. */
export function ownTime({ missedMs }: Membership, nowMs: number): number {
  return nowMs - missedMs;
}

/** `map` is the newest that is published or about to be. */
export function observe(state: Membership, map: OsdMap, ownMs: number): void {
  forgetOldReports(state.reports, ownMs);
  if (state.shown !== map.osds) {
    state.shown = map.osds;
    state.upCount = 0;
    for (const [osd, info] of map.osds) {
      if (info.up) state.upCount += 1;
      observeOne(state, osd, info, ownMs);
    }
    if (state.incarnations.size > map.osds.size) forgetPurged(state, map);
  }
  if (!state.presence.isListed || state.touched.size === 0) return;
  const upNonce = (osd: OsdId): number | undefined => {
    const info = map.osds.get(osd);
    return info?.up === true ? info.nonce : undefined;
  };
  for (const osd of state.touched) notePresence(state.presence, osd, upNonce(osd), ownMs);
  state.touched.clear();
  const isUp = (osd: OsdId): boolean => upNonce(osd) !== undefined;
  noteBursts(state.presence, { upCount: state.upCount, isUp }, ownMs);
}

export function heard(state: Membership, ownMs: number): void {
  state.heardMs = ownMs;
}

export function isHearing({ heardMs }: Membership, ownMs: number): boolean {
  return heardMs !== undefined && ownMs - heardMs <= HEARING_MS;
}

function observeOne(state: Membership, osd: OsdId, info: OsdInfo, ownMs: number): void {
  const known = state.incarnations.get(osd);
  const { up: isUp, upFrom } = info;
  if (known?.isUp === isUp && known.upFrom === upFrom) return;
  if (known?.isUp === true && state.stopped.get(osd) !== known.upFrom) {
    fell(state.flaps, { osd, upForMs: ownMs - known.sinceMs }, state.options, ownMs);
  }
  if (known !== undefined) forget(state, osd);
  state.incarnations.set(osd, { isUp, upFrom, sinceMs: ownMs });
  state.touched.add(osd);
}

/** What belongs to an incarnation that is over. */
function forget(state: Membership, osd: OsdId): void {
  forgetReportsOf(state.reports, osd);
  state.probes.delete(osd);
  // Another incarnation's absence is another one.
  state.presence.absences.delete(osd);
  state.held.delete(osd);
}

function forgetPurged(state: Membership, { osds }: OsdMap): void {
  for (const osd of [...state.incarnations.keys()]) {
    if (osds.has(osd)) continue;
    forget(state, osd);
    for (const own of [state.incarnations, state.graces, state.flaps]) own.delete(osd);
    for (const own of [state.stopped, state.judged, state.held]) own.delete(osd);
  }
}
