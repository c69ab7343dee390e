/**
 * A server core with its tree and its log in one place, and clients that speak the wire protocol to
 * it. What it forwards waits until `commit` applies it as one batch, entry by entry, as a monitor
 * does; tests lose, repeat or split it on the way.
 */
import { present } from "../../../cluster/base/assert.ts";
import { type Codec, encode, type TypeOf } from "../../../cluster/wire/codec.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { Writer } from "../../../cluster/wire/writer.ts";
import { replyHeader, requestHeader, XIDS } from "../../../cluster/zookeeper/header-records.ts";
import { OPERATIONS, type OperationName } from "../../../cluster/zookeeper/operations.ts";
import { PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import {
  type ConnectResponse,
  connectRequest,
  connectResponse,
} from "../../../cluster/zookeeper/session-records.ts";
import {
  eventTypeOf,
  type WatcherEvent,
  watcherEvent,
} from "../../../cluster/zookeeper/watch-records.ts";
import type { Entry } from "../../../monitor/tree/batch.ts";
import { applyEntry } from "../../../monitor/tree/entry.ts";
import type { Place } from "../../../monitor/tree/session-table.ts";
import { lastZxid, type Tree } from "../../../monitor/tree/state.ts";
import { applyBatch, createTree } from "../../../monitor/tree/tree.ts";
import { noteApplied } from "../../../monitor/zookeeper/applied.ts";
import { type ServerEvent, stepServer } from "../../../monitor/zookeeper/server-core.ts";
import type { ServerEffect } from "../../../monitor/zookeeper/server-effects.ts";
import {
  createServer,
  type ServerLimits,
  type ServerRules,
  type ServerState,
} from "../../../monitor/zookeeper/server-state.ts";

export const SERVER = 77;
export const OPEN_ACL = [{ perms: 31, id: { scheme: "world", id: "anyone" } }];

export type Received =
  | {
      readonly kind: "reply";
      readonly xid: number;
      readonly zxid: number;
      readonly err: number;
      readonly body: Uint8Array;
    }
  | { readonly kind: "event"; readonly type: string; readonly path: string };

export class TestClient {
  readonly world: ServerWorld;
  readonly id: number;
  /** What came, as packets, since the last `take`. */
  received: Received[] = [];
  text = "";
  session = 0n;
  connected: ConnectResponse | undefined;
  state: "open" | "ended" | "destroyed" = "open";
  isPaused = false;
  isWord = false;
  readonly #decoder = new PacketDecoder(1 << 24);
  #xid = 0;

  constructor(world: ServerWorld, id: number) {
    this.world = world;
    this.id = id;
  }

  hear(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      if (this.isWord) this.text += Buffer.from(chunk).toString();
      else this.#decoder.push(chunk);
    }
    if (this.isWord) return;
    for (let packet = this.#decoder.next(); packet !== undefined; packet = this.#decoder.next()) {
      this.#hearPacket(packet);
    }
  }

  #hearPacket(packet: Uint8Array): void {
    const input = new Reader(packet);
    if (this.connected === undefined) {
      this.connected = connectResponse.decode(input);
      this.session = this.connected.sessionId;
      return;
    }
    const { xid, zxid, err } = replyHeader.decode(input);
    if (xid === XIDS.notification) {
      const event: WatcherEvent = watcherEvent.decode(input);
      this.received.push({ kind: "event", type: eventTypeOf(event.type) ?? "?", path: event.path });
      return;
    }
    this.received.push({ kind: "reply", xid, zxid, err, body: input.raw(input.remaining) });
  }

  connect(options: Partial<TypeOf<typeof connectRequest>> = {}): void {
    this.connected = undefined;
    this.send(
      encode(connectRequest, {
        protocolVersion: 0,
        lastZxidSeen: 0,
        timeOut: 10_000,
        sessionId: 0n,
        passwd: new Uint8Array(16),
        readOnly: false,
        ...options,
      }),
    );
  }

  send(...packets: Uint8Array[]): void {
    this.world.step({ type: "clientPackets", client: this.id, packets });
  }

  /** Sends a request and returns its xid. */
  ask<N extends OperationName>(
    name: N,
    request: TypeOf<(typeof OPERATIONS)[N]["request"]>,
    xid = this.nextXid(),
  ): number {
    this.send(this.packet(name, request, xid));
    return xid;
  }

  nextXid(): number {
    this.#xid += 1;
    return this.#xid;
  }

  packet<N extends OperationName>(
    name: N,
    request: TypeOf<(typeof OPERATIONS)[N]["request"]>,
    xid = this.nextXid(),
  ): Uint8Array {
    const { code, request: codec } = OPERATIONS[name];
    return rawPacket(xid, code, encode(codec as Codec<unknown>, request));
  }

  /** What came since the last time, in words: "1:0" is the reply to xid 1, "/a nodeCreated" an event. */
  take(): string[] {
    return this.received
      .splice(0)
      .map((one) => (one.kind === "event" ? `${one.path} ${one.type}` : `${one.xid}:${one.err}`));
  }

  lastReply(): Extract<Received, { kind: "reply" }> {
    const reply = this.received.findLast((one) => one.kind === "reply");
    if (reply?.kind !== "reply") throw new Error("there is no reply");
    return reply;
  }

  close(): void {
    this.world.step({ type: "clientClosed", client: this.id });
  }
}

