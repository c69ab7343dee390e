/**
 * A ZooKeeper client's session, as a pure core: which server to talk to, when the silence is too
 * long, what was asked and what came back. Its shell is client.ts.
 *
 *             ┌───────────┐  time is up   ┌────────────┐  ConnectResponse   ┌──────┐
 *   start ──> │  waiting  │ ────────────> │ connecting │ ─────────────────> │ live │
 *             └───────────┘ <──────────── └────────────┘                    └──────┘
 *                   ^        failed or slow                 lost or silent      │
 *                   └───────────────────────────────────────────────────────────┘
 *
 * - Answers come in the order of the requests; one that does not ends the connection.
 * - A request that was sent when the connection is lost fails with "connectionLost". Nothing is ever
 *   sent twice: whether the server did it is for the caller to find out. What has not been sent
 *   waits for the next server, but no longer than a session lasts.
 * - The session goes on at another server. Before any request that waits go the credentials, then
 *   the watches, which the server compares with the last zxid that this client has seen: what
 *   changed meanwhile is told at once.
 * - Only a server can say that a session has expired. Until one does, all that rests on the session
 *   is in doubt: status "disconnected".
 */
import { unreachable } from "../base/assert.ts";
import type { Tick } from "../runtime/core.ts";
import { CodecError } from "../wire/codec-error.ts";
import { Reader } from "../wire/reader.ts";
import { ERRORS } from "./error-codes.ts";
import { type ReplyHeader, replyHeader, XIDS } from "./header-records.ts";
import { end, lose } from "./session-ending.ts";
import { addAuth, receiveAuthReply, receiveWelcome, sayHello } from "./session-handshake.ts";
import { NO_SESSION } from "./session-records.ts";
import {
  answer,
  enqueue,
  enqueueClose,
  failOverdue,
  receiveEvent,
  sendOwn,
  sendQueued,
} from "./session-request.ts";
import type { SessionEffect, SessionEvent, SessionState } from "./session-state.ts";

const CONNECT_TIMEOUT_MS_MIN = 200;
const CLOSE_WAIT_MS_MAX = 5000;

export function stepSession(
  state: SessionState,
  event: SessionEvent | Tick,
  nowMs: number,
): SessionEffect[] {
  const effects: SessionEffect[] = [];
  note(state, event, nowMs, effects);
  decide(state, nowMs, effects);
  return effects;
}

/** When the core wants to be asked again although nothing has happened. */
export function wakeAtMs(state: SessionState): number {
  const { link, closeDeadlineMs = Number.POSITIVE_INFINITY } = state;
  const queuedMs = state.queue.peek()?.deadlineMs ?? Number.POSITIVE_INFINITY;
  switch (link.type) {
    case "waiting":
      return Math.min(link.untilMs, queuedMs, closeDeadlineMs);
    case "connecting":
      return Math.min(link.deadlineMs, queuedMs, closeDeadlineMs);
    case "live":
      return Math.min(pingDueMs(state), silenceEndMs(state), closeDeadlineMs);
    case "ended":
      return Number.POSITIVE_INFINITY;
    default:
      return unreachable(link, "link");
  }
}

function note(
  state: SessionState,
  event: SessionEvent | Tick,
  nowMs: number,
  effects: SessionEffect[],
): void {
  switch (event.type) {
    case "tick":
      forgive(state, event.lateMs);
      break;
    case "connected":
      sayHello(state, event.attempt, effects);
      break;
    case "packetReceived":
      receive(state, event, nowMs, effects);
      break;
    case "disconnected":
      if (isCurrent(state, event.attempt)) lose(state, event.reason, nowMs, effects);
      break;
    case "requested":
      enqueue(state, event, nowMs, effects);
      break;
    case "authRequested":
      addAuth(state, event, nowMs, effects);
      break;
    case "closeRequested":
      startClosing(state, nowMs, effects);
      break;
    default:
      unreachable(event, "event");
  }
}

