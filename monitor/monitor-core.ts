/**
 * A monitor as one core: its replica of the tree, its server for clients, and what ties the two together: writes go to
 * the leader, what is applied comes back to clients, signs of life of sessions reach whoever may end them.
 *
 *   client packet -> server -> forward -> leader: batch -> log -> chosen -> tree -> server -> reply
 *
 * Cut off means silent (M7): a member serves clients only while it knows that a majority stood behind its leader a
 * short time ago, by its own clock and however long messages were on their way.
 */
import { unreachable } from "../cluster/base/assert.ts";
import type { Persist, Tick } from "../cluster/runtime/core.ts";
import { CodecError } from "../cluster/wire/codec-error.ts";
import { ERRORS } from "../cluster/zookeeper/error-codes.ts";
import { OPCODES } from "../cluster/zookeeper/op-codes.ts";
import { renewRound } from "./consensus/election.ts";
import { resign } from "./consensus/leader.ts";
import { complain } from "./consensus/sense.ts";
import type { NodeId } from "./consensus/state.ts";
import { decodeEntries, encodeEntries, entryBytes, isFit, splitEntries } from "./forwarding.ts";
import { ENTRY_BYTES_MAX } from "./message/limits.ts";
import { TOUCHED_MAX } from "./message/session.ts";
import {
  MONITOR_RULES,
  type MonitorEffect,
  type MonitorEvent,
  type MonitorRules,
  type MonitorState,
} from "./monitor-state.ts";
import { followsNotice, servingNotice } from "./notice.ts";
import {
  isLeader,
  type ReplicaEvent,
  type ReplicaState,
  stepReplica,
  submitEntry,
} from "./replica/replica.ts";
import { forgetSubmitted, isSubmitted, noteSubmitted } from "./submitted.ts";
import { advanceSyncs, askSync, syncAsked, syncTold } from "./sync-rounds.ts";
import { createSyncs, forgetSyncs } from "./syncs.ts";
import type { Entry } from "./tree/batch.ts";
import { reapable } from "./tree/delete.ts";
import type { Outcome } from "./tree/outcome.ts";
import { isSameSettings, type TreeSettings } from "./tree/settings.ts";
import { zxidsLeft } from "./tree/state.ts";
import type { TreeMachine } from "./tree-machine.ts";
import { noteApplied } from "./zookeeper/applied.ts";
import { type ServerEvent, stepServer, takeTouched } from "./zookeeper/server-core.ts";
import type { ServerState } from "./zookeeper/server-state.ts";
import type { SessionTracker } from "./zookeeper/session-tracker.ts";

/** Removals proposed at a time, as ZooKeeper bounds them per interval. */
const REAPED_MAX = 10_000;
/** After a refusal, what was forwarded is sent again. */
const REFUSED_RETRY_MS = 100;
/** A member that does not serve says why: soon after its start, and then now and then. */
const WAITING_LOG_FIRST_MS = 2_000;
const WAITING_LOG_MS = 10_000;
/** A new round starts the zxids over; well before they run out. */
const ZXIDS_LEFT_MIN = 2 ** 24;

export function createMonitor(options: {
  readonly replica: ReplicaState<Entry>;
  readonly machine: TreeMachine;
  readonly server: ServerState;
  readonly tracker: SessionTracker;
  readonly settings: TreeSettings;
  readonly quietMs: number;
  readonly reapIntervalMs: number;
  readonly nowMs: number;
  /** Random, in [1, 2^53). */
  readonly syncSeed: number;
  readonly rules?: Partial<MonitorRules>;
}): MonitorState {
  const { machine, nowMs, syncSeed, ...parts } = options;
  const state: MonitorState = {
    ...parts,
    machine,
    nowMs,
    rules: { ...MONITOR_RULES, ...options.rules },
    // What comes on top stays an exact number.
    syncBase: Math.floor(syncSeed / 2),
    isServing: false,
    waitingLogDueMs: nowMs + WAITING_LOG_FIRST_MS,
    backedMs: Number.NEGATIVE_INFINITY,
    leadership: { leader: undefined, round: 0 },
    ledEpoch: 0,
    submittedRound: 0,
    submitted: new Set(),
    syncs: createSyncs(),
    resendDueMs: Number.POSITIVE_INFINITY,
    reapDueMs: nowMs + parts.reapIntervalMs,
    isResigning: false,
    appliedCount: 0,
    out: [],
  };
  machine.observer = {
    entryApplied: (entry, outcome) => {
      state.appliedCount += 1;
      forgetSubmitted(state.submitted, entry);
      noteApplied(state.server, entry, outcome, state.nowMs);
      trackSession(state, entry, outcome);
    },
    treeReplaced: (tree) => {
      // Clients here would miss what their watches waited for.
      if (state.isServing) serve(state, { type: "servingChanged", isServing: false });
      state.isServing = false;
      state.server.tree = tree;
    },
  };
  return state;
}