export function rawPacket(xid: number, type: number, body: Uint8Array): Uint8Array {
  const out = new Writer();
  requestHeader.encode(out, { xid, type });
  out.raw(body);
  return out.finish();
}

export interface WorldOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly words?: readonly string[];
  readonly isServing?: boolean;
  readonly rules?: Partial<ServerRules>;
}

/** As the log names its connection. */
export function placeOf({ id }: TestClient): Place {
  return { server: SERVER, connection: id };
}

export class ServerWorld {
  readonly tree: Tree = createTree();
  readonly server: ServerState;
  readonly clients = new Map<number, TestClient>();
  /** Forwarded and not applied. */
  forwarded: Entry[] = [];
  syncs: number[] = [];
  logs: string[] = [];
  nowMs = 1_000;
  #nextClient = 1;
  #index = 0;

  constructor(options: WorldOptions = {}) {
    this.server = createServer(
      {
        server: SERVER,
        tree: this.tree,
        minSessionTimeoutMs: 4_000,
        maxSessionTimeoutMs: 40_000,
        wordsWhitelist: new Set(options.words ?? ["*"]),
        limits: options.limits ?? {},
        rules: options.rules ?? {},
      },
      this.nowMs,
    );
    this.apply([]);
    if (options.isServing !== false) this.step({ type: "servingChanged", isServing: true });
  }

  get zxid(): number {
    return lastZxid(this.tree);
  }

  open(address = "10.0.0.1:5000"): TestClient {
    const id = this.#nextClient++;
    const client = new TestClient(this, id);
    this.clients.set(id, client);
    const password = new Uint8Array(16).fill(id);
    this.step({ type: "clientOpened", client: id, address, password });
    return client;
  }

  /** A client with a session. */
  session(options: Partial<TypeOf<typeof connectRequest>> = {}): TestClient {
    const client = this.open();
    client.connect(options);
    this.commit();
    return client;
  }

  step(event: ServerEvent | { type: "tick"; lateMs: number }): void {
    this.perform(stepServer(this.server, event, this.nowMs));
  }

  tick(passedMs: number, lateMs = 0): void {
    this.nowMs += passedMs;
    this.step({ type: "tick", lateMs });
  }

  /** Applies all that was forwarded, and what that leads to. */
  commit(): void {
    while (this.forwarded.length > 0) this.apply(this.forwarded.splice(0));
  }

  /** Applies entries as one batch. */
  apply(entries: readonly Entry[]): void {
    const batch = {
      epoch: 1,
      index: this.#index++,
      wallMs: 1_700_000_000_000 + this.nowMs,
      entries: [],
    };
    const { isVoid } = applyBatch(this.tree, batch);
    if (isVoid) throw new Error("the batch is void");
    for (const entry of entries) {
      noteApplied(this.server, entry, applyEntry(this.tree, entry, batch), this.nowMs);
    }
    this.step({ type: "applied" });
  }

  finishSyncs(): void {
    for (const tag of this.syncs.splice(0)) this.step({ type: "syncDone", tag });
  }

  perform(effects: readonly ServerEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "forward":
          this.forwarded.push(...effect.entries);
          break;
        case "sync":
          this.syncs.push(effect.tag);
          break;
        case "log":
          this.logs.push(effect.message);
          break;
        case "write":
          this.#client(effect.client).hear(effect.chunks);
          break;
        case "pause":
        case "resume":
          this.#client(effect.client).isPaused = effect.type === "pause";
          break;
        case "end":
        case "destroy":
          this.#client(effect.client).state = effect.type === "end" ? "ended" : "destroyed";
          break;
      }
    }
  }

  #client(id: number): TestClient {
    return present(this.clients.get(id), `client ${id}`);
  }
}
