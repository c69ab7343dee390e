/**
 * The way to one peer whose address is known: a connection that is dialled when first needed and again after it was
 * lost, with a pause that grows and is jittered, so that a thousand clients do not come back in the same moment.
 *
 * What is sent meanwhile waits, in order, for the outcome of the next attempt: sent if it succeeds, UNREACHABLE if not.
 * The waiting room is bounded in messages and bytes.
 */
import type { Clock, Timer } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import type { PeerName } from "../base/ids.ts";
import { type Prng, randomFloat } from "../base/prng.ts";
import type { Registry } from "../wire/registry.ts";
import { type Connection, OUTBOUND_BYTES_MAX } from "./connection.ts";
import { messageSize } from "./outgoing.ts";
import type { TimedOptions } from "./request-table.ts";
import type { ByteStream, StreamNetwork } from "./stream.ts";
import type { Outgoing, Received } from "./transport.ts";

const DIAL_MS = 5_000;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 5_000;
const WAITING_MAX = 4096;

export interface PeerLinkOptions<Message> {
  readonly peer: PeerName;
  readonly address: string;
  readonly registry: Registry<Message>;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Begins the handshake on a new stream. */
  open(stream: ByteStream, link: PeerLink<Message>): Connection<Message>;
}

interface Waiting<Message> {
  readonly bytes: number;
  start(connection: Connection<Message>): void;
  fail(error: ClusterError): void;
}

export class PeerLink<Message> {
  readonly #options: PeerLinkOptions<Message>;
  readonly #waiting = new Set<Waiting<Message>>();
  #waitingBytes = 0;
  #connection: Connection<Message> | undefined;
  #dial: AbortController | undefined;
  #pause: Timer | undefined;
  #openedAtMs = 0;
  #failures = 0;
  #stopped: ClusterError | undefined;