export function stepMonitor(
  state: MonitorState,
  event: MonitorEvent | Tick,
  nowMs: number,
): (MonitorEffect | Persist<MonitorEffect>)[] {
  state.nowMs = nowMs;
  switch (event.type) {
    case "asked":
      asked(state, event);
      break;
    case "resign":
      state.isResigning = true;
      break;
    case "clientOpened":
    case "clientPackets":
    case "clientWord":
    case "clientClosed":
    case "clientDrained":
    case "applied":
    case "syncDone":
    case "leaderChanged":
    case "servingChanged":
      serve(state, event);
      break;
    case "tick":
      if (state.rules.forgiveLateness) state.tracker.delay(event.lateMs);
      replicate(state, event);
      serve(state, event);
      tick(state);
      break;
    default:
      if (event.type === "received") maybeTellTouched(state, event);
      replicate(state, event);
      if (event.type === "linkChanged") linkChanged(state, event);
      break;
  }
  followLeadership(state);
  for (const tag of advanceSyncs(state)) serve(state, { type: "syncDone", tag });
  if (state.isResigning) leave(state);
  const { out } = state;
  state.out = [];
  return out;
}

function replicate(state: MonitorState, event: ReplicaEvent | Tick): void {
  state.appliedCount = 0;
  state.out.push(...stepReplica(state.replica, event, state.nowMs));
  if (state.appliedCount > 0) serve(state, { type: "applied" });
}

/** A step of the server; what it wants of the log is done here. */
function serve(state: MonitorState, event: ServerEvent | Tick): void {
  for (const effect of stepServer(state.server, event, state.nowMs)) {
    if (effect.type === "forward") forward(state, effect.entries);
    else if (effect.type === "sync") askSync(state, effect.tag);
    else state.out.push(effect);
  }
}

/** Never one of ours: what comes in is bounded. One that no batch can have would be sent again for ever. */
function fitting(state: MonitorState, entries: readonly Entry[], from: NodeId): readonly Entry[] {
  if (entries.every(isFit)) return entries;
  const sizes = entries.map(entryBytes).filter((bytes) => bytes > ENTRY_BYTES_MAX);
  const what = `a request of ${Math.max(...sizes)} bytes, where ${ENTRY_BYTES_MAX} fit`;
  complain(state.replica.consensus, { node: from, what }, state.nowMs, state.out);
  return entries.filter(isFit);
}

/** To the leader. What gets lost is sent again when there is another one, or when its successor was skipped. */
function forward(state: MonitorState, asked: readonly Entry[]): void {
  const { leader } = state.leadership;
  const entries = fitting(state, asked, state.replica.consensus.self);
  if (isLeader(state.replica)) {
    if (!submitAll(state, entries)) state.resendDueMs = state.nowMs + REFUSED_RETRY_MS;
    return;
  }
  if (leader === undefined) return;
  for (const part of splitEntries(entries)) {
    const payload = encodeEntries(part);
    state.out.push({ type: "tell", to: leader, message: { type: "forward" }, payload });
  }
}

