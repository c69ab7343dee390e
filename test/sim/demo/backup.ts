/**
 * The backup's core: the same log as the primary's, or a prefix of it. It acknowledges what is
 * durable, no more.
 */
import { assert } from "../../../cluster/base/assert.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import type { Write } from "../../../cluster/kv/store.ts";
import type { Persist, Tick } from "../../../cluster/runtime/core.ts";
import { entryWrite } from "./entry-log.ts";
import type { CounterMessage, Entry } from "./messages.ts";
import type { Plant } from "./plant.ts";

export interface BackupState {
  readonly entries: Entry[];
  readonly plant: Plant;
}

export interface BackupEvent {
  readonly type: "append";
  readonly from: PeerName;
  readonly after: number;
  readonly entries: readonly Entry[];
}

export interface BackupEffect {
  readonly type: "send";
  readonly to: PeerName;
  readonly message: CounterMessage;
}

export function stepBackup(
  state: BackupState,
  event: BackupEvent | Tick,
): (BackupEffect | Persist<BackupEffect>)[] {
  if (event.type === "tick") return [];
  const { entries } = state;
  const writes: Write[] = [];
  for (const entry of newEntries(entries, event)) {
    entries.push(entry);
    writes.push(entryWrite(entries.length, entry));
  }
  const message: CounterMessage = { type: "appended", count: entries.length };
  const ack: BackupEffect = { type: "send", to: event.from, message };
  return state.plant === "backup-acks-early"
    ? [ack, { type: "persist", writes, then: [] }]
    : [{ type: "persist", writes, then: [ack] }];
}

function newEntries(mine: readonly Entry[], { after, entries }: BackupEvent): readonly Entry[] {
  // After a gap nothing can be appended; the answer tells the primary where to continue.
  if (after > mine.length) return [];
  const knownCount = mine.length - after;
  for (const [index, entry] of entries.slice(0, knownCount).entries()) {
    const known = mine[after + index];
    assert(known?.session === entry.session, "primary and backup hold the same entries");
    assert(known.request === entry.request, "primary and backup hold the same entries");
  }
  return entries.slice(knownCount);
}
