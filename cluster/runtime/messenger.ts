/**
 * The production Transport: messages over connections over byte streams.
 *
 * Each side sends its requests and one-way messages on the connection that it dialled itself, so two daemons that talk
 * both ways hold two connections and never argue about which one counts. A peer whose address is unknown (a client) is
 * reached on the connection that it dialled.
 */
import { assert, present } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { ClusterError } from "../base/error.ts";
import type { PeerName } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { Prng } from "../base/prng.ts";
import {
  HandshakeAcceptor,
  type HandshakeIdentity,
  HandshakeInitiator,
  NONCE_SIZE,
} from "../wire/handshake.ts";
import type { Registry } from "../wire/registry.ts";
import { Connection, type ConnectionOwner, REQUEST_TIMEOUT_MS } from "./connection.ts";
import { PeerLink } from "./peer-link.ts";
import type { ByteStream, Listener, StreamNetwork } from "./stream.ts";
import type {
  Outgoing,
  Received,
  RequestOptions,
  Transport,
  TransportHandler,
} from "./transport.ts";

/** Accepted connections; further ones are closed at once. */
export const ACCEPTED_MAX = 8192;
/**
 * Accepted connections that have not proven themselves yet: what a stranger can make us hold. A further one displaces
 * the oldest, which a member would have left behind by now: strangers that sit and wait then lock nobody out.
 */
export const UNPROVEN_MAX = 256;
const GRACE_MS = 5_000;
const REQUEST_TIMEOUT_MS_MAX = 24 * 3600 * 1000;
/** Anybody can make these happen, so they get no more of the log than this. */
const REFUSALS_LOG_MS = 1_000;

export interface MessengerOptions<Message> {
  readonly identity: HandshakeIdentity;
  readonly registry: Registry<Message>;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly log: Log;
  /** For jitter. */
  readonly prng: Prng;
  /** For nonces: from the system's generator, except in a simulation. */
  readonly randomBytes: (size: number) => Uint8Array;
  readonly handler: TransportHandler<Message>;
  /** A handler threw what is no ClusterError. Says so and ends the process. */
  readonly fail: (error: unknown) => void;
}

export class Messenger<Message> implements Transport<Message> {
  readonly #options: MessengerOptions<Message>;
  readonly #links = new Map<PeerName, PeerLink<Message>>();
  readonly #listeners: Listener[] = [];
  /** Every connection that is not closed yet; of those we accepted, also whether it has proven itself. */
  readonly #connections = new Set<Connection<Message>>();
  readonly #accepted = new Set<Connection<Message>>();
  readonly #unproven = new Set<Connection<Message>>();
  /** Proven ones by peer, the newest last. */
  readonly #proven = new Map<PeerName, Connection<Message>[]>();
  #closing: Promise<void> | undefined;
  /** Asked whenever a connection is gone: ends a wait of `close`. */
  #connectionGone: () => void = () => {};
  #refusals = { loggedAtMs: Number.NEGATIVE_INFINITY, unloggedCount: 0 };

  constructor(options: MessengerOptions<Message>) {
    this.#options = options;
  }

  get self(): PeerName {
    return this.#options.identity.name;
  }

  /** Answers with the address that was really taken. */
  async listen(address: string): Promise<string> {
    const listener = await this.#options.network.listen(address, (stream) => this.#accept(stream));
    this.#listeners.push(listener);
    return listener.address;
  }

