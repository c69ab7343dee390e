/**
 * Runs one pure function, `work` of some module, on other threads: for computations that would hold
 * up the event loop, or that are worth all cores. Tasks and results are copied from thread to
 * thread, so they are plain data. Threads start when they are first needed and keep no process from
 * ending while they are idle.
 */
import { Worker } from "node:worker_threads";
import { assert, present } from "../base/assert.ts";
import { BoundedQueue } from "../base/bounded-queue.ts";
import { ClusterError } from "../base/error.ts";

/** What a thread is started with. */
export interface ThreadData {
  readonly module: string;
}

/** What a thread answers to each task. */
export type ThreadAnswer<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: unknown };

export interface WorkerPoolOptions {
  /** The compiled module that exports `work`. */
  readonly module: URL;
  readonly threadCount: number;
  /** How many tasks may wait; further ones are refused. */
  readonly waitingMax: number;
  /** The compiled form of worker-thread.ts, if it is not beside this file. */
  readonly entry?: URL;
}

interface Job<Task, Result> {
  readonly task: Task;
  resolve(result: Result): void;
  reject(error: ClusterError): void;
}

interface Thread<Task, Result> {
  readonly worker: Worker;
  job: Job<Task, Result> | undefined;
}

const ENTRY = new URL("./worker-thread.js", import.meta.url);

export class WorkerPool<Task, Result> {
  readonly #options: WorkerPoolOptions;
  readonly #waiting: BoundedQueue<Job<Task, Result>>;
  readonly #threads = new Set<Thread<Task, Result>>();
  #closing: Promise<void> | undefined;
  #idle: () => void = () => {};

  constructor(options: WorkerPoolOptions) {
    assert(options.threadCount > 0, `a pool has a thread at least: ${options.threadCount}`);
    this.#options = options;
    this.#waiting = new BoundedQueue(options.waitingMax);
  }

  /**
   * Rejects with OVERLOADED if too many wait, INTERRUPTED if the pool is closed before the task's
   * turn, and REMOTE_FAILED, with the cause, if the work throws or takes its thread down.
   */
  run(task: Task): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(closed());
      if (!this.#waiting.push({ task, resolve, reject })) {
        const { waitingMax } = this.#options;
        return reject(new ClusterError("OVERLOADED", `${waitingMax} tasks wait for a thread`));
      }
      this.#dispatch();
    });
  }

  /** Lets running tasks finish; those that wait are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      job.reject(closed());
    }
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      this.#maybeIdle();
    });
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #maybeIdle(): void {
    if ([...this.#threads].every(({ job }) => job === undefined)) this.#idle();
  }

  #dispatch(): void {
    while (this.#waiting.size > 0) {
      const thread = this.#freeThread();
      if (thread === undefined) return;
      const job = present(this.#waiting.shift(), "the task that waits");
      thread.job = job;
      thread.worker.ref();
      try {
        thread.worker.postMessage(job.task);
      } catch (error) {
        this.#settle(thread, () => job.reject(failed("the task cannot be copied", error)));
      }
    }
  }

  #freeThread(): Thread<Task, Result> | undefined {
    for (const thread of this.#threads) if (thread.job === undefined) return thread;
    return this.#threads.size < this.#options.threadCount ? this.#start() : undefined;
  }

  #start(): Thread<Task, Result> {
    const { module, entry = ENTRY } = this.#options;
    const workerData: ThreadData = { module: module.href };
    const worker = new Worker(entry, { workerData });
    const thread: Thread<Task, Result> = { worker, job: undefined };
    let cause: unknown;
    worker.on("message", (answer: ThreadAnswer<Result>) => this.#answered(thread, answer));
    worker.on("messageerror", (error) => this.#answered(thread, { ok: false, error }));
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", (code) => {
      this.#threads.delete(thread);
      const error = failed(`the thread ended with code ${code}`, cause);
      this.#settle(thread, (job) => job.reject(error));
    });
    this.#threads.add(thread);
    return thread;
  }

  #answered(thread: Thread<Task, Result>, answer: ThreadAnswer<Result>): void {
    this.#settle(thread, (job) => {
      if (answer.ok) job.resolve(answer.result);
      else job.reject(failed("the work threw an error", answer.error));
    });
  }

  /** The thread is free for the next task, or gone, and then the next task starts another. */
  #settle(thread: Thread<Task, Result>, how: (job: Job<Task, Result>) => void): void {
    const { job } = thread;
    thread.job = undefined;
    thread.worker.unref();
    if (job !== undefined) how(job);
    this.#dispatch();
    this.#maybeIdle();
  }
}

function closed(): ClusterError {
  return new ClusterError("INTERRUPTED", "the worker pool is closed");
}

function failed(what: string, cause: unknown): ClusterError {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new ClusterError("REMOTE_FAILED", `${what}${reason}`, { cause });
}
