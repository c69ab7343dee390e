/**
 * One connection between two incarnations, as one of its ends sees it: messages, requests, answers, cancellations.
 * It keeps what Transport promises over lanes that lose, delay, double and reorder.
 *
 * - Every message is really encoded and decoded, so two processes never share an object.
 * - A request that arrives twice is answered once, a second answer is thrown away: one connection carries a request
 *   once, or not at all.
 * - An end that closed hears nothing more; what was in flight to it is lost with it, whoever comes after it under the
 *   same name.
 */
import { concatBytes, EMPTY_BYTES } from "../../cluster/base/bytes.ts";
import type { Clock } from "../../cluster/base/clock.ts";
import { ClusterError, type ClusterErrorCode } from "../../cluster/base/error.ts";
import type { PeerName } from "../../cluster/base/ids.ts";
import type { Prng } from "../../cluster/base/prng.ts";
import { OUTBOUND_BYTES_MAX, REQUEST_TIMEOUT_MS } from "../../cluster/runtime/connection.ts";
import { SILENCE_MS } from "../../cluster/runtime/framed-stream.ts";
import { RequestTable } from "../../cluster/runtime/request-table.ts";
import { RunningRequest } from "../../cluster/runtime/running-request.ts";
import type {
  Outgoing,
  Received,
  RequestOptions,
  TransportHandler,
} from "../../cluster/runtime/transport.ts";
import type { Registry } from "../../cluster/wire/registry.ts";
import type { Writer } from "../../cluster/wire/writer.ts";
import { Lane, type Path } from "./lane.ts";
import type { Scheduler } from "./scheduler.ts";
import type { TraceSink } from "./trace.ts";

/** What a message costs beside its bytes, so that empty ones fill a link too. */
const MESSAGE_OVERHEAD = 1024;
export const SILENCE_REASON = `heard nothing for ${SILENCE_MS} ms`;

/** Every message tells what it is, so a trace can. */
export type Typed = { readonly type: string };

/** What all ends of one network share. */
export interface LinkWorld<Message> {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly registry: Registry<Message>;
  readonly trace: TraceSink;
  readonly writer: Writer;
}

/** The process that an end belongs to. */
export interface LinkProcess<Message extends Typed> {
  readonly self: PeerName;
  readonly handler: TransportHandler<Message>;
  readonly clock: Clock;
  /** False once it crashed: nothing of it is called or settled any more. */
  readonly isAlive: boolean;
  /** It or a successor runs, so a kernel answers for connections that are no more. */
  readonly isHostUp: boolean;
  /** It answers what it began and begins nothing. */
  readonly isClosing: boolean;
  answered(): void;
  closed(end: LinkEnd<Message>): void;
}

interface Body {
  readonly id: number;
  readonly control: Uint8Array;
  readonly payload: Uint8Array;
}

type Packet =
  | { readonly kind: "message"; readonly body: Body }
  | {
      readonly kind: "request";
      readonly body: Body;
      readonly correlation: number;
      readonly timeoutMs: number;
      hasArrived: boolean;
    }
  | {
      readonly kind: "answer";
      readonly body: Body;
      readonly correlation: number;
      hasArrived: boolean;
    }
  | { readonly kind: "failure"; readonly correlation: number; readonly error: ClusterError }
  | { readonly kind: "cancel"; readonly correlation: number }
  /** Tells the end that connected that it succeeded. */
  | { readonly kind: "hello" }
  | { readonly kind: "goodbye"; readonly reason: string };

export class LinkEnd<Message extends Typed> {
  readonly peer: PeerName;
  readonly #world: LinkWorld<Message>;
  readonly #process: LinkProcess<Message>;
  /** Undefined: nobody listens at the other end. */
  readonly #remote: () => LinkEnd<Message> | undefined;
  /** An older connection to the same name, which ends when this one turns out to work. */
  readonly #replaces: LinkEnd<Message> | undefined;
  readonly #lane: Lane<Packet>;
  readonly #requests: RequestTable<Message>;
  readonly #running = new Map<number, RunningRequest>();
  #isOpen = true;
  #isConnected = false;

