/**
 * The sessions of an ensemble, as its log has made them. A session holds the connection that may
 * write in its name, and the number of that connection's last request: a request that comes twice
 * (its server could not know whether the leader that it sent it to got it into the log) takes
 * effect once, and none takes effect without those before it. When it is over is for the leader to
 * say. A session's size does not grow with its age; its ephemeral nodes are part of the tree.
 */
import { assert, present } from "../../cluster/base/assert.ts";
import { addHash, type DigestSum, type Hasher, subtractHash } from "./digest.ts";
import { EPHEMERALS_LOG_MIN, grownLog } from "./java-order.ts";
import type { ZnodeId } from "./znode.ts";

/** At it createSession answers SYSTEMERROR. */
export const SESSION_COUNT_MAX = 1_000_000;

export type SessionId = number;

/** A connection: a number that a process drew at its start, and its count of connections. */
export interface Place {
  readonly server: number;
  readonly connection: number;
}

export interface Session {
  readonly id: SessionId;
  readonly password: Uint8Array;
  /** Which connection asked for it, so that asking again gives the same. */
  readonly maker: Place;
  timeoutMs: number;
  server: number;
  connection: number;
  lastSequence: number;
  /** Of the HashSet that ZooKeeper has for the paths; see java-order.ts. 0 before the first. */
  ephemeralsLog: number;
  readonly ephemerals: Set<ZnodeId>;
}

export class SessionTable {
  readonly #sessions = new Map<SessionId, Session>();
  readonly #byMaker = new Map<string, Session>();
  /** What each session has in the digest. */
  readonly #hashes = new Map<SessionId, DigestSum>();
  readonly #dirty = new Set<SessionId>();
  readonly #sum: DigestSum;
  readonly #hasher: Hasher;

  /** Keeps its part of the tree's digest up to date in `sum`. */
  constructor(sum: DigestSum, hasher: Hasher) {
    this.#sum = sum;
    this.#hasher = hasher;
  }

  get count(): number {
    return this.#sessions.size;
  }

  find(id: SessionId): Session | undefined {
    return this.#sessions.get(id);
  }

  madeBy(maker: Place): Session | undefined {
    return this.#byMaker.get(keyOf(maker));
  }

  all(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  add(session: Session): void {
    assert(!this.#sessions.has(session.id), "a session's id is a zxid, and no two are the same");
    this.#sessions.set(session.id, session);
    this.#byMaker.set(keyOf(session.maker), session);
    this.#hashes.set(session.id, { a: 0, b: 0 });
    this.#changed(session);
  }

  /** Its ephemeral nodes must be gone. */
  remove(session: Session): void {
    assert(session.ephemerals.size === 0, "ephemeral nodes go before their session");
    subtractHash(this.#sum, this.#hashOf(session));
    this.#hashes.delete(session.id);
    this.#sessions.delete(session.id);
    const makerKey = keyOf(session.maker);
    if (this.#byMaker.get(makerKey) === session) this.#byMaker.delete(makerKey);
    this.#dirty.add(session.id);
  }

  move(session: Session, { server, connection }: Place, timeoutMs: number): void {
    session.server = server;
    session.connection = connection;
    session.lastSequence = 0;
    session.timeoutMs = timeoutMs;
    this.#changed(session);
  }

  sequenceTo(session: Session, sequence: number): void {
    session.lastSequence = sequence;
    this.#changed(session);
  }

  addEphemeral(session: Session, id: ZnodeId): void {
    session.ephemerals.add(id);
    const { size } = session.ephemerals;
    this.ephemeralsLogTo(session, grownLog(session.ephemeralsLog, size, EPHEMERALS_LOG_MIN));
  }

  ephemeralsLogTo(session: Session, log: number): void {
    if (log === session.ephemeralsLog) return;
    session.ephemeralsLog = log;
    this.#changed(session);
  }

  /** The sessions that changed since the last call; those that are gone are not found any more. */
  takeDirty(): SessionId[] {
    const taken = [...this.#dirty];
    this.#dirty.clear();
    return taken;
  }

  #changed(session: Session): void {
    const hash = this.#hashOf(session);
    subtractHash(this.#sum, hash);
    const hasher = this.#hasher;
    hasher.reset();
    hasher.word(ROW_MARK);
    hasher.number(session.id);
    hasher.bytes(session.password);
    hasher.number(session.maker.server);
    hasher.word(session.maker.connection);
    hasher.number(session.timeoutMs);
    hasher.number(session.server);
    hasher.word(session.connection);
    hasher.number(session.lastSequence);
    hasher.word(session.ephemeralsLog);
    hasher.finish();
    hash.a = hasher.a;
    hash.b = hasher.b;
    addHash(this.#sum, hash);
    this.#dirty.add(session.id);
  }

  #hashOf({ id }: Session): DigestSum {
    return present(this.#hashes.get(id), "what a session has in the digest");
  }
}

/** So that a session and a node are never the same words. */
const ROW_MARK = 0x73;

function keyOf({ server, connection }: Place): string {
  return `${server}:${connection}`;
}
