/**
 * One connection of a session, spoken to in packets: sends exactly what it is told, one request or
 * many at once, and keeps what arrives in the order in which it did. It does nothing by itself: no
 * pings, no reconnecting, no watches set again.
 */
import { connect, type Socket } from "node:net";
import { present } from "../../../cluster/base/assert.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { replyHeader, requestHeader, XIDS } from "../../../cluster/zookeeper/header-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { JUTE_MAXBUFFER, PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import { PacketEncoder } from "../../../cluster/zookeeper/packet-encoder.ts";
import {
  type ConnectResponse,
  connectRequest,
  connectResponse,
  NO_SESSION,
  PASSWORD_SIZE,
  PROTOCOL_VERSION,
} from "../../../cluster/zookeeper/session-records.ts";
import { type WatcherEvent, watcherEvent } from "../../../cluster/zookeeper/watch-records.ts";

export interface SessionTicket {
  readonly id: bigint;
  readonly password: Uint8Array;
}

export interface ConnectOptions {
  readonly port: number;
  /** A new session if it is left out. */
  readonly ticket?: SessionTicket;
  readonly lastZxidSeen?: number;
  readonly timeoutMs?: number;
  /**
   * Pings when an answer takes longer than this, and again and again; by default never. An ensemble
   * of Apache ZooKeeper now and then sits on a request until it gets another.
   */
  readonly nudgeMs?: number;
}

export interface RawRequest {
  readonly type: number;
  readonly body: Uint8Array;
}

export interface RawReply {
  readonly kind: "reply";
  readonly xid: number;
  readonly zxid: number;
  readonly err: number;
  readonly body: Uint8Array;
  /** What it answers; undefined if nothing that was sent. */
  readonly request: RawRequest | undefined;
}

export interface RawEvent extends WatcherEvent {
  readonly kind: "event";
  /** What stands in the event's header. */
  readonly headerZxid: number;
  readonly headerErr: number;
}

export type Arrival = RawReply | RawEvent | { readonly kind: "closed" };

const ANSWER_MS_MAX = 15_000;
const SESSION_TIMEOUT_MS = 30_000;
/** In the answer to an unknown operation. */
const UNKNOWN_ZXID = -1;
const PACKET_SIZE_MAX = 16 * JUTE_MAXBUFFER;
export const NO_PASSWORD = new Uint8Array(PASSWORD_SIZE);

/** Of the harness, as opposed to those of a script. */
export const OWN_PING: RawRequest = { type: OPCODES.ping, body: new Uint8Array(0) };

/** Requests that are answered under a number of their own, which the client does not choose. */
const FIXED_XIDS: ReadonlyMap<number, number> = new Map([
  [OPCODES.ping, XIDS.ping],
  [OPCODES.auth, XIDS.auth],
  [OPCODES.setWatches, XIDS.setWatches],
  [OPCODES.setWatches2, XIDS.setWatches],
]);

interface Waiting {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
}

export class RawSession {
  /** Undefined if the server refused to begin or go on with the session by closing. */
  answer: ConnectResponse | undefined;
  /** What arrived since it was last taken. */
  readonly #arrivals: Arrival[] = [];
  readonly #socket: Socket;
  readonly #nudgeMs: number | undefined;
  readonly #decoder = new PacketDecoder(PACKET_SIZE_MAX);
  readonly #encoder = new PacketEncoder();
  readonly #unanswered: { readonly xid: number; readonly request: RawRequest }[] = [];
  readonly #waiting: Waiting[] = [];
  #nextXid = 1;
  #lastZxid = 0;
  #isClosed = false;
  #isRefused = false;

  constructor(socket: Socket, nudgeMs: number | undefined) {
    this.#socket = socket;
    this.#nudgeMs = nudgeMs;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#arrivals.push({ kind: "closed" });
      this.#wake();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** It asked for something that nothing is; the server ends it, though maybe a little later. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** The greatest zxid that this connection was told. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  get ticket(): SessionTicket {
    const { sessionId: id, passwd } = present(this.answer, "the session");
    return { id, password: passwd ?? NO_PASSWORD };
  }

  /** All in one write, so that the server has them together. */
  send(requests: readonly RawRequest[]): void {
    for (const request of requests) {
      const { type, body } = request;
      const xid = FIXED_XIDS.get(type) ?? this.#nextXid++;
      this.#unanswered.push({ xid, request });
      this.#encoder.append((out) => {
        requestHeader.encode(out, { xid, type });
        out.raw(body);
      });
    }
    this.#socket.write(this.#encoder.take());
  }

  /** Resolves when everything sent is answered, or the connection has ended. */
  async answered(): Promise<void> {
    const isDone = (): boolean => this.#unanswered.length === 0 || this.#isClosed;
    if (isDone()) return;
    const nudge = (): void => {
      if (!this.#isClosed) this.send([OWN_PING]);
    };
    const nudges = this.#nudgeMs === undefined ? undefined : setInterval(nudge, this.#nudgeMs);
    try {
      await this.#until(isDone, "an answer");
    } finally {
      clearInterval(nudges);
    }
  }

  closed(): Promise<void> {
    return this.#until(() => this.#isClosed, "the end of the connection");
  }

  /** What arrived since the last time. */
  takeArrivals(): Arrival[] {
    return this.#arrivals.splice(0);
  }

  /**
   * Ends the connection; the session goes on. Waits until the server has closed its side too: to
   * Apache ZooKeeper an old connection that it notices late can cost the new one.
   */
  async drop(): Promise<void> {
    this.#socket.end();
    await this.closed();
  }

  begin({
    ticket,
    lastZxidSeen = 0,
    timeoutMs = SESSION_TIMEOUT_MS,
  }: ConnectOptions): Promise<void> {
    this.#encoder.append((out) =>
      connectRequest.encode(out, {
        protocolVersion: PROTOCOL_VERSION,
        lastZxidSeen,
        timeOut: timeoutMs,
        sessionId: ticket?.id ?? NO_SESSION,
        passwd: ticket?.password ?? NO_PASSWORD,
        readOnly: false,
      }),
    );
    this.#socket.write(this.#encoder.take());
    this.#lastZxid = lastZxidSeen;
    return this.#until(() => this.answer !== undefined || this.#isClosed, "a session");
  }

  #take(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    for (let packet = this.#decoder.next(); packet !== undefined; packet = this.#decoder.next()) {
      const input = new Reader(packet);
      if (this.answer === undefined) this.answer = connectResponse.decode(input);
      else this.#arrivals.push(this.#arrival(input));
    }
    this.#wake();
  }

  #arrival(input: Reader): Arrival {
    const { xid, zxid, err } = replyHeader.decode(input);
    if (xid === XIDS.notification) {
      const event = watcherEvent.decode(input);
      return { kind: "event", ...event, headerZxid: zxid, headerErr: err };
    }
    this.#lastZxid = Math.max(this.#lastZxid, zxid);
    if (err === ERRORS.UNIMPLEMENTED && zxid === UNKNOWN_ZXID) this.#isRefused = true;
    const index = this.#unanswered.findIndex((sent) => sent.xid === xid);
    const [answered] = index < 0 ? [] : this.#unanswered.splice(index, 1);
    // The packet is a view of a chunk that the socket will not use again, so it may be kept.
    const body = input.raw(input.remaining);
    return { kind: "reply", xid, zxid, err, body, request: answered?.request };
  }

  #until(isDone: () => boolean, what: string): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#overdue(what)), ANSWER_MS_MAX);
      this.#waiting.push({
        isDone,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  #overdue(what: string): Error {
    const sent = this.#unanswered.map(
      ({ xid, request }) =>
        `${xid}: type ${request.type}, ${Buffer.from(request.body).toString("hex")}`,
    );
    const from = `${what} did not come from port ${this.#socket.remotePort}`;
    return new Error(`${from} within ${ANSWER_MS_MAX} ms; sent: ${sent.join("; ")}`);
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.isDone()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

/** Resolves when the server has answered, or closed the connection instead. */
export async function connectRaw(options: ConnectOptions): Promise<RawSession> {
  const socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const session = new RawSession(socket, options.nudgeMs);
  await session.begin(options);
  return session;
}
