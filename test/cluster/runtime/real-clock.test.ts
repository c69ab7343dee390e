import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { realClock } from "../../../cluster/runtime/real-clock.ts";

const DAY_MS = 86_400_000;

describe("timers", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  // delay, then a moment at which it must not have called back, then one at which it must.
  test.each([
    [0, -1, 0],
    [1, 0, 1],
    [1.5, 1, 2],
    [50, 49, 50],
    [2 ** 31 - 1, 2 ** 31 - 2, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31 - 1, 2 ** 31],
    [90 * DAY_MS, 90 * DAY_MS - 1, 90 * DAY_MS],
  ])("after %d ms calls back once, no earlier", (delayMs, tooEarlyMs, dueMs) => {
    const callback = vi.fn();
    realClock.after(delayMs, callback);
    if (tooEarlyMs >= 0) vi.advanceTimersByTime(tooEarlyMs);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(dueMs - Math.max(0, tooEarlyMs));
    expect(callback).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(DAY_MS);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test("an endless delay never calls back", () => {
    const callback = vi.fn();
    realClock.after(Number.POSITIVE_INFINITY, callback);
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
  });

  test.each([
    ["before the first wait", 1_000, 0],
    ["in a later wait of a long delay", 90 * DAY_MS, 60 * DAY_MS],
  ])("a timer cancelled %s never calls back", (_when, delayMs, cancelledAfterMs) => {
    const callback = vi.fn();
    const timer = realClock.after(delayMs, callback);
    vi.advanceTimersByTime(cancelledAfterMs);
    timer.cancel();
    vi.advanceTimersByTime(2 * delayMs);
    expect(callback).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the machine's time", () => {
  test("never goes back and lets a timer be measured", async () => {
    const startMs = realClock.nowMs();
    await new Promise<void>((resolve) => {
      realClock.after(3, resolve);
    });
    expect(realClock.nowMs() - startMs).toBeGreaterThanOrEqual(3);
  });

  test("the wall clock agrees with Date", () => {
    const beforeMs = Date.now();
    const wallMs = realClock.wallMs();
    expect(wallMs).toBeGreaterThanOrEqual(beforeMs);
    expect(wallMs).toBeLessThanOrEqual(Date.now());
  });

  test("soon calls back in a later turn, after promises that are already settled", async () => {
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      realClock.soon(() => {
        order.push("soon");
        resolve();
      });
    });
    const settled = Promise.resolve().then(() => order.push("promise"));
    order.push("this turn");
    await Promise.all([done, settled]);
    expect(order).toEqual(["this turn", "promise", "soon"]);
  });
});
