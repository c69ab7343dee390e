/**
 * What a monitor's server knows: its connections and what each waits for, the sessions that they
 * speak for, their watches, and the tree, which it reads and never changes.
 */
import type { Writer } from "../../cluster/wire/writer.ts";
import type { Entry, Identity } from "../tree/batch.ts";
import type { Tree } from "../tree/state.ts";
import { type Latency, newLatency } from "./latency.ts";
import { type PendingRequest, RequestQueue } from "./request-queue.ts";
import type { ServerEffect } from "./server-effects.ts";
import { WatchTable } from "./watch-table.ts";

export interface ServerLimits {
  /** Unanswered requests of one connection; more are not read. */
  readonly requestsPerConnection: number;
  /** What those hold together. One request is always taken, however large. */
  readonly requestBytesPerConnection: number;
  /** What requests and read packets of all connections hold. Beyond it none is read, until it is half of that. */
  readonly requestBytes: number;
  /** Unanswered requests of all connections; beyond it, one of each. ZooKeeper's globalOutstandingLimit. */
  readonly requests: number;
  /** On their way to the leader, of all connections; other writes are held back. One is always let go, however large. */
  readonly forwardedBytes: number;
  /** Nodes that heavy reads (heavy-reads.ts) may visit between two ticks; the last may go beyond. */
  readonly visitsPerTick: number;
  /** Bytes on their way to a client beyond which nothing more of it is answered. */
  readonly outputBytesPaused: number;
  /** Bytes beyond which a client that does not read what it is sent is given up. */
  readonly outputBytesMax: number;
  /** On their way to all clients; beyond it the slow ones (above outputBytesPaused) are given up. */
  readonly outputBytesTotal: number;
  /** What the watches of one connection hold, and of all. */
  readonly watchBytesPerConnection: number;
  readonly watchBytes: number;
}

export const SERVER_LIMITS: ServerLimits = {
  requestsPerConnection: 1_024,
  requestBytesPerConnection: 8 << 20,
  requestBytes: 64 << 20,
  requests: 10_000,
  forwardedBytes: 6 << 20,
  visitsPerTick: 20_000,
  outputBytesPaused: 1 << 20,
  outputBytesMax: 32 << 20,
  outputBytesTotal: 512 << 20,
  watchBytesPerConnection: 64 << 20,
  watchBytes: 512 << 20,
};

/**
 * For tests only: a simulation turns one off and must then find the run of events that it is there
 * for. Nothing outside of tests sets these.
 */
export interface ServerRules {
  /** A watch fires before any answer that shows the change. */
  readonly watchFirst: boolean;
  /** What was forwarded and not answered for long is forwarded again. */
  readonly resendOverdue: boolean;
}

export const SERVER_RULES: ServerRules = { watchFirst: true, resendOverdue: true };

export interface ServerOptions {
  /** The number that this process drew at its start; with a connection's, it names it in the log. */
  readonly server: number;
  readonly tree: Tree;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** The four-letter words that are answered; "*" for all. */
  readonly wordsWhitelist: ReadonlySet<string>;
  readonly limits?: Partial<ServerLimits>;
  readonly rules?: Partial<ServerRules>;
}

/**
 * - new: nothing has come from it.
 * - connecting: its session is being made or moved; what it sends meanwhile waits.
 * - open: it speaks for its session.
 * - ending: it gets what was written to it, and is heard no more.
 */
export type ClientPhase = "new" | "connecting" | "open" | "ending";

export interface Client {
  /** The shell's number for it, which also names the connection in the log. */
  readonly id: number;
  /** As an operator knows it: host:port. */
  readonly address: string;
  readonly openedMs: number;
  /** Becomes the password of the session if it asks for a new one. */
  readonly password: Uint8Array;
  phase: ClientPhase;
  /** 0 until it has one. */
  session: number;
  timeoutMs: number;
  /** Clients since 3.4 say whether they would take a read-only server, and are answered on it. */
  knowsReadOnly: boolean;
  identities: readonly Identity[];
  /** What was forwarded to make or move its session, while that is under way. */
  connecting: Entry | undefined;
  /** Of its last write. */
  sequence: number;
  /** Its syncs that the leader has not confirmed. */
  syncCount: number;
  /** Its heavy reads that wait, for their turn or for the next tick. */
  heavyCount: number;
  readonly requests: RequestQueue;
  /** Packets that were read and are not yet taken up, in order. */
  backlog: readonly Uint8Array[];
  backlogBytes: number;
  isPaused: boolean;
  /** It asked for its end, or failed: what it sends from now on is not looked at. */
  isDeaf: boolean;
  lastHeardMs: number;
  /** When a scan first found it ending. */
  endingSinceMs: number | undefined;
  /** Its session is among those to report. */
  isTouched: boolean;
  /** Some of its requests were skipped, so they have to be sent again. */
  needsResend: boolean;
  lastResentMs: number;
  output: Output | undefined;
  /** Bytes handed to the shell that have not left the process, as far as that has told. */
  unsentBytes: number;
  readonly counts: ClientCounts;
}

export interface ClientCounts {
  received: number;
  sent: number;
  readonly latency: Latency;
  /** The number of the last operation that was answered, 0 before the first. */
  lastOp: number;
  lastXid: number;
  lastZxid: number;
  lastAnsweredMs: number;
  lastLatencyMs: number;
}

