/** What the threads in the tests of the worker pool do. */
import { threadId } from "node:worker_threads";

export type Task =
  | { readonly what: "double"; readonly value: number }
  | { readonly what: "throw" }
  | { readonly what: "exit" }
  /** Waits until the shared word is not 0. */
  | { readonly what: "wait"; readonly word: Int32Array };

export interface Done {
  readonly value: number;
  readonly threadId: number;
}

export function work(task: Task): Done {
  switch (task.what) {
    case "double":
      return { value: 2 * task.value, threadId };
    case "throw":
      throw new RangeError("this task always fails");
    case "exit":
      return process.exit(3);
    case "wait":
      Atomics.wait(task.word, 0, 0);
      return { value: Atomics.load(task.word, 0), threadId };
  }
}
