/**
 * What an applied entry of the log means to this server. It is told of each entry right after the
 * tree applied it and before the next one: a read that waits behind a write of its connection runs
 * then, and so sees that write and none of those that the same client sent after the read.
 *
 * For each entry watches fire first and answers come second. With replies leaving in order that
 * gives what recipes rely on: no client reads a change before it has been told of it.
 */
import { PERMS } from "../../cluster/zookeeper/acl.ts";
import { ERRORS } from "../../cluster/zookeeper/error-codes.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { isAllowed } from "../tree/acl.ts";
import type { Entry, EntryOf } from "../tree/batch.ts";
import type { Outcome, Trigger } from "../tree/outcome.ts";
import { closeClient } from "./closing.ts";
import { attachAgain, finishHandshake } from "./handshake.ts";
import { encodeEvent, writeEvent } from "./output.ts";
import { answerInTurn } from "./requests.ts";
import { noteSkipped } from "./resending.ts";
import type { Client, ServerState } from "./server-state.ts";

export function noteApplied(
  state: ServerState,
  entry: Entry,
  outcome: Outcome,
  nowMs: number,
): void {
  state.counts.applied += 1;
  fireWatches(state, outcome);
  switch (entry.type) {
    case "request":
      noteRequest(state, entry, outcome, nowMs);
      return;
    case "createSession":
      if (isOwn(state, entry)) noteSession(state, entry, outcome, nowMs);
      return;
    case "attachSession":
      if (isOwn(state, entry)) noteSession(state, entry, outcome, nowMs);
      else if (outcome.kind === "done" && outcome.error === ERRORS.OK)
        evict(state, entry.session, "its session has moved");
      return;
    case "expireSession":
      if (outcome.error === ERRORS.OK) evict(state, entry.session, "its session has expired");
      return;
    case "reap":
    case "settings":
      return;
  }
}

function fireWatches(state: ServerState, { triggers }: Outcome): void {
  if (triggers.length === 0 || state.watches.size === 0) return;
  for (const trigger of triggers) {
    const { type, path } = trigger;
    const fired = state.watches.trigger(type, path);
    if (fired.size === 0) continue;
    const packet = encodeEvent(type, path);
    for (const id of fired) {
      const client = state.clients.get(id);
      if (client === undefined || !maySee(state, client, trigger)) continue;
      if (state.rules.watchFirst) writeEvent(state, client, packet);
      else state.belated.push({ client, packet });
    }
  }
}

/** The watch of somebody who may not read the node is used up without a word. */
function maySee({ tree }: ServerState, { identities }: Client, { acl }: Trigger): boolean {
  return isAllowed(acl, { perm: PERMS.READ, identities, settings: tree.settings });
}

function noteRequest(
  state: ServerState,
  entry: EntryOf<"request">,
  outcome: Outcome,
  nowMs: number,
): void {
  const client = isOwn(state, entry) ? state.clients.get(entry.connection) : undefined;
  if (client !== undefined && client.session === entry.session) {
    noteWrite(state, client, { sequence: entry.sequence, outcome, nowMs });
  }
  if (entry.op !== OPCODES.closeSession || outcome.kind !== "done") return;
  if (outcome.error !== ERRORS.OK) return;
  // Its own connection gets an answer first, and ends with that.
  const present = state.bySession.get(entry.session);
  if (present !== client) evict(state, entry.session, "its session has closed");
}

function noteWrite(
  state: ServerState,
  client: Client,
  { sequence, outcome, nowMs }: { sequence: number; outcome: Outcome; nowMs: number },
): void {
  const request = client.requests.write(sequence);
  if (request === undefined) return; // It was answered before, or its client is gone.
  if (outcome.kind === "skip") {
    noteSkipped(state, client, nowMs);
    return;
  }
  if (outcome.kind === "repeat") {
    const why = "the answer to one of its requests is lost here; it may or may not have an effect";
    closeClient(state, client, { how: "destroy", why, level: "warn" });
    return;
  }
  if (outcome.error === ERRORS.SESSIONMOVED) {
    closeClient(state, client, { how: "destroy", why: "its session has moved" });
    return;
  }
  if (outcome.error === ERRORS.SESSIONEXPIRED) request.isLast = true;
  request.kind = "settled";
  request.error = outcome.error;
  request.response = outcome.response;
  answerInTurn(state, client, nowMs);
}

function noteSession(
  state: ServerState,
  entry: EntryOf<"createSession" | "attachSession">,
  outcome: Outcome,
  nowMs: number,
): void {
  const client = state.clients.get(entry.connection);
  if (client?.phase !== "connecting") return;
  if (entry.type === "attachSession" && outcome.kind === "skip") attachAgain(state, client, entry);
  else finishHandshake(state, client, outcome, nowMs);
}

function isOwn(state: ServerState, { server }: { readonly server: number }): boolean {
  return server === state.options.server;
}

function evict(state: ServerState, session: number, why: string): void {
  const client = state.bySession.get(session);
  if (client !== undefined) closeClient(state, client, { how: "destroy", why });
}
