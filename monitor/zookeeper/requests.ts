/**
 * The packets of a client with a session: taken up in order, answered in order. What can be answered
 * at once and has nothing before it never enters the queue.
 */
import { EMPTY_BYTES } from "../../cluster/base/bytes.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { Reader, viewOf } from "../../cluster/wire/reader.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { reconfigRequest } from "../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { authPacket, getSASLRequest } from "../../cluster/zookeeper/session-records.ts";
import { lastZxid } from "../tree/state.ts";
import { type Closing, closeClient } from "./closing.ts";
import { authenticate } from "./credentials.ts";
import { forwardHeld, forwardNew } from "./forwards.ts";
import { isHeavy, mustWait } from "./heavy-reads.ts";
import { addLatency } from "./latency.ts";
import { answerLocally } from "./local-requests.ts";
import { isOutputFull, writeReply } from "./output.ts";
import type { PendingRequest, RequestKind } from "./request-queue.ts";
import {
  hasRoom,
  holdRequest,
  keepBacklog,
  noteAlive,
  pauseClient,
  releaseFirst,
  resumeClient,
} from "./room.ts";
import { isWrite, routeOf } from "./routes.ts";
import type { Client, ServerState } from "./server-state.ts";

const HEADER_SIZE = 8;
const BACKLOG_VISITS_MAX = 256;
/** ZooKeeper's answer to SASL where it is not enabled: a null token. */
const NULL_BUFFER = new Uint8Array([0xff, 0xff, 0xff, 0xff]);

interface Received {
  readonly xid: number;
  readonly op: number;
  readonly body: Uint8Array;
}

/** Takes up what there is room for. The rest waits in the client's backlog, and nothing is read. */
export function takePackets(
  state: ServerState,
  client: Client,
  packets: readonly Uint8Array[],
  nowMs: number,
): void {
  let taken = 0;
  if (client.backlog.length === 0 && client.phase === "open") {
    taken = takeWhileRoom(state, client, packets, nowMs);
  }
  if (client.isDeaf || taken === packets.length) return;
  keepBacklog(state, client, [...client.backlog, ...packets.slice(taken)]);
  if (client.phase === "open") state.waiting.add(client);
  pauseClient(state, client);
}

/**
 * Goes on with the backlogs, since there may be room now: of so many clients in turn, so that a step
 * stays short however many wait.
 */
export function takeBacklogs(state: ServerState, nowMs: number): void {
  let visits = Math.min(BACKLOG_VISITS_MAX, state.waiting.size);
  if (visits < state.waiting.size) state.hasReleased = true; // The next step visits others.
  for (const client of state.waiting) {
    if (visits === 0) return;
    visits -= 1;
    state.waiting.delete(client);
    const { backlog } = client;
    const taken = takeWhileRoom(state, client, backlog, nowMs);
    if (client.isDeaf) {
      keepBacklog(state, client, []);
      continue;
    }
    if (taken > 0) {
      keepBacklog(state, client, backlog.slice(taken));
      noteAlive(state, client, nowMs);
    }
    if (client.backlog.length > 0) state.waiting.add(client);
    else resumeClient(state, client);
  }
}

function takeWhileRoom(
  state: ServerState,
  client: Client,
  packets: readonly Uint8Array[],
  nowMs: number,
): number {
  let taken = 0;
  while (taken < packets.length && hasRoom(state, client) && !isOutputFull(state, client)) {
    takePacket(state, client, packets[taken] as Uint8Array, nowMs);
    taken += 1;
    if (client.isDeaf) return packets.length;
  }
  return taken;
}