  constructor(options: PeerLinkOptions<Message>) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.address;
  }

  send(outgoing: Outgoing<Message>): boolean {
    const connection = this.#usable();
    if (connection !== undefined) {
      connection.send(outgoing);
      return true;
    }
    // Over budget, not unconnected: a one-way message is dropped, its protocol will repeat it.
    if (this.#connection?.isOpen) return false;
    return this.#wait({
      bytes: messageSize(this.#options.registry, outgoing),
      start: (opened) => opened.send(outgoing),
      fail: () => {},
    });
  }

  request(outgoing: Outgoing<Message>, options: TimedOptions): Promise<Received<Message>> {
    const connection = this.#usable();
    if (connection !== undefined) return connection.request(outgoing, options);
    return new Promise((resolve, reject) =>
      this.#waitToRequest(outgoing, options, resolve, reject),
    );
  }

  /** The peer was heard of: no reason to wait before the next attempt. */
  hurry(): void {
    if (this.#pause === undefined) return;
    this.#failures = 0;
    this.#startDial();
  }

  /** Called by the owner of the connection that `open` returned. */
  opened(connection: Connection<Message>): void {
    if (this.#stopped !== undefined || connection !== this.#connection) return;
    this.#openedAtMs = this.#options.clock.nowMs();
    this.release();
  }

  lost(connection: Connection<Message>, reason: string): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    // A peer that accepts and drops at once is no better than one that refuses.
    const livedMs = this.#options.clock.nowMs() - this.#openedAtMs;
    if (connection.session !== undefined && livedMs >= PAUSE_MS_MAX) this.#failures = 0;
    this.#attemptFailed(reason);
  }

  /** Starts what waits, as far as the connection's budget allows. */
  release(): void {
    for (const waiting of this.#waiting) {
      const connection = this.#usable(true);
      if (connection === undefined) return;
      this.#forget(waiting);
      waiting.start(connection);
    }
  }

  /** Dials no more and fails what waits; a connection that is there may finish what it is doing. */
  stop(error: ClusterError): void {
    this.#stopped = error;
    this.#pause?.cancel();
    this.#dial?.abort();
    this.#failWaiting(error);
  }

  /** Stops, and ends the connection at once: the peer is not there any more. */
  drop(error: ClusterError): void {
    this.stop(error);
    this.#connection?.close(error.message);
  }

  /** The connection, if it can take a message now and nothing waits ahead of it. */
  #usable(isForWaiting = false): Connection<Message> | undefined {
    const connection = this.#connection;
    if (connection === undefined || !connection.isOpen || connection.isOverBudget) return undefined;
    return isForWaiting || this.#waiting.size === 0 ? connection : undefined;
  }

  #waitToRequest(
    outgoing: Outgoing<Message>,
    options: TimedOptions,
    resolve: (received: Promise<Received<Message>>) => void,
    reject: (error: ClusterError) => void,
  ): void {
    const { clock, peer } = this.#options;
    const { signal, timeoutMs } = options;
    const deadlineMs = clock.nowMs() + timeoutMs;
    const giveUp = (code: "CANCELLED" | "TIMEOUT"): void => {
      this.#forget(waiting);
      waiting.fail(new ClusterError(code, `request to ${peer} never left: no connection yet`));
    };
    const abort = (): void => giveUp("CANCELLED");
    const timer = clock.after(timeoutMs, () => giveUp("TIMEOUT"));
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    };
    const waiting: Waiting<Message> = {
      bytes: messageSize(this.#options.registry, outgoing),
      start: (connection) => {
        settle();
        const leftMs = Math.max(1, deadlineMs - clock.nowMs());
        resolve(connection.request(outgoing, { ...options, timeoutMs: leftMs }));
      },
      fail: (error) => {
        settle();
        reject(error);
      },
    };
    if (signal?.aborted) giveUp("CANCELLED");
    else if (this.#wait(waiting)) signal?.addEventListener("abort", abort, { once: true });
    else
      waiting.fail(
        this.#stopped ?? new ClusterError("OVERLOADED", `too much already waits for ${peer}`),
      );
  }

  #wait(waiting: Waiting<Message>): boolean {
    if (this.#stopped !== undefined || this.#waiting.size >= WAITING_MAX) return false;
    if (this.#waitingBytes + waiting.bytes > OUTBOUND_BYTES_MAX) return false;
    this.#waiting.add(waiting);
    this.#waitingBytes += waiting.bytes;
    if (this.#connection === undefined && this.#dial === undefined && this.#pause === undefined) {
      this.#startDial();
    }
    return true;
  }

  #forget(waiting: Waiting<Message>): void {
    if (this.#waiting.delete(waiting)) this.#waitingBytes -= waiting.bytes;
  }

  #startDial(): void {
    const { network, address, clock, open } = this.#options;
    this.#pause?.cancel();
    this.#pause = undefined;
    const dial = new AbortController();
    this.#dial = dial;
    const timer = clock.after(DIAL_MS, () => dial.abort());
    const ended = (): boolean => {
      timer.cancel();
      this.#dial = undefined;
      return this.#stopped !== undefined;
    };
    network.connect(address, dial.signal).then(
      (stream) => {
        if (ended()) stream.destroy();
        else this.#connection = open(stream, this);
      },
      (error: unknown) => {
        if (!(error instanceof ClusterError)) throw error;
        if (!ended()) this.#attemptFailed(error.message);
      },
    );
  }

  #attemptFailed(reason: string): void {
    if (this.#stopped !== undefined) return;
    const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    const jitteredMs = pauseMs * (0.5 + randomFloat(this.#options.prng) / 2);
    this.#pause = this.#options.clock.after(jitteredMs, () => this.#startDial());
    const { peer, address } = this.#options;
    this.#failWaiting(new ClusterError("UNREACHABLE", `${peer} at ${address}: ${reason}`));
  }

  #failWaiting(error: ClusterError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const each of waiting) each.fail(error);
  }
}
