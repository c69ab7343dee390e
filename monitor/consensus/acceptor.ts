/**
 * The acceptor: promises rounds, and accepts values of the highest round it knows of. Both are durable before anybody
 * hears of them.
 *
 * A candidate that knows less of what is chosen than we do is refused: it first has to catch up. So what is promised
 * to it begins where its own knowledge ends, and is bounded by what a leader keeps in flight.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Write } from "../../cluster/kv/store.ts";
import { MESSAGE_LIMITS } from "../../cluster/runtime/outgoing.ts";
import { ENTRIES_MAX } from "../message/consensus.ts";
import { entryWrite, promiseWrite } from "./keys.ts";
import type { LogEntry } from "./log.ts";
import {
  becomeFollower,
  type ConsensusEffect,
  type ConsensusMessage,
  type ConsensusState,
  type Effects,
  isAcceptor,
  type NodeId,
  restartElectionTimer,
  send,
  splitPayload,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

export function onPrepare(
  state: ConsensusState,
  from: NodeId,
  { round, life, commit }: MessageOf<"prepare">,
  nowMs: number,
  out: Effects,
): void {
  if (!isAcceptor(state)) return;
  if (!mayPromise(state, round, from) || commit < state.commit) {
    refuse(state, from, round, out);
    return;
  }
  const entries = state.log.slice(commit + 1, state.log.last, Number.POSITIVE_INFINITY);
  if (!fitsPromise(entries)) {
    const message = `more was accepted after slot ${commit} than a promise can carry; mon.${from} gets none`;
    out.push({ type: "log", level: "error", message, fields: { count: entries.length } });
    return;
  }
  const writes = listenTo(state, round, from, nowMs);
  if (writes.length > 0) {
    state.leader = undefined;
    restartElectionTimer(state, nowMs);
  }
  const accepted = entries.map((entry) => ({ round: entry.round, size: entry.value.byteLength }));
  const promised: ConsensusEffect = {
    type: "send",
    to: from,
    message: { type: "promised", round, life, commit, accepted },
    payload: entries.map((entry) => entry.value),
  };
  out.push({ type: "persist", writes, then: [promised] });
}

export function onAccept(
  state: ConsensusState,
  from: NodeId,
  { message, payload }: { message: MessageOf<"accept">; payload: Uint8Array },
  nowMs: number,
  out: Effects,
): void {
  const { round, prev, sizes } = message;
  // A member that is rejoining learns what is chosen, and accepts nothing.
  if (!isAcceptor(state)) return;
  if (round < state.promise.round) {
    refuse(state, from, round, out);
    return;
  }
  const values = splitPayload(sizes, payload);
  if (values === undefined) return;
  const writes = listenTo(state, round, from, nowMs);
  heardLeader(state, from, nowMs);
  const { accepting, log } = state;
  const isGap = prev > accepting.to;
  if (!isGap) {
    for (const [index, value] of values.entries()) {
      const slot = prev + 1 + index;
      if (slot <= accepting.to) continue;
      const entry = { round, value };
      log.put(slot, entry);
      writes.push(entryWrite(slot, entry));
      accepting.to = slot;
    }
    learnCommit(state, message.commit);
  }
  if (values.length === 0 && !isGap && writes.length === 0) return;
  const answer: ConsensusEffect = {
    type: "send",
    to: from,
    message: { type: "accepted", round, life: state.life, to: accepting.to, gap: isGap },
  };
  if (state.rules.acceptDurably) out.push({ type: "persist", writes, then: [answer] });
  else out.push(answer, { type: "persist", writes, then: [] });
}

export function onHeartbeat(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"heartbeat">,
  nowMs: number,
  out: Effects,
): void {
  const { round, sequence } = message;
  if (round < state.promise.round) {
    refuse(state, from, round, out);
    return;
  }
  heardLeader(state, from, nowMs);
  if (state.heartbeatRound !== round) {
    state.heartbeatRound = round;
    state.catchUpSlot = message.commit;
  }
  // An echo of another life's clock says nothing on ours.
  if (message.life === state.life) {
    state.backedAtMs = Math.max(state.backedAtMs, message.echoMs - message.backedMs);
  }
  state.leaderApplied = { slot: message.slot, digest: message.digest };
  // Counting for a lease is a word of an acceptor; what one without a disk says of its promises is worth nothing.
  if (!isAcceptor(state)) return;
  const writes = listenTo(state, round, from, nowMs);
  if (writes.length > 0) out.push({ type: "persist", writes, then: [] });
  learnCommit(state, message.commit);
  send(out, from, { type: "heartbeatAck", round, life: state.life, sequence, sentMs: nowMs });
}

/**
 * What is accepted behind a candidate's knowledge is bounded (message/limits.ts), unless leader after leader left another
 * large value behind. A part of it would be a lie, and a message that is too large the end of the process.
 */
function fitsPromise(entries: readonly LogEntry[]): boolean {
  const bytes = entries.reduce((sum, { value }) => sum + value.byteLength, 0);
  return entries.length <= ENTRIES_MAX && bytes <= MESSAGE_LIMITS.payloadSizeMax;
}

/** What we hold of the present round's leader is chosen as far as that leader says. */
function learnCommit(state: ConsensusState, commit: number): void {
  state.commit = Math.max(state.commit, Math.min(commit, state.accepting.to));
}

/** Whether that node may become leader of that round with our help. */
function mayPromise({ promise, rules }: ConsensusState, round: number, from: NodeId): boolean {
  if (round !== promise.round) return round > promise.round;
  return promise.node === from || !rules.oneLeaderPerRound;
}

/**
 * Makes that round ours, and gives what must become durable before we say so. Who sends values or heartbeats of a round
 * has a majority's promises of it and so is its one leader, whomever we had promised the round to: a candidate that
 * lost to another in the same round follows it.
 */
function listenTo(state: ConsensusState, round: number, node: NodeId, nowMs: number): Write[] {
  assert(node !== state.self, "a member does not send to itself");
  const { role, rules } = state;
  const isRival = role.type === "leader" && role.round === round;
  assert(
    !isRival || !rules.oneLeaderPerRound,
    `round ${round} has the leaders ${state.self}, ${node}`,
  );
  if (state.accepting.round !== round) state.accepting = { round, to: state.commit };
  if (round === state.promise.round && node === state.promise.node) {
    if (role.type === "preCandidate") becomeFollower(state, nowMs);
    return [];
  }
  state.promise = { round, node };
  if (role.type !== "follower") becomeFollower(state, nowMs);
  return [promiseWrite(state.promise)];
}

function heardLeader(state: ConsensusState, node: NodeId, nowMs: number): void {
  state.leader = node;
  state.leaderHeardMs = nowMs;
  restartElectionTimer(state, nowMs);
}

function refuse(state: ConsensusState, to: NodeId, round: number, out: Effects): void {
  const { promise, commit } = state;
  // "What I promised" speaks of state that may not be durable; that it will be refused is true in any case.
  send(out, to, { type: "refused", round, promised: promise.round, commit });
}
