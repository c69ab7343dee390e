/**
 * The port for ZooKeeper's clients: bytes in, events for the server core out, and the core's effects
 * on connections back. It decides nothing but who may connect and what is no packet.
 *
 *   stream -> PacketDecoder -> clientPackets -> [loop] -> write -> gathered -> stream
 *
 * - All that one round of the loop writes to a client leaves in one write.
 * - If the loop's queue is full, events wait here in order, and the connections that they came from
 *   are not read. So one chunk per connection is the most that waits.
 * - A connection is bounded before it costs anything: per address, and in total.
 * - Bytes that a client has not taken are the stream's to count; the core is told when they have
 *   become fewer by TOLD_BYTES, or none, so it hears little of a client that keeps up.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Clock } from "../../cluster/base/clock.ts";
import type { Log } from "../../cluster/base/log.ts";
import type { ByteStream, Listener, StreamNetwork } from "../../cluster/runtime/stream.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { PacketDecoder } from "../../cluster/zookeeper/packet-decoder.ts";
import { splitAddress } from "../zookeeper/credentials.ts";
import type { ServerEvent } from "../zookeeper/server-core.ts";
import type { ClientEffect } from "../zookeeper/server-effects.ts";
import type { WordFacts } from "../zookeeper/word-facts.ts";
import { wordOfSize } from "../zookeeper/words.ts";

export const CONNECTIONS_MAX = 20_000;
/** For packets of which a part has arrived, of all connections. Beyond it, one whose part is large is closed. */
export const PARTIAL_BYTES_MAX = 256 << 20;
const PARTIAL_BYTES_LARGE = 64 << 10;
const PASSWORD_SIZE = 16;
const TOLD_BYTES = 256 << 10;
const CONNECTION_NUMBER_MAX = 2 ** 32 - 1;
const REJECTION_LOG_MS = 1_000;

export interface ClientPortOptions {
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly log: Log;
  /** Larger packets close their connection. */
  readonly juteMaxBuffer: number;
  /** 0: no bound. */
  readonly connectionsPerAddressMax: number;
  /** 0: CONNECTIONS_MAX. */
  readonly connectionsMax: number;
  /** PARTIAL_BYTES_MAX by default. */
  readonly partialBytesMax?: number;
  /** To the loop of the core; false if its queue is full. */
  readonly submit: (event: ServerEvent) => boolean;
  /** Settles when there is room again; rejects when the loop stops. */
  readonly room: () => Promise<void>;
  /** What is not needed for the word may be left out: anybody can ask, and as often as they like. */
  readonly facts: (word: string) => WordFacts;
  readonly randomBytes: (size: number) => Uint8Array;
}

interface Connection {
  readonly id: number;
  readonly host: string;
  readonly stream: ByteStream;
  readonly decoder: PacketDecoder;
  /** Its first packet has been taken: what follows is no four-letter word. */
  isInitialized: boolean;
  /** Nothing that it sends is looked at any more. */
  isDeaf: boolean;
  isPausedByCore: boolean;
  isPausedByQueue: boolean;
  gathered: Uint8Array[];
  gatheredBytes: number;
  /** Of a packet that has not arrived whole. */
  partialBytes: number;
  /** What the core believes to be on its way. */
  believedBytes: number;
}

