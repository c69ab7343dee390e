/**
 * One connection between two members of the cluster: the handshake, then requests, answers, cancellations and one-way
 * messages in both directions.
 *
 * - Before the handshake succeeded nothing but its own small frames is parsed, and it must succeed within HANDSHAKE_MS.
 * - Memory is bounded. What was handed to the owner and is not finished counts against INBOUND_BYTES_MAX; beyond it, or
 *   while the peer does not take our answers, the connection is not read. What waits to be sent is bounded by whoever
 *   sends: `isOverBudget` says when to stop.
 */
import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { CLUSTER_ERRORS, ClusterError, type ClusterErrorCode } from "../base/error.ts";
import { decode, record, str } from "../wire/codec.ts";
import { encodeFrame, type Frame, TRANSPORT_FRAMES } from "../wire/frame.ts";
import {
  HANDSHAKE_LIMITS,
  type HandshakeAcceptor,
  HandshakeError,
  type HandshakeInitiator,
  type HandshakeSession,
} from "../wire/handshake.ts";
import { FIRST_MESSAGE_ID, type Registry } from "../wire/registry.ts";
import { FramedStream } from "./framed-stream.ts";
import { RequestTable } from "./request-table.ts";
import { RunningRequest } from "./running-request.ts";
import type { ByteStream } from "./stream.ts";
import type { Outgoing, Received, RequestOptions, TransportHandler } from "./transport.ts";

export const HANDSHAKE_MS = 5_000;
export const REQUEST_TIMEOUT_MS = 30_000;
export const MESSAGE_LIMITS = { controlSizeMax: 4 << 20, payloadSizeMax: 16 << 20 };
export const INBOUND_BYTES_MAX = 32 << 20;
export const OUTBOUND_BYTES_MAX = 32 << 20;
/** What a message costs beside its bytes, so that a flood of empty ones is held back too. */
const MESSAGE_OVERHEAD = 1024;

const FLAG_ANSWER = 1;
const FAILURE_TEXT_MAX = 2048;
const failureBody = record({ code: str, message: str });

/** Who owns connections: the messenger. */
export interface ConnectionOwner<Message>
  extends Pick<TransportHandler<Message>, "receive" | "answer"> {
  /** The handshake succeeded. */
  ready(connection: Connection<Message>): void;
  /** What was over budget is under it again. */
  writable(connection: Connection<Message>): void;
  /** Once, last. Every request has been rejected by then. */
  closed(connection: Connection<Message>, reason: string): void;
  /** A handler showed a bug; the process must end. */
  fail(error: unknown): void;
}

export interface ConnectionOptions<Message> {
  readonly stream: ByteStream;
  readonly handshake: HandshakeInitiator | HandshakeAcceptor;
  readonly registry: Registry<Message>;
  readonly clock: Clock;
  readonly owner: ConnectionOwner<Message>;
}

export class Connection<Message> {
  readonly #options: ConnectionOptions<Message>;
  readonly #frames: FramedStream;
  readonly #requests: RequestTable<Message>;
  readonly #running = new Map<number, RunningRequest>();
  #session: HandshakeSession | undefined;
  /** Until the handshake succeeded, then until a graceful end must be over. */
  #deadline: Timer;
  #inboundBytes = 0;
  #wasOverBudget = false;
  #isFinishing = false;

