/**
 * How much a server holds for its clients: requests that wait for an answer, of each connection and
 * of all. What does not fit is not read: it stays with the client's kernel, which is the only place
 * where it costs nothing here.
 */
import { type PendingRequest, requestBytes } from "./request-queue.ts";
import type { Client, ServerState } from "./server-state.ts";

/** Whether another request of this client may wait. One of each client may, unless all hold too many bytes. */
export function hasRoom(
  { limits, outstanding, requestBytes }: ServerState,
  { requests }: Client,
): boolean {
  if (requestBytes >= limits.requestBytes) return false;
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
  state.requestBytes += requestBytes(request);
}

/** What of its packets is not taken up. */
export function keepBacklog(
  state: ServerState,
  client: Client,
  packets: readonly Uint8Array[],
): void {
  const bytes = packets.reduce((sum, packet) => sum + packet.byteLength, 0);
  state.backlogBytes += bytes - client.backlogBytes;
  client.backlog = packets;
  client.backlogBytes = bytes;
}

/**
 * At the end of each step. Not reading only those that send would let each of them hold another packet; so nobody is read
 * when all hold too much, and everybody again when it is half as much.
 */
export function followFullness(state: ServerState, nowMs: number): void {
  const { limits, requestBytes, backlogBytes } = state;
  const held = requestBytes + backlogBytes;
  if (!state.isFull && held >= limits.requestBytes) {
    state.isFull = true;
    for (const client of state.clients.values()) pauseClient(state, client);
  } else if (state.isFull && held <= limits.requestBytes / 2) {
    state.isFull = false;
    for (const client of state.clients.values()) {
      if (!client.isPaused || client.backlog.length > 0) continue;
      noteAlive(state, client, nowMs);
      resumeClient(state, client);
    }
  }
}

export function releaseFirst(state: ServerState, client: Client): void {
  const { requests } = client;
  const { bytes, forwardedBytes } = requests;
  requests.shift();
  state.requestBytes -= bytes - requests.bytes;
  state.forwardedBytes -= forwardedBytes - requests.forwardedBytes;
  state.outstanding -= 1;
  state.hasReleased = true;
}

export function clearRequests(state: ServerState, client: Client): void {
  state.outstanding -= client.requests.length;
  state.requestBytes -= client.requests.bytes;
  state.forwardedBytes -= client.requests.forwardedBytes;
  state.holding.delete(client);
  state.hasReleased = true;
  client.requests.clear();
  keepBacklog(state, client, []);
  state.waiting.delete(client);
}

export function pauseClient(state: ServerState, client: Client): void {
  if (client.isPaused) return;
  client.isPaused = true;
  state.effects.push({ type: "pause", client: client.id });
}

/**
 * A sign of life. A packet is one, and of a client that is not read so is all that shows that it
 * goes on: its next pings wait behind what this server has not answered yet.
 */
export function noteAlive(state: ServerState, client: Client, nowMs: number): void {
  client.lastHeardMs = nowMs;
  if (client.isTouched || client.phase !== "open") return;
  client.isTouched = true;
  state.touched.push(client.session);
}

export function resumeClient(state: ServerState, client: Client): void {
  if (!client.isPaused || client.isDeaf || state.isFull) return;
  client.isPaused = false;
  state.effects.push({ type: "resume", client: client.id });
}
