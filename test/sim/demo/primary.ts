/**
 * The primary's core. It counts an increment by appending it to its log, and answers when the entry
 * is durable here and on every backup.
 *
 * - An entry is sent to backups only when it is durable here. So a backup's log is always a prefix
 *   of the primary's, whoever crashes, and a new life of the primary has nothing to negotiate.
 * - A read is answered with the log's length on arrival, once all of that is acknowledged: whatever
 *   anybody was told before, this answer includes it.
 */
import { assert } from "../../../cluster/base/assert.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import type { Persist, Tick } from "../../../cluster/runtime/core.ts";
import { entryWrite } from "./entry-log.ts";
import { APPEND_ENTRIES_MAX, type CounterMessage, type Entry } from "./messages.ts";
import type { Plant } from "./plant.ts";

/** Increments beyond this are refused. */
const ENTRIES_MAX = 1 << 20;
const RESEND_MS = 100;

interface Backup {
  readonly name: PeerName;
  ackedCount: number;
  sentCount: number;
  sentMs: number;
}

/** A call that waits until the first `count` entries are durable everywhere. */
interface Waiting {
  readonly call: number;
  readonly count: number;
}

export interface PrimaryState {
  readonly entries: Entry[];
  durableCount: number;
  readonly backups: readonly Backup[];
  /** Of each session the latest request, and what the counter was after it. */
  readonly latest: Map<number, { readonly request: number; readonly count: number }>;
  waiting: Waiting[];
  readonly plant: Plant;
}

export type PrimaryEvent =
  | { readonly type: "increment"; readonly call: number; readonly entry: Entry }
  | { readonly type: "read"; readonly call: number }
  | { readonly type: "persisted"; readonly count: number }
  | { readonly type: "appended"; readonly from: PeerName; readonly count: number };

export type PrimaryEffect =
  | { readonly type: "send"; readonly to: PeerName; readonly message: CounterMessage }
  | { readonly type: "reply"; readonly call: number; readonly count: number }
  | { readonly type: "refuse"; readonly call: number }
  /** Comes back as the event. */
  | { readonly type: "persisted"; readonly count: number };

type Effects = (PrimaryEffect | Persist<PrimaryEffect>)[];

export function createPrimary(options: {
  entries: Entry[];
  backups: readonly PeerName[];
  plant: Plant;
}): PrimaryState {
  const { entries, backups, plant } = options;
  const latest: PrimaryState["latest"] = new Map();
  for (const [index, { session, request }] of entries.entries()) {
    latest.set(session, { request, count: index + 1 });
  }
  return {
    entries,
    durableCount: entries.length,
    backups: backups.map((name) => ({ name, ackedCount: 0, sentCount: 0, sentMs: 0 })),
    latest,
    waiting: [],
    plant,
  };
}

export function stepPrimary(
  state: PrimaryState,
  event: PrimaryEvent | Tick,
  nowMs: number,
): Effects {
  const effects: Effects = [];
  switch (event.type) {
    case "increment":
      increment(state, event, effects);
      break;
    case "read":
      state.waiting.push({ call: event.call, count: state.entries.length });
      break;
    case "persisted":
      state.durableCount = Math.max(state.durableCount, event.count);
      break;
    case "appended":
      appended(state, event);
      break;
    case "tick":
      resend(state, event, nowMs);
      break;
  }
  replicate(state, nowMs, effects);
  answer(state, effects);
  return effects;
}

function increment(
  state: PrimaryState,
  { call, entry }: PrimaryEvent & { type: "increment" },
  effects: Effects,
): void {
  const latest = state.latest.get(entry.session);
  if (latest !== undefined && entry.request <= latest.request) {
    // An older request than the latest one has been answered, or its client would not have gone on.
    if (entry.request === latest.request) state.waiting.push({ call, count: latest.count });
    else effects.push({ type: "refuse", call });
    return;
  }
  if (state.entries.length >= ENTRIES_MAX) {
    effects.push({ type: "refuse", call });
    return;
  }
  state.entries.push(entry);
  const count = state.entries.length;
  state.latest.set(entry.session, { request: entry.request, count });
  state.waiting.push({ call, count });
  const writes = [entryWrite(count, entry)];
  effects.push({ type: "persist", writes, then: [{ type: "persisted", count }] });
}

function appended(state: PrimaryState, event: PrimaryEvent & { type: "appended" }): void {
  const backup = state.backups.find(({ name }) => name === event.from);
  if (backup === undefined) return;
  assert(event.count <= state.entries.length, `${event.from} has entries that the primary lost`);
  backup.ackedCount = Math.max(backup.ackedCount, event.count);
  backup.sentCount = Math.max(backup.sentCount, backup.ackedCount);
}

/**
 * What was not acknowledged for a while is sent again. The time in which we did not run is nobody's
 * silence.
 */
function resend(state: PrimaryState, { lateMs }: Tick, nowMs: number): void {
  if (state.plant === "primary-never-resends") return;
  for (const backup of state.backups) {
    backup.sentMs += lateMs;
    if (nowMs - backup.sentMs >= RESEND_MS) backup.sentCount = backup.ackedCount;
  }
}

function replicate(state: PrimaryState, nowMs: number, effects: Effects): void {
  const isEarly = state.plant === "primary-replicates-early";
  const readyCount = isEarly ? state.entries.length : state.durableCount;
  for (const backup of state.backups) {
    const after = backup.sentCount;
    if (after >= readyCount) continue;
    const end = Math.min(readyCount, after + APPEND_ENTRIES_MAX);
    const entries = state.entries.slice(after, end);
    effects.push({ type: "send", to: backup.name, message: { type: "append", after, entries } });
    backup.sentCount = end;
    backup.sentMs = nowMs;
  }
}

function answer(state: PrimaryState, effects: Effects): void {
  if (state.waiting.length === 0) return;
  const committedCount = committedCountOf(state);
  if (!state.waiting.some(({ count }) => count <= committedCount)) return;
  for (const { call, count } of state.waiting) {
    if (count <= committedCount) effects.push({ type: "reply", call, count });
  }
  state.waiting = state.waiting.filter(({ count }) => count > committedCount);
}

function committedCountOf({ entries, durableCount, backups, plant }: PrimaryState): number {
  if (plant === "primary-answers-early") return entries.length;
  let committedCount = durableCount;
  for (const { ackedCount } of backups) committedCount = Math.min(committedCount, ackedCount);
  return committedCount;
}
