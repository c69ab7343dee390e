/**
 * The leader: proposes values in slots one after the other, streams them to every follower, and knows a slot to be
 * chosen when a majority holds it durably. Its own fsync runs beside its followers' and counts as one of them.
 *
 * Several slots are in flight at once. Each follower is sent what follows on the last message to it, without waiting;
 * one that reports a gap is sent again from there.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Write } from "../../cluster/kv/store.ts";
import { entryWrite } from "./keys.ts";
import { isTransferring, startTransfer } from "./row-transfers.ts";
import {
  becomeFollower,
  type ConsensusMessage,
  type ConsensusState,
  type Effects,
  ELECTION_MS_MIN,
  HEARTBEAT_MS,
  type Leading,
  MESSAGE_BYTES_MAX,
  MESSAGE_SLOTS_MAX,
  memberOf,
  type NodeId,
  type Progress,
  progressOf,
  RESEND_MS,
  RESEND_MS_MAX,
  SLOTS_IN_FLIGHT_MAX,
  send,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

/** Gaps that were under way when we went back for the first are not gone back for again. */
const REWIND_MS = 50;
/** Rounds that were not acknowledged while newer ones were; beyond any that still could be. */
const HEARTBEATS_MAX = 64;

/** With the values that a majority's promises brought for the slots after `commit`. */
export function becomeLeader(
  state: ConsensusState,
  options: {
    readonly round: number;
    /** When it was prepared: the promises came later, so a majority was with us then. */
    readonly sinceMs: number;
    readonly values: readonly Uint8Array[];
  },
  nowMs: number,
  out: Effects,
): void {
  const { round, sinceMs, values } = options;
  const { commit, log } = state;
  const writes: Write[] = [];
  for (const [index, value] of values.entries()) {
    const slot = commit + 1 + index;
    log.put(slot, { round, value });
    writes.push(entryWrite(slot, { round, value }));
  }
  const last = commit + values.length;
  assert(last === log.last, "our own promise is among those counted");
  state.accepting = { round, to: log.last };
  state.leader = state.self;
  state.role = {
    type: "leader",
    round,
    judgedFromMs: nowMs,
    durableTo: commit,
    followers: new Map(state.others.map((node) => [node, newProgress(commit + 1, nowMs)])),
    sequence: 0,
    heartbeats: [],
    heartbeatDueMs: nowMs,
    confirmedSequence: 0,
    backedAtMs: sinceMs,
  };
  out.push({ type: "persist", writes, then: [{ type: "durable", round, to: log.last }] });
  out.push({
    type: "log",
    level: "info",
    message: `leads round ${round} from slot ${commit + 1}`,
    fields: {},
  });
}

export function propose(state: ConsensusState, value: Uint8Array, out: Effects): number {
  const { role, log } = state;
  assert(role.type === "leader", "only the leader proposes");
  const slot = log.last + 1;
  const entry = { round: role.round, value };
  log.put(slot, entry);
  state.accepting.to = slot;
  out.push({
    type: "persist",
    writes: [entryWrite(slot, entry)],
    then: [{ type: "durable", round: role.round, to: slot }],
  });
  return slot;
}

export function onAccepted(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"accepted">,
  nowMs: number,
): void {
  const { role } = state;
  if (role.type !== "leader" || message.round !== role.round) return;
  // Of an earlier life, or of one that has not said hello: that disk may be gone.
  if (memberOf(state, from).life !== message.life) return;
  const progress = progressOf(role, from);
  if (message.gap) {
    if (nowMs - progress.rewoundMs < REWIND_MS && progress.rewoundTo === message.to) return;
    progress.next = Math.max(progress.match, message.to) + 1;
    progress.rewoundMs = nowMs;
    progress.rewoundTo = message.to;
    return;
  }
  if (message.to <= progress.match) return;
  progress.match = message.to;
  progress.next = Math.max(progress.next, message.to + 1);
  progress.movedMs = nowMs;
  progress.resendMs = RESEND_MS;
}

export function onHeartbeatAck(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"heartbeatAck">,
): void {
  const { role } = state;
  if (role.type !== "leader" || message.round !== role.round) return;
  if (memberOf(state, from).life !== message.life) return;
  const progress = progressOf(role, from);
  progress.echoMs = Math.max(progress.echoMs, message.sentMs);
  const index = role.heartbeats.findIndex(({ sequence }) => sequence === message.sequence);
  const heartbeat = role.heartbeats[index];
  if (heartbeat === undefined) return;
  heartbeat.acknowledged.add(from);
  if (heartbeat.acknowledged.size < state.majority) return;
  backed(role, heartbeat);
  role.heartbeats.splice(0, index + 1);
}

/** A new life of a follower, or a new connection to it: nothing that was sent before counts as sent. */
export function restartFollower(
  state: ConsensusState,
  node: NodeId,
  { isNewLife, nowMs }: { readonly isNewLife: boolean; readonly nowMs: number },
): void {
  const { role } = state;
  if (role.type !== "leader") return;
  const progress = progressOf(role, node);
  if (isNewLife) {
    // What an earlier life had accepted may have been lost with its disk, and its clock went with it.
    progress.match = 0;
    progress.echoMs = Number.NEGATIVE_INFINITY;
  }
  progress.next = Math.min(progress.next, Math.max(progress.match, state.commit) + 1);
  progress.movedMs = nowMs;
  progress.resendMs = RESEND_MS;
  progress.toldCommit = 0;
  progress.rewoundMs = Number.NEGATIVE_INFINITY;
}