  constructor(options: ConnectionOptions<Message>) {
    const { stream, clock, handshake } = options;
    this.#options = options;
    this.#requests = new RequestTable(clock);
    this.#deadline = clock.after(HANDSHAKE_MS, () => {
      this.close(`no handshake within ${HANDSHAKE_MS} ms`);
    });
    this.#frames = new FramedStream(stream, HANDSHAKE_LIMITS, clock, {
      frame: (frame) => this.#frame(frame),
      drained: () => this.#drained(),
      closed: (reason) => this.#closed(reason),
    });
    if ("start" in handshake) this.#frames.write(handshake.start());
    this.#frames.start();
  }

  /** Undefined until the handshake succeeded. */
  get session(): HandshakeSession | undefined {
    return this.#session;
  }

  /** The peer as a log line names it. */
  get label(): string {
    const { remoteAddress } = this.#frames;
    return this.#session === undefined ? remoteAddress : `${this.#session.peer} (${remoteAddress})`;
  }

  /** Open for business: the handshake is done and nobody has begun to end it. */
  get isOpen(): boolean {
    return this.#session !== undefined && !this.#isFinishing && !this.#frames.isClosed;
  }

  /** So much waits to be sent that nothing should be added; `writable` will tell. */
  get isOverBudget(): boolean {
    const isOver = this.#frames.queuedBytes > OUTBOUND_BYTES_MAX;
    this.#wasOverBudget ||= isOver;
    return isOver;
  }

  send(outgoing: Outgoing<Message>): void {
    this.#write({ flags: 0, correlation: 0, timeoutMs: 0 }, outgoing);
  }

  request(outgoing: Outgoing<Message>, options: RequestOptions): Promise<Received<Message>> {
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const cancel = (correlation: number): void => {
        this.#writeControl(TRANSPORT_FRAMES.CANCEL, correlation);
      };
      const abort = (): void => {
        const error = new ClusterError("CANCELLED", `request to ${this.label} was cancelled`);
        if (this.#requests.reject(correlation, error)) cancel(correlation);
      };
      const correlation = this.#requests.open(
        {
          resolve: (received) => {
            signal?.removeEventListener("abort", abort);
            resolve(received);
          },
          reject: (error) => {
            signal?.removeEventListener("abort", abort);
            reject(error);
          },
        },
        timeoutMs,
        cancel,
      );
      this.#write({ flags: 0, correlation, timeoutMs: Math.ceil(timeoutMs) }, outgoing);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Refuses new requests, lets running ones be answered for `graceMs` at most, then ends. */
  finish(graceMs: number): void {
    if (this.#frames.isClosed || this.#isFinishing) return;
    this.#isFinishing = true;
    this.#deadline.cancel();
    this.#deadline = this.#options.clock.after(graceMs, () => this.close("shut down"));
    this.#maybeSayGoodbye();
  }

  close(reason: string): void {
    this.#frames.close(reason);
  }

  #frame(frame: Frame): void {
    if (this.#session === undefined) {
      this.#shakeHands(frame);
    } else if (frame.type >= FIRST_MESSAGE_ID) {
      this.#message(frame);
    } else if (frame.type === TRANSPORT_FRAMES.CANCEL) {
      this.#running.get(frame.correlation)?.abort();
    } else if (frame.type === TRANSPORT_FRAMES.FAILURE) {
      const { code, message } = decode(failureBody, frame.control);
      this.#requests.reject(frame.correlation, remoteError(code, `${this.label}: ${message}`));
    } else if (frame.type === TRANSPORT_FRAMES.GOODBYE) {
      this.close("the peer is shutting down");
    } else {
      this.close(`unexpected frame of type ${frame.type}`);
    }
  }

  #shakeHands(frame: Frame): void {
    try {
      const { send, session } = this.#options.handshake.receive(frame);
      this.#frames.write(send);
      if (session === undefined) return;
      this.#session = session;
      this.#deadline.cancel();
      this.#frames.setLimits(MESSAGE_LIMITS);
      this.#options.owner.ready(this);
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      if (error.send !== undefined) this.#frames.write(error.send);
      this.close(error.message);
    }
  }

  #message(frame: Frame): void {
    const received = {
      from: this.#peer,
      message: this.#options.registry.decode(frame.type, frame.control),
      payload: frame.payload,
    };
    if ((frame.flags & FLAG_ANSWER) !== 0) {
      this.#requests.resolve(frame.correlation, received);
    } else if (frame.correlation === 0) {
      this.#receive(frame, received);
    } else {
      this.#answer(frame, received);
    }
  }

  #receive(frame: Frame, received: Received<Message>): void {
    const finished = this.#options.owner.receive(received);
    if (finished === undefined) return;
    const release = this.#hold(frame);
    finished.then(release, (error: unknown) => this.#options.owner.fail(error));
  }

  #answer(frame: Frame, received: Received<Message>): void {
    const { correlation } = frame;
    if (this.#isFinishing) {
      this.#writeFailure(correlation, new ClusterError("INTERRUPTED", "shutting down"));
      return;
    }
    if (this.#running.has(correlation)) {
      this.close(`two running requests have the number ${correlation}`);
      return;
    }
    const timeoutMs = frame.timeoutMs === 0 ? REQUEST_TIMEOUT_MS : frame.timeoutMs;
    const running = new RunningRequest(this.#options.clock, timeoutMs);
    const release = this.#hold(frame);
    this.#running.set(correlation, running);
    const settle = (write: () => void): void => {
      running.finish();
      this.#running.delete(correlation);
      if (!running.isAborted) write();
      release();
      if (this.#isFinishing) this.#maybeSayGoodbye();
    };
    this.#options.owner.answer(received, running).then(
      (outgoing) =>
        settle(() => this.#write({ flags: FLAG_ANSWER, correlation, timeoutMs: 0 }, outgoing)),
      (error: unknown) => {
        if (error instanceof ClusterError) settle(() => this.#writeFailure(correlation, error));
        else this.#options.owner.fail(error);
      },
    );
  }

  /** Counts a message against the budget until the returned function is called. */
  #hold(frame: Frame): () => void {
    const bytes = frame.control.byteLength + frame.payload.byteLength + MESSAGE_OVERHEAD;
    this.#inboundBytes += bytes;
    this.#updateReading();
    return () => {
      this.#inboundBytes -= bytes;
      this.#updateReading();
    };
  }

  #updateReading(): void {
    this.#frames.setReading(this.#inboundBytes <= INBOUND_BYTES_MAX && !this.isOverBudget);
  }

  #drained(): void {
    if (this.isOverBudget || !this.#wasOverBudget) return;
    this.#wasOverBudget = false;
    this.#updateReading();
    if (this.isOpen) this.#options.owner.writable(this);
  }

  #maybeSayGoodbye(): void {
    if (this.#running.size > 0) return;
    if (this.#session !== undefined) this.#writeControl(TRANSPORT_FRAMES.GOODBYE, 0);
    this.#frames.end();
  }

  #closed(reason: string): void {
    this.#deadline.cancel();
    for (const running of this.#running.values()) running.abort();
    const error = new ClusterError(
      "CONNECTION_LOST",
      `lost the connection to ${this.label}: ${reason}`,
    );
    this.#requests.rejectAll(error);
    this.#options.owner.closed(this, reason);
  }

  #write(
    header: { flags: number; correlation: number; timeoutMs: number },
    { message, payload }: Outgoing<Message>,
  ): void {
    assert(this.#session !== undefined, "nothing is sent before the handshake succeeded");
    const { registry } = this.#options;
    this.#frames.write(encodeFrame(header, (out) => registry.encode(out, message), payload));
  }

  #writeControl(type: number, correlation: number): void {
    this.#frames.write(encodeFrame({ flags: 0, correlation, timeoutMs: 0 }, () => type));
  }

  #writeFailure(correlation: number, error: ClusterError): void {
    const message = error.message.slice(0, FAILURE_TEXT_MAX);
    this.#frames.write(
      encodeFrame({ flags: 0, correlation, timeoutMs: 0 }, (out) => {
        failureBody.encode(out, { code: error.code, message });
        return TRANSPORT_FRAMES.FAILURE;
      }),
    );
  }

  get #peer(): HandshakeSession["peer"] {
    assert(this.#session !== undefined, "a message before the handshake");
    return this.#session.peer;
  }
}

/** A code that this version does not know is still a failure of the peer. */
function remoteError(code: string, message: string): ClusterError {
  const isKnown = Object.hasOwn(CLUSTER_ERRORS, code);
  return new ClusterError(isKnown ? (code as ClusterErrorCode) : "REMOTE_FAILED", message);
}
