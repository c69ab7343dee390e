/** The requests of one connection that wait for an answer. Each settles exactly once. */
import type { Clock, Timer } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import type { Received } from "./transport.ts";

const CORRELATION_MAX = 0xffff_ffff;

/** RequestOptions with the deadline that they leave open. */
export interface TimedOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Waiting<Message> {
  resolve(received: Received<Message>): void;
  reject(error: ClusterError): void;
  readonly timer: Timer;
}

export class RequestTable<Message> {
  readonly #clock: Clock;
  readonly #emptied: () => void;
  /** After it the numbers start over. */
  readonly #correlationMax: number;
  readonly #waiting = new Map<number, Waiting<Message>>();
  /** 0 stands for "no answer wanted" on the wire. */
  #lastCorrelation = 0;

  /** `emptied`: the last one that waited has settled. */
  constructor(clock: Clock, emptied: () => void = () => {}, correlationMax = CORRELATION_MAX) {
    this.#clock = clock;
    this.#emptied = emptied;
    this.#correlationMax = correlationMax;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** A number that no waiting request has. */
  nextCorrelation(): number {
    do {
      this.#lastCorrelation =
        this.#lastCorrelation === this.#correlationMax ? 1 : this.#lastCorrelation + 1;
    } while (this.#waiting.has(this.#lastCorrelation));
    return this.#lastCorrelation;
  }

  /**
   * Waits for the answer to a request that was sent under a number from `nextCorrelation`. `cancel` is called if the
   * deadline or the signal comes first: the peer need not go on.
   */
  wait(
    correlation: number,
    { timeoutMs, signal }: TimedOptions,
    cancel: () => void,
  ): Promise<Received<Message>> {
    return new Promise((resolve, reject) => {
      const giveUp = (code: "TIMEOUT" | "CANCELLED", message: string): void => {
        if (this.reject(correlation, new ClusterError(code, message))) cancel();
      };
      const abort = (): void => giveUp("CANCELLED", "the request was cancelled");
      const forget = (): void => signal?.removeEventListener("abort", abort);
      this.#waiting.set(correlation, {
        timer: this.#clock.after(timeoutMs, () => {
          giveUp("TIMEOUT", `no answer within ${Math.round(timeoutMs)} ms`);
        }),
        resolve: (received) => {
          forget();
          resolve(received);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      });
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** False if nothing waits under this number: it timed out or was cancelled, and the answer comes too late. */
  resolve(correlation: number, received: Received<Message>): boolean {
    return this.#settle(correlation, (waiting) => waiting.resolve(received));
  }

  reject(correlation: number, error: ClusterError): boolean {
    return this.#settle(correlation, (waiting) => waiting.reject(error));
  }

  rejectAll(error: ClusterError): void {
    for (const correlation of [...this.#waiting.keys()]) this.reject(correlation, error);
  }

  #settle(correlation: number, how: (waiting: Waiting<Message>) => void): boolean {
    const waiting = this.#waiting.get(correlation);
    if (waiting === undefined) return false;
    this.#waiting.delete(correlation);
    waiting.timer.cancel();
    how(waiting);
    if (this.#waiting.size === 0) this.#emptied();
    return true;
  }
}
