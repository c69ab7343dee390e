/**
 * Down needs two witnesses (C4). They are: that the OSD's session is gone; a peer that hears nothing of it, or whose
 * connections it refuses; the controller's own failed probe. A session that is gone goes with any of the others; two peers
 * must be of two hosts, where there are two with an OSD up besides it; absence suffices when it is long, and the
 * coordinator is not in trouble. The word of one peer never suffices, not even where there is no other: its session will tell.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { FailureReport } from "./failure-reports.ts";
import type { MembershipOptions, MembershipRules } from "./membership-options.ts";
import type { Absence } from "./presence.ts";
import type { ProbeFinding } from "./probes.ts";

/** So many peers are named; the rest is counted. */
const NAMED_MAX = 4;

export interface PeerWord extends FailureReport {
  readonly osd: OsdId;
  readonly host: string;
}

export interface Evidence {
  readonly absence: Absence | undefined;
  /** Many lost their sessions together: then no absence proves anything by itself, whenever it began. */
  readonly isInTrouble: boolean;
  readonly words: readonly PeerWord[];
  readonly probe: ProbeFinding;
  readonly graceMs: number;
  /** Whether the controller has heard anything of any OSD lately. */
  readonly isHearing: boolean;
  /** Whether the other OSDs that are up are all on one host. */
  readonly isOneHostLeft: () => boolean;
}

/** Why it is down, in words; undefined if it is not. */
export function verdictOf(
  evidence: Evidence,
  { absenceInterval }: Pick<MembershipOptions, "absenceInterval">,
  { twoWitnesses }: MembershipRules,
  nowMs: number,
): string | undefined {
  const { absence, graceMs } = evidence;
  const words = evidence.words.filter(({ kind, sinceMs }) => {
    return kind === "refused" || nowMs - sinceMs >= graceMs;
  });
  const probe = countedProbe(evidence);
  const isAbsentLong =
    absence !== undefined && !evidence.isInTrouble && nowMs - absence.sinceMs >= absenceInterval;
  const hasSecond = absence !== undefined && (words.length > 0 || probe !== undefined);
  const isDown =
    isAbsentLong ||
    hasSecond ||
    isToldByTwo(words, evidence) ||
    (!twoWitnesses && (absence !== undefined || words.length > 0));
  return isDown ? inWords({ absence, words, probe }, nowMs) : undefined;
}

/**
 * In such trouble the controller's own silence proves nothing while it hears of nobody at all: it is cut off from the OSDs as the
 * coordinator is, and both would be the same witness.
 */
function countedProbe({ isInTrouble, probe, graceMs, isHearing }: Evidence): ProbeFinding {
  if (probe?.type !== "silent") return probe;
  if (probe.forMs < graceMs) return undefined;
  return isInTrouble && !isHearing ? undefined : probe;
}

function isToldByTwo(words: readonly PeerWord[], { isOneHostLeft }: Evidence): boolean {
  if (words.length < 2) return false;
  return new Set(words.map(({ host }) => host)).size >= 2 || isOneHostLeft();
}

function inWords(
  { absence, words, probe }: Pick<Evidence, "absence" | "words" | "probe">,
  nowMs: number,
): string {
  const refusing = words.filter(({ kind }) => kind === "refused");
  const silent = words.filter(({ kind }) => kind === "silent");
  const parts: string[] = [];
  if (refusing.length > 0) parts.push(`refuses ${names(refusing)}`);
  if (silent.length > 0) {
    const leastMs = Math.min(...silent.map(({ sinceMs }) => nowMs - sinceMs));
    parts.push(`silent to ${names(silent)} for ${seconds(leastMs)}`);
  }
  if (probe?.type === "refused") parts.push("refuses the controller");
  if (probe?.type === "silent") parts.push(`silent to the controller for ${seconds(probe.forMs)}`);
  if (absence !== undefined)
    parts.push(`without a session for ${seconds(nowMs - absence.sinceMs)}`);
  return parts.join(", ");
}

function names(words: readonly PeerWord[]): string {
  const named = words.slice(0, NAMED_MAX).map(({ osd, host }) => `osd.${osd} (${host})`);
  const rest = words.length - named.length;
  if (rest > 0) return `${named.join(", ")} and ${rest} more`;
  return named.length < 2 ? named.join("") : `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)} s`;
}
