import { describe, expect, test } from "vitest";
import { ClusterError } from "../../cluster/base/error.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { Shutdown } from "../../cluster/runtime/shutdown.ts";
import { ZooKeeperError } from "../../cluster/zookeeper/zookeeper-error.ts";
import { keepController, NEXT_CONTROLLER_MS } from "../../monitor/kept-controller.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { virtualClock } from "../support/virtual-clock.ts";

interface Attempt {
  readonly fail: (error: unknown) => void;
  isClosed: boolean;
}

class Process {
  readonly scheduler = new Scheduler();
  readonly shutdown = new Shutdown(SILENT_LOG);
  readonly attempts: Attempt[] = [];
  readonly ends: unknown[] = [];

  constructor(startError?: Error) {
    keepController({
      run: async ({ shutdown, fail }) => {
        const attempt: Attempt = { fail, isClosed: false };
        this.attempts.push(attempt);
        const close = () => {
          attempt.isClosed = true;
          fail(new ClusterError("INTERRUPTED", "closing"));
        };
        shutdown.register({ name: "it", phase: "finish running", close });
        if (startError !== undefined) throw startError;
      },
      clock: virtualClock(this.scheduler),
      log: SILENT_LOG,
      shutdown: this.shutdown,
      fail: (error) => this.ends.push(error),
    });
  }

  async pass(durationMs: number): Promise<void> {
    await this.scheduler.run(() => false, this.scheduler.nowMs + durationMs);
  }
}

const DAMAGED = new ClusterError("STORE_CORRUPT", "the map is damaged");
const MISSING = new ZooKeeperError("NONODE", { operation: "multi" });

describe("what a controller in a monitor meets in the tree", () => {
  test.each([DAMAGED, MISSING])("ends it and not the process: $code", async (error) => {
    const process = new Process();
    process.attempts[0]?.fail(error);
    process.attempts[0]?.fail(error);
    await process.pass(NEXT_CONTROLLER_MS - 1);
    expect(process.attempts.map(({ isClosed }) => isClosed)).toEqual([true]);
    await process.pass(2);
    expect(process.attempts.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(process.ends).toEqual([]);
  });

  test("is met again by the next, until it is repaired", async () => {
    const process = new Process(DAMAGED);
    await process.pass(3 * NEXT_CONTROLLER_MS + 1);
    expect(process.attempts.map(({ isClosed }) => isClosed)).toEqual([true, true, true, true]);
    expect(process.ends).toEqual([]);
  });
});

test("a bug in a controller ends the process", async () => {
  const bug = new TypeError("a bug");
  const process = new Process(bug);
  await process.pass(NEXT_CONTROLLER_MS + 1);
  expect([process.ends, process.attempts.length]).toEqual([[bug], 1]);
});

describe("a process that ends", () => {
  test("closes its controller, and begins none", async () => {
    const process = new Process();
    await process.shutdown.close();
    await process.pass(NEXT_CONTROLLER_MS + 1);
    expect(process.attempts.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(process.ends).toEqual([]);
  });

  test("begins none either where one was to come", async () => {
    const process = new Process();
    process.attempts[0]?.fail(DAMAGED);
    await process.pass(1);
    await process.shutdown.close();
    await process.pass(NEXT_CONTROLLER_MS + 1);
    expect(process.attempts.length).toBe(1);
  });
});
