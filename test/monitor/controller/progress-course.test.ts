import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Course,
  changeRemaining,
  courseFigures,
  createCourse,
  ETA_AFTER_MS,
  sampleCourse,
} from "../../../monitor/controller/progress-course.ts";

const FOUND = { isGrowth: false };

/** `perSecond` of 1,000, done every `everyMs` in one go. */
function run(everyMs: number, untilMs: number, perSecond = 10): Course {
  const course = createCourse(0);
  changeRemaining(course, 1_000, FOUND, 0);
  for (let nowMs = 50; nowMs <= untilMs; nowMs += 50) {
    if (nowMs % everyMs === 0) {
      changeRemaining(course, (-perSecond * everyMs) / 1000, FOUND, nowMs);
    }
    sampleCourse(course, nowMs);
  }
  return course;
}

describe("an estimate", () => {
  test("of steady work is right from the first one on", () => {
    const { etaMs, perSecond, fraction } = courseFigures(run(100, 6_000), 6_000);
    expect(perSecond).toBeCloseTo(10);
    expect(etaMs).toBe(94_000);
    expect(fraction).toBeCloseTo(0.06);
  });

  test("of work that is done in bursts stays near", () => {
    for (let nowMs = 40_000; nowMs <= 50_000; nowMs += 1_000) {
      const { etaMs = 0 } = courseFigures(run(5_000, nowMs), nowMs);
      const left = 1_000 - 10 * Math.floor(nowMs / 5_000) * 5;
      expect(etaMs / (left * 100)).toBeGreaterThan(0.8);
      expect(etaMs / (left * 100)).toBeLessThan(1.25);
    }
  });

  test.each([
    ["before it is known how fast it goes", run(100, ETA_AFTER_MS - 50), ETA_AFTER_MS - 50],
    ["while nothing is done", run(1_000_000, 20_000), 20_000],
    ["beyond a year", run(1_000, 10_000, 0.00001), 10_000],
    ["when all is done", run(1_000, 100_000), 100_000],
  ])("is not given %s", (_, course, nowMs) => {
    expect(courseFigures(course, nowMs).etaMs).toBeUndefined();
  });
});

describe("the total", () => {
  test("is what is found before anything is done", () => {
    const course = createCourse(0);
    changeRemaining(course, 5, FOUND, 0);
    changeRemaining(course, 7, FOUND, 1);
    expect(courseFigures(course, 1)).toMatchObject({ total: 12, grown: 0, done: 0 });
  });

  test("says that it grew if something is found later", () => {
    const course = createCourse(0);
    changeRemaining(course, 10, FOUND, 0);
    changeRemaining(course, -5, FOUND, 1);
    changeRemaining(course, 10, FOUND, 2);
    expect(courseFigures(course, 2)).toMatchObject({
      total: 20,
      grown: 10,
      done: 5,
      fraction: 0.25,
    });
  });

  test("says that it grew if what was found turned out to be more", () => {
    const course = createCourse(0);
    changeRemaining(course, 10, FOUND, 0);
    changeRemaining(course, 1, { isGrowth: true }, 1);
    expect(courseFigures(course, 1)).toMatchObject({ total: 11, grown: 1 });
  });
});

test("what is done never gets less, and a share falls only with growth", () => {
  const change = fc.record({ amount: fc.integer({ min: -20, max: 20 }), isGrowth: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const course = createCourse(0);
      let before = courseFigures(course, 0);
      for (const { amount, isGrowth } of changes) {
        changeRemaining(course, Math.max(amount, -course.remaining), { isGrowth }, 0);
        const now = courseFigures(course, 0);
        expect(now.done).toBeGreaterThanOrEqual(before.done);
        if (now.fraction < before.fraction) expect(now.grown).toBeGreaterThan(before.grown);
        before = now;
      }
    }),
  );
});

test("it has nothing to do from the moment on at which the last was done", () => {
  const course = createCourse(0);
  changeRemaining(course, 0, FOUND, 1);
  expect(course.idleMs).toBeUndefined();
  changeRemaining(course, 3, FOUND, 2);
  changeRemaining(course, -3, FOUND, 3);
  changeRemaining(course, 0, FOUND, 4);
  expect(course.idleMs).toBe(3);
  changeRemaining(course, 1, FOUND, 5);
  expect(course.idleMs).toBeUndefined();
});

test("sums that are no longer exact do not go below nothing", () => {
  const course = createCourse(0);
  changeRemaining(course, 2 ** 53, FOUND, 0);
  changeRemaining(course, 1, FOUND, 0);
  changeRemaining(course, -(2 ** 53), FOUND, 0);
  changeRemaining(course, -1, FOUND, 0);
  expect(course.remaining).toBe(0);
});
