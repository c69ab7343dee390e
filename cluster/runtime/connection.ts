/**
 * One connection between two members of the cluster: the handshake, then requests, answers, cancellations and one-way
 * messages in both directions.
 *
 * - Before the handshake succeeded nothing but its own small frames is parsed, and it must succeed within HANDSHAKE_MS.
 * - Memory is bounded. While the process has too much unfinished, or the peer does not take our answers, the connection
 *   is not read. Our own requests do not count there: their answers must be read, or two peers that ask each other much
 *   would wait for each other. They are bounded by whoever sends: `isOverBudget` says when to stop.
 */
import { assert } from "../base/assert.ts";
import { wellFormed } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { CLUSTER_ERRORS, ClusterError, type ClusterErrorCode } from "../base/error.ts";
import { decode, record, str } from "../wire/codec.ts";
import { encodeFrame, type Frame, HEADER_SIZE, TRANSPORT_FRAMES } from "../wire/frame.ts";
import {
  HANDSHAKE_LIMITS,
  type HandshakeAcceptor,
  HandshakeError,
  type HandshakeInitiator,
  type HandshakeSession,
} from "../wire/handshake.ts";
import { FIRST_MESSAGE_ID, type Registry } from "../wire/registry.ts";
import { FramedStream } from "./framed-stream.ts";
import { assertWithinLimits, MESSAGE_LIMITS, MESSAGE_OVERHEAD, payloadSize } from "./outgoing.ts";
import { RequestTable, type TimedOptions } from "./request-table.ts";
import { Serving } from "./serving.ts";
import type { ByteStream } from "./stream.ts";
import type { Outgoing, Received, TransportHandler } from "./transport.ts";

