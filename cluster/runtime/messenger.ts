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
import { Connection, type ConnectionOwner } from "./connection.ts";
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
const ACCEPTED_MAX = 8192;
/** Accepted connections that have not proven themselves yet: what a stranger can make us hold. */
const UNPROVEN_MAX = 256;
const GRACE_MS = 5_000;

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
  #allClosed: (() => void) | undefined;

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
    const { network, clock, prng } = this.#options;
    const link: PeerLink<Message> = new PeerLink({
      peer,
      address,
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
    const link = this.#links.get(peer);
    if (link !== undefined) return link.request(outgoing, options);
    const connection = this.#newest(peer);
    if (connection === undefined) {
      return Promise.reject(new ClusterError("UNREACHABLE", `no way to ${peer} is known`));
    }
    if (connection.isOverBudget) {
      return Promise.reject(new ClusterError("OVERLOADED", `too much already waits for ${peer}`));
    }
    return connection.request(outgoing, options);
  }

  async close(graceMs = GRACE_MS): Promise<void> {
    const allClosed = new Promise<void>((resolve) => {
      this.#allClosed = resolve;
    });
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    const error = new ClusterError("INTERRUPTED", `${this.self} is shutting down`);
    for (const link of this.#links.values()) link.stop(error);
    this.#links.clear();
    for (const connection of this.#connections) connection.finish(graceMs);
    if (this.#connections.size > 0) await allClosed;
  }

  get #isClosing(): boolean {
    return this.#allClosed !== undefined;
  }

  #accept(stream: ByteStream): void {
    const { identity, log } = this.#options;
    const isFull = this.#accepted.size >= ACCEPTED_MAX || this.#unproven.size >= UNPROVEN_MAX;
    if (isFull || this.#isClosing) {
      if (isFull) log.warn("too many connections, refused one", { from: stream.remoteAddress });
      stream.destroy();
      return;
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
      log.warn("no handshake", { peer: connection.label, reason });
    } else {
      log.debug("connection ended", { peer: connection.label, reason });
      const others = this.#proven.get(peer)?.filter((other) => other !== connection) ?? [];
      if (others.length > 0) this.#proven.set(peer, others);
      else this.#proven.delete(peer);
      if (others.length === 0) handler.connectionChanged?.(peer, false, reason);
    }
    if (this.#connections.size === 0) this.#allClosed?.();
  }

  #newest(peer: PeerName): Connection<Message> | undefined {
    return this.#proven.get(peer)?.findLast((connection) => connection.isOpen);
  }

  #nonce(): Uint8Array {
    return this.#options.randomBytes(NONCE_SIZE);
  }
}
