/** What the client's core knows about its session, and the words it exchanges with its shell. */
import { assert } from "../base/assert.ts";
import { BoundedQueue } from "../base/bounded-queue.ts";
import { type Prng, randomShuffle } from "../base/prng.ts";
import type { OperationName, RequestOf } from "./operations.ts";
import { JUTE_MAXBUFFER } from "./packet-decoder.ts";
import { NO_SESSION, PASSWORD_SIZE } from "./session-records.ts";
import type { EventType } from "./watch-records.ts";
import { type Watcher, WatchTable } from "./watch-table.ts";

/**
 * connecting     no session yet
 * connected      requests are being answered
 * disconnected   the session may or may not still be there: what rests on it is in doubt
 * expired        it is over, with its ephemeral nodes; a new one follows if the client renews
 * authFailed     the server did not accept the credentials; the client is of no more use
 * closed         by the client
 */
export type SessionStatus =
  | "connecting"
  | "connected"
  | "disconnected"
  | "expired"
  | "authFailed"
  | "closed";

export interface SessionConfig {
  /** What to ask for; servers keep it between 2 and 20 of their ticks. */
  readonly sessionTimeoutMs: number;
  /** After its session expired the client starts a new one. */
  readonly renews: boolean;
  /** Requests that are not answered; one more fails with OVERLOADED. */
  readonly outstandingMax: number;
  readonly outstandingBytesMax: number;
  /** The servers' jute.maxbuffer: they close a connection on which a larger request comes. */
  readonly requestSizeMax: number;
}

export const DEFAULT_SESSION_CONFIG: SessionConfig = {
  sessionTimeoutMs: 10_000,
  renews: false,
  outstandingMax: 10_000,
  outstandingBytesMax: 64 << 20,
  requestSizeMax: JUTE_MAXBUFFER,
};

export interface Session {
  readonly id: bigint;
  readonly password: Uint8Array;
  /** As negotiated. */
  readonly timeoutMs: number;
}

/** Of a connection attempt; what comes of an earlier one is no longer of interest. */
export type Attempt = number;

export type Link =
  | { readonly type: "waiting"; readonly untilMs: number }
  /** Until the server has answered the ConnectRequest. */
  | {
      readonly type: "connecting";
      readonly attempt: Attempt;
      readonly server: string;
      deadlineMs: number;
    }
  | {
      readonly type: "live";
      readonly attempt: Attempt;
      readonly server: string;
      readonly sinceMs: number;
      lastSentMs: number;
      lastReceivedMs: number;
    }
  | { readonly type: "ended" };

export interface Pending {
  readonly id: RequestId;
  readonly operation: OperationName;
  readonly path: string | undefined;
  readonly xid: number;
  readonly packet: Uint8Array;
  readonly watcher: Watcher | undefined;
  /** For addWatch its mode, for removeWatches its type. */
  readonly watchOption: number | undefined;
  /** When it is given up if it has not been sent by then. */
  readonly deadlineMs: number;
}

export interface Auth {
  readonly id: RequestId;
  readonly packet: Uint8Array;
  isAccepted: boolean;
}

/** Given by the shell; OWN_REQUEST for what the core asks for itself. */
export type RequestId = number;
export const OWN_REQUEST = 0;

export interface SessionState {
  readonly config: SessionConfig;
  status: SessionStatus;
  /** In random order, so that clients spread over the servers. */
  readonly servers: readonly string[];
  nextServer: number;
  /** Attempts since a connection last held. */
  failureCount: number;
  lastFailure: string;
  readonly prng: Prng;
  attempt: Attempt;
  link: Link;
  session: Session;
  /** The last change that an answer has shown: no server that is behind it may serve this client. */
  lastZxid: number;
  lastXid: number;
  /** Waits for a server. */
  readonly queue: BoundedQueue<Pending>;
  /** Sent; answers come in this order. */
  readonly inFlight: BoundedQueue<Pending>;
  outstandingCount: number;
  outstandingBytes: number;
  readonly watches: WatchTable;
  readonly auths: Auth[];
  /** Sent on this connection, in this order. */
  authsInFlight: Auth[];
  /** The client wants to end; by then it does, whatever the servers say. */
  closeDeadlineMs: number | undefined;
}

export type SessionEvent =
  | { readonly type: "connected"; readonly attempt: Attempt }
  | { readonly type: "packetReceived"; readonly attempt: Attempt; readonly packet: Uint8Array }
  | { readonly type: "disconnected"; readonly attempt: Attempt; readonly reason: string }
  | {
      readonly type: "requested";
      readonly id: RequestId;
      readonly operation: OperationName;
      /** What the operation's codec encodes. */
      readonly body: unknown;
      readonly path?: string | undefined;
      readonly watcher?: Watcher | undefined;
      readonly watchOption?: number | undefined;
    }
  | {
      readonly type: "authRequested";
      readonly id: RequestId;
      readonly body: RequestOf<"auth">;
    }
  | { readonly type: "closeRequested" };

export type Outcome =
  | { readonly type: "answered"; readonly response: unknown; readonly zxid: number }
  | { readonly type: "refused"; readonly code: number }
  | {
      readonly type: "failed";
      readonly why:
        | "connectionLost"
        | "unreachable"
        | "overloaded"
        | "tooLarge"
        | "expired"
        | "authFailed"
        | "closed";
      readonly detail: string;
    };

export type SessionEffect =
  /** To open a connection: "connected" or "disconnected" follows. An earlier one is over. */
  | { readonly type: "connect"; readonly attempt: Attempt; readonly server: string }
  | { readonly type: "disconnect"; readonly attempt: Attempt }
  | { readonly type: "send"; readonly attempt: Attempt; readonly packet: Uint8Array }
  | { readonly type: "reply"; readonly id: RequestId; readonly outcome: Outcome }
  | {
      readonly type: "notify";
      readonly watchers: readonly Watcher[];
      readonly event: { readonly type: EventType; readonly path: string };
    }
  | { readonly type: "statusChanged"; readonly status: SessionStatus; readonly reason: string };

/** As many as memory holds: `outstandingMax` is what bounds these queues. */
const QUEUE_CAPACITY = 2 ** 31;

export function createSessionState(
  options: Partial<SessionConfig> & { readonly servers: readonly string[]; readonly prng: Prng },
): SessionState {
  const { servers, prng, ...config } = options;
  assert(servers.length > 0, "an ensemble has a server");
  return {
    config: { ...DEFAULT_SESSION_CONFIG, ...config },
    status: "connecting",
    servers: randomShuffle(prng, [...servers]),
    nextServer: 0,
    failureCount: 0,
    lastFailure: "no server was asked yet",
    prng,
    attempt: 0,
    link: { type: "waiting", untilMs: Number.NEGATIVE_INFINITY },
    session: noSession(config.sessionTimeoutMs ?? DEFAULT_SESSION_CONFIG.sessionTimeoutMs),
    lastZxid: 0,
    lastXid: 0,
    queue: new BoundedQueue(QUEUE_CAPACITY),
    inFlight: new BoundedQueue(QUEUE_CAPACITY),
    outstandingCount: 0,
    outstandingBytes: 0,
    watches: new WatchTable(),
    auths: [],
    authsInFlight: [],
    closeDeadlineMs: undefined,
  };
}

export function noSession(timeoutMs: number): Session {
  return { id: NO_SESSION, password: new Uint8Array(PASSWORD_SIZE), timeoutMs };
}
