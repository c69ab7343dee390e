/**
 * Messages between named peers. Production: messenger.ts over connections; simulation: a network that loses,
 * delays, duplicates and reorders. What a caller may rely on is what both give:
 * - `send` is best effort: a message arrives at most a few times, in no certain order across reconnects, or never.
 *   Protocols repeat what matters.
 * - `request` settles exactly once: with the answer, or with a ClusterError by its deadline at the latest.
 *   CONNECTION_LOST and TIMEOUT say nothing about whether the peer acted; the transport itself never sends again.
 * - `from` is proven: the peer holds the cluster key and gave that name.
 */
import type { PeerName } from "../base/ids.ts";

export interface Received<Message> {
  readonly from: PeerName;
  readonly message: Message;
  /** Empty if none was sent. Owned by the receiver. */
  readonly payload: Uint8Array;
}

export interface Outgoing<Message> {
  readonly message: Message;
  /** Raw bytes after the message, sent as they are: not copied, so they must not change afterwards. */
  readonly payload?: Uint8Array | readonly Uint8Array[];
}

export interface RequestOptions {
  /** From now, on this side's clock; the peer is told what is left. 30 s by default. */
  readonly timeoutMs?: number;
  /** Rejects with CANCELLED at once and tells the peer, whose handler sees its own signal abort. */
  readonly signal?: AbortSignal;
}

export interface RequestContext {
  /** Aborts when the caller cancelled, its deadline passed, or its connection is gone. */
  readonly signal: AbortSignal;
  /** On this process's monotonic clock: an answer after it is wasted work. */
  readonly deadlineMs: number;
}

/** What a process does with what arrives. */
export interface TransportHandler<Message> {
  /**
   * A one-way message. The returned promise is back-pressure: until it settles, the message's bytes count against
   * its connection's budget, and a connection over budget is not read. A ClusterError ends the connection, a
   * CodecError too; anything else is a bug and ends the process.
   */
  receive(received: Received<Message>): void | Promise<void>;
  /**
   * A request. A ClusterError is answered with its code, a CodecError (of a payload) as REMOTE_FAILED; anything else
   * is a bug and ends the process.
   */
  answer(received: Received<Message>, context: RequestContext): Promise<Outgoing<Message>>;
  /** A hint, not a fact: the peer may be fine and the path to it broken, or the other way round. */
  connectionChanged?(peer: PeerName, connected: boolean, reason: string): void;
}

export interface Transport<Message> {
  readonly self: PeerName;
  /** Where a peer can be reached from now on; undefined forgets it. A changed address ends the old connection. */
  route(peer: PeerName, address: string | undefined): void;
  /** False: there is no way to the peer, or so much is queued for it that this message was dropped. */
  send(peer: PeerName, outgoing: Outgoing<Message>): boolean;
  request(
    peer: PeerName,
    outgoing: Outgoing<Message>,
    options?: RequestOptions,
  ): Promise<Received<Message>>;
  /**
   * Takes no new requests, answers running ones as long as `graceMs` allows (they may still ask others), then ends
   * every connection.
   */
  close(graceMs?: number): Promise<void>;
}
