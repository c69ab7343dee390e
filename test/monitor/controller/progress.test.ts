import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { type PgStateName, pgState } from "../../../cluster/map/pg-state.ts";
import { PROGRESS_EVENTS_MAX, type ProgressEvent } from "../../../cluster/message/query.ts";
import type { PgSummary } from "../../../monitor/controller/pg-board.ts";
import {
  ACTIVE_MAX,
  createProgress,
  FINISHED_KEPT_MS,
  FINISHED_MAX,
  GLOBAL_TITLE,
  mapChanged,
  OPENING_MS,
  type Progress,
  progressEvents,
  SETTLE_MS,
  tickProgress,
  worked,
} from "../../../monitor/controller/progress.ts";
import {
  next,
  osdMap,
  pg,
  withDown,
  withOut,
  withoutPool,
  withPool,
  withShare,
} from "./board-world.ts";

const MAP = osdMap({ pools: { 1: {}, 2: {} } });

function summary(
  states: readonly (readonly [readonly PgStateName[], number])[],
  unheardCount = 0,
): PgSummary {
  const counts = new Map(states.map(([names, count]) => [pgState(...names), count]));
  const pgCount = states.reduce((sum, [, count]) => sum + count, 0);
  const sums = { objects: 0, bytes: 0, degraded: 0, misplaced: 0, unfound: 0, scrubErrors: 0 };
  return { pgCount, states: counts, sums, copies: 0, unheardCount, pools: new Map() };
}

const CLEAN = summary([[["active", "clean"], 16]]);

let progress: Progress;
let map: OsdMap;
beforeEach(() => {
  progress = createProgress();
  map = MAP;
});

function publish(after: OsdMap, nowMs = 0): number {
  const published = next(after);
  mapChanged(progress, { before: map, after: published }, nowMs);
  map = published;
  return published.epoch;
}

/** By PG, how much there is left, as a primary says that has the present map. */
function say(work: Readonly<Record<string, number>>, nowMs = 0, at: number = map.epoch): void {
  const reports = Object.entries(work).map(([text, amount]) => {
    return { pg: pg(text), epoch: epoch(at), amount };
  });
  worked(progress, reports, nowMs);
}

function tick(nowMs: number, pgs: PgSummary = CLEAN): void {
  tickProgress(progress, pgs, nowMs);
}

function shown(nowMs = 0): (Partial<ProgressEvent> & { title: string })[] {
  return progressEvents(progress, nowMs).map(({ title, done, total, finishedAgoMs }) => ({
    title,
    done,
    total,
    ...(finishedAgoMs !== undefined && { finishedAgoMs }),
  }));
}

const OUT = { title: "Rebalancing after osd.1 marked out" };
const IN = { title: "Rebalancing after osd.1 marked in" };

