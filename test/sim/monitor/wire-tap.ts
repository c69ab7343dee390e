/**
 * What passes between a client and its servers, as packets: requests that are sent and replies and events that arrive,
 * each in the order of the wire. It also cuts connections, for clients that are to lose or to leave their servers.
 */
import { present } from "../../../cluster/base/assert.ts";
import { ClusterError } from "../../../cluster/base/error.ts";
import type { ByteStream, StreamNetwork } from "../../../cluster/runtime/stream.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { replyHeader, requestHeader, XIDS } from "../../../cluster/zookeeper/header-records.ts";
import { PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import { connectRequest, connectResponse } from "../../../cluster/zookeeper/session-records.ts";
import { eventTypeOf, watcherEvent } from "../../../cluster/zookeeper/watch-records.ts";

export interface WireRequest {
  readonly xid: number;
  readonly op: number;
  readonly body: Uint8Array;
}

export interface WireReply {
  readonly zxid: number;
  readonly error: number;
  /** Undefined for a ping, or the answer to credentials. */
  readonly request: WireRequest | undefined;
}

export interface WireListener {
  /** A connection begins, with what the client says it has seen. */
  greeted(lastZxid: number): void;
  requested(request: WireRequest): void;
  welcomed(server: string, session: bigint): void;
  replied(reply: WireReply): void;
  notified(type: string, path: string): void;
}

const PACKET_SIZE_MAX = 1 << 24;

export class WireTap implements StreamNetwork {
  readonly #network: StreamNetwork;
  readonly #listener: WireListener;
  #stream: ByteStream | undefined;
  #isShut = false;

  constructor(network: StreamNetwork, listener: WireListener) {
    this.#network = network;
    this.#listener = listener;
  }

  /** The client may connect again. */
  cut(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  /** It reaches nobody any more: its session will expire. */
  shut(): void {
    this.#isShut = true;
    this.cut();
  }

  listen(): never {
    throw new Error("a client listens to nobody");
  }

  async connect(address: string, signal: AbortSignal): Promise<ByteStream> {
    if (this.#isShut) throw new ClusterError("UNREACHABLE", "this client has left");
    const stream = await this.#network.connect(address, signal);
    this.#stream = stream;
    const conversation = new Conversation(address, this.#listener);
    return {
      get remoteAddress() {
        return stream.remoteAddress;
      },
      get queuedBytes() {
        return stream.queuedBytes;
      },
      start: (handler) =>
        stream.start({
          ...handler,
          data: (chunk) => {
            conversation.hear(chunk);
            handler.data(chunk);
          },
          drain: () => handler.drain(),
          close: (reason) => handler.close(reason),
        }),
      write: (chunks) => {
        conversation.say(chunks);
        stream.write(chunks);
      },
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      end: () => stream.end(),
      destroy: () => stream.destroy(),
    };
  }
}

/** One connection. */
class Conversation {
  readonly #server: string;
  readonly #listener: WireListener;
  readonly #said = new PacketDecoder(PACKET_SIZE_MAX);
  readonly #heard = new PacketDecoder(PACKET_SIZE_MAX);
  readonly #waiting: WireRequest[] = [];
  #hasGreeted = false;
  #isWelcome = false;

  constructor(server: string, listener: WireListener) {
    this.#server = server;
    this.#listener = listener;
  }

  say(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#said.push(chunk);
    for (let packet = this.#said.next(); packet !== undefined; packet = this.#said.next()) {
      if (this.#hasGreeted) this.#noteRequest(packet);
      else this.#listener.greeted(connectRequest.decode(new Reader(packet)).lastZxidSeen);
      this.#hasGreeted = true;
    }
  }

  hear(chunk: Uint8Array): void {
    this.#heard.push(chunk);
    for (let packet = this.#heard.next(); packet !== undefined; packet = this.#heard.next()) {
      this.#hearPacket(packet);
    }
  }

  #noteRequest(packet: Uint8Array): void {
    const input = new Reader(packet);
    const { xid, type } = requestHeader.decode(input);
    if (xid === XIDS.ping || xid === XIDS.auth) return;
    const request = { xid, op: type, body: input.raw(input.remaining) };
    this.#waiting.push(request);
    this.#listener.requested(request);
  }

  #hearPacket(packet: Uint8Array): void {
    const input = new Reader(packet);
    if (!this.#isWelcome) {
      this.#isWelcome = true;
      this.#listener.welcomed(this.#server, connectResponse.decode(input).sessionId);
      return;
    }
    const { xid, zxid, err } = replyHeader.decode(input);
    if (xid === XIDS.notification) {
      const { type, path } = watcherEvent.decode(input);
      this.#listener.notified(eventTypeOf(type) ?? "none", path);
      return;
    }
    const isAside = xid === XIDS.ping || xid === XIDS.auth;
    const request = isAside ? undefined : present(this.#waiting.shift(), "a request");
    if (xid !== XIDS.auth) this.#listener.replied({ zxid, error: err, request });
  }
}