/** Starts a round of heartbeats now, and tells its number: when it is confirmed, we led after this call. */
export function requestConfirmation(state: ConsensusState, nowMs: number, out: Effects): number {
  const { role } = state;
  assert(role.type === "leader", "only the leader is confirmed");
  sendHeartbeats(state, role, nowMs, out);
  return role.sequence;
}

/**
 * This process stood still for so long, and answers to its heartbeats wait unread: it would step down from a majority that
 * stands behind it. Whether it may serve, or end sessions, goes by `backedAtMs`, which time alone moves on.
 */
export function excuseFollowers({ role }: ConsensusState, lateMs: number): void {
  if (role.type !== "leader") return;
  role.judgedFromMs = Math.max(role.backedAtMs, role.judgedFromMs) + lateMs;
  for (const progress of role.followers.values()) progress.movedMs += lateMs;
}

export function leaderTick(state: ConsensusState, nowMs: number, out: Effects): void {
  const { role } = state;
  if (role.type !== "leader") return;
  if (nowMs >= role.heartbeatDueMs) sendHeartbeats(state, role, nowMs, out);
  if (nowMs - Math.max(role.backedAtMs, role.judgedFromMs) > ELECTION_MS_MIN) {
    out.push({
      type: "log",
      level: "warn",
      message: `no majority stands behind round ${role.round}`,
      fields: {},
    });
    state.leader = undefined;
    becomeFollower(state, nowMs);
    return;
  }
  for (const progress of role.followers.values()) {
    const { match, movedMs, resendMs } = progress;
    // One that has everything stands still for nothing: what it is sent next is not late from the beginning.
    if (match >= state.log.last) progress.movedMs = nowMs;
    if (match >= state.log.last || nowMs - movedMs < resendMs) continue;
    progress.next = Math.min(progress.next, Math.max(match + 1, state.log.first));
    // If the log has nothing left to send, a bare accept still shows what is missing there.
    progress.toldCommit = 0;
    progress.movedMs = nowMs;
    progress.resendMs = Math.min(2 * resendMs, RESEND_MS_MAX);
  }
}

/** After every event: what is chosen by now, and what each follower can be sent. */
export function lead(state: ConsensusState, role: Leading, out: Effects): void {
  state.commit = Math.max(state.commit, chosenTo(state, role));
  for (const [node, progress] of role.followers) replicate(state, role, { node, progress }, out);
}

/** Gives leadership up to the follower that has everything, if there is one. */
export function resign(state: ConsensusState, nowMs: number, out: Effects): boolean {
  const { role, log, commit } = state;
  if (role.type !== "leader" || commit < log.last) return false;
  for (const [node, { match }] of role.followers) {
    if (match < log.last) continue;
    send(out, node, { type: "takeOver", round: role.round });
    state.leader = undefined;
    becomeFollower(state, nowMs);
    return true;
  }
  return false;
}

/** The majority'th largest: so many members hold everything up to it. Everything after `commit` is of our round. */
function chosenTo({ majority }: ConsensusState, role: Leading): number {
  const held = [role.durableTo];
  for (const { match } of role.followers.values()) held.push(match);
  held.sort((left, right) => right - left);
  return held[majority - 1] ?? 0;
}

function replicate(
  state: ConsensusState,
  role: Leading,
  { node, progress }: { readonly node: NodeId; readonly progress: Progress },
  out: Effects,
): void {
  const { log, commit } = state;
  if (memberOf(state, node).standing !== "acceptor" || isTransferring(state, node)) return;
  if (progress.next < log.first) {
    startTransfer(state, node, out);
    return;
  }
  const to = Math.min(log.last, Math.max(progress.match, commit) + SLOTS_IN_FLIGHT_MAX);
  do {
    const end = Math.min(to, progress.next + MESSAGE_SLOTS_MAX - 1);
    const entries = log.slice(progress.next, end, MESSAGE_BYTES_MAX);
    if (entries.length === 0 && progress.toldCommit >= commit) return;
    send(
      out,
      node,
      {
        type: "accept",
        round: role.round,
        prev: progress.next - 1,
        commit,
        sizes: entries.map(({ value }) => value.byteLength),
      },
      entries.map(({ value }) => value),
    );
    progress.next += entries.length;
    progress.toldCommit = commit;
  } while (progress.next <= to);
}

function sendHeartbeats(state: ConsensusState, role: Leading, nowMs: number, out: Effects): void {
  role.sequence += 1;
  role.heartbeatDueMs = nowMs + HEARTBEAT_MS;
  const heartbeat = {
    sequence: role.sequence,
    sentMs: nowMs,
    acknowledged: new Set([state.self]),
  };
  if (state.majority === 1) backed(role, heartbeat);
  else role.heartbeats.push(heartbeat);
  if (role.heartbeats.length > HEARTBEATS_MAX) role.heartbeats.shift();
  const { slot, digest } = state.applied;
  for (const node of state.others) {
    send(out, node, {
      type: "heartbeat",
      round: role.round,
      sequence: role.sequence,
      life: memberOf(state, node).life,
      commit: state.commit,
      backedMs: nowMs - role.backedAtMs,
      echoMs: progressOf(role, node).echoMs,
      slot,
      digest,
    });
  }
}

function backed(role: Leading, { sequence, sentMs }: { sequence: number; sentMs: number }): void {
  role.confirmedSequence = Math.max(role.confirmedSequence, sequence);
  role.backedAtMs = Math.max(role.backedAtMs, sentMs);
}

function newProgress(next: number, nowMs: number): Progress {
  return {
    match: 0,
    next,
    movedMs: nowMs,
    resendMs: RESEND_MS,
    rewoundMs: Number.NEGATIVE_INFINITY,
    rewoundTo: 0,
    toldCommit: 0,
    echoMs: Number.NEGATIVE_INFINITY,
  };
}