describe("an event", () => {
  test("is shown once its epoch has given work to a PG, and not before", () => {
    publish(withOut(map, 1));
    expect(shown()).toEqual([]);
    say({ "1.0": 6, "1.1": 4 });
    say({ "1.0": 3 });
    expect(shown()).toEqual([{ ...OUT, done: 3, total: 10 }]);
  });

  test("of an epoch that moves nothing never is", () => {
    publish(withOut(map, 1));
    say({ "1.0": 0 });
    tick(OPENING_MS - 1);
    expect(progress.tasks.length).toBe(1);
    tick(OPENING_MS);
    expect(progress.tasks.length).toBe(0);
  });

  test("ends when all is done and nothing more comes for a while, and is kept", () => {
    publish(withOut(map, 1));
    say({ "1.0": 6 }, 100);
    say({ "1.0": 0 }, 1_000);
    tick(1_000 + SETTLE_MS - 1);
    expect(shown(1_000)).toEqual([{ ...OUT, done: 6, total: 6 }]);
    tick(1_000 + SETTLE_MS);
    expect(progressEvents(progress, 9_000)).toMatchObject([
      { ...OUT, done: 6, total: 6, fraction: 1, startedAgoMs: 9_000, finishedAgoMs: 8_000 },
    ]);
    expect(progress.tasks).toEqual([]);
    tick(1_000 + FINISHED_KEPT_MS - 1);
    expect(shown().length).toBe(1);
    tick(1_000 + FINISHED_KEPT_MS);
    expect(shown()).toEqual([]);
  });

  test("goes on if more comes before that, and says that it grew", () => {
    publish(withOut(map, 1));
    say({ "1.0": 6 });
    say({ "1.0": 0 }, 1_000);
    say({ "1.1": 2 }, 2_000);
    tick(1_000 + SETTLE_MS);
    expect(progressEvents(progress, 0)).toMatchObject([{ ...OUT, done: 6, total: 8, grown: 2 }]);
  });

  test("does not take work that begins long after it, but what it has it keeps", () => {
    publish(withOut(map, 1));
    say({ "1.0": 6 }, 1);
    say({ "1.1": 1 }, OPENING_MS);
    expect(shown()).toMatchObject([{ total: 7 }]);
    say({ "1.0": 0, "1.1": 0 }, OPENING_MS);
    say({ "1.2": 1 }, OPENING_MS + 1);
    expect(shown()).toMatchObject([{ total: 7, done: 7 }]);
  });
});

describe("two events at a time", () => {
  test("are told apart by their PGs", () => {
    publish(withOut(map, 1));
    say({ "1.0": 6, "1.1": 6 });
    publish(withShare(map, 1, { weight: 9 }));
    say({ "2.0": 5 });
    say({ "1.0": 0, "2.0": 4 });
    expect(shown()).toEqual([
      { ...OUT, done: 6, total: 12 },
      { ...IN, done: 1, total: 5 },
    ]);
  });

  test("are told apart by what the reporter knew of", () => {
    const first = publish(withOut(map, 1));
    publish(withShare(map, 1, { weight: 9 }));
    say({ "1.0": 6 }, 0, first);
    say({ "1.1": 6 }, 0, first - 1);
    expect(shown()).toEqual([{ ...OUT, done: 0, total: 6 }]);
  });
});

describe("work that waits because an OSD is down", () => {
  test("is no event, and not one of an event that goes on", () => {
    publish(withOut(map, 1));
    say({ "1.0": 6 });
    publish(withDown(map, 2));
    say({ "1.1": 9 });
    expect(shown()).toEqual([{ ...OUT, done: 0, total: 6 }]);
    tick(OPENING_MS + 1);
    say({ "1.2": 9 }, OPENING_MS + 1);
    expect(shown()).toEqual([{ ...OUT, done: 0, total: 6 }]);
  });

  test("becomes one when the OSD is marked out", () => {
    publish(withDown(map, 1));
    say({ "1.0": 6, "1.1": 4 });
    expect(shown()).toEqual([]);
    publish(withOut(map, 1));
    say({ "1.0": 5, "1.1": 4 });
    expect(shown()).toEqual([{ ...OUT, done: 0, total: 9 }]);
  });

  test("has one reason, however many OSDs are down", () => {
    for (const osd of [0, 1, 2]) publish(withDown(map, osd));
    expect(progress.tasks.length).toBe(1);
    expect(progress.tasks[0]?.epoch).toBe(MAP.epoch + 1);
  });
});

describe("the global event", () => {
  const half = summary([
    [["active", "clean"], 8],
    [["active", "degraded"], 8],
  ]);

  test("counts PGs that are not clean, and ends when all are", () => {
    tick(0, half);
    tick(
      1_000,
      summary([
        [["active", "clean"], 14],
        [["active"], 2],
      ]),
    );
    expect(shown()).toEqual([{ title: GLOBAL_TITLE, done: 6, total: 8 }]);
    tick(2_000);
    tick(2_000 + SETTLE_MS);
    expect(shown(9_000)).toEqual([
      { title: GLOBAL_TITLE, done: 8, total: 8, finishedAgoMs: 7_000 },
    ]);
  });

  test("says that it grew when more PGs are not clean", () => {
    tick(0, half);
    tick(1_000, summary([[["active"], 16]]));
    expect(progressEvents(progress, 0)).toMatchObject([{ total: 16, grown: 8, done: 0 }]);
  });

  test("does not begin before every PG was heard of", () => {
    tick(0, summary([[[], 16]], 16));
    expect(shown()).toEqual([]);
  });
});

