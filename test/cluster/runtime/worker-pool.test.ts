/** Threads run compiled files, so what they load is taken from dist. */
import { afterEach, describe, expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import { WorkerPool } from "../../../cluster/runtime/worker-pool.ts";
import type { Done, Task } from "./worker-task.ts";

const DIST = new URL("../../../dist/", import.meta.url);
const ENTRY = new URL("cluster/runtime/worker-thread.js", DIST);

describe("a worker pool", () => {
  const pools: WorkerPool<Task, Done>[] = [];
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

  function start(threadCount: number, waitingMax = 10): WorkerPool<Task, Done> {
    const module = new URL("test/cluster/runtime/worker-task.js", DIST);
    const pool = new WorkerPool<Task, Done>({ module, threadCount, waitingMax, entry: ENTRY });
    pools.push(pool);
    return pool;
  }

  const double = (value: number): Task => ({ what: "double", value });
  const gate = () => new Int32Array(new SharedArrayBuffer(4));
  const wait = (word: Int32Array): Task => ({ what: "wait", word });
  const open = (word: Int32Array) => {
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  };

  test("answers each task with its own result", async () => {
    const pool = start(2);
    const values = [1, 2, 3, 4, 5, 6, 7];
    const done = await Promise.all(values.map((value) => pool.run(double(value))));
    expect(done.map(({ value }) => value)).toEqual([2, 4, 6, 8, 10, 12, 14]);
  });

  test("runs tasks on several threads at once, and the rest when one is free", async () => {
    const pool = start(2);
    const [first, second] = [gate(), gate()];
    const held = [pool.run(wait(first)), pool.run(wait(second))];
    const third = pool.run(double(4));
    open(second);
    const free = await held[1];
    expect(await third).toEqual({ value: 8, threadId: free?.threadId });
    open(first);
    expect((await held[0])?.threadId).not.toBe(free?.threadId);
  });

  test("starts no more threads than tasks need", async () => {
    const pool = start(4);
    const done = [await pool.run(double(1)), await pool.run(double(2)), await pool.run(double(3))];
    expect(new Set(done.map(({ threadId }) => threadId)).size).toBe(1);
  });

  test("refuses a task when too many wait", async () => {
    const pool = start(1, 2);
    const word = gate();
    const accepted = [pool.run(wait(word)), pool.run(double(1)), pool.run(double(2))];
    await expect(pool.run(double(3))).rejects.toSatisfy((error) =>
      isClusterError(error, "OVERLOADED"),
    );
    open(word);
    expect((await Promise.all(accepted)).map(({ value }) => value)).toEqual([1, 2, 4]);
  });

  test("a task that throws is rejected with the cause, and the thread goes on", async () => {
    const pool = start(1);
    const { threadId } = await pool.run(double(1));
    await expect(pool.run({ what: "throw" })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: "the work threw an error: this task always fails",
      cause: expect.any(RangeError),
    });
    expect(await pool.run(double(2))).toEqual({ value: 4, threadId });
  });

  test("a task that ends its thread is rejected, and another thread does the next", async () => {
    const pool = start(1);
    const { threadId } = await pool.run(double(1));
    const fatal = pool.run({ what: "exit" });
    const next = pool.run(double(2));
    await expect(fatal).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: "the thread ended with code 3",
    });
    const done = await next;
    expect(done.value).toBe(4);
    expect(done.threadId).not.toBe(threadId);
  });

  test("a task that cannot be copied is rejected, and the thread goes on", async () => {
    const pool = start(1);
    const odd = { what: "double", value: () => 1 } as unknown as Task;
    await expect(pool.run(odd)).rejects.toMatchObject({ code: "REMOTE_FAILED" });
    expect((await pool.run(double(2))).value).toBe(4);
  });

  test("a module that is not there is an error of each task", async () => {
    const module = new URL("nowhere.js", DIST);
    const pool = new WorkerPool<Task, Done>({
      module,
      threadCount: 1,
      waitingMax: 2,
      entry: ENTRY,
    });
    pools.push(pool);
    for (const task of [double(1), double(2)]) {
      await expect(pool.run(task)).rejects.toMatchObject({
        code: "REMOTE_FAILED",
        message: expect.stringContaining("nowhere.js"),
      });
    }
  });

  describe("closing", () => {
    test("lets the running task finish and rejects those that wait and come later", async () => {
      const pool = start(1);
      const word = gate();
      const running = pool.run(wait(word));
      const waiting = expect(pool.run(double(1))).rejects.toMatchObject({ code: "INTERRUPTED" });
      const closing = pool.close();
      await waiting;
      await expect(pool.run(double(1))).rejects.toMatchObject({ code: "INTERRUPTED" });
      open(word);
      expect((await running).value).toBe(1);
      await closing;
    });

    test("twice is once", async () => {
      const pool = start(1);
      await pool.run(double(1));
      expect(pool.close()).toBe(pool.close());
      await pool.close();
    });

    test("a pool that never ran anything closes", async () => {
      await start(3).close();
    });
  });
});
