import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";

const DIST = new URL("../../../dist/", import.meta.url);

describe("a worker thread", () => {
  let worker: Worker | undefined;
  afterEach(() => worker?.terminate());

  const ask = async (task: unknown): Promise<unknown> => {
    const module = new URL("test/cluster/runtime/worker-task.js", DIST).href;
    const entry = new URL("cluster/runtime/worker-thread.js", DIST);
    worker = new Worker(entry, { workerData: { module } });
    worker.postMessage(task);
    const [answer] = await once(present(worker, "the worker"), "message");
    return answer;
  };

  test("answers with what the work returned", async () => {
    expect(await ask({ what: "double", value: 21 })).toMatchObject({
      ok: true,
      result: { value: 42 },
    });
  });

  test("answers with what the work threw", async () => {
    expect(await ask({ what: "throw" })).toEqual({
      ok: false,
      error: expect.objectContaining({ message: "this task always fails" }),
    });
  });
});
