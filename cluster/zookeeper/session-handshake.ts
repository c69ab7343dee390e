/** How a connection becomes one of the session: who we are, whom we may speak for, what we watch. */
import type { Reader } from "../wire/reader.ts";
import { ERRORS } from "./error-codes.ts";
import { XIDS } from "./header-records.ts";
import { PacketEncoder } from "./packet-encoder.ts";
import { changeStatus, end, expire } from "./session-ending.ts";
import {
  connectRequest,
  connectResponse,
  NO_SESSION,
  PROTOCOL_VERSION,
} from "./session-records.ts";
import { requestPacket, sendOwn } from "./session-request.ts";
import type { Auth, SessionEffect, SessionEvent, SessionState } from "./session-state.ts";
import type { SetWatches2 } from "./watch-records.ts";

const AUTH_COUNT_MAX = 100;

const hello = new PacketEncoder(256);

export function sayHello(state: SessionState, attempt: number, effects: SessionEffect[]): void {
  if (state.link.type !== "connecting" || state.link.attempt !== attempt) return;
  const { session, lastZxid, config } = state;
  hello.append((out) =>
    connectRequest.encode(out, {
      protocolVersion: PROTOCOL_VERSION,
      lastZxidSeen: lastZxid,
      timeOut: config.sessionTimeoutMs,
      sessionId: session.id,
      passwd: session.password,
      readOnly: false,
    }),
  );
  effects.push({ type: "send", attempt, packet: hello.take() });
}

export function receiveWelcome(
  state: SessionState,
  input: Reader,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const { attempt } = state;
  const { sessionId, timeOut, passwd } = connectResponse.decode(input);
  if (timeOut <= 0 || sessionId === NO_SESSION) {
    expire(state, nowMs, effects);
    return;
  }
  state.session = {
    id: sessionId,
    // A view of a chunk from the socket would keep all of it alive.
    password: Uint8Array.from(passwd ?? state.session.password),
    timeoutMs: timeOut,
  };
  state.link = {
    type: "live",
    attempt,
    sinceMs: nowMs,
    lastSentMs: nowMs,
    lastReceivedMs: nowMs,
    server: state.link.type === "connecting" ? state.link.server : "",
  };
  changeStatus(state, "connected", state.link.server, effects);
  for (const auth of state.auths) sendAuth(state, auth, nowMs, effects);
  for (const body of state.watches.replay(state.lastZxid)) {
    const operation = hasPersistent(body) ? "setWatches2" : "setWatches";
    sendOwn(state, { operation, xid: XIDS.setWatches, body }, nowMs, effects);
  }
}

/** Servers before 3.6 know only the older request. */
function hasPersistent(body: SetWatches2): boolean {
  return body.persistentWatches.length + body.persistentRecursiveWatches.length > 0;
}

export function addAuth(
  state: SessionState,
  { id, body }: Extract<SessionEvent, { type: "authRequested" }>,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const isEnded = state.link.type === "ended" || state.closeDeadlineMs !== undefined;
  if (isEnded || state.auths.length >= AUTH_COUNT_MAX) {
    const why = isEnded ? "closed" : "overloaded";
    const detail = isEnded ? "the session is over" : `${AUTH_COUNT_MAX} credentials are enough`;
    effects.push({ type: "reply", id, outcome: { type: "failed", why, detail } });
    return;
  }
  const auth = { id, packet: requestPacket("auth", XIDS.auth, body), isAccepted: false };
  state.auths.push(auth);
  if (state.link.type === "live") sendAuth(state, auth, nowMs, effects);
}

function sendAuth(state: SessionState, auth: Auth, nowMs: number, effects: SessionEffect[]): void {
  if (state.link.type !== "live") return;
  state.link.lastSentMs = nowMs;
  state.authsInFlight.push(auth);
  effects.push({ type: "send", attempt: state.link.attempt, packet: auth.packet });
}

export function receiveAuthReply(
  state: SessionState,
  code: number,
  effects: SessionEffect[],
): void {
  const auth = state.authsInFlight.shift();
  if (auth === undefined) return;
  if (code !== ERRORS.OK) {
    if (!auth.isAccepted) {
      auth.isAccepted = true; // So that the end does not answer it again.
      effects.push({ type: "reply", id: auth.id, outcome: { type: "refused", code } });
    }
    end(state, "authFailed", `error ${code}`, effects);
    return;
  }
  if (auth.isAccepted) return;
  auth.isAccepted = true;
  const outcome = { type: "answered", response: {}, zxid: 0 } as const;
  effects.push({ type: "reply", id: auth.id, outcome });
}