function takePacket(state: ServerState, client: Client, packet: Uint8Array, nowMs: number): void {
  if (packet.byteLength < HEADER_SIZE) {
    closeClient(state, client, { how: "destroy", why: "a packet is shorter than its header" });
    return;
  }
  const xid = int32At(packet, 0);
  const op = int32At(packet, 4);
  const received = { xid, op, body: viewOf(packet, HEADER_SIZE, packet.byteLength - HEADER_SIZE) };
  switch (routeOf(op)) {
    case "read":
      takeLocal(state, client, received, nowMs);
      return;
    case "write":
      takeWrite(state, client, received, nowMs);
      return;
    case "reconfig":
      takeReconfig(state, client, received, nowMs);
      return;
    case "close":
      takeWrite(state, client, { xid, op, body: EMPTY_BYTES }, nowMs);
      client.isDeaf = true;
      return;
    case "sync":
      takeSync(state, client, received, nowMs);
      return;
    case "auth":
      takeAuth(state, client, received, nowMs);
      return;
    case "sasl":
      takeSasl(state, client, received, nowMs);
      return;
    case undefined:
      takeUnknown(state, client, received, nowMs);
      return;
  }
}

function takeLocal(state: ServerState, client: Client, received: Received, nowMs: number): void {
  if (client.requests.length > 0 || mustWait(state, received.op)) {
    holdRequest(state, client, pending("local", client, received, nowMs));
    if (isHeavy(received.op)) client.heavyCount += 1;
    if (client.requests.length === 1) state.heavy.add(client);
    return;
  }
  const { error, response } = answerLocally(state, client, {
    op: received.op,
    body: received.body,
    identities: client.identities,
  });
  // Giving up the connection may be the answer.
  if (client.phase !== "open") return;
  const zxid = lastZxid(state.tree);
  writeReply(state, client, { xid: received.xid, zxid, error, response });
  noteAnswer(state, client, { xid: received.xid, op: received.op, zxid, tookMs: 0, nowMs });
}

function takeWrite(state: ServerState, client: Client, received: Received, nowMs: number): void {
  client.sequence += 1;
  const request = pending("write", client, received, nowMs);
  holdRequest(state, client, request);
  forwardNew(state, client, request);
}

/** The only write that takes no zxid, and does not reach the log, if nothing can be made of it. */
function takeReconfig(state: ServerState, client: Client, received: Received, nowMs: number): void {
  if (decoded(() => reconfigRequest.decode(new Reader(received.body))) !== undefined) {
    takeWrite(state, client, received, nowMs);
    return;
  }
  settle(state, client, received, { zxid: undefined, error: ERRORS.MARSHALLINGERROR, nowMs });
}

/**
 * As in ZooKeeper the connection ends with the answer, for client and server do not fit together,
 * and the session goes on. ZooKeeper answers at once, which can cost the answers to what was asked
 * before; here also this answer waits for its turn.
 */
function takeUnknown(state: ServerState, client: Client, received: Received, nowMs: number): void {
  client.isDeaf = true;
  const error = ERRORS.UNIMPLEMENTED;
  settle(state, client, received, { zxid: -1, error, isLast: true, nowMs });
}

function takeSync(state: ServerState, client: Client, received: Received, nowMs: number): void {
  askForSync(state);
  const request = pending("sync", client, received, nowMs);
  holdRequest(state, client, request);
  client.syncCount += 1;
  state.syncs.push({ tag: state.syncTag, client, request });
}

/**
 * With this step's effects, for all that wait. Always under a new number: an answer that is on its way
 * already speaks of a moment before those that come in this step.
 */
export function askForSync(state: ServerState): void {
  if (state.needsSync) return;
  state.needsSync = true;
  state.syncTag += 1;
}

/** Who the client is counts for what comes after, at once; the reply waits for its turn. */
function takeAuth(state: ServerState, client: Client, received: Received, nowMs: number): void {
  const credentials = decoded(() => authPacket.decode(new Reader(received.body)));
  if (credentials === undefined) {
    closeClient(state, client, { how: "destroy", why: "its credentials cannot be read" });
    return;
  }
  const identities = authenticate(client, credentials, state.tree.settings.superDigest);
  if (identities !== undefined) {
    client.identities = identities;
    settle(state, client, received, { zxid: 0, error: ERRORS.OK, nowMs });
    return;
  }
  state.counts.authFailed += 1;
  client.isDeaf = true;
  const error = ERRORS.AUTHFAILED;
  settle(state, client, received, { zxid: 0, error, isLast: true, nowMs });
}