function decide(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  if (state.closeDeadlineMs !== undefined && nowMs >= state.closeDeadlineMs) {
    end(state, "closed", "no server confirmed it in time", effects);
  }
  if (state.link.type === "connecting" && nowMs >= state.link.deadlineMs) {
    lose(state, "no answer in time", nowMs, effects);
  }
  if (state.link.type === "live" && nowMs >= silenceEndMs(state)) {
    lose(state, "the server is silent", nowMs, effects);
  }
  if (state.link.type === "live" && nowMs >= pingDueMs(state)) {
    sendOwn(state, { operation: "ping", xid: XIDS.ping, body: {} }, nowMs, effects);
  }
  if (state.link.type === "waiting" && nowMs >= state.link.untilMs) connect(state, nowMs, effects);
  sendQueued(state, nowMs, effects);
  failOverdue(state, nowMs, effects);
}

function pingDueMs({ link, session }: SessionState): number {
  return link.type === "live" ? link.lastSentMs + session.timeoutMs / 3 : Number.POSITIVE_INFINITY;
}

function silenceEndMs({ link, session }: SessionState): number {
  if (link.type !== "live") return Number.POSITIVE_INFINITY;
  return link.lastReceivedMs + (session.timeoutMs * 2) / 3;
}

/** This process stood still: what servers sent meanwhile still waits to be read. */
function forgive({ link }: SessionState, lateMs: number): void {
  if (link.type === "live") link.lastReceivedMs += lateMs;
  if (link.type === "connecting") link.deadlineMs += lateMs;
}

function isCurrent({ link }: SessionState, attempt: number): boolean {
  return (link.type === "connecting" || link.type === "live") && link.attempt === attempt;
}

function connect(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  const { servers, session } = state;
  const server = servers[state.nextServer % servers.length] as string;
  state.nextServer = (state.nextServer + 1) % servers.length;
  state.attempt += 1;
  const patienceMs = Math.max(session.timeoutMs / servers.length, CONNECT_TIMEOUT_MS_MIN);
  const { attempt } = state;
  state.link = { type: "connecting", attempt, server, deadlineMs: nowMs + patienceMs };
  effects.push({ type: "connect", attempt, server });
}

function receive(
  state: SessionState,
  { attempt, packet }: { attempt: number; packet: Uint8Array },
  nowMs: number,
  effects: SessionEffect[],
): void {
  if (!isCurrent(state, attempt)) return;
  try {
    const input = new Reader(packet);
    if (state.link.type === "connecting") receiveWelcome(state, input, nowMs, effects);
    else receiveReply(state, input, nowMs, effects);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    lose(state, `what the server sent makes no sense: ${error.message}`, nowMs, effects);
  }
}

function receiveReply(
  state: SessionState,
  input: Reader,
  nowMs: number,
  effects: SessionEffect[],
): void {
  if (state.link.type === "live") state.link.lastReceivedMs = nowMs;
  const header = replyHeader.decode(input);
  switch (header.xid) {
    case XIDS.ping:
      break;
    case XIDS.notification:
      receiveEvent(state, input, effects);
      break;
    case XIDS.auth:
      receiveAuthReply(state, header.err, effects);
      break;
    default:
      receiveAnswer(state, { header, input }, nowMs, effects);
  }
}

function receiveAnswer(
  state: SessionState,
  { header, input }: { header: ReplyHeader; input: Reader },
  nowMs: number,
  effects: SessionEffect[],
): void {
  const pending = answer(state, { header, input }, effects);
  if (pending === undefined) {
    lose(state, `it answered ${header.xid}, which is not what comes next`, nowMs, effects);
    return;
  }
  state.lastZxid = Math.max(state.lastZxid, header.zxid);
  if (pending.operation === "closeSession") end(state, "closed", "as asked for", effects);
  if (header.xid === XIDS.setWatches && header.err !== ERRORS.OK) {
    lose(state, `it does not set watches again (${header.err})`, nowMs, effects);
  }
}

function startClosing(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  if (state.link.type === "ended" || state.closeDeadlineMs !== undefined) return;
  if (state.session.id === NO_SESSION) {
    end(state, "closed", "as asked for", effects);
    return;
  }
  enqueueClose(state, nowMs);
  state.closeDeadlineMs = nowMs + Math.min(state.session.timeoutMs, CLOSE_WAIT_MS_MAX);
}
