/**
 * What goes on after a change of the map, and how far it is. An epoch that can move data (an OSD out or in, weights, CRUSH,
 * upmaps) opens an event. A PG that is reported with work to do (copies that are missing or not in their place) belongs to
 * the newest event that its reporter knew of, until its work is done; so two events at a time are told apart by their PGs.
 *
 * What is done of an event never gets less. Its total can grow, as objects are written or PGs are found late; that is counted
 * apart, so that a share which fell says why.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Epoch, PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { PROGRESS_EVENTS_MAX, type ProgressEvent } from "../../cluster/message/query.ts";
import { countIn, type PgSummary, type WorkReport } from "./pg-board.ts";
import { causeOf } from "./progress-cause.ts";
import {
  type Course,
  changeRemaining,
  courseFigures,
  createCourse,
  sampleCourse,
} from "./progress-course.ts";

/** An epoch that has moved nothing for so long will not. */
export const OPENING_MS = 600_000;
/** Reports of a moment can leave a gap between two parts of the work. */
export const SETTLE_MS = 5_000;
export const FINISHED_KEPT_MS = 3_600_000;
export const FINISHED_MAX = 32;
export const ACTIVE_MAX = 64;

export const GLOBAL_TITLE = "Global Recovery Event";

interface Task {
  readonly number: number;
  /** The epoch that opened it. */
  readonly epoch: Epoch;
  /** Undefined of one that is no event, but the reason of work that has to wait. */
  readonly title: string | undefined;
  readonly course: Course;
}

interface PgWork {
  readonly task: Task;
  readonly amount: number;
}

interface Finished {
  readonly event: ProgressEvent;
  readonly startedMs: number;
  readonly finishedMs: number;
}

export interface Progress {
  readonly tasks: Task[];
  /** PGs with work of which it is known where it came from. */
  readonly work: Map<PoolId, Map<number, PgWork>>;
  /** In PGs that are not clean, whatever the reason. */
  global: { readonly number: number; readonly course: Course } | undefined;
  finished: Finished[];
  nextNumber: number;
}

export function createProgress(): Progress {
  return { tasks: [], work: new Map(), global: undefined, finished: [], nextNumber: 1 };
}

export interface MapStep {
  readonly before: OsdMap;
  readonly after: OsdMap;
}

/** To be told of every map that is published, with the one before it. */
export function mapChanged(progress: Progress, { before, after }: MapStep, nowMs: number): void {
  if (before.pools !== after.pools) dropGone(progress, after, nowMs);
  const cause = causeOf(before, after);
  if (cause === undefined) return;
  const { title } = cause;
  const course = createCourse(nowMs);
  const last = progress.tasks.at(-1);
  if (title === undefined && last !== undefined && last.title === undefined) {
    // Work of since the first of them waits; one reason is enough.
    progress.tasks.splice(-1, 1, { ...last, course });
    return;
  }
  if (progress.tasks.length >= ACTIVE_MAX) forgetOne(progress);
  progress.tasks.push({ number: progress.nextNumber++, epoch: after.epoch, title, course });
}

/** What `takeStats` gives. */
export function worked(progress: Progress, reports: readonly WorkReport[], nowMs: number): void {
  for (const { pg, epoch, amount } of reports) {
    const known = progress.work.get(pg.pool)?.get(pg.seed);
    const task = known?.task ?? (amount > 0 ? taskFor(progress, epoch, nowMs) : undefined);
    if (task === undefined) continue;
    const change = amount - (known?.amount ?? 0);
    changeRemaining(task.course, change, { isGrowth: known !== undefined }, nowMs);
    const work = progress.work.get(pg.pool) ?? new Map<number, PgWork>();
    progress.work.set(pg.pool, work);
    if (amount > 0) work.set(pg.seed, { task, amount });
    else work.delete(pg.seed);
    if (work.size === 0) progress.work.delete(pg.pool);
  }
}

/** At a tick; costs by events. */
export function tickProgress(progress: Progress, summary: PgSummary, nowMs: number): void {
  followGlobal(progress, summary, nowMs);
  for (const task of [...progress.tasks]) {
    const { course, number, title = "" } = task;
    sampleCourse(course, nowMs);
    // Behind an event that goes on, work that waits is still not of that event.
    const isNeeded = task.title === undefined && task !== progress.tasks[0];
    const isOver =
      course.total === 0
        ? !isNeeded && nowMs - course.startedMs >= OPENING_MS
        : finish(
            progress,
            eventOf({ number, title, unit: "copies" }, course, nowMs),
            course,
            nowMs,
          );
    if (isOver) progress.tasks.splice(progress.tasks.indexOf(task), 1);
  }
  const isRecent = ({ finishedMs }: Finished): boolean => nowMs - finishedMs < FINISHED_KEPT_MS;
  if (!progress.finished.every(isRecent)) progress.finished = progress.finished.filter(isRecent);
}

