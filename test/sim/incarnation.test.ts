import { asyncProperty, assert as check, integer, nat, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClockSkew, Incarnation } from "./incarnation.ts";
import { Scheduler } from "./scheduler.ts";

/** What times are multiples of. */
const STEP_MS = 2 ** -20;
const EXACT: ClockSkew = { startMs: 0, driftPpm: 0, wallOffsetMs: 0 };

function world(skew: ClockSkew = EXACT) {
  const scheduler = new Scheduler();
  const bugs: unknown[] = [];
  const life = new Incarnation({ scheduler, skew, bug: (error) => bugs.push(error) });
  const seen: string[] = [];
  const note = (text: string) => () => {
    seen.push(`${scheduler.nowMs} ${text}`);
  };
  const settle = () => scheduler.run(() => false, 1e9);
  return { scheduler, life, bugs, seen, note, settle };
}

describe("after its death", () => {
  test("no timer, queued callback, arrival or promise of an incarnation runs", async () => {
    const { scheduler, life, seen, note, settle } = world();
    life.after(10, note("timer"));
    scheduler.at(5, () => {
      life.soon(note("soon"));
      life.die();
    });
    const late = new Promise<void>((resolve) => scheduler.at(7, resolve));
    void life.pass(late).then(note("promise"));
    scheduler.at(8, () => life.run(note("arrival")));
    scheduler.at(9, () => void life.call(note("call")));
    await settle();
    expect(seen).toEqual([]);
  });

  test("what waited for it to resume is dropped too", async () => {
    const { scheduler, life, seen, note, settle } = world();
    life.stop();
    life.run(note("arrival"));
    scheduler.at(1, () => life.die());
    scheduler.at(2, () => life.resume());
    await settle();
    expect(seen).toEqual([]);
  });
});

describe("a stopped incarnation", () => {
  test("runs what came meanwhile late, in its order, before what comes then", async () => {
    const { scheduler, life, seen, note, settle } = world();
    scheduler.at(100, () => life.resume());
    scheduler.at(100, () => life.run(note("third")));
    life.stop();
    life.after(10, note("first"));
    scheduler.at(20, () => life.run(note("second")));
    await settle();
    expect(seen).toEqual(["100 first", "100 second", "100 third"]);
  });

  test("sees a promise settle, and a call return, when it runs again", async () => {
    const { scheduler, life, seen, note, settle } = world();
    life.stop();
    const early = new Promise<void>((resolve) => scheduler.at(1, resolve));
    void life.pass(early).then(note("promise"));
    void Promise.resolve(life.call(() => "answer")).then((text) => note(text)());
    void life.pass(Promise.reject(new Error("x"))).catch(note("rejection"));
    scheduler.at(50, () => life.resume());
    await settle();
    expect(seen).toEqual(["50 answer", "50 rejection", "50 promise"]);
  });

  test("can stop again while it catches up", async () => {
    const { scheduler, life, seen, note, settle } = world();
    life.stop();
    life.run(note("first"));
    life.run(() => life.stop());
    life.run(note("second"));
    scheduler.at(10, () => life.resume());
    scheduler.at(20, () => life.resume());
    await settle();
    expect(seen).toEqual(["10 first", "20 second"]);
  });

  test("does not run a timer that is cancelled before its turn comes", async () => {
    const { scheduler, life, seen, note, settle } = world();
    life.stop();
    life.run(() => timer.cancel());
    const timer = life.after(1, note("timer"));
    scheduler.at(10, () => life.resume());
    await settle();
    expect(seen).toEqual([]);
  });
});

describe("an incarnation's clock", () => {
  test("starts anywhere, drifts, and never runs a timer early", async () => {
    const skews = record({ startMs: nat(1_000_000), driftPpm: integer({ min: -5000, max: 5000 }) });
    await check(
      asyncProperty(skews, integer({ min: 1, max: 100_000 }), async (skew, delay) => {
        const { scheduler, life, settle } = world({ ...EXACT, ...skew });
        expect(life.nowMs()).toBe(skew.startMs);
        const delayMs = delay / 7;
        const dueMs = life.nowMs() + delayMs;
        const fired: number[] = [];
        life.after(delayMs, () => fired.push(life.nowMs(), scheduler.nowMs));
        await settle();
        expect(fired).toHaveLength(2);
        const [shownMs = 0, trueMs = 0] = fired;
        expect(shownMs).toBeGreaterThanOrEqual(dueMs);
        expect(shownMs).toBeLessThan(dueMs + 3 * STEP_MS);
        expect(trueMs).toBeCloseTo(delayMs / (1 + skew.driftPpm / 1e6), 5);
        expect([Number.isInteger(shownMs / STEP_MS), Number.isInteger(trueMs / STEP_MS)]).toEqual([
          true,
          true,
        ]);
      }),
      { numRuns: 50 },
    );
  });

  test("keeps what people read apart from what deadlines use", async () => {
    const { scheduler, life, seen, settle } = world({ ...EXACT, wallOffsetMs: 5 });
    const before = life.wallMs();
    life.wallOffsetMs = -1_000;
    expect(life.wallMs() - before).toBe(-1_005);
    expect(life.nowMs()).toBe(0);
    scheduler.at(7, () => seen.push(String(life.wallMs() - before)));
    await settle();
    expect(seen).toEqual(["-998"]);
  });
});

test("what its code throws is told, and ends nothing else", async () => {
  const { life, bugs, seen, note, settle } = world();
  life.soon(() => {
    throw new Error("broken");
  });
  life.soon(note("goes on"));
  await settle();
  expect(bugs).toEqual([new Error("broken")]);
  expect(seen).toEqual(["0 goes on"]);
});
