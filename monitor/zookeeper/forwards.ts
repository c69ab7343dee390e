/**
 * Writes on their way to the log: which of a client's may go, and how much of all clients' goes at a time. That is bounded
 * by what a leader can take from all members at once. More would be refused there and sent again, and on the way it would
 * stand before the signs of life that keep a leader its majority.
 *
 * What is held back stays in its connection's queue. Connections take turns, each with all that there is room for.
 */
import type { EntryOf } from "../tree/batch.ts";
import { type PendingRequest, requestBytes } from "./request-queue.ts";
import type { Client, ServerState } from "./server-state.ts";

/** The newest write of this client. */
export function forwardNew(state: ServerState, client: Client, request: PendingRequest): void {
  if (client.syncCount > 0 || client.heavyCount > 0) return;
  // Whoever came before is let go first, or a large write would wait for ever.
  if (state.holding.size > 0 || !forward(state, client, request)) state.holding.add(client);
}

/**
 * A read waits for a sync before it, and a write after it must not be applied until the read has run: it would see its own
 * future. So writes behind an unanswered sync are held back, and so are those behind a heavy read that waits.
 */
export function forwardHeld(state: ServerState, client: Client): void {
  if (state.holding.size === 0) {
    if (!forwardMore(state, client)) state.holding.add(client);
  } else if (client.requests.held().length > 0) {
    state.holding.add(client);
  }
}

/** Some writes were answered, so others find room. One for whose write there is none keeps its turn. */
export function forwardHolding(state: ServerState): void {
  for (const client of state.holding) {
    const { forwardedCount } = client.requests;
    const isAll = forwardMore(state, client);
    const isServed = client.requests.forwardedCount > forwardedCount;
    if (isAll || isServed) state.holding.delete(client);
    if (isAll) continue;
    state.holding.add(client);
    return;
  }
}

/** What a write is in the log. */
export function entryOf(
  state: ServerState,
  client: Client,
  request: PendingRequest,
): EntryOf<"request"> {
  return {
    type: "request",
    session: client.session,
    server: state.options.server,
    connection: client.id,
    sequence: request.sequence,
    identities: request.identities,
    op: request.op,
    body: request.body,
  };
}

/** False if some had no room. */
function forwardMore(state: ServerState, client: Client): boolean {
  // Nor may they overtake reads for which the client takes no answers.
  if (client.requests.first()?.kind === "local") return true;
  return client.requests.held().every((request) => forward(state, client, request));
}

/** False if too much is on its way. */
function forward(state: ServerState, client: Client, request: PendingRequest): boolean {
  const { limits, forwardedBytes } = state;
  const bytes = requestBytes(request);
  if (forwardedBytes > 0 && forwardedBytes + bytes > limits.forwardedBytes) return false;
  client.requests.noteForwarded(request);
  state.forwardedBytes += bytes;
  state.forwards.push(entryOf(state, client, request));
  return true;
}
