/**
 * How much a server holds for its clients: requests that wait for an answer, of each connection and
 * of all. What does not fit is not read: it stays with the client's kernel, which is the only place
 * where it costs nothing here.
 */
import type { PendingRequest } from "./request-queue.ts";
import type { Client, ServerState } from "./server-state.ts";

/** Whether another request of this client may wait. One of each client always may. */
export function hasRoom({ limits, outstanding }: ServerState, { requests }: Client): boolean {
  if (requests.length === 0) return true;
  return (
    requests.length < limits.requestsPerConnection &&
    requests.bytes < limits.requestBytesPerConnection &&
    outstanding < limits.requests
  );
}

export function holdRequest(state: ServerState, client: Client, request: PendingRequest): void {
  client.requests.push(request);
  state.outstanding += 1;
}

export function releaseFirst(state: ServerState, client: Client): void {
  client.requests.shift();
  state.outstanding -= 1;
  state.hasReleased = true;
}

export function clearRequests(state: ServerState, client: Client): void {
  state.outstanding -= client.requests.length;
  state.hasReleased = true;
  client.requests.clear();
  client.backlog = [];
  state.waiting.delete(client);
}

export function pauseClient(state: ServerState, client: Client): void {
  if (client.isPaused) return;
  client.isPaused = true;
  state.effects.push({ type: "pause", client: client.id });
}

export function resumeClient(state: ServerState, client: Client): void {
  if (!client.isPaused || client.isDeaf) return;
  client.isPaused = false;
  state.effects.push({ type: "resume", client: client.id });
}
