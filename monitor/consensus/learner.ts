/**
 * Learning what is chosen from whoever knows it, leader or not: entries of the log, or, where the log does not reach
 * back, the rows of one applied slot (M6). What is chosen is a fact, so no round has to be checked.
 */
import { assert } from "../../cluster/base/assert.ts";
import { equalBytes } from "../../cluster/base/bytes.ts";
import type { Write } from "../../cluster/kv/store.ts";
import { entryDelete, entryWrite } from "./keys.ts";
import { startTransfer } from "./row-transfers.ts";
import {
  type ConsensusMessage,
  type ConsensusState,
  type Effects,
  MESSAGE_BYTES_MAX,
  MESSAGE_SLOTS_MAX,
  type NodeId,
  send,
  splitPayload,
} from "./state.ts";

type MessageOf<Type extends ConsensusMessage["type"]> = ConsensusMessage & { readonly type: Type };

const FETCH_MS = 100;

export function fetchFrom(
  state: ConsensusState,
  node: NodeId,
  nowMs: number,
  out: Effects,
  want = 0,
): void {
  if (nowMs < state.fetchDueMs) return;
  state.fetchDueMs = nowMs + FETCH_MS;
  send(out, node, { type: "fetch", from: state.commit + 1, want });
}

export function onFetch(
  state: ConsensusState,
  from: NodeId,
  message: MessageOf<"fetch">,
  out: Effects,
): void {
  const { log, commit } = state;
  state.wantedSlot = Math.max(state.wantedSlot, message.want);
  if (message.from > commit) return;
  if (message.from < log.first) {
    startTransfer(state, from, out);
    return;
  }
  const to = Math.min(commit, message.from + MESSAGE_SLOTS_MAX - 1);
  const entries = log.slice(message.from, to, MESSAGE_BYTES_MAX);
  send(
    out,
    from,
    {
      type: "chosen",
      prev: message.from - 1,
      commit,
      entries: entries.map(({ round, value }) => ({ round, size: value.byteLength })),
    },
    entries.map(({ value }) => value),
  );
}

export function onChosen(
  state: ConsensusState,
  from: NodeId,
  { message, payload }: { message: MessageOf<"chosen">; payload: Uint8Array },
  nowMs: number,
  out: Effects,
): void {
  const { prev, entries } = message;
  const values = splitPayload(
    entries.map(({ size }) => size),
    payload,
  );
  if (values === undefined || prev > state.commit) return;
  const writes: Write[] = [];
  for (const [index, value] of values.entries()) {
    const slot = prev + 1 + index;
    if (slot > state.commit)
      learn(state, slot, { round: entries[index]?.round ?? 0, value }, writes);
  }
  state.accepting.to = Math.max(state.accepting.to, state.commit);
  if (writes.length > 0) out.push({ type: "persist", writes, then: [] });
  if (message.commit > state.commit) {
    // At once if that brought something; else it might be asked, and answered, as fast as the network can.
    if (writes.length > 0) state.fetchDueMs = nowMs;
    fetchFrom(state, from, nowMs, out);
  }
}

/**
 * The rows as of `slot` are about to replace ours: forgets the entries behind them. What is returned must become
 * durable together with the switch to those rows.
 */
export function installRows(state: ConsensusState, slot: number): Write[] {
  const { log } = state;
  assert(
    slot > state.commit,
    `rows of slot ${slot} are news to one that knows up to ${state.commit}`,
  );
  const deletes: Write[] = [];
  for (let old = log.first; old <= Math.min(slot, log.last); old++) deletes.push(entryDelete(old));
  if (log.last > slot) log.trimTo(slot);
  else log.restart(slot + 1);
  state.commit = slot;
  state.rowsSlot = slot;
  state.accepting.to = Math.max(state.accepting.to, slot);
  return deletes;
}

/** The rows are durable up to `slot`, so the log may begin after it. */
export function trimLog(state: ConsensusState, slot: number): Write[] {
  const { log } = state;
  assert(slot <= state.commit, "only what is chosen is ever trimmed");
  const deletes: Write[] = [];
  for (let old = log.first; old <= slot; old++) deletes.push(entryDelete(old));
  if (deletes.length > 0) log.trimTo(slot);
  return deletes;
}

function learn(
  state: ConsensusState,
  slot: number,
  chosen: { readonly round: number; readonly value: Uint8Array },
  writes: Write[],
): void {
  const own = state.log.entry(slot);
  if (own !== undefined && own.round >= chosen.round) {
    assert(equalBytes(own.value, chosen.value), `slot ${slot} was chosen with two values`);
  }
  state.log.put(slot, chosen);
  writes.push(entryWrite(slot, chosen));
  state.commit = slot;
}