  constructor(options: {
    world: LinkWorld<Message>;
    process: LinkProcess<Message>;
    path: Path;
    remote: () => LinkEnd<Message> | undefined;
    replaces: LinkEnd<Message> | undefined;
  }) {
    const { world, process, path, remote } = options;
    this.peer = path.to;
    this.#world = world;
    this.#process = process;
    this.#remote = remote;
    this.#replaces = options.replaces;
    this.#requests = new RequestTable(process.clock);
    this.#lane = new Lane({
      path,
      scheduler: world.scheduler,
      prng: world.prng,
      receiver: {
        deliver: (packet: Packet) => remote()?.receive(packet),
        dropped: (packet: Packet, reason) => this.#dropped(packet, reason),
        duplicate: copyOf,
      },
    });
  }

  /** Something arrived from the other end. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  send(outgoing: Outgoing<Message>): boolean {
    const body = this.#encode(outgoing);
    if (!this.#hasRoomFor(body)) return false;
    this.#transmit({ kind: "message", body });
    return true;
  }

  request(outgoing: Outgoing<Message>, options: RequestOptions): Promise<Received<Message>> {
    const { timeoutMs = REQUEST_TIMEOUT_MS } = options;
    const body = this.#encode(outgoing);
    if (!this.#hasRoomFor(body)) {
      const text = `too much already waits for ${this.peer}`;
      return Promise.reject(new ClusterError("OVERLOADED", text));
    }
    const correlation = this.#requests.nextCorrelation();
    this.#transmit({ kind: "request", body, correlation, timeoutMs, hasArrived: false });
    const cancel = (): void => this.#transmit({ kind: "cancel", correlation });
    const answer = this.#requests.wait(correlation, { ...options, timeoutMs }, cancel);
    return new Promise((resolve, reject) => {
      answer.then(resolve, (error: unknown) => {
        if (this.#process.isAlive) reject(error);
      });
    });
  }

  receive(packet: Packet): Promise<void> | undefined {
    if (!this.#isOpen) {
      const needsReply = packet.kind !== "goodbye" && this.#process.isHostUp;
      if (needsReply) this.#transmit({ kind: "goodbye", reason: "connection reset" });
      return undefined;
    }
    if (!this.#isConnected) this.#connected();
    if (this.#remote()?.isConnected === false) this.#transmit({ kind: "hello" });
    switch (packet.kind) {
      case "hello":
        return undefined;
      case "message":
        return this.#receive(packet.body);
      case "request":
        if (packet.hasArrived) return undefined;
        packet.hasArrived = true;
        return this.#answer(packet.body, packet.correlation, packet.timeoutMs);
      case "answer":
        if (packet.hasArrived) return undefined;
        packet.hasArrived = true;
        this.#requests.resolve(packet.correlation, this.#decode(packet.body, "answer"));
        return undefined;
      case "failure":
        this.#record("failure", `<- ${this.peer} ${packet.error.code}`);
        this.#requests.reject(packet.correlation, packet.error);
        return undefined;
      case "cancel":
        this.#running.get(packet.correlation)?.abort();
        return undefined;
      case "goodbye":
        this.close(packet.reason);
        return undefined;
    }
  }

  /** Ends this end now; the other one is not told. Requests are rejected with the code. */
  close(reason: string, code: ClusterErrorCode = "CONNECTION_LOST"): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#process.closed(this);
    if (!this.#process.isAlive) return;
    for (const running of this.#running.values()) running.abort();
    this.#requests.rejectAll(new ClusterError(code, `${this.peer}: ${reason}`));
    if (!this.#isConnected) return;
    this.#record("lost", `${this.peer}: ${reason}`);
    this.#process.handler.connectionChanged?.(this.peer, false, reason);
  }

  /** Ends both ends; the other one learns of it as soon as a packet can reach it. */
  hangUp(reason: string): void {
    if (this.#isOpen) this.#transmit({ kind: "goodbye", reason });
    this.close(reason);
  }

  /** Both ends at once; whatever is in flight is lost. */
  reset(reason: string): void {
    this.close(reason);
    this.#remote()?.close(reason);
  }

  /** The other end will believe this one dead after a while in which it hears nothing. */
  fallSilent(): void {
    this.close(SILENCE_REASON);
    this.#world.scheduler.after(SILENCE_MS, () => this.#remote()?.close(SILENCE_REASON));
  }

  /** A clog is over. */
  release(): void {
    this.#lane.release();
  }

  #connected(): void {
    this.#isConnected = true;
    this.#replaces?.close("replaced by a newer connection");
    this.#record("connect", this.peer);
    this.#process.handler.connectionChanged?.(this.peer, true, "connected");
  }

  #receive(body: Body): Promise<void> | undefined {
    const finished = this.#process.handler.receive(this.#decode(body, "deliver"));
    return finished?.catch((error: unknown) => this.#fail(error));
  }

  #answer(body: Body, correlation: number, timeoutMs: number): Promise<void> | undefined {
    const { clock, handler, isClosing, self } = this.#process;
    const received = this.#decode(body, "request");
    if (isClosing) {
      const error = new ClusterError("INTERRUPTED", `${self} is shutting down`);
      this.#transmit({ kind: "failure", correlation, error });
      return undefined;
    }
    const running = new RunningRequest(clock, timeoutMs);
    this.#running.set(correlation, running);
    const settle = (packet: Packet): void => {
      running.finish();
      this.#running.delete(correlation);
      if (this.#isOpen && !running.isAborted) this.#transmit(packet);
      this.#process.answered();
    };
    return handler.answer(received, running).then(
      (outgoing) =>
        settle({ kind: "answer", body: this.#encode(outgoing), correlation, hasArrived: false }),
      (error: unknown) => {
        if (!(error instanceof ClusterError)) this.#fail(error);
        else settle({ kind: "failure", correlation, error: asSeenFrom(self, error) });
      },
    );
  }

  #dropped(packet: Packet, reason: string): void {
    this.#record("drop", `-> ${this.peer} ${packet.kind}: ${reason}`);
    if (packet.kind !== "goodbye") return;
    this.#world.scheduler.after(SILENCE_MS, () => this.#remote()?.close(SILENCE_REASON));
  }

  /** A handler showed a bug: the simulation ends with its error. */
  #fail(error: unknown): void {
    if (!this.#process.isAlive) return;
    this.#world.scheduler.after(0, () => {
      throw error;
    });
  }

  #transmit(packet: Packet): void {
    const isReliable = packet.kind === "hello" || packet.kind === "goodbye";
    this.#lane.transmit(packet, "body" in packet ? sizeOf(packet.body) : 0, isReliable);
  }

  #hasRoomFor(body: Body): boolean {
    return this.#lane.queuedBytes + sizeOf(body) <= OUTBOUND_BYTES_MAX;
  }

  #encode({ message, payload = EMPTY_BYTES }: Outgoing<Message>): Body {
    const { registry, writer } = this.#world;
    const id = registry.encode(writer, message);
    const control = writer.finish();
    if (payload instanceof Uint8Array) {
      return { id, control, payload: payload.byteLength === 0 ? EMPTY_BYTES : copied(payload) };
    }
    return { id, control, payload: copied(concatBytes(...payload)) };
  }

  #decode({ id, control, payload }: Body, kind: string): Received<Message> {
    const message = this.#world.registry.decode(id, control);
    this.#record(kind, `<- ${this.peer} ${message.type}`);
    return { from: this.peer, message, payload };
  }

  #record(kind: string, detail: string): void {
    const { trace, scheduler } = this.#world;
    trace.record(scheduler.nowMs, this.#process.self, kind, detail);
  }
}

function sizeOf(body: Body): number {
  return body.control.byteLength + body.payload.byteLength + MESSAGE_OVERHEAD;
}

/** Not `slice`: that of a Buffer is a view of the same memory. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Requests and answers remember that they arrived, so only messages are ever read twice. */
function copyOf(packet: Packet): Packet {
  if (packet.kind !== "message") return packet;
  const { id, control, payload } = packet.body;
  return { kind: "message", body: { id, control: copied(control), payload: copied(payload) } };
}

/** Only code and text cross the wire. */
function asSeenFrom(peer: PeerName, error: ClusterError): ClusterError {
  return new ClusterError(error.code, `${peer}: ${error.message}`);
}
