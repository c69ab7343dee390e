/**
 * How a connection gets its session: a connect request, an entry of the log that makes or moves the
 * session, and the answer when that is applied here. Until then nothing else of the client is looked
 * at. Only the log decides whether a session lives and a password is right, so a member that lags
 * behind cannot welcome a client whose session the others have expired (PROTOCOLS M7).
 */
import { encode } from "../../cluster/wire/codec.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { Reader } from "../../cluster/wire/reader.ts";
import { ERRORS } from "../../cluster/zookeeper/error-codes.ts";
import {
  type ConnectRequest,
  connectRequest,
  connectResponse,
  NO_SESSION,
  PASSWORD_SIZE,
  PROTOCOL_VERSION,
} from "../../cluster/zookeeper/session-records.ts";
import type { Entry, EntryOf } from "../tree/batch.ts";
import type { Outcome } from "../tree/outcome.ts";
import type { Place, SessionId } from "../tree/session-table.ts";
import { lastZxid } from "../tree/state.ts";
import { closeClient } from "./closing.ts";
import { addressIdentity } from "./credentials.ts";
import { writePlain } from "./output.ts";
import { resumeClient } from "./room.ts";
import type { Client, ServerState } from "./server-state.ts";

const SIZE_SIZE = 4;
const NO_PASSWORD = new Uint8Array(PASSWORD_SIZE);

/** The first packet of a client. */
export function startHandshake(state: ServerState, client: Client, packet: Uint8Array): void {
  const request = decodeRequest(packet);
  if (request === undefined) {
    closeClient(state, client, { how: "destroy", why: "its first packet is no connect request" });
    return;
  }
  const zxid = lastZxid(state.tree);
  if (request.lastZxidSeen > zxid) {
    const why =
      `it has seen zxid 0x${request.lastZxidSeen.toString(16)} and this server only ` +
      `0x${zxid.toString(16)}; it must try another`;
    closeClient(state, client, { how: "destroy", why });
    return;
  }
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = state.options;
  state.counts.connectRequests += 1;
  client.timeoutMs = Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs);
  client.knowsReadOnly = request.readOnly !== undefined;
  client.identities = [addressIdentity(client.address)];
  const entry = entryFor(state, client, request);
  if (entry === undefined) {
    refuse(state, client, "its session is unknown");
    return;
  }
  client.phase = "connecting";
  client.connecting = entry;
  state.forwards.push(entry);
}

/** Its session has been made or moved to it, or not. */
export function finishHandshake(
  state: ServerState,
  client: Client,
  outcome: Outcome,
  nowMs: number,
): void {
  const entry = client.connecting;
  if (entry === undefined) return;
  client.connecting = undefined;
  const session = outcome.session ?? 0;
  if (outcome.error !== ERRORS.OK || session === 0) {
    refuse(state, client, `its session is refused (${outcome.error})`);
    return;
  }
  const earlier = state.bySession.get(session);
  if (earlier !== undefined && earlier !== client) {
    closeClient(state, earlier, { how: "destroy", why: "its session came back as another" });
  }
  if (entry.type === "attachSession") state.counts.reattached += 1;
  client.session = session;
  client.phase = "open";
  client.lastHeardMs = nowMs;
  client.isTouched = true;
  state.touched.push(session);
  state.bySession.set(session, client);
  const password =
    entry.type === "attachSession" || entry.type === "createSession" ? entry.password : NO_PASSWORD;
  writeResponse(state, client, password);
  if (client.backlog.length > 0) state.waiting.add(client);
  else resumeClient(state, client);
  state.hasReleased = true;
}

function decodeRequest(packet: Uint8Array): ConnectRequest | undefined {
  try {
    return connectRequest.decode(new Reader(packet));
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** Undefined if there can be no such session: its id is none of ours. */
function entryFor(
  state: ServerState,
  client: Client,
  { sessionId, passwd }: ConnectRequest,
): Entry | undefined {
  const place = { server: state.options.server, connection: client.id };
  const { timeoutMs } = client;
  if (sessionId === NO_SESSION) {
    return { type: "createSession", ...place, timeoutMs, password: client.password };
  }
  const session = Number(sessionId);
  const isOurs = session > 0 && Number.isSafeInteger(session);
  if (!isOurs || passwd?.byteLength !== PASSWORD_SIZE) return undefined;
  // The packet is a part of what a socket handed over, all of which would be kept.
  const password = Uint8Array.from(passwd);
  const from = connectionOf(state, session);
  return { type: "attachSession", session, ...place, timeoutMs, password, from };
}

/** Where the session is. One that has not come here yet is nowhere; then the log says more. */
function connectionOf({ tree }: ServerState, session: SessionId): Place {
  const { server, connection } = tree.sessions.find(session) ?? { server: 0, connection: 0 };
  return { server, connection };
}

/** The session had moved when its attachment was applied; by now this member knows where it is. */
export function attachAgain(
  state: ServerState,
  client: Client,
  { from }: EntryOf<"attachSession">,
): void {
  const entry = client.connecting;
  if (entry?.type !== "attachSession") return;
  // Of what was sent several times, one is answered.
  if (entry.from.server !== from.server || entry.from.connection !== from.connection) return;
  client.connecting = { ...entry, from: connectionOf(state, entry.session) };
  state.forwards.push(client.connecting);
}

function refuse(state: ServerState, client: Client, why: string): void {
  client.session = 0;
  client.timeoutMs = 0;
  writeResponse(state, client, NO_PASSWORD);
  closeClient(state, client, { how: "end", why });
}

function writeResponse(state: ServerState, client: Client, passwd: Uint8Array): void {
  const body = encode(connectResponse, {
    protocolVersion: PROTOCOL_VERSION,
    timeOut: client.timeoutMs,
    sessionId: BigInt(client.session),
    passwd,
    readOnly: client.knowsReadOnly ? false : undefined,
  });
  const packet = new Uint8Array(SIZE_SIZE + body.byteLength);
  new DataView(packet.buffer).setInt32(0, body.byteLength, false);
  packet.set(body, SIZE_SIZE);
  writePlain(state, client, packet);
}
