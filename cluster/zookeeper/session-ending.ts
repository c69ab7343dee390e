/** How connections and sessions end, and what becomes of all that rested on them. */
import { randomBetween } from "../base/prng.ts";
import { failAuths, failEverything, failInFlight } from "./session-request.ts";
import {
  noSession,
  type SessionEffect,
  type SessionState,
  type SessionStatus,
} from "./session-state.ts";

/** Between two rounds through all servers, growing from the first to the second. */
const BACK_OFF_MS_MIN = 50;
const BACK_OFF_MS_MAX = 2000;
/** A connection that was lost sooner counts as an attempt that failed. */
const STABLE_MS = 1000;

/** The connection is over, the session perhaps not. */
export function lose(
  state: SessionState,
  reason: string,
  nowMs: number,
  effects: SessionEffect[],
): void {
  const { link } = state;
  if (link.type !== "live" && link.type !== "connecting") return;
  effects.push({ type: "disconnect", attempt: link.attempt });
  state.lastFailure = `${link.server}: ${reason}`;
  state.authsInFlight = [];
  const hasHeld = link.type === "live" && nowMs - link.sinceMs >= STABLE_MS;
  state.failureCount = hasHeld ? 0 : state.failureCount + 1;
  state.link = { type: "waiting", untilMs: nowMs + backOffMs(state) };
  if (link.type === "connecting") return;
  changeStatus(state, "disconnected", state.lastFailure, effects);
  failInFlight(state, { why: "connectionLost", detail: state.lastFailure }, effects);
  // The request to close the session was among those.
  if (state.closeDeadlineMs !== undefined) end(state, "closed", state.lastFailure, effects);
}

/** Every server is tried once without waiting; then the rounds become slower. */
function backOffMs({ failureCount, servers, prng }: SessionState): number {
  const round = Math.floor(failureCount / servers.length);
  if (round === 0) return 0;
  const bound = Math.min(BACK_OFF_MS_MIN * 2 ** Math.min(round - 1, 10), BACK_OFF_MS_MAX);
  return randomBetween(prng, bound / 2, bound);
}

/** The server says that the session is over. */
export function expire(state: SessionState, nowMs: number, effects: SessionEffect[]): void {
  if (!state.config.renews || state.closeDeadlineMs !== undefined) {
    const status = state.closeDeadlineMs === undefined ? "expired" : "closed";
    end(state, status, "the session was over", effects);
    return;
  }
  effects.push({ type: "disconnect", attempt: state.attempt });
  state.link = { type: "waiting", untilMs: nowMs + backOffMs(state) };
  state.session = noSession(state.config.sessionTimeoutMs);
  changeStatus(state, "expired", "the server says so; a new session follows", effects);
  failEverything(state, { why: "expired", detail: "the session expired" }, effects);
  endWatches(state, effects);
}

/** The last that happens. */
export function end(
  state: SessionState,
  status: "expired" | "authFailed" | "closed",
  reason: string,
  effects: SessionEffect[],
): void {
  if (state.link.type === "ended") return;
  if (state.link.type !== "waiting") {
    effects.push({ type: "disconnect", attempt: state.link.attempt });
  }
  state.link = { type: "ended" };
  changeStatus(state, status, reason, effects);
  failEverything(state, { why: status, detail: reason }, effects);
  failAuths(state, { why: status, detail: reason }, effects);
  endWatches(state, effects);
}

function endWatches(state: SessionState, effects: SessionEffect[]): void {
  for (const { watchers, path, type } of state.watches.clear()) {
    effects.push({ type: "notify", watchers, event: { type, path } });
  }
}

export function changeStatus(
  state: SessionState,
  status: SessionStatus,
  reason: string,
  effects: SessionEffect[],
): void {
  if (state.status === status) return;
  state.status = status;
  effects.push({ type: "statusChanged", status, reason });
}
