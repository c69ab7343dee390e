/**
 * What was forwarded can get lost with the leader that had it, and what came after it is skipped
 * then. Everything that is unanswered is sent again, in order and from the first: the log ignores
 * what it has (PROTOCOLS M4), so too often costs little and too seldom would hang a client.
 *
 * A lost request makes each later one in flight skip, one by one; so a connection sends again at
 * once, and then not again before RESEND_MIN_MS have passed. One that nothing follows is missed by
 * nobody else, and messages between members may get lost on a connection that holds; so what a
 * connection waits for without any answer for OVERDUE_MS is sent again, too. One whose answers come,
 * however late, has lost nothing: it would only add to what makes them late.
 */
import { entryOf } from "./forwards.ts";
import { askForSync } from "./requests.ts";
import type { Client, ServerState } from "./server-state.ts";

export const RESEND_MIN_MS = 100;
export const OVERDUE_MS = 2_000;

/** There is a leader that may not have what was sent to the one before it. */
export function resendAll(state: ServerState, nowMs: number): void {
  for (const client of state.clients.values()) {
    if (client.connecting !== undefined) state.forwards.push(client.connecting);
    resend(state, client, nowMs);
  }
  if (state.syncs.length > 0) askForSync(state);
}

export function noteSkipped(state: ServerState, client: Client, nowMs: number): void {
  if (nowMs - client.lastResentMs >= RESEND_MIN_MS) {
    resend(state, client, nowMs);
    return;
  }
  client.needsResend = true;
  state.resending.add(client);
}

/** On a tick. */
export function resendSkipped(state: ServerState, nowMs: number): void {
  for (const client of state.resending) {
    if (nowMs - client.lastResentMs >= RESEND_MIN_MS) resend(state, client, nowMs);
  }
}

/** Now and then, on a tick. */
export function resendOverdue(state: ServerState, nowMs: number): void {
  const overdueMs = nowMs - OVERDUE_MS;
  for (const client of state.clients.values()) {
    if (client.lastResentMs > overdueMs) continue;
    if (client.connecting !== undefined) {
      if (client.lastHeardMs > overdueMs) continue;
      client.lastResentMs = nowMs;
      state.forwards.push(client.connecting);
    } else if (client.requests.forwardedCount > 0) {
      const first = client.requests.first();
      const isMoving = client.counts.lastAnsweredMs > overdueMs;
      if (!isMoving && first !== undefined && first.receivedMs <= overdueMs) {
        resend(state, client, nowMs);
      }
    }
  }
  if (state.syncs.length > 0 && state.syncAskedMs <= overdueMs) askForSync(state);
}

function resend(state: ServerState, client: Client, nowMs: number): void {
  client.needsResend = false;
  state.resending.delete(client);
  const writes = client.requests.forwarded();
  if (writes.length === 0) return;
  client.lastResentMs = nowMs;
  for (const request of writes) state.forwards.push(entryOf(state, client, request));
}
