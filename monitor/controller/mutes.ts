/**
 * Health checks that somebody does not want to hear of for a while. A mute ends by its time, and, if it is not sticky, when
 * the check clears or gets worse: what was accepted was that much trouble, and no more. As Ceph's.
 *
 * They outlive a controller, so they are kept as a text in the tree and end by the wall clock.
 */
import {
  HEALTH_STATUSES,
  type HealthCheck,
  type HealthReport,
  type HealthStatus,
} from "../../cluster/message/query.ts";

export const MUTES_MAX = 64;

export interface Mute {
  readonly code: string;
  /** Undefined for no end. */
  readonly untilWallMs: number | undefined;
  readonly isSticky: boolean;
  /** Of the check when it was muted or when it was least since; undefined while there was none. */
  readonly count: number | undefined;
  readonly severity: HealthStatus | undefined;
}

export interface MuteOrder {
  readonly code: string;
  readonly untilWallMs: number | undefined;
  readonly isSticky: boolean;
}

/** The mutes with this one, which takes the place of one of the same code; undefined if there are too many. */
export function withMute(
  mutes: readonly Mute[],
  order: MuteOrder,
  checks: readonly HealthCheck[],
): Mute[] | undefined {
  const others = withoutMute(mutes, order.code);
  if (others.length >= MUTES_MAX) return undefined;
  const check = checks.find(({ code }) => code === order.code);
  return [...others, { ...order, count: check?.count, severity: check?.severity }];
}

export function withoutMute(mutes: readonly Mute[], code: string): Mute[] {
  return mutes.filter((mute) => mute.code !== code);
}

/** The mutes that go on: the same array if nothing changed, so that nobody stores it again. */
export function currentMutes(
  mutes: readonly Mute[],
  checks: readonly HealthCheck[],
  wallMs: number,
): readonly Mute[] {
  const kept = mutes.flatMap((mute) => {
    if (mute.untilWallMs !== undefined && wallMs >= mute.untilWallMs) return [];
    if (mute.isSticky) return [mute];
    const check = checks.find(({ code }) => code === mute.code);
    // A mute of something that was not there when it was ordered waits for it.
    if (check === undefined) return mute.count === undefined ? [mute] : [];
    const { count = check.count, severity = check.severity } = mute;
    if (check.count > count || rank(check.severity) > rank(severity)) return [];
    const isSame = check.count === mute.count && check.severity === mute.severity;
    return [isSame ? mute : { ...mute, count: check.count, severity: check.severity }];
  });
  const isSame = kept.length === mutes.length && kept.every((mute, at) => mute === mutes[at]);
  return isSame ? mutes : kept;
}

/** What is muted is still shown, but says nothing of the cluster's status. */
export function reportOf(checks: readonly HealthCheck[], mutes: readonly Mute[]): HealthReport {
  const muted = new Set(mutes.map(({ code }) => code));
  const marked = checks.map((check) => ({ ...check, isMuted: muted.has(check.code) }));
  let status: HealthStatus = "HEALTH_OK";
  for (const { isMuted, severity } of marked) {
    if (!isMuted && rank(severity) > rank(status)) status = severity;
  }
  return { status, checks: marked };
}

export function formatMutes(mutes: readonly Mute[]): string {
  return JSON.stringify(mutes);
}

/** Undefined if the text is nothing that `formatMutes` writes. */
export function parseMutes(text: string): Mute[] | undefined {
  const value = parsed(text);
  if (!Array.isArray(value) || value.length > MUTES_MAX) return undefined;
  const mutes = value.flatMap((entry: unknown) => muteOf(entry) ?? []);
  return mutes.length === value.length ? mutes : undefined;
}

function muteOf(entry: unknown): Mute | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { code, untilWallMs, isSticky, count, severity } = entry as Record<keyof Mute, unknown>;
  if (typeof code !== "string" || typeof isSticky !== "boolean") return undefined;
  if (!isNumberOrMissing(untilWallMs) || !isNumberOrMissing(count)) return undefined;
  const known = HEALTH_STATUSES.find((status) => status === severity);
  if (severity !== undefined && known === undefined) return undefined;
  return { code, untilWallMs, isSticky, count, severity: known };
}

function isNumberOrMissing(value: unknown): value is number | undefined {
  return value === undefined || typeof value === "number";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rank(status: HealthStatus): number {
  return HEALTH_STATUSES.indexOf(status);
}
