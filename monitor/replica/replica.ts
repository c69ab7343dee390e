/**
 * A member's copy of the machine: makes batches while it leads, applies what is chosen, writes the machine's rows down
 * behind it. Taking all of them from another member, where the log does not reach, is receiving.ts's.
 *
 * The log comes first and the rows follow lazily: a batch is acknowledged when the log has it. Rows that changed go to
 * the disk every CHECKPOINT_MS, together with the slot that they are of and the removal of the log behind it, in one
 * batch: a crash finds rows of exactly one slot, and the log from there.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Persist, Tick } from "../../cluster/runtime/core.ts";
import { decide, stepConsensus } from "../consensus/consensus.ts";
import { renewRound } from "../consensus/election.ts";
import { propose } from "../consensus/leader.ts";
import { trimLog } from "../consensus/learner.ts";
import { logHeldFrom } from "../consensus/row-transfers.ts";
import type { ConsensusEffect, ConsensusEvent, ConsensusState } from "../consensus/state.ts";
import { ENTRY_BYTES_MAX } from "../message/limits.ts";
import type { Machine } from "./machine.ts";
import {
  type ReceivingEffect,
  type ReceivingState,
  type RowsReceived,
  rowsReceived,
} from "./receiving.ts";
import { rowWrite } from "./rows.ts";
import { LOG_SLOTS_KEPT, trimPoint } from "./trimming.ts";

const CHECKPOINT_MS = 100;
/** Then rows are written without waiting. */
const DIRTY_ROWS_MAX = 20_000;
/**
 * So much is applied since the rows were written, at most. After a start all of it counts as merely accepted, and a
 * promise carries it in one message: whatever the disk can do in CHECKPOINT_MS, it must fit there.
 */
export const UNWRITTEN_BYTES_MAX = 4 << 20;
const UNWRITTEN_SLOTS_MAX = 1_024;
/** Further batches wait until one of these is chosen, and grow meanwhile. */
const BATCHES_IN_FLIGHT_MAX = 8;
export const BYTES_IN_FLIGHT_MAX = 3 << 20;
export const BATCH_BYTES_MAX = 512 << 10;
export const BATCH_ENTRIES_MAX = 4_096;
/** Beyond it, entries are refused. */
export const PENDING_BYTES_MAX = 32 << 20;

export interface ReplicaState<Entry> extends ReceivingState {
  readonly machine: Machine<Entry>;
  readonly logSlotsKept: number;
  /** What was chosen behind `applied` is for a newer program than this. */
  isOutdated: boolean;
  /** Entries that wait for a batch, with their sizes. */
  pending: { readonly entry: Entry; readonly bytes: number }[];
  pendingBytes: number;
  isFlushPlanned: boolean;
  /** Of the leadership that `index` counts batches in; 0 if we do not lead. */
  epoch: number;
  index: number;
  /** Wall clock minus monotonic clock. */
  wallOffsetMs: number;
  checkpointDueMs: number;
  /** Of the batches that we proposed, in bytes; -1 before the first. */
  readonly proposalSizes: { last: number; min: number; max: number };
}

export type ReplicaEvent =
  | ConsensusEvent
  /** What was asked for by `flushSoon`. */
  | { readonly type: "flush" }
  | { readonly type: "wallClock"; readonly offsetMs: number }
  | RowsReceived;

export type ReplicaEffect =
  | ConsensusEffect
  | ReceivingEffect
  /** Comes back as `flush` after the events that wait already, so that they share a batch. */
  | { readonly type: "flushSoon" };

export interface ReplicaEffects {
  push(...effects: (ReplicaEffect | Persist<ReplicaEffect>)[]): unknown;
}

export function createReplica<Entry>(options: {
  readonly consensus: ConsensusState;
  readonly machine: Machine<Entry>;
  readonly generation: number;
  readonly nextGeneration: number;
  readonly wallOffsetMs: number;
  readonly nowMs: number;
  readonly logSlotsKept?: number;
}): ReplicaState<Entry> {
  const { consensus, machine } = options;
  const applied = consensus.commit;
  consensus.applied = { slot: applied, digest: machine.digest() };
  return {
    consensus,
    machine,
    logSlotsKept: options.logSlotsKept ?? LOG_SLOTS_KEPT,
    applied,
    isOutdated: false,
    digests: new Map(),
    pending: [],
    pendingBytes: 0,
    isFlushPlanned: false,
    epoch: 0,
    index: 0,
    wallOffsetMs: options.wallOffsetMs,
    unwrittenBytes: 0,
    checkpointDueMs: options.nowMs + CHECKPOINT_MS,
    generation: options.generation,
    nextGeneration: options.nextGeneration,
    receiving: undefined,
    proposalSizes: { last: -1, min: -1, max: -1 },
  };
}

