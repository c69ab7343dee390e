/** How far something is: what there is to do in all, what is left, and how fast it goes. */
import type { ProgressEvent } from "../../cluster/message/query.ts";

const SAMPLE_MS = 1_000;
/** The rate is of the last half minute or so: PGs finish in bursts. */
const SMOOTHING_MS = 30_000;
/** Before that nobody can tell how long it takes. */
export const ETA_AFTER_MS = 5_000;
/** Beyond a year it is no estimate. */
const ETA_MS_MAX = 365 * 24 * 3_600_000;

export interface Course {
  readonly startedMs: number;
  total: number;
  remaining: number;
  /** What was added to the total after something of it had been done, or was never expected. */
  grown: number;
  perSecond: number;
  sampledMs: number;
  sampledDone: number;
  /** When the last of it was done; undefined while there is some, and before there was any. */
  idleMs: number | undefined;
}

export function createCourse(nowMs: number): Course {
  return {
    startedMs: nowMs,
    total: 0,
    remaining: 0,
    grown: 0,
    perSecond: 0,
    sampledMs: nowMs,
    sampledDone: 0,
    idleMs: undefined,
  };
}

/**
 * So much more is left to do, or less. What is found before anything is done is what it is about, unless `isGrowth` says
 * that it came on top.
 */
export function changeRemaining(
  course: Course,
  change: number,
  { isGrowth }: { readonly isGrowth: boolean },
  nowMs: number,
): void {
  if (change > 0) {
    if (isGrowth || course.total > course.remaining) course.grown += change;
    course.total += change;
  }
  // Absurd figures of an OSD add up to sums that are not exact; they must not end the controller.
  course.remaining = Math.max(0, course.remaining + change);
  if (course.remaining > 0) course.idleMs = undefined;
  else if (course.total > 0) course.idleMs ??= nowMs;
}

/** To be called at every tick. */
export function sampleCourse(course: Course, nowMs: number): void {
  const elapsedMs = nowMs - course.sampledMs;
  if (elapsedMs < SAMPLE_MS) return;
  const done = course.total - course.remaining;
  const latest = ((done - course.sampledDone) * 1000) / elapsedMs;
  course.perSecond += weightOf(elapsedMs) * (latest - course.perSecond);
  course.sampledMs = nowMs;
  course.sampledDone = done;
}

export function courseFigures(
  course: Course,
  nowMs: number,
): Pick<ProgressEvent, "done" | "total" | "grown" | "fraction" | "perSecond" | "etaMs"> {
  const { startedMs, sampledMs, total, remaining, grown } = course;
  const done = total - remaining;
  // The smoothing begins at no rate at all; this takes out what is left of that.
  const seen = weightOf(sampledMs - startedMs);
  const perSecond = seen > 0 ? course.perSecond / seen : 0;
  const isTelling = remaining > 0 && nowMs - startedMs >= ETA_AFTER_MS && perSecond > 0;
  const etaMs = isTelling ? Math.round((1000 * remaining) / perSecond) : undefined;
  return {
    done,
    total,
    grown,
    fraction: total === 0 ? 0 : done / total,
    perSecond,
    etaMs: etaMs === undefined || etaMs > ETA_MS_MAX ? undefined : etaMs,
  };
}

function weightOf(elapsedMs: number): number {
  return 1 - Math.exp(-elapsedMs / SMOOTHING_MS);
}