export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #connections = new Map<number, Connection>();
  readonly #perHost = new Map<string, number>();
  #listener: Listener | undefined;
  #nextId = 1;
  #dirty: Connection[] = [];
  /** Events that the loop had no room for. */
  #waiting: ServerEvent[] = [];
  readonly #pausedByQueue = new Set<Connection>();
  #partialBytes = 0;
  #rejectedCount = 0;
  #rejectionLoggedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: ClientPortOptions) {
    this.#options = options;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  /** Resolves with the address that was taken. */
  async listen(address: string): Promise<string> {
    assert(this.#listener === undefined, "a port listens once");
    this.#listener = await this.#options.network.listen(address, (stream) => this.#accept(stream));
    return this.#listener.address;
  }

  /** Takes no more connections and ends those that are there. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting = [];
    const closing = this.#listener?.close();
    for (const { stream } of [...this.#connections.values()]) stream.destroy();
    await closing;
  }

  perform(effect: ClientEffect): void {
    const connection = this.#connections.get(effect.client);
    if (connection === undefined) return;
    switch (effect.type) {
      case "write":
        this.#gather(connection, effect.chunks);
        return;
      case "pause":
        connection.isPausedByCore = true;
        connection.stream.pause();
        return;
      case "resume":
        connection.isPausedByCore = false;
        this.#maybeResume(connection);
        return;
      case "end":
        this.#flush(connection);
        connection.isDeaf = true;
        connection.stream.end();
        // Only who reads on learns that the other side has ended too.
        connection.stream.resume();
        return;
      case "destroy":
        connection.gathered = [];
        connection.isDeaf = true;
        connection.stream.destroy();
        return;
    }
  }

  #accept(stream: ByteStream): void {
    const { host } = splitAddress(stream.remoteAddress);
    const count = this.#perHost.get(host) ?? 0;
    const why = this.#refusal(count);
    if (why !== undefined) {
      this.#reject(stream, why);
      return;
    }
    const connection: Connection = {
      id: this.#nextId,
      host,
      stream,
      decoder: new PacketDecoder(this.#options.juteMaxBuffer),
      isInitialized: false,
      isDeaf: false,
      isPausedByCore: false,
      isPausedByQueue: false,
      gathered: [],
      gatheredBytes: 0,
      partialBytes: 0,
      believedBytes: 0,
    };
    this.#nextId += 1;
    this.#connections.set(connection.id, connection);
    this.#perHost.set(host, count + 1);
    this.#submit({
      type: "clientOpened",
      client: connection.id,
      address: stream.remoteAddress,
      password: this.#options.randomBytes(PASSWORD_SIZE),
    });
    stream.start({
      data: (chunk) => this.#receive(connection, chunk),
      drain: () => this.#tell(connection, 1),
      close: () => this.#closed(connection),
    });
  }

  #refusal(perHostCount: number): string | undefined {
    const { connectionsPerAddressMax, connectionsMax } = this.#options;
    if (this.#isClosed) return "the port is closing";
    const total = connectionsMax === 0 ? CONNECTIONS_MAX : connectionsMax;
    if (this.#connections.size >= total) return `${total} connections are open already`;
    // A number is never used twice: the log knows connections by it.
    if (this.#nextId > CONNECTION_NUMBER_MAX) return "connection numbers ran out; restart it";
    if (connectionsPerAddressMax > 0 && perHostCount >= connectionsPerAddressMax) {
      return `${connectionsPerAddressMax} connections come from there already (maxClientCnxns)`;
    }
    return undefined;
  }

  #reject(stream: ByteStream, why: string): void {
    this.#rejectedCount += 1;
    stream.destroy();
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#rejectionLoggedMs < REJECTION_LOG_MS) return;
    this.#rejectionLoggedMs = nowMs;
    this.#options.log.warn(`refused a client's connection: ${why}`, {
      address: stream.remoteAddress,
      refusedSoFar: this.#rejectedCount,
    });
  }

  #receive(connection: Connection, chunk: Uint8Array): void {
    if (connection.isDeaf) return;
    const { decoder } = connection;
    const packets: Uint8Array[] = [];
    try {
      decoder.push(chunk);
      if (!connection.isInitialized && this.#isWord(connection)) return;
      for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) {
        packets.push(packet);
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#refuseBytes(connection, error);
    }
    this.#notePartial(connection);
    if (packets.length === 0) return;
    connection.isInitialized = true;
    this.#submit({ type: "clientPackets", client: connection.id, packets }, connection);
  }

  /** Whether a word stands where the first packet's size would; it is submitted then. */
  #isWord(connection: Connection): boolean {
    const size = connection.decoder.peekSize();
    const word = size === undefined ? undefined : wordOfSize(size);
    if (word === undefined) return false;
    connection.isDeaf = true;
    // Tools send the word and end their side at once. While that is not read, the answer can leave.
    connection.stream.pause();
    const facts = this.#options.facts(word);
    this.#submit({ type: "clientWord", client: connection.id, word, facts });
    return true;
  }

  #refuseBytes(connection: Connection, error: CodecError): void {
    connection.isDeaf = true;
    const limit = this.#options.juteMaxBuffer;
    this.#options.log.warn(
      `closing a client's connection: ${error.message}; packets have at most ${limit} bytes ` +
        "(jute.maxbuffer), and this is a larger one or none at all",
      { address: connection.stream.remoteAddress },
    );
    connection.stream.destroy();
  }

  /** The core knows packets alone. Of those that never become whole, it would close their connections too late. */
  #notePartial(connection: Connection): void {
    const bytes = connection.isDeaf ? 0 : connection.decoder.gatheredBytes;
    this.#partialBytes += bytes - connection.partialBytes;
    connection.partialBytes = bytes;
    const { partialBytesMax = PARTIAL_BYTES_MAX, log } = this.#options;
    if (this.#partialBytes <= partialBytesMax || bytes < PARTIAL_BYTES_LARGE) return;
    connection.isDeaf = true;
    this.#notePartial(connection);
    log.warn("closing a client's connection: too many large packets arrive at once", {
      address: connection.stream.remoteAddress,
    });
    connection.stream.destroy();
  }

  #closed(connection: Connection): void {
    connection.isDeaf = true;
    this.#notePartial(connection);
    connection.gathered = [];
    this.#connections.delete(connection.id);
    this.#pausedByQueue.delete(connection);
    const count = (this.#perHost.get(connection.host) ?? 1) - 1;
    if (count > 0) this.#perHost.set(connection.host, count);
    else this.#perHost.delete(connection.host);
    this.#submit({ type: "clientClosed", client: connection.id });
  }

  #submit(event: ServerEvent, source?: Connection): void {
    if (this.#isClosed) return;
    if (this.#waiting.length === 0 && this.#options.submit(event)) return;
    this.#waiting.push(event);
    if (source !== undefined) {
      source.isPausedByQueue = true;
      this.#pausedByQueue.add(source);
      source.stream.pause();
    }
    if (this.#waiting.length === 1) this.#awaitRoom();
  }

  #awaitRoom(): void {
    this.#options.room().then(
      () => this.#submitWaiting(),
      () => {
        this.#waiting = []; // The loop has stopped; nobody will read them.
      },
    );
  }

  #submitWaiting(): void {
    let submitted = 0;
    for (const event of this.#waiting) {
      if (!this.#options.submit(event)) break;
      submitted += 1;
    }
    this.#waiting.splice(0, submitted);
    if (this.#waiting.length > 0) {
      this.#awaitRoom();
      return;
    }
    for (const connection of this.#pausedByQueue) {
      connection.isPausedByQueue = false;
      this.#maybeResume(connection);
    }
    this.#pausedByQueue.clear();
  }

  #maybeResume(connection: Connection): void {
    if (!connection.isPausedByCore && !connection.isPausedByQueue) connection.stream.resume();
  }

  #gather(connection: Connection, chunks: readonly Uint8Array[]): void {
    if (connection.gathered.length === 0) {
      if (this.#dirty.length === 0) queueMicrotask(this.#flushAll);
      this.#dirty.push(connection);
    }
    for (const chunk of chunks) {
      connection.gathered.push(chunk);
      connection.gatheredBytes += chunk.byteLength;
      connection.believedBytes += chunk.byteLength;
    }
  }

  readonly #flushAll = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) this.#flush(connection);
  };

  #flush(connection: Connection): void {
    const { gathered } = connection;
    if (gathered.length === 0) return;
    connection.gathered = [];
    connection.gatheredBytes = 0;
    connection.stream.write(gathered);
    this.#tell(connection, TOLD_BYTES);
  }

  /** Corrects what the core believes if it is wrong by so much. */
  #tell(connection: Connection, leastBytes: number): void {
    const queuedBytes = connection.stream.queuedBytes + connection.gatheredBytes;
    if (connection.believedBytes - queuedBytes < leastBytes) return;
    connection.believedBytes = queuedBytes;
    this.#submit({ type: "clientDrained", client: connection.id, queuedBytes });
  }
}