/** False if not all were taken; those after the first that was not would only be skipped. */
function submitAll(state: MonitorState, entries: readonly Entry[]): boolean {
  if (state.isResigning) return false;
  return entries.every((entry) => {
    if (isSubmitted(state.submitted, entry)) return true;
    const isTaken = submitEntry(state.replica, { entry, bytes: entryBytes(entry) }, state.out);
    if (isTaken) noteSubmitted(state.submitted, entry);
    return isTaken;
  });
}

function asked(
  state: MonitorState,
  { from, message, payload }: MonitorEvent & { type: "asked" },
): void {
  // Whoever else has the key and a name like ours has no say.
  if (!state.replica.consensus.others.includes(from)) return;
  switch (message.type) {
    case "forward":
      forwarded(state, from, payload);
      return;
    case "forwardRefused":
      state.resendDueMs = Math.min(state.resendDueMs, state.nowMs + REFUSED_RETRY_MS);
      return;
    case "touched":
      state.tracker.touchAll(message.sessions, state.nowMs);
      return;
    case "syncAsk":
      syncAsked(state, from, message.tag);
      return;
    case "syncTell":
      syncTold(state, message);
      return;
    default:
      unreachable(message, "a message between monitors");
  }
}

function forwarded(state: MonitorState, from: NodeId, payload: Uint8Array): void {
  try {
    if (submitAll(state, fitting(state, decodeEntries(payload), from))) return;
    state.out.push({ type: "tell", to: from, message: { type: "forwardRefused" } });
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const what = `forward: ${error.message}`;
    complain(state.replica.consensus, { node: from, what }, state.nowMs, state.out);
  }
}

/** Before we acknowledge a heartbeat: when it counts, the leader knows whom we heard until then (M8). */
function maybeTellTouched(
  state: MonitorState,
  { from: leader, message }: MonitorEvent & { type: "received" },
): void {
  const { others, promise } = state.replica.consensus;
  // What is told to one that leads no longer is lost to the one that does.
  const isLeaders = message.type === "heartbeat" && message.round >= promise.round;
  if (!isLeaders || !others.includes(leader)) return;
  const sessions = takeTouched(state.server);
  for (let from = 0; from < sessions.length; from += TOUCHED_MAX) {
    const part = sessions.slice(from, from + TOUCHED_MAX);
    state.out.push({ type: "tell", to: leader, message: { type: "touched", sessions: part } });
  }
}

function trackSession(
  { tracker, ledEpoch, nowMs }: MonitorState,
  entry: Entry,
  { kind, error, session }: Outcome,
): void {
  if (ledEpoch === 0 || kind !== "done" || error !== ERRORS.OK) return;
  if (entry.type === "createSession" || entry.type === "attachSession") {
    if (session !== undefined) tracker.open(session, entry.timeoutMs, nowMs);
  } else if (entry.type === "expireSession") {
    tracker.close(entry.session);
  } else if (entry.type === "request" && entry.op === OPCODES.closeSession) {
    tracker.close(entry.session);
  }
}

function tick(state: MonitorState): void {
  const { nowMs, replica, server, tracker } = state;
  if (nowMs >= state.resendDueMs) {
    state.resendDueMs = Number.POSITIVE_INFINITY;
    serve(state, { type: "leaderChanged" });
  }
  if (state.ledEpoch === 0) return;
  const { role } = replica.consensus;
  if (role.type !== "leader") return;
  tracker.touchAll(takeTouched(server), nowMs);
  const confirmedMs = state.rules.expireConfirmed ? role.backedAtMs : nowMs;
  for (const session of tracker.takeExpired(confirmedMs)) {
    if (state.machine.tree.sessions.find(session) === undefined) tracker.close(session);
    else if (!submitAll(state, [{ type: "expireSession", session }])) tracker.proposalLost(session);
  }
  if (nowMs >= state.reapDueMs) reap(state);
  if (zxidsLeft(state.machine.tree) < ZXIDS_LEFT_MIN)
    renewRound(replica.consensus, nowMs, state.out);
}

