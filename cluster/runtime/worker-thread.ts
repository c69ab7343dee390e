/** What a thread of a WorkerPool runs: one task after the other, as they come. */
import { parentPort, workerData } from "node:worker_threads";
import { present } from "../base/assert.ts";
import type { ThreadAnswer, ThreadData } from "./worker-pool.ts";

const port = present(parentPort ?? undefined, "the port to the thread that started this one");
const { module }: ThreadData = workerData;
const { work }: { work(task: unknown): unknown } = await import(module);

port.on("message", (task: unknown) => {
  port.postMessage(answerTo(task));
});

function answerTo(task: unknown): ThreadAnswer<unknown> {
  try {
    return { ok: true, result: work(task) };
  } catch (error) {
    return { ok: false, error };
  }
}