export const HANDSHAKE_MS = 5_000;
/** For a peer that does not say how long it waits. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const OUTBOUND_BYTES_MAX = 32 << 20;

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
  readonly #serving: Serving<Message>;
  #session: HandshakeSession | undefined;
  /** Until the handshake has succeeded; later, until a graceful end must be over. */
  #deadline: Timer;
  /** Of answers, since everything had last been sent: at most so many of them are still here. */
  #answerBytes = 0;
  #wasOverBudget = false;
  #isFinishing = false;

  constructor(options: ConnectionOptions<Message>) {
    const { stream, clock, handshake, owner } = options;
    this.#options = options;
    this.#requests = new RequestTable(clock, () => this.#maybeSayGoodbye());
    this.#serving = new Serving({
      clock,
      handler: owner,
      respond: (correlation, outgoing) => this.#writeAnswer(correlation, outgoing),
      refuse: (correlation, error) => this.#writeFailure(correlation, error),
      changed: () => this.#servingChanged(),
      close: (reason) => this.close(reason),
      fail: (error) => owner.fail(error),
    });
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
    return this.#frames.queuedBytes > OUTBOUND_BYTES_MAX;
  }

  send(outgoing: Outgoing<Message>): void {
    this.#write(this.#encode({ flags: 0, correlation: 0, timeoutMs: 0 }, outgoing));
  }

  request(outgoing: Outgoing<Message>, options: TimedOptions): Promise<Received<Message>> {
    const correlation = this.#requests.nextCorrelation();
    const timeoutMs = Math.ceil(options.timeoutMs);
    this.#write(this.#encode({ flags: 0, correlation, timeoutMs }, outgoing));
    return this.#requests.wait(correlation, options, () => {
      this.#writeControl(TRANSPORT_FRAMES.CANCEL, correlation);
    });
  }

  /**
   * Refuses new requests, waits until running ones are answered and our own have their answers, for `graceMs` at most,
   * then ends.
   */
  finish(graceMs: number): void {
    if (this.#frames.isClosed || this.#isFinishing) return;
    if (this.#session === undefined) {
      this.close("shut down"); // Nothing was promised before the handshake.
      return;
    }
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
      this.#message(frame, this.#session);
    } else if (frame.type === TRANSPORT_FRAMES.CANCEL) {
      this.#serving.cancel(frame.correlation);
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

  #message(frame: Frame, session: HandshakeSession): void {
    const { correlation, control, payload } = frame;
    const message = this.#options.registry.decode(frame.type, control);
    const received = { from: session.peer, message, payload };
    const bytes = control.byteLength + payload.byteLength + MESSAGE_OVERHEAD;
    if ((frame.flags & FLAG_ANSWER) !== 0) {
      this.#requests.resolve(correlation, received);
    } else if (correlation === 0) {
      this.#serving.receive(received, bytes);
    } else if (this.#isFinishing) {
      this.#writeFailure(correlation, new ClusterError("INTERRUPTED", "shutting down"));
    } else {
      const timeoutMs = frame.timeoutMs === 0 ? REQUEST_TIMEOUT_MS : frame.timeoutMs;
      this.#serving.answer(received, { correlation, timeoutMs, bytes });
    }
  }

  #servingChanged(): void {
    this.#updateReading();
    this.#maybeSayGoodbye();
  }

  #updateReading(): void {
    const unsentAnswers = Math.min(this.#answerBytes, this.#frames.queuedBytes);
    this.#frames.setReading(this.#serving.hasRoom && unsentAnswers <= OUTBOUND_BYTES_MAX);
  }

  #drained(): void {
    this.#answerBytes = 0;
    this.#updateReading();
    if (!this.#wasOverBudget) return;
    this.#wasOverBudget = false;
    if (this.isOpen) this.#options.owner.writable(this);
  }

  #maybeSayGoodbye(): void {
    if (!this.#isFinishing || !this.#serving.isIdle || this.#requests.size > 0) return;
    this.#writeControl(TRANSPORT_FRAMES.GOODBYE, 0);
    this.#frames.end();
  }

  #closed(reason: string): void {
    this.#deadline.cancel();
    this.#serving.cancelAll();
    const text = `lost the connection to ${this.label}: ${reason}`;
    this.#requests.rejectAll(new ClusterError("CONNECTION_LOST", text));
    this.#options.owner.closed(this, reason);
  }

  #encode(
    header: { flags: number; correlation: number; timeoutMs: number },
    outgoing: Outgoing<Message>,
  ): Uint8Array[] {
    assert(this.#session !== undefined, "nothing is sent before the handshake succeeded");
    const { registry } = this.#options;
    const { message, payload } = outgoing;
    const chunks = encodeFrame(header, (out) => registry.encode(out, message), payload);
    const payloadBytes = payloadSize(outgoing);
    assertWithinLimits(sizeOf(chunks) - HEADER_SIZE - payloadBytes, payloadBytes);
    return chunks;
  }

  #write(chunks: readonly Uint8Array[]): void {
    this.#frames.write(chunks);
    this.#wasOverBudget ||= this.isOverBudget;
  }

  #writeAnswer(correlation: number, outgoing: Outgoing<Message>): void {
    const chunks = this.#encode({ flags: FLAG_ANSWER, correlation, timeoutMs: 0 }, outgoing);
    this.#answerBytes += sizeOf(chunks);
    this.#write(chunks);
  }

  #writeControl(type: number, correlation: number): void {
    this.#write(encodeFrame({ flags: 0, correlation, timeoutMs: 0 }, () => type));
  }

  #writeFailure(correlation: number, error: ClusterError): void {
    const message = wellFormed(error.message.slice(0, FAILURE_TEXT_MAX));
    this.#write(
      encodeFrame({ flags: 0, correlation, timeoutMs: 0 }, (out) => {
        failureBody.encode(out, { code: error.code, message });
        return TRANSPORT_FRAMES.FAILURE;
      }),
    );
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0);
}

/** A code that this version does not know is still a failure of the peer. */
function remoteError(code: string, message: string): ClusterError {
  const isKnown = Object.hasOwn(CLUSTER_ERRORS, code);
  return new ClusterError(isKnown ? (code as ClusterErrorCode) : "REMOTE_FAILED", message);
}