/** What one step writes to one client. */
export interface Output {
  chunks: Uint8Array[];
  bytes: number;
  /** Holds the replies that are not yet a chunk. */
  writer: Writer | undefined;
}

export interface ServerCounts {
  readonly sinceMs: number;
  received: number;
  sent: number;
  receivedBytes: number;
  readonly latency: Latency;
  readonly readLatency: Latency;
  readonly writeLatency: Latency;
  connectRequests: number;
  reattached: number;
  authFailed: number;
  slowClosed: number;
  events: number;
  eventBytes: number;
  applied: number;
}

export interface PendingSync {
  readonly tag: number;
  readonly client: Client;
  readonly request: PendingRequest;
}

export interface ServerState {
  readonly options: ServerOptions;
  readonly limits: ServerLimits;
  readonly rules: ServerRules;
  /** Replaced when rows of a later slot are loaded. */
  tree: Tree;
  readonly clients: Map<number, Client>;
  /** Which connection speaks for a session here. */
  readonly bySession: Map<number, Client>;
  readonly watches: WatchTable;
  isServing: boolean;
  /** Unanswered requests of all clients. */
  outstanding: number;
  /** What those hold. */
  requestBytes: number;
  /** Of packets that were read and are not taken up. */
  backlogBytes: number;
  /** These hold so much together that no connection is read. */
  isFull: boolean;
  /** Of the writes that are on their way to the leader. */
  forwardedBytes: number;
  /** Clients with writes that wait for some of those, in the order in which they began to. */
  readonly holding: Set<Client>;
  /** What all clients have not taken. */
  unsentBytes: number;
  /** Clients that have a session and a backlog, in the order in which they began to wait. */
  readonly waiting: Set<Client>;
  readonly resending: Set<Client>;
  /** Clients whose next answer is to a heavy read, which waits for a tick. */
  readonly heavy: Set<Client>;
  /** By heavy reads since the last tick. */
  visits: number;
  touched: number[];
  syncTag: number;
  /** When the leader was last asked to confirm itself. */
  syncAskedMs: number;
  readonly syncs: PendingSync[];
  lastScanMs: number;
  readonly counts: ServerCounts;
  /** Gathered during a step. */
  effects: ServerEffect[];
  forwards: Entry[];
  needsSync: boolean;
  /** Some requests were answered, so others may find room. */
  hasReleased: boolean;
  dirty: Client[];
  closings: { readonly client: Client; readonly how: "end" | "destroy" }[];
  readonly writers: Writer[];
  /** What fired in this step and waits for its end: only where a test has turned `watchFirst` off. */
  belated: { readonly client: Client; readonly packet: Uint8Array }[];
}

export function createServer(options: ServerOptions, nowMs: number): ServerState {
  const limits = { ...SERVER_LIMITS, ...options.limits };
  const { watchBytesPerConnection, watchBytes } = limits;
  return {
    options,
    limits,
    rules: { ...SERVER_RULES, ...options.rules },
    tree: options.tree,
    clients: new Map(),
    bySession: new Map(),
    watches: new WatchTable({
      bytesPerConnectionMax: watchBytesPerConnection,
      bytesMax: watchBytes,
    }),
    isServing: false,
    outstanding: 0,
    requestBytes: 0,
    backlogBytes: 0,
    isFull: false,
    forwardedBytes: 0,
    holding: new Set(),
    unsentBytes: 0,
    waiting: new Set(),
    resending: new Set(),
    heavy: new Set(),
    visits: 0,
    touched: [],
    syncTag: 0,
    syncAskedMs: nowMs,
    syncs: [],
    lastScanMs: nowMs,
    counts: newCounts(nowMs),
    effects: [],
    forwards: [],
    needsSync: false,
    hasReleased: false,
    dirty: [],
    closings: [],
    writers: [],
    belated: [],
  };
}

export function newClient(
  { id, address, password }: Pick<Client, "id" | "address" | "password">,
  nowMs: number,
): Client {
  return {
    id,
    address,
    openedMs: nowMs,
    password,
    phase: "new",
    session: 0,
    timeoutMs: 0,
    knowsReadOnly: false,
    identities: [],
    connecting: undefined,
    sequence: 0,
    syncCount: 0,
    heavyCount: 0,
    requests: new RequestQueue(),
    backlog: [],
    backlogBytes: 0,
    isPaused: false,
    isDeaf: false,
    lastHeardMs: nowMs,
    endingSinceMs: undefined,
    isTouched: false,
    needsResend: false,
    lastResentMs: Number.NEGATIVE_INFINITY,
    output: undefined,
    unsentBytes: 0,
    counts: {
      received: 0,
      sent: 0,
      latency: newLatency(),
      lastOp: 0,
      lastXid: -1,
      lastZxid: -1,
      lastAnsweredMs: 0,
      lastLatencyMs: 0,
    },
  };
}

function newCounts(nowMs: number): ServerCounts {
  return {
    sinceMs: nowMs,
    received: 0,
    sent: 0,
    receivedBytes: 0,
    latency: newLatency(),
    readLatency: newLatency(),
    writeLatency: newLatency(),
    connectRequests: 0,
    reattached: 0,
    authFailed: 0,
    slowClosed: 0,
    events: 0,
    eventBytes: 0,
    applied: 0,
  };
}
