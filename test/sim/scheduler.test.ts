import { describe, expect, test } from "vitest";
import { Scheduler } from "./scheduler.ts";

const never = () => false;

describe("the scheduler", () => {
  test("runs in the order of time, then in that of planning", async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    const note = (text: string) => () => {
      seen.push(`${scheduler.nowMs} ${text}`);
    };
    scheduler.at(20, note("later"));
    scheduler.at(10, note("first"));
    scheduler.at(10, () => {
      note("second")();
      scheduler.at(5, note("already past"));
      scheduler.after(-1, note("not before now"));
    });
    scheduler.at(10, note("third"));
    expect(await scheduler.run(never, 100)).toBe("idle");
    expect(seen).toEqual([
      "10 first",
      "10 second",
      "10 third",
      "10 already past",
      "10 not before now",
      "20 later",
    ]);
    expect(scheduler.eventCount).toBe(6);
  });

  test("rounds a time up, once, to a multiple that doubles hold exactly", async () => {
    const scheduler = new Scheduler();
    const stepMs = 2 ** -20;
    const seen: number[] = [];
    const note = () => {
      seen.push(scheduler.nowMs);
    };
    scheduler.at(0.1, () => {
      note();
      scheduler.after(0.1, note);
    });
    scheduler.at(7 + stepMs, note);
    scheduler.at(1e9 + stepMs / 2, note);
    await scheduler.run(never, Number.POSITIVE_INFINITY);
    const tenthMs = Math.ceil(0.1 / stepMs) * stepMs;
    expect(seen).toEqual([tenthMs, 2 * tenthMs, 7 + stepMs, 1e9 + stepMs]);
  });

  test("comes when a time has come, for whoever compares the time itself", async () => {
    const scheduler = new Scheduler();
    for (let index = 1; index <= 1_000; index++) {
      const dueMs = index / 7;
      scheduler.at(dueMs, () => expect(scheduler.nowMs).toBeGreaterThanOrEqual(dueMs));
    }
    expect(await scheduler.run(never, 1e9)).toBe("idle");
  });

  test("lets every promise settle before the next event", async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let hop = 0; hop < 50; hop++) await undefined;
      seen.push(name);
    };
    for (const name of ["first", "second", "third"]) {
      scheduler.at(1, () => {
        seen.push(`${name} begins`);
        void chain(name);
      });
    }
    await scheduler.run(never, 100);
    const inOrder = ["first begins", "first", "second begins", "second", "third begins", "third"];
    expect(seen).toEqual(inOrder);
  });

  test("neither runs nor counts what was cancelled", async () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    const timer = scheduler.at(2, () => seen.push(2));
    scheduler.at(1, () => timer.cancel());
    scheduler.at(3, () => seen.push(3));
    await scheduler.run(never, 100);
    expect(seen).toEqual([3]);
    expect(scheduler.eventCount).toBe(2);
  });

  test("stops at its limit, which is then the time, and goes on from there", async () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    for (const timeMs of [10, 20, 30]) scheduler.at(timeMs, () => seen.push(timeMs));
    expect(await scheduler.run(never, 20)).toBe("limit");
    expect(scheduler.nowMs).toBe(20);
    expect(seen).toEqual([10, 20]);
    expect(await scheduler.run(never, 50)).toBe("idle");
    expect(scheduler.nowMs).toBe(50);
    expect(seen).toEqual([10, 20, 30]);
  });

  test("stops right after the event that made it done", async () => {
    const scheduler = new Scheduler();
    let count = 0;
    for (let timeMs = 0; timeMs < 1_000; timeMs++) {
      scheduler.at(timeMs, () => {
        count += 1;
      });
    }
    expect(await scheduler.run(() => count === 500, 1_000)).toBe("done");
    expect(count).toBe(500);
    expect(scheduler.nowMs).toBe(499);
  });

  test("rejects with what an event threw, and can go on", async () => {
    const scheduler = new Scheduler();
    let count = 0;
    scheduler.at(1, () => {
      throw new Error("broken");
    });
    scheduler.at(2, () => {
      count += 1;
    });
    await expect(scheduler.run(never, 100)).rejects.toThrow("broken");
    expect(count).toBe(0);
    await scheduler.run(never, 100);
    expect(count).toBe(1);
  });
});
