/** A request that this process is answering. Most handlers never look at the signal, so it is made on demand. */
import type { Clock, Timer } from "../base/clock.ts";
import type { RequestContext } from "./transport.ts";

export class RunningRequest implements RequestContext {
  readonly deadlineMs: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #isAborted = false;
  #isFinished = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.deadlineMs = clock.nowMs() + timeoutMs;
  }

  /** The caller no longer waits: an answer would be thrown away. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
      else if (!this.#isFinished) this.#planAbort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#timer?.cancel();
    this.#controller?.abort();
  }

  finish(): void {
    this.#isFinished = true;
    this.#timer?.cancel();
  }

  #planAbort(): void {
    const leftMs = this.deadlineMs - this.#clock.nowMs();
    this.#timer = this.#clock.after(leftMs, () => this.abort());
  }
}
