/**
 * What one connection does for its peer: messages and requests go to the process, answers come back. What the process
 * has not finished is bounded in bytes and in number; `hasRoom` says when not to take more.
 */
import type { Clock } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import { CodecError } from "../wire/codec-error.ts";
import { RunningRequest } from "./running-request.ts";
import type { Outgoing, Received, TransportHandler } from "./transport.ts";

export const INBOUND_BYTES_MAX = 32 << 20;
/** How large an answer will be is known when it is there, so the number of those to come is bounded. */
export const RUNNING_MAX = 256;

export interface ServingOptions<Message> {
  readonly clock: Clock;
  readonly handler: Pick<TransportHandler<Message>, "receive" | "answer">;
  respond(correlation: number, outgoing: Outgoing<Message>): void;
  refuse(correlation: number, error: ClusterError): void;
  /** `hasRoom` or `isIdle` may have changed. */
  changed(): void;
  /** The peer sent what the process cannot make sense of. */
  close(reason: string): void;
  /** The process showed a bug and must end. */
  fail(error: unknown): void;
}

export class Serving<Message> {
  readonly #options: ServingOptions<Message>;
  readonly #running = new Map<number, RunningRequest>();
  #heldBytes = 0;

  constructor(options: ServingOptions<Message>) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  get hasRoom(): boolean {
    return this.#heldBytes <= INBOUND_BYTES_MAX && this.#running.size < RUNNING_MAX;
  }

  receive(received: Received<Message>, bytes: number): void {
    let finished: void | Promise<void>;
    try {
      finished = this.#options.handler.receive(received);
    } catch (error) {
      this.#mishandled(error);
      return;
    }
    if (finished === undefined) return;
    this.#hold(bytes);
    finished
      .catch((error: unknown) => this.#mishandled(error))
      .then(
        () => this.#release(bytes),
        (error: unknown) => this.#options.fail(error),
      );
  }

  answer(
    received: Received<Message>,
    request: { correlation: number; timeoutMs: number; bytes: number },
  ): void {
    const { correlation, timeoutMs, bytes } = request;
    if (this.#running.has(correlation)) {
      this.#options.close(`two running requests have the number ${correlation}`);
      return;
    }
    const running = new RunningRequest(this.#options.clock, timeoutMs);
    this.#running.set(correlation, running);
    this.#hold(bytes);
    this.#respond(received, correlation, running)
      .then(() => {
        running.finish();
        this.#running.delete(correlation);
        this.#release(bytes);
      })
      .catch((error: unknown) => this.#options.fail(error));
  }

  /** The peer no longer waits for this answer. */
  cancel(correlation: number): void {
    this.#running.get(correlation)?.abort();
  }

  cancelAll(): void {
    for (const running of this.#running.values()) running.abort();
  }

  async #respond(
    received: Received<Message>,
    correlation: number,
    running: RunningRequest,
  ): Promise<void> {
    const { handler, respond, refuse } = this.#options;
    try {
      const outgoing = await handler.answer(received, running);
      if (!running.isAborted) respond(correlation, outgoing);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      if (!running.isAborted) refuse(correlation, refusal);
    }
  }

  #mishandled(error: unknown): void {
    const refusal = refusalOf(error);
    if (refusal === undefined) this.#options.fail(error);
    else this.#options.close(`a message could not be handled: ${refusal.message}`);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#options.changed();
  }

  #release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#options.changed();
  }
}

/** What the peer is told; undefined for a bug. A payload that does not decode is the peer's doing, not ours. */
function refusalOf(error: unknown): ClusterError | undefined {
  if (error instanceof ClusterError) return error;
  if (!(error instanceof CodecError)) return undefined;
  return new ClusterError("REMOTE_FAILED", `a payload that makes no sense: ${error.message}`, {
    cause: error,
  });
}
