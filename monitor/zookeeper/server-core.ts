/**
 * The server side of ZooKeeper's client protocol, as a pure core: packets, applied entries and ticks
 * in, writes to clients and entries for the log out. It reads the tree and never changes it.
 *
 *   packets -> takePackets -> answered here                  -> write
 *                         \-> forward -> log -> noteApplied  -> write
 *
 * The monitor that it is part of calls `noteApplied` (applied.ts) for each entry as it applies a
 * batch, then steps an `applied` event, whose effects are what the whole batch caused. All other
 * events are steps of their own. A step's effects are in order: what is written to a client leaves
 * before the client ends.
 *
 * Bounds: a client's unanswered requests and all clients' together (room.ts), what of them is on its
 * way to the leader (forwards.ts), what a client has not taken (output.ts), its watches
 * (watch-table.ts), its identities (credentials.ts). What reaches them is not read on, refused, or
 * closed, as the bound's place says.
 */
import type { Tick } from "../../cluster/runtime/core.ts";
import { closeClient, dropClient, forgetClient } from "./closing.ts";
import { forwardHeld, forwardHolding } from "./forwards.ts";
import { startHandshake } from "./handshake.ts";
import { flushOutputs, isOutputFull, setUnsent, writeEvent, writePlain } from "./output.ts";
import { answerInTurn, takeBacklogs, takePackets } from "./requests.ts";
import { resendAll, resendOverdue, resendSkipped } from "./resending.ts";
import { followFullness, noteAlive } from "./room.ts";
import type { ServerEffect } from "./server-effects.ts";
import { type Client, newClient, type ServerState } from "./server-state.ts";
import type { WordFacts } from "./word-facts.ts";
import { answerWord } from "./words.ts";

/** A connection that has no session after this is closed, as in ZooKeeper. */
export const SESSIONLESS_MS = 10_000;
/** How long a client may take to read its last answer. */
export const ENDING_MS = 5_000;
const SCAN_MS = 1_000;

export type ServerEvent =
  | {
      readonly type: "clientOpened";
      /** Counts the connections of this process from 1, as an unsigned 32-bit number. */
      readonly client: number;
      readonly address: string;
      /** Sixteen random bytes: the password, if it asks for a new session. */
      readonly password: Uint8Array;
    }
  | {
      readonly type: "clientPackets";
      readonly client: number;
      readonly packets: readonly Uint8Array[];
    }
  /** A four-letter word came instead of a packet. */
  | {
      readonly type: "clientWord";
      readonly client: number;
      readonly word: string;
      readonly facts: WordFacts;
    }
  | { readonly type: "clientClosed"; readonly client: number }
  /** So many of the bytes that were written to it have not left the process. */
  | { readonly type: "clientDrained"; readonly client: number; readonly queuedBytes: number }
  /** `noteApplied` has been called for each entry of a batch. */
  | { readonly type: "applied" }
  | { readonly type: "syncDone"; readonly tag: number }
  /**
   * There is a leader, and what was forwarded before may be lost: it is another leader, or the
   * connection to it broke.
   */
  | { readonly type: "leaderChanged" }
  /** Whether this member has a leader and a quorum behind it, and its tree is theirs. */
  | { readonly type: "servingChanged"; readonly isServing: boolean };

export function stepServer(
  state: ServerState,
  event: ServerEvent | Tick,
  nowMs: number,
): readonly ServerEffect[] {
  handle(state, event, nowMs);
  return takeEffects(state, nowMs);
}

/** The sessions from which something came since the last call: what the leader is told. */
export function takeTouched(state: ServerState): readonly number[] {
  const { touched } = state;
  state.touched = [];
  for (const session of touched) {
    const client = state.bySession.get(session);
    if (client !== undefined) client.isTouched = false;
  }
  return touched;
}

function handle(state: ServerState, event: ServerEvent | Tick, nowMs: number): void {
  switch (event.type) {
    case "clientOpened": {
      const { client: id, address, password } = event;
      state.clients.set(id, newClient({ id, address, password }, nowMs));
      return;
    }
    case "clientPackets":
      receive(state, event.client, event.packets, nowMs);
      return;
    case "clientWord":
      hearWord(state, event, nowMs);
      return;
    case "clientClosed":
      closed(state, event.client);
      return;
    case "clientDrained":
      drained(state, event, nowMs);
      return;
    case "applied":
      return;
    case "syncDone":
      syncDone(state, event.tag, nowMs);
      return;
    case "leaderChanged":
      resendAll(state, nowMs);
      return;
    case "servingChanged":
      servingChanged(state, event.isServing);
      return;
    case "tick":
      tick(state, event.lateMs, nowMs);
      return;
  }
}

function receive(
  state: ServerState,
  id: number,
  packets: readonly Uint8Array[],
  nowMs: number,
): void {
  const client = state.clients.get(id);
  if (client === undefined || client.isDeaf) return;
  if (!state.isServing) {
    closeClient(state, client, { how: "destroy", why: "this server has no quorum" });
    return;
  }
  noteReceived(state, client, packets, nowMs);
  const [first] = packets;
  if (client.phase !== "new" || first === undefined) {
    takePackets(state, client, packets, nowMs);
    return;
  }
  startHandshake(state, client, first);
  takePackets(state, client, packets.slice(1), nowMs);
}

function noteReceived(
  state: ServerState,
  client: Client,
  packets: readonly Uint8Array[],
  nowMs: number,
): void {
  noteAlive(state, client, nowMs);
  client.counts.received += packets.length;
  state.counts.received += packets.length;
  for (const packet of packets) state.counts.receivedBytes += packet.byteLength + 4;
}

