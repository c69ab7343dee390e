import { expect, test } from "vitest";
import { RunningRequest } from "../../../cluster/runtime/running-request.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

test("the signal aborts when the caller cancels", () => {
  const running = new RunningRequest(virtualClock(new Scheduler()), 100);
  const { signal } = running;
  expect(signal.aborted).toBe(false);
  running.abort();
  expect([signal.aborted, running.isAborted]).toEqual([true, true]);
});

test("a signal that is looked at only after the cancellation is aborted already", () => {
  const running = new RunningRequest(virtualClock(new Scheduler()), 100);
  running.abort();
  expect(running.signal.aborted).toBe(true);
});

test("the signal aborts at the deadline", async () => {
  const scheduler = new Scheduler();
  const running = new RunningRequest(virtualClock(scheduler), 100);
  expect(running.deadlineMs).toBe(100);
  const { signal } = running;
  await scheduler.run(() => false, 99);
  expect(signal.aborted).toBe(false);
  await scheduler.run(() => false, 101);
  expect([signal.aborted, running.isAborted]).toEqual([true, true]);
});

test("an answered request does not abort later", async () => {
  const scheduler = new Scheduler();
  const running = new RunningRequest(virtualClock(scheduler), 100);
  const { signal } = running;
  running.finish();
  await scheduler.run(() => false, 1000);
  expect(signal.aborted).toBe(false);
});
