/**
 * A client of ZooKeeper, or of Kelp's monitors: one session, whatever server it is at.
 *
 *   const client = new ZooKeeperClient({ servers: "a:2181,b:2181/app", network, clock, seed });
 *   const { data, stat } = await client.getData("/config", { watch: (event) => reload(event) });
 *
 * Requests may be made at any time, also before there is a connection, and any number at once; they
 * are carried out in the order of the calls. They fail with ZooKeeperError if a server refuses them,
 * and with ClusterError CONNECTION_LOST (it may have been done), UNREACHABLE (it was not sent) or
 * OVERLOADED (neither).
 *
 * Data that is returned is a view of what came from the network: who keeps a little of much for long
 * copies it.
 */
import { assert } from "../base/assert.ts";
import { EMPTY_BYTES, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { createPrng } from "../base/prng.ts";
import type { StreamNetwork } from "../runtime/stream.ts";
import { type Acl, OPEN_ACL } from "./acl.ts";
import { Chroot } from "./chroot.ts";
import { parseConnectString } from "./connect-string.ts";
import type { MultiOp, MultiResult } from "./multi-records.ts";
import { ANY_VERSION, type Stat } from "./node-records.ts";
import type { OperationName, RequestOf, ResponseOf } from "./operations.ts";
import { outcomeError } from "./outcome-error.ts";
import { pathProblem } from "./path.ts";
import type { ClientInfo } from "./session-records.ts";
import { SessionShell } from "./session-shell.ts";
import {
  createSessionState,
  type Outcome,
  type SessionConfig,
  type SessionState,
  type SessionStatus,
} from "./session-state.ts";
import { type CreateOptions, createOp, isSequential, Transaction } from "./transaction.ts";
import {
  ADD_WATCH_MODES,
  type AddWatchMode,
  type EventType,
  WATCHER_TYPES,
  type WatcherType,
} from "./watch-records.ts";
import type { Watcher } from "./watch-table.ts";
import { isZooKeeperError, ZooKeeperError, zooKeeperErrorOf } from "./zookeeper-error.ts";

/** `none` means that the watch is over because the session is. */
export interface WatchEvent {
  readonly type: EventType;
  readonly path: string;
}
/** Told once, except by addWatch. The same function on the same watch twice is told once. */
export type WatchListener = (event: WatchEvent) => void;

export interface WatchOption {
  readonly watch?: WatchListener | undefined;
}

export interface ClientStatus {
  readonly status: SessionStatus;
  readonly reason: string;
}
export type StatusListener = (status: ClientStatus) => void;

export interface ZooKeeperClientOptions extends Partial<SessionConfig> {
  /** `host:port,host:port/chroot`. */
  readonly servers: string;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  /** Random, so that clients differ in which server they ask first. */
  readonly seed: number | bigint;
  /** The largest packet that a server may send: answers with many children are large. */
  readonly responseSizeMax?: number;
  /** What a node is created with if nothing else is said; open to everybody by default. */
  readonly acl?: readonly Acl[];
  readonly onStatus?: StatusListener;
}

const RESPONSE_SIZE_MAX = 64 << 20;

interface Waiting {
  readonly operation: OperationName;
  readonly path: string | undefined;
  resolve(response: unknown): void;
  reject(error: Error): void;
}

export class ZooKeeperClient {
  readonly clock: Clock;
  readonly #state: SessionState;
  readonly #shell: SessionShell;
  readonly #chroot: Chroot;
  readonly #acl: readonly Acl[];
  readonly #waiting = new Map<number, Waiting>();
  readonly #statusListeners = new Set<StatusListener>();
  #lastId = 0;
  #isClosing = false;
  /** What has been told, which may be behind what the core knows. */
  #status: ClientStatus = { status: "connecting", reason: "" };

  constructor(options: ZooKeeperClientOptions) {
    const {
      servers: text,
      network,
      clock,
      seed,
      responseSizeMax,
      acl,
      onStatus,
      ...config
    } = options;
    const { servers, chroot } = parseConnectString(text);
    this.clock = clock;
    this.#chroot = new Chroot(chroot);
    this.#acl = acl ?? OPEN_ACL;
    this.#state = createSessionState({ ...config, servers, prng: createPrng(seed) });
    if (onStatus !== undefined) this.#statusListeners.add(onStatus);
    this.#shell = new SessionShell({
      state: this.#state,
      network,
      clock,
      responseSizeMax: responseSizeMax ?? RESPONSE_SIZE_MAX,
      listener: {
        replied: (id, outcome) => this.#replied(id, outcome),
        notified: (watchers, event) => this.#notified(watchers, event),
        statusChanged: (status, reason) => this.#statusChanged({ status, reason }),
      },
    });
  }

  get status(): SessionStatus {
    return this.#status.status;
  }

  /** 0 before there is one. */
  get sessionId(): bigint {
    return this.#state.session.id;
  }

  /** As the servers granted it. */
  get sessionTimeoutMs(): number {
    return this.#state.session.timeoutMs;
  }

  /** The last change that an answer has shown. */
  get lastZxid(): number {
    return this.#state.lastZxid;
  }

  /** Why the last attempt to reach a server came to nothing, or a connection ended. */
  get lastFailure(): string {
    return this.#state.lastFailure;
  }

  /** Whether a new session will follow one that expires. */
  get renews(): boolean {
    return this.#state.config.renews && !this.#isClosing;
  }

  /** Returns how to stop listening. */
  onStatus(listener: StatusListener): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  /** Settles when requests are being answered; rejects if that will never be. */
  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = ({ status, reason }: ClientStatus): void => {
        if (status === "connecting" || status === "disconnected") return;
        if (status === "expired" && this.renews) return;
        stop();
        if (status === "connected") resolve();
        else
          reject(
            outcomeError({ type: "failed", why: status, detail: reason }, { operation: "connect" }),
          );
      };
      const stop = this.onStatus(look);
      look(this.#status);
    });
  }

  /** The path is the new node's, with its number if it is sequential. */
  async create(
    path: string,
    data: Uint8Array = EMPTY_BYTES,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const { type, ...op } = createOp(path, data, { acl: this.#acl, ...options });
    const sequential = isSequential(op.flags);
    const body = { ...op, path: this.#serverPath(path, type, { sequential }) };
    // Each of these operations has a request and an answer of the same form.
    const response = await this.#request(type as "create2", body, { path });
    return { path: this.#chroot.toClient(response.path), stat: response.stat };
  }

  async delete(path: string, version: number = ANY_VERSION): Promise<void> {
    await this.#request("delete", { path: this.#serverPath(path, "delete"), version }, { path });
  }

  /** Undefined if there is no such node; a watch then tells when it is created. */
  async exists(path: string, { watch }: WatchOption = {}): Promise<Stat | undefined> {
    try {
      return (await this.#read("exists", path, watch)).stat;
    } catch (error) {
      if (isZooKeeperError(error, "NONODE")) return undefined;
      throw error;
    }
  }

  /** A node that was created with null as its data has no bytes. */
  async getData(
    path: string,
    { watch }: WatchOption = {},
  ): Promise<{ data: Uint8Array; stat: Stat }> {
    const { data = EMPTY_BYTES, stat } = await this.#read("getData", path, watch);
    return { data, stat };
  }

  async setData(path: string, data: Uint8Array, version: number = ANY_VERSION): Promise<Stat> {
    const body = { path: this.#serverPath(path, "setData"), data, version };
    return (await this.#request("setData", body, { path })).stat;
  }

  async getAcl(path: string): Promise<{ acl: readonly Acl[]; stat: Stat }> {
    return await this.#request("getACL", { path: this.#serverPath(path, "getACL") }, { path });
  }

  /** `version` is compared with the ACL's own, `aversion`. */
  async setAcl(path: string, acl: readonly Acl[], version: number = ANY_VERSION): Promise<Stat> {
    const body = { path: this.#serverPath(path, "setACL"), acl, version };
    return (await this.#request("setACL", body, { path })).stat;
  }

  /** Names, in no order. */
  async getChildren(
    path: string,
    { watch }: WatchOption = {},
  ): Promise<{ children: readonly string[]; stat: Stat }> {
    return await this.#read("getChildren2", path, watch);
  }

  /** Of everything below the path. */
  async countDescendants(path: string): Promise<number> {
    const body = { path: this.#serverPath(path, "getAllChildrenNumber") };
    return (await this.#request("getAllChildrenNumber", body, { path })).totalNumber;
  }

  /** This session's ephemeral nodes at and below the path. */
  async getEphemerals(path = "/"): Promise<readonly string[]> {
    const body = { prefixPath: this.#serverPath(path, "getEphemerals") };
    const { ephemerals } = await this.#request("getEphemerals", body, { path });
    return ephemerals.map((ephemeral) => this.#chroot.toClient(ephemeral));
  }

  /** What is read afterwards shows every change that was acknowledged to anybody before. */
  async sync(path = "/"): Promise<void> {
    await this.#request("sync", { path: this.#serverPath(path, "sync") }, { path });
  }

  /** Told of every change until it is removed. `persistentRecursive` is told of all below, too. */
  async addWatch(path: string, mode: AddWatchMode, listener: WatchListener): Promise<void> {
    const watchOption = ADD_WATCH_MODES[mode];
    const body = { path: this.#serverPath(path, "addWatch"), mode: watchOption };
    await this.#request("addWatch", body, { path, watch: listener, watchOption });
  }

  /** Of all listeners, who are told. Fails with NOWATCHER if there is none. */
  async removeWatches(path: string, type: WatcherType): Promise<void> {
    const watchOption = WATCHER_TYPES[type];
    const body = { path: this.#serverPath(path, "removeWatches"), type: watchOption };
    await this.#request("removeWatches", body, { path, watchOption });
  }

  /** Whether the server has such a watch of this session. */
  async checkWatches(path: string, type: WatcherType): Promise<boolean> {
    const body = { path: this.#serverPath(path, "checkWatches"), type: WATCHER_TYPES[type] };
    try {
      await this.#request("checkWatches", body, { path });
      return true;
    } catch (error) {
      if (isZooKeeperError(error, "NOWATCHER")) return false;
      throw error;
    }
  }

  /** All or nothing. Throws with the first part that failed. */
  async multi(ops: readonly MultiOp[]): Promise<readonly MultiResult[]> {
    const results = await this.#request("multi", this.#serverOps(ops, "multi"), {});
    const index = results.findIndex((result) => result.type === "error" && result.err !== 0);
    const failed = results[index];
    if (failed?.type !== "error") return results.map((result) => this.#clientResult(result));
    const details = { operation: "multi", path: ops[index]?.path, failed: { index, results } };
    throw zooKeeperErrorOf(failed.err, details);
  }

  transaction(): Transaction {
    return new Transaction((ops) => this.multi(ops), this.#acl);
  }

  /** Reads several nodes at one moment; a part that failed is a result of type "error". */
  async multiRead(
    ops: readonly { readonly type: "getData" | "getChildren"; readonly path: string }[],
  ): Promise<readonly MultiResult[]> {
    const reads = ops.map((op) => ({ ...op, watch: false }));
    return await this.#request("multiRead", this.#serverOps(reads, "multiRead"), {});
  }

  /** Whom the server takes this session for. */
  async whoAmI(): Promise<readonly ClientInfo[]> {
    return (await this.#request("whoAmI", {}, {})).clientInfo;
  }

  /** Also at the servers that the session moves to. A refusal ends the client. */
  async addAuth(scheme: string, credentials: string): Promise<void> {
    const body = { type: 0, scheme, auth: utf8(credentials) };
    await this.#await("auth", undefined, (id) => {
      this.#shell.submit({ type: "authRequested", id, body });
    });
  }

  /** Changes who is in the ensemble, where that is enabled. Returns the new configuration. */
  async reconfigure(change: RequestOf<"reconfig">): Promise<{ data: Uint8Array; stat: Stat }> {
    const { data = EMPTY_BYTES, stat } = await this.#request("reconfig", change, {});
    return { data, stat };
  }

  /** Ends the session and with it its ephemeral nodes, after what was asked for before. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise((resolve) => {
      const look = ({ status }: ClientStatus): void => {
        const isRenewed = status === "expired" && this.#state.config.renews;
        if (isRenewed || !["closed", "expired", "authFailed"].includes(status)) return;
        stop();
        resolve();
      };
      const stop = this.onStatus(look);
      look(this.#status);
      this.#shell.submit({ type: "closeRequested" });
    });
  }

  #read<N extends "exists" | "getData" | "getChildren2">(
    operation: N,
    path: string,
    watch: WatchListener | undefined,
  ): Promise<ResponseOf<N>> {
    const body = { path: this.#serverPath(path, operation), watch: watch !== undefined };
    return this.#request(operation, body as RequestOf<N>, { path, watch });
  }

  #request<N extends OperationName>(
    operation: N,
    body: RequestOf<N>,
    about: { path?: string; watch?: WatchListener | undefined; watchOption?: number },
  ): Promise<ResponseOf<N>> {
    const { path, watch: watcher, watchOption } = about;
    const serverPath = path === undefined ? undefined : this.#chroot.toServer(path);
    const response = this.#await(operation, path, (id) => {
      const event = { type: "requested", id, operation, body, watcher, watchOption } as const;
      this.#shell.submit({ ...event, path: serverPath });
    });
    return response as Promise<ResponseOf<N>>;
  }

  #await(
    operation: OperationName,
    path: string | undefined,
    submit: (id: number) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { operation, path, resolve, reject });
      submit(this.#lastId);
    });
  }

  /** Throws BADARGUMENTS, as a server would, before anything is sent. */
  #serverPath(path: string, operation: string, options?: { sequential: boolean }): string {
    const hint = pathProblem(path, options);
    if (hint !== undefined) throw new ZooKeeperError("BADARGUMENTS", { operation, path, hint });
    return this.#chroot.toServer(path);
  }

  #serverOps(ops: readonly MultiOp[], operation: string): readonly MultiOp[] {
    return ops.map((op) => {
      const sequential = "flags" in op && isSequential(op.flags);
      return { ...op, path: this.#serverPath(op.path, operation, { sequential }) };
    });
  }

  #clientResult(result: MultiResult): MultiResult {
    if (result.type !== "create" && result.type !== "create2") return result;
    return { ...result, path: this.#chroot.toClient(result.path) };
  }

  #replied(id: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(id);
    assert(waiting !== undefined, "every request is answered once");
    this.#waiting.delete(id);
    if (outcome.type === "answered") waiting.resolve(outcome.response);
    else waiting.reject(outcomeError(outcome, waiting));
  }

  #notified(watchers: readonly Watcher[], { type, path }: WatchEvent): void {
    const event = { type, path: this.#chroot.toClient(path) };
    // What was given to the core as a watcher was a listener.
    for (const watcher of watchers) (watcher as WatchListener)(event);
  }

  #statusChanged(status: ClientStatus): void {
    this.#status = status;
    for (const listener of [...this.#statusListeners]) listener(status);
  }
}
