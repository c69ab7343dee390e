/**
 * The end of a connection. Its watches go at once, and with it what it waits for; its session stays:
 * a client comes back for it, here or at another server. A connection that gets a last answer
 * remains as "ending" until the shell says that it is closed.
 *
 * Effects of a step are ordered: what was written before leaves before the end.
 */
import { clearRequests } from "./room.ts";
import type { Client, ServerState } from "./server-state.ts";

export interface Closing {
  /** `end` lets what was written leave, `destroy` does not. */
  readonly how: "end" | "destroy";
  readonly why: string;
  readonly level?: "warn" | "info" | "debug";
}

export function closeClient(state: ServerState, client: Client, closing: Closing): void {
  const wasEnding = client.phase === "ending";
  if (wasEnding && closing.how === "end") return;
  forgetClient(state, client);
  client.phase = "ending";
  if (closing.how === "destroy") dropClient(state, client);
  state.closings.push({ client, how: closing.how });
  if (wasEnding) return;
  state.effects.push({
    type: "log",
    level: closing.level ?? "info",
    message: `closing a client's connection: ${closing.why}`,
    fields: { address: client.address, session: `0x${client.session.toString(16)}` },
  });
}

/** Takes away all that the connection holds here. */
export function forgetClient(state: ServerState, client: Client): void {
  if (state.bySession.get(client.session) === client) state.bySession.delete(client.session);
  state.watches.removeConnection(client.id);
  clearRequests(state, client);
  state.resending.delete(client);
  client.connecting = undefined;
  client.syncCount = 0;
  client.heavyCount = 0;
  state.heavy.delete(client);
  client.isDeaf = true;
}

/** The connection is no more. */
export function dropClient(state: ServerState, client: Client): void {
  if (!state.clients.delete(client.id)) return;
  state.unsentBytes -= client.unsentBytes;
  client.unsentBytes = 0;
}
