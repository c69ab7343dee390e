/**
 * A ZooKeeper of a few hundred lines for tests of clients: one tree, any number of addresses that
 * serve it, and all that can go wrong on request. It knows the usual operations, keeps ACLs without
 * obeying them, and has no time: sessions end when a test says so.
 */
import { present } from "../../../cluster/base/assert.ts";
import { EMPTY_BYTES } from "../../../cluster/base/bytes.ts";
import type { ByteStream, Listener, StreamNetwork } from "../../../cluster/runtime/stream.ts";
import { type Codec, decode } from "../../../cluster/wire/codec.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { type Acl, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { replyHeader, requestHeader, XIDS } from "../../../cluster/zookeeper/header-records.ts";
import type { MultiOp, MultiResult } from "../../../cluster/zookeeper/multi-records.ts";
import { CREATE_FLAGS, type Stat } from "../../../cluster/zookeeper/node-records.ts";
import { opName } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS, type OperationName } from "../../../cluster/zookeeper/operations.ts";
import { PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import { PacketEncoder } from "../../../cluster/zookeeper/packet-encoder.ts";
import { nameOf, parentOf, sequentialPath } from "../../../cluster/zookeeper/path.ts";
import { connectRequest, connectResponse } from "../../../cluster/zookeeper/session-records.ts";
import {
  ADD_WATCH_MODES,
  EVENT_TYPES,
  type EventType,
  KEEPER_STATES,
  watcherEvent,
} from "../../../cluster/zookeeper/watch-records.ts";

interface Node {
  data: Uint8Array;
  owner: bigint;
  czxid: number;
  mzxid: number;
  pzxid: number;
  version: number;
  /** Of creates alone: it numbers sequential nodes. */
  cversion: number;
  acl: readonly Acl[];
}

interface ToySession {
  readonly id: bigint;
  readonly password: Uint8Array;
  connection: Connection | undefined;
}

interface Connection {
  readonly stream: ByteStream;
  readonly address: string;
  readonly decoder: PacketDecoder;
  session: ToySession | undefined;
  readonly dataWatches: Set<string>;
  readonly childWatches: Set<string>;
  /** By addWatch: paths, and whether they stand for all below them. */
  readonly lastingWatches: Map<string, boolean>;
  isOpen: boolean;
  hasSynced: boolean;
}

interface Told {
  readonly op: string;
  readonly path: string | undefined;
}

interface Created {
  readonly path: string;
  readonly data?: Uint8Array | undefined;
  readonly flags: number;
  readonly acl?: readonly Acl[];
}

class Refusal extends Error {
  readonly code: number;

  constructor(code: keyof typeof ERRORS) {
    super(code);
    this.code = ERRORS[code];
  }
}

export class ToyServer {
  readonly nodes = new Map<string, Node>([["/", newNode(0n, 0, EMPTY_BYTES)]]);
  /** "create2 /a", in the order in which they were carried out. */
  readonly log: string[] = [];
  /** What it says to those that connect. */
  timeoutMs = 9000;
  /** Done, and then the connection ends without an answer. */
  losesReply: (told: Told) => boolean = () => false;
  /** The connection ends before anything is done. */
  losesRequest: (told: Told) => boolean = () => false;
  /** Nothing is answered any more, pings included. */
  isSilent = false;
  /** Connections are closed as soon as they have said hello. */
  isUnwilling = false;
  /** Until somebody says sync on it, a connection is shown every node without children. */
  isLagging = false;
  zxid = 0;
  helloCount = 0;
  readonly #sessions = new Map<bigint, ToySession>();
  readonly #connections = new Set<Connection>();
  #lastSession = 0x0100_0000_0000_0000n;

  listen(network: StreamNetwork, address: string): Promise<Listener> {
    return network.listen(address, (stream) => this.#accept(stream, address));
  }

  /** As when a server dies: its connections are gone, the sessions stay. */
  cut(address?: string): void {
    for (const connection of [...this.#connections]) {
      if (address === undefined || connection.address === address) this.#drop(connection);
    }
  }

  /** The addresses of connections that have a session. */
  get connected(): string[] {
    return [...this.#connections].flatMap(({ session, address }) =>
      session === undefined ? [] : [address],
    );
  }

  get sessionIds(): bigint[] {
    return [...this.#sessions.keys()];
  }

  expire(id: bigint): void {
    const { connection } = present(this.#sessions.get(id), "the session");
    this.#endSession(id);
    if (connection !== undefined) this.#drop(connection);
  }

  /** A change by nobody in particular. */
  change(path: string, data: Uint8Array | undefined): void {
    if (data === undefined) this.#delete(path, -1);
    else if (this.nodes.has(path)) this.#setData(path, data, -1);
    else this.#create({ path, data, flags: 0 }, 0n);
  }

  children(path: string): string[] {
    const names = [...this.nodes.keys()].filter((key) => key !== "/" && parentOf(key) === path);
    return names.map(nameOf).toSorted();
  }

  #accept(stream: ByteStream, address: string): void {
    const connection: Connection = {
      stream,
      address,
      decoder: new PacketDecoder(),
      session: undefined,
      dataWatches: new Set(),
      childWatches: new Set(),
      lastingWatches: new Map(),
      isOpen: true,
      hasSynced: false,
    };
    this.#connections.add(connection);
    stream.start({
      data: (chunk) => this.#received(connection, chunk),
      drain: () => {},
      close: () => this.#closed(connection),
    });
  }

  #received(connection: Connection, chunk: Uint8Array): void {
    connection.decoder.push(chunk);
    for (;;) {
      const packet = connection.isOpen ? connection.decoder.next() : undefined;
      if (packet === undefined) return;
      if (connection.session === undefined) this.#welcome(connection, packet);
      else this.#handle(connection, connection.session, packet);
    }
  }

  #welcome(connection: Connection, packet: Uint8Array): void {
    const { sessionId, passwd = EMPTY_BYTES, lastZxidSeen } = decode(connectRequest, packet);
    this.helloCount += 1;
    if (this.isSilent) return;
    if (this.isUnwilling || lastZxidSeen > this.zxid) {
      this.#drop(connection);
      return;
    }
    const known = this.#sessions.get(sessionId);
    const session = sessionId === 0n ? this.#newSession() : known;
    const isRight = session !== undefined && (sessionId === 0n || equal(session.password, passwd));
    this.#send(connection, (out) =>
      connectResponse.encode(out, {
        protocolVersion: 0,
        timeOut: isRight ? this.timeoutMs : 0,
        sessionId: isRight ? session.id : 0n,
        passwd: isRight ? session.password : new Uint8Array(16),
        readOnly: false,
      }),
    );
    if (!isRight) {
      connection.stream.end();
      return;
    }
    if (session.connection !== undefined) this.#drop(session.connection);
    session.connection = connection;
    connection.session = session;
  }

  #newSession(): ToySession {
    this.#lastSession += 1n;
    this.zxid += 1;
    const id = this.#lastSession;
    const password = new Uint8Array(16).fill(Number(id & 0xffn));
    const session = { id, password, connection: undefined };
    this.#sessions.set(id, session);
    return session;
  }

  #handle(connection: Connection, session: ToySession, packet: Uint8Array): void {
    const input = new Reader(packet);
    const { xid, type } = requestHeader.decode(input);
    const name = present(opName(type), "an operation") as OperationName;
    const body = OPERATIONS[name].request.decode(input) as never;
    const told = { op: name, path: (body as { path?: string }).path };
    if (this.isSilent) return;
    if (this.losesRequest(told)) {
      this.#drop(connection);
      return;
    }
    if (xid > 0) this.log.push(told.path === undefined ? name : `${name} ${told.path}`);
    let err = 0;
    let response: unknown;
    try {
      response = this.#perform(connection, session, name, body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      err = error.code;
    }
    if (this.losesReply(told)) {
      this.#drop(connection);
      return;
    }
    this.#send(connection, (out) => {
      replyHeader.encode(out, { xid, zxid: this.zxid, err });
      if (err === 0) (OPERATIONS[name].response as Codec<unknown>).encode(out, response);
    });
    if (name === "closeSession") connection.stream.end();
  }

  #perform(
    connection: Connection,
    session: ToySession,
    name: OperationName,
    body: {
      path: string;
      watch: boolean;
      data?: Uint8Array;
      version: number;
      flags: number;
      mode: number;
      acl: readonly Acl[];
      relativeZxid: number;
      dataWatches: string[];
      existWatches: string[];
      childWatches: string[];
    },
  ): unknown {
    const { path } = body;
    switch (name) {
      case "ping":
      case "auth":
        return {};
      case "sync":
        connection.hasSynced = true;
        return { path };
      case "closeSession":
        this.#endSession(session.id);
        return {};
      case "create2": {
        const created = this.#create(body, session.id);
        return { path: created, stat: this.#stat(created) };
      }
      case "delete":
        this.#delete(path, body.version);
        return {};
      case "setData":
        this.#setData(path, body.data ?? EMPTY_BYTES, body.version);
        return { stat: this.#stat(path) };
      case "exists":
        if (body.watch) connection.dataWatches.add(path);
        return { stat: this.#stat(path) };
      case "getData":
        this.#node(path);
        if (body.watch) connection.dataWatches.add(path);
        return { data: this.#node(path).data, stat: this.#stat(path) };
      case "getChildren2":
        this.#node(path);
        if (body.watch) connection.childWatches.add(path);
        return {
          children: this.isLagging && !connection.hasSynced ? [] : this.children(path),
          stat: this.#stat(path),
        };
      case "getACL":
        return { acl: this.#node(path).acl, stat: this.#stat(path) };
      case "setACL":
        this.#node(path).acl = body.acl;
        return { stat: this.#stat(path) };
      case "addWatch":
        connection.lastingWatches.set(path, body.mode === ADD_WATCH_MODES.persistentRecursive);
        return { err: 0 };
      case "multi":
        return this.#multi(body as unknown as readonly MultiOp[], session.id);
      case "setWatches":
        this.#setWatches(connection, body);
        return {};
      default:
        throw new Refusal("UNIMPLEMENTED");
    }
  }

  /** All or nothing: it is tried on the tree, which is put back if a part fails. */
  #multi(ops: readonly MultiOp[], owner: bigint): MultiResult[] {
    const before = [...this.nodes].map(([path, node]) => [path, { ...node }] as const);
    const { zxid } = this;
    const events: [Connection, EventType, string][] = [];
    this.#heldEvents = events;
    const results: MultiResult[] = [];
    try {
      for (const op of ops) results.push(this.#multiPart(op, owner));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.nodes.clear();
      for (const [path, node] of before) this.nodes.set(path, node);
      this.zxid = zxid;
      const failed = results.length;
      return ops.map((_, index) => {
        const code = index < failed ? 0 : index > failed ? ERRORS.RUNTIMEINCONSISTENCY : error.code;
        return { type: "error", err: code };
      });
    } finally {
      this.#heldEvents = undefined;
    }
    for (const event of events) this.#notify(...event);
    return results;
  }

  #multiPart(op: MultiOp, owner: bigint): MultiResult {
    switch (op.type) {
      case "create":
      case "create2":
        return { type: "create", path: this.#create(op, owner) };
      case "delete":
        this.#delete(op.path, op.version);
        return { type: "delete" };
      case "setData":
        this.#setData(op.path, op.data ?? EMPTY_BYTES, op.version);
        return { type: "setData", stat: this.#stat(op.path) };
      case "check":
        this.#checkVersion(op.path, op.version);
        return { type: "check" };
      default:
        throw new Refusal("UNIMPLEMENTED");
    }
  }

  #create({ path, data, flags, acl = OPEN_ACL }: Created, owner: bigint): string {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) throw new Refusal("NONODE");
    if (parent.owner !== 0n) throw new Refusal("NOCHILDRENFOREPHEMERALS");
    const isSequential =
      flags === CREATE_FLAGS.EPHEMERAL_SEQUENTIAL || flags === CREATE_FLAGS.PERSISTENT_SEQUENTIAL;
    const isEphemeral =
      flags === CREATE_FLAGS.EPHEMERAL_SEQUENTIAL || flags === CREATE_FLAGS.EPHEMERAL;
    const full = isSequential ? sequentialPath(path, parent.cversion) : path;
    if (this.nodes.has(full)) throw new Refusal("NODEEXISTS");
    this.zxid += 1;
    const bytes = Uint8Array.from(data ?? EMPTY_BYTES);
    this.nodes.set(full, { ...newNode(isEphemeral ? owner : 0n, this.zxid, bytes), acl });
    parent.cversion += 1;
    parent.pzxid = this.zxid;
    this.#fire("nodeCreated", full, "dataWatches");
    this.#fire("nodeChildrenChanged", parentOf(full), "childWatches");
    return full;
  }

  #delete(path: string, version: number): void {
    this.#checkVersion(path, version);
    if (this.children(path).length > 0) throw new Refusal("NOTEMPTY");
    this.zxid += 1;
    this.nodes.delete(path);
    this.#node(parentOf(path)).pzxid = this.zxid;
    this.#fire("nodeDeleted", path, "dataWatches");
    this.#fire("nodeDeleted", path, "childWatches");
    this.#fire("nodeChildrenChanged", parentOf(path), "childWatches");
  }

  #setData(path: string, data: Uint8Array, version: number): void {
    this.#checkVersion(path, version);
    this.zxid += 1;
    const node = this.#node(path);
    node.data = Uint8Array.from(data);
    node.version += 1;
    node.mzxid = this.zxid;
    this.#fire("nodeDataChanged", path, "dataWatches");
  }

  #checkVersion(path: string, version: number): void {
    if (version !== -1 && this.#node(path).version !== version) throw new Refusal("BADVERSION");
    this.#node(path);
  }

  #setWatches(
    connection: Connection,
    watches: {
      relativeZxid: number;
      dataWatches: string[];
      existWatches: string[];
      childWatches: string[];
    },
  ): void {
    const { relativeZxid } = watches;
    for (const path of watches.dataWatches) {
      const node = this.nodes.get(path);
      if (node === undefined) this.#notify(connection, "nodeDeleted", path);
      else if (node.mzxid > relativeZxid) this.#notify(connection, "nodeDataChanged", path);
      else connection.dataWatches.add(path);
    }
    for (const path of watches.existWatches) {
      if (this.nodes.has(path)) this.#notify(connection, "nodeCreated", path);
      else connection.dataWatches.add(path);
    }
    for (const path of watches.childWatches) {
      const node = this.nodes.get(path);
      if (node === undefined) this.#notify(connection, "nodeDeleted", path);
      else if (node.pzxid > relativeZxid) this.#notify(connection, "nodeChildrenChanged", path);
      else connection.childWatches.add(path);
    }
  }

  #heldEvents: [Connection, EventType, string][] | undefined;

  #fire(type: EventType, path: string, kind: "dataWatches" | "childWatches"): void {
    for (const connection of this.#connections) {
      if (!connection[kind].has(path) && !lasts(connection, type, path)) continue;
      if (this.#heldEvents !== undefined) {
        this.#heldEvents.push([connection, type, path]);
        continue;
      }
      connection[kind].delete(path);
      this.#notify(connection, type, path);
    }
  }

  #notify(connection: Connection, type: EventType, path: string): void {
    connection.dataWatches.delete(path);
    if (type === "nodeChildrenChanged") connection.childWatches.delete(path);
    this.#send(connection, (out) => {
      replyHeader.encode(out, { xid: XIDS.notification, zxid: -1, err: 0 });
      const state = KEEPER_STATES.SyncConnected;
      watcherEvent.encode(out, { type: EVENT_TYPES[type], state, path });
    });
  }

  #send(connection: Connection, write: Parameters<PacketEncoder["append"]>[0]): void {
    const encoder = new PacketEncoder(256);
    encoder.append(write);
    if (connection.isOpen && !this.isSilent) connection.stream.write([encoder.take()]);
  }

  #endSession(id: bigint): void {
    this.#sessions.delete(id);
    for (const [path, { owner }] of [...this.nodes]) if (owner === id) this.#delete(path, -1);
  }

  #drop(connection: Connection): void {
    this.#closed(connection);
    connection.stream.destroy();
  }

  #closed(connection: Connection): void {
    connection.isOpen = false;
    this.#connections.delete(connection);
    const { session } = connection;
    if (session?.connection === connection) session.connection = undefined;
  }

  #node(path: string): Node {
    const node = this.nodes.get(path);
    if (node === undefined) throw new Refusal("NONODE");
    return node;
  }

  #stat(path: string): Stat {
    const { data, owner, acl: _, ...rest } = this.#node(path);
    const numChildren = this.children(path).length;
    const times = { ctime: 0, mtime: 0, aversion: 0 };
    return { ...rest, ...times, ephemeralOwner: owner, dataLength: data.byteLength, numChildren };
  }
}

function lasts({ lastingWatches }: Connection, type: EventType, path: string): boolean {
  if (lastingWatches.get(path) === false) return true;
  if (type === "nodeChildrenChanged") return false;
  const above = [...lastingWatches].filter(([, isRecursive]) => isRecursive);
  return above.some(([at]) => at === "/" || path === at || path.startsWith(`${at}/`));
}

function newNode(owner: bigint, zxid: number, data: Uint8Array): Node {
  return {
    data,
    owner,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    version: 0,
    cversion: 0,
    acl: OPEN_ACL,
  };
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