function takeSasl(state: ServerState, client: Client, received: Received, nowMs: number): void {
  // A null token is what ends the connection in ZooKeeper too.
  if (decoded(() => getSASLRequest.decode(new Reader(received.body)))?.token === undefined) {
    closeClient(state, client, { how: "destroy", why: "its SASL token cannot be read" });
    return;
  }
  settle(state, client, received, { zxid: 0, error: ERRORS.OK, response: NULL_BUFFER, nowMs });
}

/** An answer that is known before its turn comes. */
function settle(
  state: ServerState,
  client: Client,
  received: Received,
  answer: {
    readonly zxid: number | undefined;
    readonly error: ErrorCode;
    readonly response?: Uint8Array;
    readonly isLast?: boolean;
    readonly nowMs: number;
  },
): void {
  const { zxid, error, response, isLast = false, nowMs } = answer;
  const request = pending("settled", client, { ...received, body: EMPTY_BYTES }, nowMs);
  holdRequest(state, client, { ...request, zxid, error, response, isLast });
  answerInTurn(state, client, nowMs);
}

/** Answers from the front of the queue what can be answered. */
export function answerInTurn(state: ServerState, client: Client, nowMs: number): void {
  const { heavyCount } = client;
  answerFirsts(state, client, nowMs);
  if (client.heavyCount < heavyCount) forwardHeld(state, client);
}

function answerFirsts(state: ServerState, client: Client, nowMs: number): void {
  for (;;) {
    const first = client.requests.first();
    if (first === undefined || first.kind === "write" || first.kind === "sync") return;
    if (first.kind === "local") {
      if (mustWait(state, first.op)) {
        state.heavy.add(client);
        return;
      }
      // With writes of its own on their way it has to be read now; a bound there is too (output.ts).
      if (isOutputFull(state, client) && client.requests.forwardedCount === 0) return;
      const { error, response } = answerLocally(state, client, first);
      if (client.phase !== "open") return;
      first.error = error;
      first.response = response;
    }
    const { xid, op, error, response, isLast } = first;
    const zxid = first.zxid ?? lastZxid(state.tree);
    writeReply(state, client, { xid, zxid, error, response });
    if (client.phase !== "open") return;
    noteAnswer(state, client, { xid, op, zxid, tookMs: nowMs - first.receivedMs, nowMs });
    releaseFirst(state, client);
    if (isHeavy(op)) client.heavyCount -= 1;
    if (!isLast) continue;
    closeClient(state, client, { how: "end", ...farewellOf(first) });
    return;
  }
}

function farewellOf({ op, error }: PendingRequest): Pick<Closing, "why" | "level"> {
  if (error === ERRORS.AUTHFAILED) return { why: "authentication failed", level: "warn" };
  if (error === ERRORS.SESSIONEXPIRED) return { why: "its session has expired" };
  return { why: `its last answer was that to operation ${op}`, level: "debug" };
}

function noteAnswer(
  state: ServerState,
  { counts }: Client,
  answer: {
    readonly xid: number;
    readonly op: number;
    readonly zxid: number;
    readonly tookMs: number;
    readonly nowMs: number;
  },
): void {
  const { xid, op, zxid, tookMs, nowMs } = answer;
  if (xid >= 0) counts.lastXid = xid;
  counts.lastOp = op;
  counts.lastZxid = zxid;
  counts.lastAnsweredMs = nowMs;
  counts.lastLatencyMs = tookMs;
  addLatency(counts.latency, tookMs);
  addLatency(state.counts.latency, tookMs);
  addLatency(isWrite(op) ? state.counts.writeLatency : state.counts.readLatency, tookMs);
}

function pending(
  kind: RequestKind,
  client: Client,
  { xid, op, body }: Received,
  nowMs: number,
): PendingRequest {
  const { identities, sequence } = client;
  return {
    kind,
    xid,
    op,
    body,
    identities,
    receivedMs: nowMs,
    sequence,
    zxid: undefined,
    error: ERRORS.OK,
    response: undefined,
    isForwarded: false,
    isLast: op === OPCODES.closeSession,
  };
}

/** Undefined if the bytes make no sense. */
function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
