/** The requests of one connection that wait for an answer. Each settles exactly once. */
import type { Clock, Timer } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import type { Received } from "./transport.ts";

const CORRELATION_MAX = 0xffff_ffff;

export interface PendingRequest<Message> {
  resolve(received: Received<Message>): void;
  reject(error: ClusterError): void;
}

interface Waiting<Message> {
  readonly request: PendingRequest<Message>;
  readonly timer: Timer;
}

export class RequestTable<Message> {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting<Message>>();
  /** 0 stands for "no answer wanted" on the wire. */
  #lastCorrelation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Starts waiting; after `timeoutMs` the request is rejected and `expired` told, so that it can cancel it. */
  open(
    request: PendingRequest<Message>,
    timeoutMs: number,
    expired: (correlation: number) => void,
  ): number {
    const correlation = this.#nextCorrelation();
    const timer = this.#clock.after(timeoutMs, () => {
      const error = new ClusterError("TIMEOUT", `no answer within ${Math.round(timeoutMs)} ms`);
      if (this.reject(correlation, error)) expired(correlation);
    });
    this.#waiting.set(correlation, { request, timer });
    return correlation;
  }

  /** False if nothing waits under this number: it timed out or was cancelled, and the answer comes too late. */
  resolve(correlation: number, received: Received<Message>): boolean {
    const waiting = this.#take(correlation);
    waiting?.request.resolve(received);
    return waiting !== undefined;
  }

  reject(correlation: number, error: ClusterError): boolean {
    const waiting = this.#take(correlation);
    waiting?.request.reject(error);
    return waiting !== undefined;
  }

  rejectAll(error: ClusterError): void {
    for (const correlation of [...this.#waiting.keys()]) this.reject(correlation, error);
  }

  #take(correlation: number): Waiting<Message> | undefined {
    const waiting = this.#waiting.get(correlation);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(correlation);
    waiting.timer.cancel();
    return waiting;
  }

  #nextCorrelation(): number {
    do {
      this.#lastCorrelation =
        this.#lastCorrelation === CORRELATION_MAX ? 1 : this.#lastCorrelation + 1;
    } while (this.#waiting.has(this.#lastCorrelation));
    return this.#lastCorrelation;
  }
}