function hearWord(
  state: ServerState,
  { client: id, word, facts }: Extract<ServerEvent, { type: "clientWord" }>,
  nowMs: number,
): void {
  const client = state.clients.get(id);
  if (client === undefined || client.isDeaf) return;
  client.counts.received += 1;
  state.counts.received += 1;
  const answer = answerWord(state, { word, facts, nowMs });
  if (answer.byteLength > 0) writePlain(state, client, answer);
  closeClient(state, client, { how: "end", why: `it asked for ${word}`, level: "debug" });
}

function closed(state: ServerState, id: number): void {
  const client = state.clients.get(id);
  if (client === undefined) return;
  forgetClient(state, client);
  dropClient(state, client);
}

function drained(
  state: ServerState,
  { client: id, queuedBytes }: Extract<ServerEvent, { type: "clientDrained" }>,
  nowMs: number,
): void {
  const client = state.clients.get(id);
  if (client === undefined) return;
  setUnsent(state, client, queuedBytes);
  if (client.isPaused) noteAlive(state, client, nowMs);
  if (client.phase !== "open") return;
  answerInTurn(state, client, nowMs);
  forwardHeld(state, client);
  state.hasReleased = true;
}

function syncDone(state: ServerState, tag: number, nowMs: number): void {
  const { syncs } = state;
  let done = 0;
  while (done < syncs.length && (syncs[done]?.tag ?? tag + 1) <= tag) done += 1;
  for (const { client, request } of syncs.splice(0, done)) {
    if (client.phase !== "open") continue;
    request.kind = "local";
    client.syncCount -= 1;
    answerInTurn(state, client, nowMs);
    forwardHeld(state, client);
  }
}

/** Cut off means silent: a client that is kept happy here could lose its session elsewhere. */
function servingChanged(state: ServerState, isServing: boolean): void {
  state.isServing = isServing;
  if (isServing) return;
  for (const client of [...state.clients.values()]) {
    if (client.phase === "new") continue; // It may only want to ask how the server is.
    closeClient(state, client, {
      how: "destroy",
      why: "this server has no quorum",
      level: "debug",
    });
  }
  state.syncs.length = 0;
  state.touched = [];
}

function tick(state: ServerState, lateMs: number, nowMs: number): void {
  if (lateMs > 0) {
    // What clients sent while this process stood still has not been looked at.
    for (const client of state.clients.values()) client.lastHeardMs += lateMs;
  }
  answerHeavy(state, nowMs);
  resendSkipped(state, nowMs);
  if (nowMs - state.lastScanMs < SCAN_MS) return;
  state.lastScanMs = nowMs;
  if (state.rules.resendOverdue && state.isServing) resendOverdue(state, nowMs);
  for (const client of state.clients.values()) {
    if (state.isFull && client.isPaused) judgeUnread(state, client, nowMs);
    closeIfSilent(state, client, nowMs);
  }
}

/** On a tick: goes on with the heavy reads that waited for it, of one client after the other. */
function answerHeavy(state: ServerState, nowMs: number): void {
  state.visits = 0;
  for (const client of [...state.heavy]) {
    if (state.visits >= state.limits.visitsPerTick) return;
    state.heavy.delete(client);
    answerInTurn(state, client, nowMs);
  }
}

/**
 * While nobody is read, nobody can be heard; so all count as alive. But what a client asks for and does not take the
 * answers to would keep all others waiting.
 */
function judgeUnread(state: ServerState, client: Client, nowMs: number): void {
  if (client.phase === "ending") return;
  const asksMore = client.requests.length > 0 || client.backlog.length > 0;
  if (asksMore && isOutputFull(state, client)) {
    const why = "it takes no answers, while all clients together hold too much";
    state.counts.slowClosed += 1;
    closeClient(state, client, { how: "destroy", why, level: "warn" });
  } else {
    noteAlive(state, client, nowMs);
  }
}

function closeIfSilent(state: ServerState, client: Client, nowMs: number): void {
  const silentMs = nowMs - client.lastHeardMs;
  if (client.phase === "ending") {
    client.endingSinceMs ??= nowMs;
    if (nowMs - client.endingSinceMs <= ENDING_MS) return;
    closeClient(state, client, { how: "destroy", why: "it did not take its last answer" });
  } else if (client.phase === "new" && silentMs > SESSIONLESS_MS) {
    closeClient(state, client, { how: "destroy", why: "it asked for no session", level: "debug" });
  } else if (client.phase !== "new" && silentMs > client.timeoutMs) {
    // Whoever waits for an answer is not silent by its own fault.
    if (client.requests.length > 0) return;
    closeClient(state, client, { how: "destroy", why: "nothing came within its timeout" });
  }
}

function takeEffects(state: ServerState, nowMs: number): readonly ServerEffect[] {
  if (state.hasReleased) {
    state.hasReleased = false;
    if (state.holding.size > 0) forwardHolding(state);
    if (state.waiting.size > 0) takeBacklogs(state, nowMs);
  }
  followFullness(state, nowMs);
  for (const { client, packet } of state.belated.splice(0)) {
    if (client.phase === "open") writeEvent(state, client, packet);
  }
  flushOutputs(state);
  for (const { client, how } of state.closings)
    state.effects.push({ type: how, client: client.id });
  if (state.forwards.length > 0) state.effects.push({ type: "forward", entries: state.forwards });
  if (state.needsSync) {
    state.syncAskedMs = nowMs;
    state.effects.push({ type: "sync", tag: state.syncTag });
  }
  const { effects } = state;
  state.effects = [];
  state.closings = [];
  state.forwards = [];
  state.needsSync = false;
  return effects;
}