export function stepReplica<Entry>(
  state: ReplicaState<Entry>,
  event: ReplicaEvent | Tick,
  nowMs: number,
): (ReplicaEffect | Persist<ReplicaEffect>)[] {
  const out: (ReplicaEffect | Persist<ReplicaEffect>)[] = [];
  switch (event.type) {
    case "flush":
      state.isFlushPlanned = false;
      makeBatches(state, nowMs, out);
      decide(state.consensus, out);
      break;
    case "wallClock":
      state.wallOffsetMs = event.offsetMs;
      break;
    case "rowsReceived":
      rowsReceived(state, event, nowMs, out);
      break;
    default:
      out.push(...stepConsensus(state.consensus, event, nowMs));
      break;
  }
  follow(state, nowMs, out);
  if (event.type === "tick") maybeCheckpoint(state, nowMs, out);
  return out;
}

export function isLeader<Entry>({ consensus }: ReplicaState<Entry>): boolean {
  return consensus.role.type === "leader";
}

/** False if we do not lead, too much waits, or it is larger than any batch may be: nothing happens then. */
export function submitEntry<Entry>(
  state: ReplicaState<Entry>,
  { entry, bytes }: { readonly entry: Entry; readonly bytes: number },
  out: ReplicaEffects,
): boolean {
  if (!isLeader(state) || bytes > ENTRY_BYTES_MAX) return false;
  if (state.pendingBytes + bytes > PENDING_BYTES_MAX) return false;
  state.pending.push({ entry, bytes });
  state.pendingBytes += bytes;
  if (!state.isFlushPlanned) {
    state.isFlushPlanned = true;
    out.push({ type: "flushSoon" });
  }
  return true;
}

/** What follows from the state of the consensus: applies, and proposes if there is room. */
function follow<Entry>(state: ReplicaState<Entry>, nowMs: number, out: ReplicaEffects): void {
  const { consensus } = state;
  followRole(state, nowMs, out);
  // A batch may be chosen as soon as it is proposed, if the ensemble is one member.
  const before = state.applied;
  applyChosen(state, nowMs, out);
  compareDigests(state, out);
  if (state.applied > before) {
    if (!state.isFlushPlanned) makeBatches(state, nowMs, out);
    if (isCheckpointUrgent(state)) checkpoint(state, nowMs, out);
  }
  const { role, log, commit, wantedSlot } = consensus;
  if (role.type === "leader" && wantedSlot > log.last && commit === log.last) {
    proposeBatch(state, [], nowMs, out);
  }
  decide(consensus, out);
}

/** A new leader begins with an empty batch: when it is chosen, so is everything before it (M2). */
function followRole<Entry>(state: ReplicaState<Entry>, nowMs: number, out: ReplicaEffects): void {
  const { role } = state.consensus;
  if (role.type !== "leader") {
    state.epoch = 0;
    state.pending = [];
    state.pendingBytes = 0;
    return;
  }
  if (state.epoch === role.round) return;
  state.epoch = role.round;
  state.index = 0;
  proposeBatch(state, [], nowMs, out);
}

function applyChosen<Entry>(state: ReplicaState<Entry>, nowMs: number, out: ReplicaEffects): void {
  const { consensus, machine, digests } = state;
  if (state.applied === consensus.commit || state.isOutdated) return;
  let isVoid = false;
  while (state.applied < consensus.commit) {
    const slot = state.applied + 1;
    const entry = consensus.log.entry(slot);
    assert(entry !== undefined, `slot ${slot} is chosen and in the log`);
    const unreadable = machine.apply(slot, entry.value);
    if (unreadable?.isNewer) {
      becomeOutdated(state, { slot, reason: unreadable.reason }, out);
      break;
    }
    if (unreadable !== undefined) {
      isVoid = true;
      const message = `slot ${slot} is no batch and counts for nothing: ${unreadable.reason}`;
      out.push({ type: "log", level: "error", message, fields: { ...entry } });
    }
    state.applied = slot;
    state.unwrittenBytes += entry.value.byteLength;
    digests.set(slot, machine.digest());
    digests.delete(slot - LOG_SLOTS_KEPT);
  }
  consensus.applied = { slot: state.applied, digest: machine.digest() };
  // If it was ours, what we made after it does not follow on anything (M2): only a new round has a first batch.
  if (isVoid && consensus.role.type === "leader") renewRound(consensus, nowMs, out);
}