/** Those that go on, oldest first, and then those that finished, newest first. */
export function progressEvents(progress: Progress, nowMs: number): ProgressEvent[] {
  const events = progress.tasks.flatMap(({ number, title, course }) =>
    title === undefined || course.total === 0
      ? []
      : [eventOf({ number, title, unit: "copies" }, course, nowMs)],
  );
  const { global } = progress;
  if (global !== undefined) events.push(globalEvent(global, nowMs));
  for (const { event, startedMs, finishedMs } of progress.finished.toReversed()) {
    const finishedAgoMs = ago(finishedMs, nowMs);
    events.push({ ...event, startedAgoMs: ago(startedMs, nowMs), finishedAgoMs });
  }
  assert(events.length <= PROGRESS_EVENTS_MAX, "events are bounded");
  return events;
}

function taskFor(progress: Progress, epoch: number, nowMs: number): Task | undefined {
  const task = progress.tasks.findLast((one) => one.epoch <= epoch);
  if (task?.title === undefined) return undefined;
  const { course } = task;
  // What begins so late has another reason, which the map does not tell.
  const isOpen = course.remaining > 0 || nowMs - course.startedMs < OPENING_MS;
  return isOpen ? task : undefined;
}

function followGlobal(progress: Progress, summary: PgSummary, nowMs: number): void {
  // Just after an election most PGs are unknown, which is no recovery.
  if (summary.unheardCount > 0) return;
  const left = summary.pgCount - countIn(summary, "clean");
  if (progress.global === undefined) {
    if (left === 0) return;
    progress.global = { number: progress.nextNumber++, course: createCourse(nowMs) };
  }
  const { global } = progress;
  const { course } = global;
  const isGrowth = course.total > 0;
  changeRemaining(course, left - course.remaining, { isGrowth }, nowMs);
  sampleCourse(course, nowMs);
  if (finish(progress, globalEvent(global, nowMs), course, nowMs)) progress.global = undefined;
}

function globalEvent(
  { number, course }: { readonly number: number; readonly course: Course },
  nowMs: number,
): ProgressEvent {
  return eventOf({ number, title: GLOBAL_TITLE, unit: "pgs" }, course, nowMs);
}

interface EventName {
  readonly number: number;
  readonly title: string;
  readonly unit: ProgressEvent["unit"];
}

function eventOf({ number, title, unit }: EventName, course: Course, nowMs: number): ProgressEvent {
  return {
    id: `${number}`,
    title,
    startedAgoMs: ago(course.startedMs, nowMs),
    finishedAgoMs: undefined,
    unit,
    ...courseFigures(course, nowMs),
  };
}

function ago(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.round(nowMs - thenMs));
}

/** True if all of it has been done for a while; it then stands among those that finished. */
function finish(progress: Progress, event: ProgressEvent, course: Course, nowMs: number): boolean {
  const { idleMs: finishedMs, startedMs } = course;
  if (finishedMs === undefined || nowMs - finishedMs < SETTLE_MS) return false;
  progress.finished.push({ event, startedMs, finishedMs });
  if (progress.finished.length > FINISHED_MAX) progress.finished.shift();
  return true;
}

function dropGone(progress: Progress, { pools }: OsdMap, nowMs: number): void {
  for (const [pool, work] of progress.work) {
    const pgNum = pools.get(pool)?.pgNum ?? 0;
    for (const [seed, { task, amount }] of work) {
      if (seed < pgNum) continue;
      changeRemaining(task.course, -amount, { isGrowth: false }, nowMs);
      work.delete(seed);
    }
    if (work.size === 0) progress.work.delete(pool);
  }
}

/** One that has moved nothing, if there is one. */
function forgetOne(progress: Progress): void {
  const found = progress.tasks.findIndex(({ course }) => course.total === 0);
  const [task] = progress.tasks.splice(Math.max(0, found), 1);
  for (const [pool, work] of progress.work) {
    for (const [seed, known] of work) if (known.task === task) work.delete(seed);
    if (work.size === 0) progress.work.delete(pool);
  }
}
