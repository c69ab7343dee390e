/** Requests of a session: they queue, go out, are answered in their order, or fail. */
import type { Codec } from "../wire/codec.ts";
import type { Reader } from "../wire/reader.ts";
import { ERRORS } from "./error-codes.ts";
import { type ReplyHeader, requestHeader, XIDS } from "./header-records.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { PacketEncoder } from "./packet-encoder.ts";
import {
  type Outcome,
  OWN_REQUEST,
  type Pending,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from "./session-state.ts";
import {
  ADD_WATCH_MODES,
  eventTypeOf,
  WATCHER_TYPES,
  type WatcherType,
  watcherEvent,
} from "./watch-records.ts";
import type { WatchKind } from "./watch-table.ts";

type Requested = Extract<SessionEvent, { type: "requested" }>;
type Why = Extract<Outcome, { type: "failed" }>["why"];
interface Failure {
  readonly why: Why;
  readonly detail: string;
}

const XID_MAX = 2 ** 31 - 1;
const packets = new PacketEncoder();

/** One packet of a header and a body. */
export function requestPacket(operation: OperationName, xid: number, body: unknown): Uint8Array {
  const { code, request } = OPERATIONS[operation];
  packets.append((out) => {
    requestHeader.encode(out, { xid, type: code });
    (request as Codec<unknown>).encode(out, body);
  });
  return packets.take();
}

/** It waits for a connection, or fails at once. */
export function enqueue(
  state: SessionState,
  event: Requested,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const { id, operation, body, path, watcher, watchOption } = event;
  const refusal = endedFailure(state);
  if (refusal !== undefined) {
    effects.push(failed(id, refusal));
    return;
  }
  const xid = nextXid(state);
  const packet = requestPacket(operation, xid, body);
  const overload = sizeFailure(state, packet.byteLength);
  if (overload !== undefined) {
    effects.push(failed(id, overload));
    return;
  }
  state.lastXid = xid;
  state.outstandingCount += 1;
  state.outstandingBytes += packet.byteLength;
  const deadlineMs = nowMs + state.config.sessionTimeoutMs;
  state.queue.push({ id, operation, path, xid, packet, watcher, watchOption, deadlineMs });
}

/** Behind everything that waits, and beside the bounds: nothing comes after it. */
export function enqueueClose(state: SessionState, nowMs: number): void {
  const xid = nextXid(state);
  state.lastXid = xid;
  const packet = requestPacket("closeSession", xid, {});
  const rest = { path: undefined, watcher: undefined, watchOption: undefined };
  const deadlineMs = nowMs + state.config.sessionTimeoutMs;
  state.queue.push({
    id: OWN_REQUEST,
    operation: "closeSession",
    xid,
    packet,
    deadlineMs,
    ...rest,
  });
}

function nextXid({ lastXid }: SessionState): number {
  return lastXid === XID_MAX ? 1 : lastXid + 1;
}

function endedFailure(state: SessionState): Failure | undefined {
  if (state.closeDeadlineMs !== undefined || state.status === "closed") {
    return { why: "closed", detail: "the client was closed" };
  }
  if (state.link.type !== "ended") return undefined;
  return state.status === "authFailed"
    ? { why: "authFailed", detail: "the server did not accept the client's credentials" }
    : { why: "expired", detail: "the session is over" };
}

function sizeFailure(state: SessionState, size: number): Failure | undefined {
  const { requestSizeMax, outstandingMax, outstandingBytesMax } = state.config;
  if (size > requestSizeMax) {
    const detail = `the request has ${size} bytes, and servers accept ${requestSizeMax}`;
    return { why: "tooLarge", detail };
  }
  const isFull =
    state.outstandingCount >= outstandingMax || state.outstandingBytes + size > outstandingBytesMax;
  if (!isFull) return undefined;
  const { outstandingCount: count, outstandingBytes } = state;
  return {
    why: "overloaded",
    detail: `${count} requests of ${outstandingBytes} bytes wait for an answer`,
  };
}

/** What waits goes to the server, if there is one. */
export function sendQueued(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  const { link } = state;
  if (link.type !== "live") return;
  for (let next = state.queue.shift(); next !== undefined; next = state.queue.shift()) {
    state.inFlight.push(next);
    effects.push({ type: "send", attempt: link.attempt, packet: next.packet });
    link.lastSentMs = nowMs;
  }
}

/** Requests of the core's own: they come before all that waits, and nobody gets a reply. */
export function sendOwn(
  state: SessionState,
  { operation, xid, body }: { operation: OperationName; xid: number; body: unknown },
  nowMs: number,
  effects: SessionEffect[],
): void {
  const { link } = state;
  if (link.type !== "live") return;
  const packet = requestPacket(operation, xid, body);
  effects.push({ type: "send", attempt: link.attempt, packet });
  link.lastSentMs = nowMs;
  if (xid === XIDS.ping || xid === XIDS.auth) return; // Their answers stand outside of the order.
  const rest = { path: undefined, watcher: undefined, watchOption: undefined };
  state.inFlight.push({ id: OWN_REQUEST, operation, xid, packet, deadlineMs: nowMs, ...rest });
}

/**
 * The request that was answered, or undefined if this is no answer to the oldest. Throws CodecError
 * if the answer cannot be read; then the request has not been answered.
 */
export function answer(
  state: SessionState,
  { header, input }: { header: ReplyHeader; input: Reader },
  effects: SessionEffect[],
): Pending | undefined {
  const pending = state.inFlight.peek();
  if (pending?.xid !== header.xid) return undefined;
  const { id, operation } = pending;
  const { err: code, zxid } = header;
  const isOk = code === ERRORS.OK;
  const response = isOk ? OPERATIONS[operation].response.decode(input) : undefined;
  state.inFlight.shift();
  release(state, pending);
  noteWatch(state, pending, code);
  if (id !== OWN_REQUEST) {
    const outcome: Outcome = isOk
      ? { type: "answered", response, zxid }
      : { type: "refused", code };
    effects.push({ type: "reply", id, outcome });
  }
  if (operation === "removeWatches" && isOk) removeWatches(state, pending, effects);
  return pending;
}

function noteWatch({ watches }: SessionState, pending: Pending, code: number): void {
  const { watcher, path } = pending;
  if (watcher === undefined || path === undefined) return;
  const kind = kindOf(pending, code);
  if (kind !== undefined) watches.add(kind, path, watcher);
}

function kindOf({ operation, watchOption }: Pending, code: number): WatchKind | undefined {
  if (operation === "exists" && code === ERRORS.NONODE) return "exist";
  if (code !== ERRORS.OK) return undefined;
  switch (operation) {
    case "exists":
    case "getData":
      return "data";
    case "getChildren":
    case "getChildren2":
      return "child";
    case "addWatch":
      return watchOption === ADD_WATCH_MODES.persistent ? "persistent" : "recursive";
    default:
      return undefined;
  }
}

function removeWatches(
  { watches }: SessionState,
  { path, watchOption }: Pending,
  effects: SessionEffect[],
): void {
  const names = Object.keys(WATCHER_TYPES) as WatcherType[];
  const type = names.find((name) => WATCHER_TYPES[name] === watchOption);
  if (path === undefined || type === undefined) return;
  for (const removed of watches.remove(path, type)) {
    const { watchers } = removed;
    effects.push({ type: "notify", watchers, event: { type: removed.type, path } });
  }
}

/** Throws CodecError if it is no event. One of a type that is not known tells nobody anything. */
export function receiveEvent(state: SessionState, input: Reader, effects: SessionEffect[]): void {
  const { type: number, path } = watcherEvent.decode(input);
  const type = eventTypeOf(number);
  if (type === undefined || type === "none") return;
  const watchers = state.watches.fire(type, path);
  if (watchers.length > 0) effects.push({ type: "notify", watchers, event: { type, path } });
}

/** Requests that have waited for a server for so long that nobody waits for them any more. */
export function failOverdue(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  for (;;) {
    const next = state.queue.peek();
    if (next === undefined || next.deadlineMs > nowMs) return;
    state.queue.shift();
    release(state, next);
    const detail = `it was not sent, no server can be reached; last: ${state.lastFailure}`;
    if (next.id !== OWN_REQUEST) effects.push(failed(next.id, { why: "unreachable", detail }));
  }
}

export function failInFlight(
  state: SessionState,
  failure: Failure,
  effects: SessionEffect[],
): void {
  failAll(state, state.inFlight, failure, effects);
}

/** Also what was never sent. */
export function failEverything(
  state: SessionState,
  failure: Failure,
  effects: SessionEffect[],
): void {
  failAll(state, state.inFlight, failure, effects);
  failAll(state, state.queue, failure, effects);
}

export function failAuths(state: SessionState, failure: Failure, effects: SessionEffect[]): void {
  for (const { id, isAccepted } of state.auths) {
    if (!isAccepted) effects.push(failed(id, failure));
  }
  state.auths.length = 0;
  state.authsInFlight = [];
}

function failAll(
  state: SessionState,
  queue: SessionState["queue"],
  failure: Failure,
  effects: SessionEffect[],
): void {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    release(state, next);
    if (next.id !== OWN_REQUEST) effects.push(failed(next.id, failure));
  }
}

function release(state: SessionState, { id, packet }: Pending): void {
  if (id === OWN_REQUEST) return;
  state.outstandingCount -= 1;
  state.outstandingBytes -= packet.byteLength;
}

function failed(id: number, { why, detail }: Failure): SessionEffect {
  return { type: "reply", id, outcome: { type: "failed", why, detail } };
}