test("work of a pool that is deleted needs not be done", () => {
  publish(withOut(map, 1));
  say({ "1.0": 6, "2.0": 4 });
  publish(withoutPool(map, 1));
  expect(shown()).toEqual([{ ...OUT, done: 6, total: 10 }]);
  say({ "2.0": 0 });
  tick(SETTLE_MS);
  expect(progress.tasks).toEqual([]);
  expect(progress.work.size).toBe(0);
});

describe("bounds", () => {
  test("of events that go on: the first that has moved nothing is forgotten, else the oldest", () => {
    publish(withOut(map, 1));
    say({ "1.0": 3 });
    for (let at = 0; at < ACTIVE_MAX; at++) publish(withShare(map, 2, { weight: 10 + at }));
    expect(progress.tasks.length).toBe(ACTIVE_MAX);
    expect(shown()).toEqual([{ ...OUT, done: 0, total: 3 }]);
    // Those behind it have work, one PG each, so that it is the oldest.
    progress = createProgress();
    map = withPool(map, 1, { pgNum: 200 });
    for (let at = 0; at <= ACTIVE_MAX; at++) {
      publish(withShare(map, 2, { weight: 100 + at }));
      say({ [`1.${at.toString(16)}`]: 1 });
    }
    expect(progress.tasks.length).toBe(ACTIVE_MAX);
    expect([...progress.work.values()].map((work) => work.size)).toEqual([ACTIVE_MAX]);
  });

  test("of events that finished: the oldest is forgotten", () => {
    for (let at = 0; at < FINISHED_MAX + 5; at++) {
      publish(withShare(map, 2, { weight: 10 + at }));
      say({ "1.0": 1 });
      say({ "1.0": 0 }, at);
      tick(at + SETTLE_MS);
    }
    const finished = progressEvents(progress, 100_000);
    expect(finished.length).toBe(FINISHED_MAX);
    expect(finished[0]?.id).toBe(`${FINISHED_MAX + 5}`);
    expect(ACTIVE_MAX + FINISHED_MAX + 1).toBeLessThanOrEqual(PROGRESS_EVENTS_MAX);
  });
});

test("what is left of each event is what its PGs have, and what is done never gets less", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.dictionary(fc.constantFrom("1.0", "1.1", "2.0", "2.1"), fc.nat(9)) },
    { weight: 1, arbitrary: fc.constantFrom("out", "in", "down", "delete", "tick") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      progress = createProgress();
      map = MAP;
      const done = new Map<number, number>();
      for (const [at, one] of steps.entries()) {
        if (typeof one === "object") say(one, at * 2_000);
        else if (one === "out") publish(withOut(map, 1), at * 2_000);
        else if (one === "in") publish(withShare(map, 1, { weight: 1 + at }), at * 2_000);
        else if (one === "down") publish(withDown(map, at % 4), at * 2_000);
        else if (one === "delete") publish(withoutPool(map, 2), at * 2_000);
        else tick(at * 2_000);
        const works = [...progress.work.values()].flatMap((work) => [...work.values()]);
        for (const { number, course } of progress.tasks) {
          const mine = works.filter(({ task }) => task.number === number);
          expect(course.remaining).toBe(mine.reduce((sum, { amount }) => sum + amount, 0));
          expect(course.total - course.remaining).toBeGreaterThanOrEqual(done.get(number) ?? 0);
          done.set(number, course.total - course.remaining);
        }
        expect(works.every(({ task }) => progress.tasks.includes(task))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
