/**
 * How a member becomes leader: it asks whether others would have it (pre-vote), prepares a round of its own, and from
 * a majority's promises takes up every value that may have been chosen. A member that still hears a leader grants no
 * pre-vote, so one that was cut off cannot disturb the others when it comes back.
 */
import { assert, present } from "../../cluster/base/assert.ts";
import { randomInt } from "../../cluster/base/prng.ts";
import { promiseWrite } from "./keys.ts";
import { becomeLeader } from "./leader.ts";
import { fetchFrom } from "./learner.ts";
import type { LogEntry } from "./log.ts";
import {
  becomeFollower,
  type Candidate,
  type ConsensusEffect,
  type ConsensusMessage,
  type ConsensusState,
  type Effects,
  ELECTION_MS_MIN,
  isAcceptor,
  memberOf,
  type NodeId,
  ORPHANED_MS_MAX,
  restartElectionTimer,
  send,
  splitPayload,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

/** A collision of candidates is resolved by the first to try again. */
const RETRY_MS_MAX = 120;

export function electionTick(state: ConsensusState, nowMs: number, out: Effects): void {
  if (!isAcceptor(state) || state.role.type === "leader" || nowMs < state.electionDueMs) return;
  restartElectionTimer(state, nowMs);
  state.leader = undefined;
  const round = roundAboveAll(state);
  state.role = { type: "preCandidate", round, granted: new Set([state.self]) };
  for (const node of state.others) {
    send(out, node, { type: "preVote", round, commit: state.commit });
  }
  maybePrepare(state, nowMs, out);
}

/** The connection to our leader broke: most likely it is dead. Those with lower numbers try first. */
export function lostLeader(state: ConsensusState, nowMs: number): void {
  state.leader = undefined;
  state.leaderHeardMs = Number.NEGATIVE_INFINITY;
  const rank = state.members.indexOf(state.self);
  const delayMs = (rank * ORPHANED_MS_MAX) / 2 + randomInt(state.prng, ORPHANED_MS_MAX / 4);
  state.electionDueMs = Math.min(state.electionDueMs, nowMs + delayMs);
}

export function onPreVote(
  state: ConsensusState,
  from: NodeId,
  { round, commit }: MessageOf<"preVote">,
  nowMs: number,
  out: Effects,
): void {
  if (!isAcceptor(state)) return;
  const granted =
    round > state.promise.round && commit >= state.commit && !hearsLeader(state, nowMs);
  if (granted) {
    state.electionDueMs = Math.max(
      state.electionDueMs,
      nowMs + RETRY_MS_MAX + randomInt(state.prng, RETRY_MS_MAX),
    );
  }
  send(out, from, {
    type: "preVoted",
    round,
    granted,
    promised: state.promise.round,
    commit: state.commit,
  });
}

export function onPreVoted(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"preVoted">,
  nowMs: number,
  out: Effects,
): void {
  noteRound(state, from, message.promised);
  const { role } = state;
  if (role.type !== "preCandidate" || message.round !== role.round) return;
  if (message.granted) role.granted.add(from);
  else if (message.commit > state.commit) fetchFrom(state, from, nowMs, out);
  maybePrepare(state, nowMs, out);
}

/** To a prepare, an accept or a heartbeat of ours: somebody promised a higher round, or knows more. */
export function onRefused(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"refused">,
  nowMs: number,
  out: Effects,
): void {
  noteRound(state, from, message.promised);
  const { role } = state;
  const isOurs =
    (role.type === "candidate" || role.type === "leader") && role.round === message.round;
  if (!isOurs) return;
  const knowsMore = role.type === "candidate" && message.commit > state.commit;
  if (message.promised > role.round || knowsMore) {
    becomeFollower(state, nowMs);
    state.electionDueMs = nowMs + randomInt(state.prng, RETRY_MS_MAX);
  } else if (role.type === "candidate") {
    // That one promised our round to another. The rest may still make us its leader, or nobody will lead it.
    const retryMs = RETRY_MS_MAX + randomInt(state.prng, RETRY_MS_MAX);
    state.electionDueMs = Math.min(state.electionDueMs, nowMs + retryMs);
  }
  if (message.commit > state.commit) fetchFrom(state, from, nowMs, out);
}

export function onTakeOver(
  state: ConsensusState,
  from: NodeId,
  { round }: MessageOf<"takeOver">,
  nowMs: number,
  out: Effects,
): void {
  if (!isAcceptor(state) || state.promise.round !== round || state.promise.node !== from) return;
  const message = `takes over from mon.${from}`;
  out.push({ type: "log", level: "info", message, fields: {} });
  prepare(state, nowMs, out);
}

/** A leader gives up its round for a new one of its own: its batches then count from 0 again. */
export function renewRound(state: ConsensusState, nowMs: number, out: Effects): void {
  assert(state.role.type === "leader", "only a leader has a round to renew");
  prepare(state, nowMs, out);
}

export function onPromised(
  state: ConsensusState,
  from: NodeId,
  { message, payload }: { message: MessageOf<"promised">; payload: Uint8Array },
  nowMs: number,
  out: Effects,
): void {
  const { role } = state;
  if (role.type !== "candidate" || message.round !== role.round) return;
  // A life of ours that lost its disk may have prepared the same round: what was promised to it may be forgotten by now.
  if (message.life !== state.life || message.commit !== role.base) return;
  const values = splitPayload(
    message.accepted.map(({ size }) => size),
    payload,
  );
  if (values === undefined) return;
  const entries = values.map((value, index) => ({
    round: present(message.accepted[index], "the round of a value").round,
    value,
  }));
  promisedBy(state, role, { from, entries }, nowMs, out);
}

/** Our own promise is durable. What we accepted ourselves is in our log when it is wanted. */
export function ownPromise(
  state: ConsensusState,
  role: Candidate,
  nowMs: number,
  out: Effects,
): void {
  promisedBy(state, role, { from: state.self, entries: [] }, nowMs, out);
}

function maybePrepare(state: ConsensusState, nowMs: number, out: Effects): void {
  const { role } = state;
  if (role.type !== "preCandidate" || role.granted.size < state.majority) return;
  restartElectionTimer(state, nowMs);
  prepare(state, nowMs, out);
}

/**
 * Others hear of the round when our own promise of it is durable: a new life of ours must not use it again, for it
 * could not tell answers to the two apart.
 */
function prepare(state: ConsensusState, nowMs: number, out: Effects): void {
  const round = roundAboveAll(state);
  const base = state.commit;
  state.promise = { round, node: state.self };
  state.role = { type: "candidate", round, base, sinceMs: nowMs, promises: new Map() };
  state.leader = undefined;
  const then: ConsensusEffect[] = state.others.map((to) => ({
    type: "send",
    to,
    message: { type: "prepare", round, life: state.life, commit: base },
  }));
  then.push({ type: "durable", round, to: state.log.last });
  out.push({ type: "persist", writes: [promiseWrite(state.promise)], then });
}

function promisedBy(
  state: ConsensusState,
  role: Candidate,
  { from, entries }: { from: NodeId; entries: readonly LogEntry[] },
  nowMs: number,
  out: Effects,
): void {
  role.promises.set(from, entries);
  if (role.promises.size < state.majority || !role.promises.has(state.self)) return;
  const { commit, log, rules } = state;
  // Meanwhile more may have turned out to be chosen, and have left the front of our log.
  const accepted = [log.slice(commit + 1, log.last, Number.POSITIVE_INFINITY)];
  if (rules.proposeAgain) {
    for (const promised of role.promises.values())
      accepted.push(promised.slice(commit - role.base));
  }
  const { round, sinceMs } = role;
  becomeLeader(state, { round, sinceMs, values: latestOf(accepted) }, nowMs, out);
}

/**
 * Slot by slot the value of the highest round: if any value was chosen in a lower round than ours, it is this one.
 * Acceptors hold no gaps, so neither does the union.
 */
function latestOf(promises: readonly (readonly LogEntry[])[]): Uint8Array[] {
  const latest: LogEntry[] = [];
  for (const entries of promises) {
    for (const [index, entry] of entries.entries()) {
      const known = latest[index];
      if (known === undefined || entry.round > known.round) latest[index] = entry;
    }
  }
  return latest.map(({ value }) => value);
}

function hearsLeader(state: ConsensusState, nowMs: number): boolean {
  if (state.role.type === "leader") return true;
  return state.leader !== undefined && nowMs - state.leaderHeardMs < ELECTION_MS_MIN;
}

function noteRound(state: ConsensusState, node: NodeId, round: number): void {
  const member = memberOf(state, node);
  if (round > member.promise.round) member.promise = { round, node: 0 };
}

function roundAboveAll({ promise, heard }: ConsensusState): number {
  let round = promise.round;
  for (const member of heard.values()) round = Math.max(round, member.promise.round);
  return round + 1;
}
