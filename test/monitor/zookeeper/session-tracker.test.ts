import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SessionTracker } from "../../../monitor/zookeeper/session-tracker.ts";

function tracker(...timeouts: number[]): SessionTracker {
  const made = new SessionTracker();
  made.reset(
    timeouts.map((timeoutMs, index) => ({ id: index + 1, timeoutMs })),
    0,
  );
  return made;
}

test("a session is due once, when a round began after its deadline", () => {
  const sessions = tracker(100, 200);
  expect(sessions.takeExpired(100)).toEqual([]);
  expect(sessions.takeExpired(101)).toEqual([1]);
  expect(sessions.takeExpired(150)).toEqual([]);
  expect(sessions.takeExpired(1000)).toEqual([2]);
});

test("a sign of life gives a full timeout again", () => {
  const sessions = tracker(100, 100);
  sessions.touchAll([1, 99], 80);
  expect(sessions.takeExpired(150)).toEqual([2]);
  expect(sessions.takeExpired(181)).toEqual([1]);
});

test("a new leader gives everybody a full timeout", () => {
  const sessions = tracker(100);
  sessions.reset([{ id: 1, timeoutMs: 100 }], 90);
  expect(sessions.takeExpired(150)).toEqual([]);
  expect(sessions.takeExpired(191)).toEqual([1]);
});

test("a sign of life never brings a deadline nearer that was moved", () => {
  const sessions = tracker(100);
  sessions.delay(5000);
  sessions.touch(1, 10);
  expect(sessions.takeExpired(5_100)).toEqual([]);
  expect(sessions.takeExpired(5_101)).toEqual([1]);
});

test("a process that stood still judges nobody by that time", () => {
  const sessions = tracker(100);
  sessions.delay(5000);
  expect(sessions.takeExpired(5000)).toEqual([]);
  expect(sessions.takeExpired(5101)).toEqual([1]);
});

describe("what is proposed", () => {
  test("is due again when it got lost", () => {
    const sessions = tracker(100);
    expect(sessions.takeExpired(101)).toEqual([1]);
    sessions.proposalLost(1);
    sessions.proposalLost(1);
    expect(sessions.takeExpired(102)).toEqual([1]);
    expect(sessions.takeExpired(103)).toEqual([]);
  });

  test("is no session that has closed meanwhile", () => {
    const sessions = tracker(100);
    sessions.close(1);
    sessions.proposalLost(1);
    expect(sessions.takeExpired(1000)).toEqual([]);
    expect(sessions.count).toBe(0);
  });
});

test("a session that moves gets its new timeout, shorter or longer", () => {
  const sessions = tracker(100, 100);
  sessions.open(1, 10, 50);
  sessions.open(2, 500, 50);
  expect(sessions.takeExpired(61)).toEqual([1]);
  expect(sessions.takeExpired(500)).toEqual([]);
  expect(sessions.deadlines()).toEqual([
    { session: 1, deadlineMs: 60 },
    { session: 2, deadlineMs: 550 },
  ]);
});

test("a session that comes back while its end is on its way is judged anew", () => {
  const sessions = tracker(100);
  expect(sessions.takeExpired(101)).toEqual([1]);
  sessions.open(1, 100, 110);
  expect(sessions.takeExpired(210)).toEqual([]);
  expect(sessions.takeExpired(211)).toEqual([1]);
});

test("any run of events expires what a scan of all deadlines would", () => {
  const id = fc.integer({ min: 1, max: 5 });
  const event = fc.oneof(
    fc.record({
      type: fc.constant("open" as const),
      id,
      timeoutMs: fc.integer({ min: 1, max: 50 }),
    }),
    fc.record({ type: fc.constant("touch" as const), id }),
    fc.record({ type: fc.constant("close" as const), id }),
    fc.record({ type: fc.constant("delay" as const), lateMs: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ type: fc.constant("round" as const) }),
  );
  const run = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), event), { maxLength: 80 });
  fc.assert(
    fc.property(run, (events) => {
      const sessions = new SessionTracker();
      const dumb = new Map<number, { deadline: number; timeout: number; proposed: boolean }>();
      let nowMs = 0;
      for (const [passed, one] of events) {
        nowMs += passed;
        if (one.type === "open") {
          sessions.open(one.id, one.timeoutMs, nowMs);
          const deadline = nowMs + one.timeoutMs;
          dumb.set(one.id, { deadline, timeout: one.timeoutMs, proposed: false });
        } else if (one.type === "touch") {
          sessions.touch(one.id, nowMs);
          const known = dumb.get(one.id);
          if (known !== undefined) {
            known.deadline = Math.max(known.deadline, nowMs + known.timeout);
          }
        } else if (one.type === "close") {
          sessions.close(one.id);
          dumb.delete(one.id);
        } else if (one.type === "delay") {
          sessions.delay(one.lateMs);
          for (const known of dumb.values()) known.deadline += one.lateMs;
        } else {
          const expected: number[] = [];
          for (const [each, known] of dumb) {
            if (known.proposed || known.deadline >= nowMs) continue;
            known.proposed = true;
            expected.push(each);
          }
          expect(sessions.takeExpired(nowMs).sort()).toEqual(expected.sort());
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