  route(peer: PeerName, address: string | undefined): void {
    assert(peer !== this.self, "a process sends nothing to itself");
    const existing = this.#links.get(peer);
    if (existing?.address === address || this.#isClosing) return;
    this.#links.delete(peer);
    existing?.drop(new ClusterError("UNREACHABLE", `${peer} is no longer at ${existing.address}`));
    if (address === undefined) return;
    const { registry, network, clock, prng } = this.#options;
    const link: PeerLink<Message> = new PeerLink({
      peer,
      address,
      registry,
      network,
      clock,
      prng,
      open: (stream) => {
        const handshake = new HandshakeInitiator(this.#options.identity, this.#nonce(), peer);
        return this.#connect(stream, handshake, link);
      },
    });
    this.#links.set(peer, link);
  }

  send(peer: PeerName, outgoing: Outgoing<Message>): boolean {
    const link = this.#links.get(peer);
    if (link !== undefined) return link.send(outgoing);
    const connection = this.#newest(peer);
    if (connection === undefined || connection.isOverBudget) return false;
    connection.send(outgoing);
    return true;
  }

  request(
    peer: PeerName,
    outgoing: Outgoing<Message>,
    options: RequestOptions = {},
  ): Promise<Received<Message>> {
    const { timeoutMs = REQUEST_TIMEOUT_MS } = options;
    assert(timeoutMs > 0, `a request waits for some time: ${timeoutMs} ms`);
    assert(
      timeoutMs <= REQUEST_TIMEOUT_MS_MAX,
      `a request waits for a day at most: ${timeoutMs} ms`,
    );
    const timed = { ...options, timeoutMs };
    const link = this.#links.get(peer);
    if (link !== undefined) return link.request(outgoing, timed);
    const connection = this.#newest(peer);
    if (connection === undefined) {
      return Promise.reject(new ClusterError("UNREACHABLE", `no way to ${peer} is known`));
    }
    if (connection.isOverBudget) {
      return Promise.reject(new ClusterError("OVERLOADED", `too much already waits for ${peer}`));
    }
    return connection.request(outgoing, timed);
  }

  close(graceMs = GRACE_MS): Promise<void> {
    this.#closing ??= this.#finish(graceMs);
    return this.#closing;
  }

  get #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Who asked us first: to answer them we may have to ask others, so our own ways stay open until then. */
  async #finish(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.nowMs() + graceMs;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const connection of this.#accepted) connection.finish(graceMs);
    await this.#untilGone(this.#accepted);
    const error = new ClusterError("INTERRUPTED", `${this.self} is shutting down`);
    for (const link of this.#links.values()) link.stop(error);
    const leftMs = Math.max(0, deadlineMs - clock.nowMs());
    for (const connection of this.#connections) connection.finish(leftMs);
    await this.#untilGone(this.#connections);
  }

  #untilGone(connections: ReadonlySet<Connection<Message>>): Promise<void> {
    return new Promise((resolve) => {
      this.#connectionGone = () => {
        if (connections.size === 0) resolve();
      };
      this.#connectionGone();
    });
  }

  #accept(stream: ByteStream): void {
    const { identity } = this.#options;
    if (this.#accepted.size >= ACCEPTED_MAX || this.#isClosing) {
      if (!this.#isClosing) this.#logRefusal(stream.remoteAddress, "too many connections");
      stream.destroy();
      return;
    }
    if (this.#unproven.size >= UNPROVEN_MAX) {
      const [oldest] = this.#unproven;
      oldest?.close(`${UNPROVEN_MAX} newer connections wait for their handshakes`);
    }
    const connection = this.#connect(stream, new HandshakeAcceptor(identity, this.#nonce()));
    this.#accepted.add(connection);
    this.#unproven.add(connection);
  }

  #connect(
    stream: ByteStream,
    handshake: HandshakeInitiator | HandshakeAcceptor,
    link?: PeerLink<Message>,
  ): Connection<Message> {
    const { registry, clock, handler, fail } = this.#options;
    const owner: ConnectionOwner<Message> = {
      ready: (connection) => this.#ready(connection, link),
      writable: () => link?.release(),
      closed: (connection, reason) => this.#closed(connection, reason, link),
      receive: (received) => handler.receive(received),
      answer: (received, context) => handler.answer(received, context),
      fail,
    };
    const connection = new Connection({ stream, handshake, registry, clock, owner });
    this.#connections.add(connection);
    return connection;
  }

  #ready(connection: Connection<Message>, link: PeerLink<Message> | undefined): void {
    const { peer } = present(connection.session, "the session of a ready connection");
    this.#unproven.delete(connection);
    const others = this.#proven.get(peer) ?? [];
    this.#proven.set(peer, [...others, connection]);
    if (others.length === 0) this.#options.handler.connectionChanged?.(peer, true, "connected");
    if (link !== undefined) link.opened(connection);
    else this.#links.get(peer)?.hurry();
  }

  #closed(
    connection: Connection<Message>,
    reason: string,
    link: PeerLink<Message> | undefined,
  ): void {
    const { log, handler } = this.#options;
    this.#connections.delete(connection);
    this.#accepted.delete(connection);
    this.#unproven.delete(connection);
    link?.lost(connection, reason);
    const peer = connection.session?.peer;
    if (peer === undefined) {
      this.#logRefusal(connection.label, reason);
    } else {
      log.debug("connection ended", { peer: connection.label, reason });
      const others = this.#proven.get(peer)?.filter((other) => other !== connection) ?? [];
      if (others.length > 0) this.#proven.set(peer, others);
      else this.#proven.delete(peer);
      if (others.length === 0) handler.connectionChanged?.(peer, false, reason);
    }
    this.#connectionGone();
  }

  #logRefusal(from: string, reason: string): void {
    const { log, clock } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#refusals.loggedAtMs < REFUSALS_LOG_MS) {
      this.#refusals.unloggedCount += 1;
      return;
    }
    log.warn("refused a connection", { from, reason, notLogged: this.#refusals.unloggedCount });
    this.#refusals = { loggedAtMs: nowMs, unloggedCount: 0 };
  }

  #newest(peer: PeerName): Connection<Message> | undefined {
    return this.#proven.get(peer)?.findLast((connection) => connection.isOpen);
  }

  #nonce(): Uint8Array {
    return this.#options.randomBytes(NONCE_SIZE);
  }
}