/** Proposes what could go; applying checks again. */
function reap(state: MonitorState): void {
  const { machine, replica, nowMs } = state;
  state.reapDueMs = nowMs + state.reapIntervalMs;
  const wallMs = nowMs + replica.wallOffsetMs;
  const found = reapable(machine.tree, { wallMs, countMax: REAPED_MAX });
  submitAll(
    state,
    found.map((reaped) => ({ type: "reap", ...reaped })),
  );
}

function linkChanged(state: MonitorState, { node, isUp }: { node: NodeId; isUp: boolean }): void {
  // What went down with the old connection is not known to have arrived.
  if (isUp && node === state.leadership.leader) serve(state, { type: "leaderChanged" });
}

/** Who leads, whether we speak for the ensemble, and whether we may serve. */
function followLeadership(state: MonitorState): void {
  const { replica, machine } = state;
  const { consensus } = replica;
  const { leader, promise, role } = consensus;
  const isNew = leader !== state.leadership.leader || promise.round !== state.leadership.round;
  if (isNew) {
    state.leadership = { leader, round: promise.round };
    const follows = leader !== undefined && leader !== consensus.self;
    if (follows) state.out.push(followsNotice(consensus, leader));
  }
  if (role.type !== "leader" || role.round !== state.submittedRound) {
    state.submitted.clear();
    state.submittedRound = role.type === "leader" ? role.round : 0;
  }
  if (role.type !== "leader" && state.ledEpoch !== 0) loseLeadership(state);
  const begins = role.type === "leader" && machine.tree.epoch === role.round;
  if (begins && state.ledEpoch !== role.round) {
    state.ledEpoch = role.round;
    startTracking(state);
    proposeSettings(state);
  }
  const serves = mayServe(state);
  const changes = serves !== state.isServing;
  if (changes) {
    state.isServing = serves;
    serve(state, { type: "servingChanged", isServing: serves });
  }
  if (changes || (!serves && state.nowMs >= state.waitingLogDueMs)) {
    state.waitingLogDueMs = state.nowMs + WAITING_LOG_MS;
    state.out.push(servingNotice(replica, serves));
  }
  if (isNew && leader !== undefined) serve(state, { type: "leaderChanged" });
}

function startTracking({ machine, tracker, rules, nowMs }: MonitorState): void {
  tracker.reset(machine.tree.sessions.all(), nowMs);
  if (rules.newLeaderWaits) return;
  for (const { id, timeoutMs } of machine.tree.sessions.all()) {
    tracker.open(id, timeoutMs, nowMs - timeoutMs);
  }
}

/**
 * Whoever serves goes on through an election: what its clients ask for waits for the next leader, and what they read is
 * as old as a majority's last word allows. Only who begins to serve has to know a leader and to stand where it stood.
 */
function mayServe(state: MonitorState): boolean {
  const { consensus, applied } = state.replica;
  const { role, leader, standing } = consensus;
  if (state.isServing && !state.rules.cutOffIsSilent) return true;
  const isOwn = role.type === "leader";
  state.backedMs = Math.max(state.backedMs, isOwn ? role.backedAtMs : consensus.backedAtMs);
  if (standing !== "acceptor" || state.nowMs - state.backedMs > state.quietMs) return false;
  if (state.isServing) return true;
  if (leader === undefined) return false;
  return isOwn ? state.ledEpoch === role.round : applied >= consensus.catchUpSlot;
}

function loseLeadership(state: MonitorState): void {
  state.ledEpoch = 0;
  state.tracker.clear();
  forgetSyncs(state.syncs);
}

function proposeSettings(state: MonitorState): void {
  const { settings } = state;
  if (isSameSettings(state.machine.tree.settings, settings)) return;
  submitAll(state, [{ type: "settings", settings }]);
}

function leave(state: MonitorState): void {
  const { consensus } = state.replica;
  if (consensus.role.type === "leader" && consensus.others.length > 0) {
    if (!resign(consensus, state.nowMs, state.out)) return;
  }
  state.isResigning = false;
  state.out.push({ type: "resigned" });
}