/** The slot means something, and others know what: to go on without it would be to have another tree. */
function becomeOutdated<Entry>(
  state: ReplicaState<Entry>,
  { slot, reason }: { readonly slot: number; readonly reason: string },
  out: ReplicaEffects,
): void {
  state.isOutdated = true;
  const why = `a newer version of Kelp wrote slot ${slot}: ${reason}`;
  out.push({ type: "fatal", code: "PROGRAM_OUTDATED", reason: why });
}

/** Two members that applied the same slots and differ have a bug or a bad memory between them (M5). */
function compareDigests<Entry>(
  { consensus, digests }: ReplicaState<Entry>,
  out: ReplicaEffects,
): void {
  const { slot, digest } = consensus.leaderApplied;
  const own = digests.get(slot);
  if (!consensus.rules.compareDigests) return;
  if (own === undefined || own === digest || consensus.role.type === "leader") return;
  const reason = `the tree as of slot ${slot} differs from the leader's`;
  out.push({ type: "fatal", code: "STORE_CORRUPT", reason });
}

function makeBatches<Entry>(state: ReplicaState<Entry>, nowMs: number, out: ReplicaEffects): void {
  const { consensus } = state;
  while (state.pending.length > 0 && consensus.role.type === "leader") {
    const inFlight = bytesInFlight(consensus);
    if (inFlight === undefined) return;
    const { count, bytes } = nextBatch(state);
    // One that is larger than all that may be in flight goes alone.
    if (inFlight > 0 && inFlight + bytes > BYTES_IN_FLIGHT_MAX) return;
    const entries = state.pending.slice(0, count).map(({ entry }) => entry);
    state.pending = state.pending.slice(count);
    state.pendingBytes -= bytes;
    proposeBatch(state, entries, nowMs, out);
  }
}

/** Undefined if there are as many batches as may be. */
function bytesInFlight({ log, commit }: ConsensusState): number | undefined {
  if (log.last - commit >= BATCHES_IN_FLIGHT_MAX) return undefined;
  let bytes = 0;
  for (let slot = commit + 1; slot <= log.last; slot++) {
    bytes += log.entry(slot)?.value.byteLength ?? 0;
  }
  return bytes < BYTES_IN_FLIGHT_MAX ? bytes : undefined;
}

function nextBatch<Entry>({ pending }: ReplicaState<Entry>): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const { bytes: size } of pending) {
    if (count >= BATCH_ENTRIES_MAX || (count > 0 && bytes + size > BATCH_BYTES_MAX)) break;
    bytes += size;
    count += 1;
  }
  return { count, bytes };
}

function proposeBatch<Entry>(
  state: ReplicaState<Entry>,
  entries: readonly Entry[],
  nowMs: number,
  out: ReplicaEffects,
): void {
  const { epoch, index } = state;
  const wallMs = Math.floor(nowMs + state.wallOffsetMs);
  const value = state.machine.encode({ epoch, index, wallMs }, entries);
  state.index += 1;
  noteSize(state.proposalSizes, value.byteLength);
  propose(state.consensus, value, out);
}

function noteSize(sizes: { last: number; min: number; max: number }, bytes: number): void {
  sizes.min = sizes.last < 0 ? bytes : Math.min(sizes.min, bytes);
  sizes.max = Math.max(sizes.max, bytes);
  sizes.last = bytes;
}

function isCheckpointUrgent<Entry>(state: ReplicaState<Entry>): boolean {
  return (
    state.machine.dirtyCount > DIRTY_ROWS_MAX ||
    state.unwrittenBytes > UNWRITTEN_BYTES_MAX ||
    state.applied - state.consensus.rowsSlot > UNWRITTEN_SLOTS_MAX
  );
}

function maybeCheckpoint<Entry>(
  state: ReplicaState<Entry>,
  nowMs: number,
  out: ReplicaEffects,
): void {
  if (nowMs < state.checkpointDueMs || state.applied === state.consensus.rowsSlot) return;
  checkpoint(state, nowMs, out);
}

function checkpoint<Entry>(state: ReplicaState<Entry>, nowMs: number, out: ReplicaEffects): void {
  const { consensus, machine, applied, generation } = state;
  state.checkpointDueMs = nowMs + CHECKPOINT_MS;
  const rows = machine.takeRows(applied).map((write) => rowWrite(generation, write));
  consensus.rowsSlot = applied;
  state.unwrittenBytes = 0;
  const { log } = consensus;
  const heldFrom = logHeldFrom(consensus);
  const trimTo = trimPoint(log, { applied, slotsKept: state.logSlotsKept, heldFrom });
  const trimmed = trimTo >= log.first ? trimLog(consensus, trimTo) : [];
  out.push({ type: "persist", writes: [...rows, ...trimmed], then: [] });
}
