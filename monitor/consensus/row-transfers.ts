/**
 * Rows on their way to members that the log does not reach (M6). Such a member needs what was chosen behind the rows, too,
 * and by the time it has them that is already old: so from its beginning until a short while after its end a transfer
 * holds the log from the slot behind its rows. How much may be held is for whoever trims the log to say.
 */
import {
  type ConsensusEvent,
  type ConsensusState,
  type Effects,
  type NodeId,
  progressOf,
} from "./state.ts";

/** In which a member that has its rows asks for what is chosen behind them. */
export const LOG_HELD_MS = 10_000;

const RETRY_MS = 500;

export function startTransfer(state: ConsensusState, node: NodeId, out: Effects): void {
  if (isTransferring(state, node)) return;
  state.transfers.set(node, { heldFrom: state.rowsSlot + 1, heldUntilMs: undefined });
  // Read from the disk, so what was written until now has to be there: rows of an earlier slot would be too old.
  out.push({ type: "persist", writes: [], then: [{ type: "transfer", node }] });
}

export function isTransferring({ transfers }: ConsensusState, node: NodeId): boolean {
  const transfer = transfers.get(node);
  return transfer !== undefined && transfer.heldUntilMs === undefined;
}

export function transferEnded(
  state: ConsensusState,
  { node, slot }: ConsensusEvent & { type: "transferEnded" },
  nowMs: number,
): void {
  if (slot === undefined) {
    // Not again at once: the way to that member, or a row, may fail every time.
    state.failedTransfers.set(node, nowMs + RETRY_MS);
    return;
  }
  const transfer = state.transfers.get(node);
  if (transfer !== undefined) transfer.heldUntilMs = nowMs + LOG_HELD_MS;
  const { role } = state;
  if (role.type !== "leader") return;
  const progress = progressOf(role, node);
  progress.next = Math.max(progress.next, slot + 1);
}

/** There is a new connection to that member: what failed before says nothing about it. */
export function retryTransfer({ transfers, failedTransfers }: ConsensusState, node: NodeId): void {
  if (failedTransfers.delete(node)) transfers.delete(node);
}

/** Those that failed a while ago, and those whose members had their time. */
export function forgetTransfers(state: ConsensusState, nowMs: number): void {
  const { transfers, failedTransfers } = state;
  for (const [node, retryMs] of failedTransfers) {
    if (nowMs < retryMs) continue;
    failedTransfers.delete(node);
    transfers.delete(node);
  }
  for (const [node, { heldUntilMs }] of transfers) {
    if (heldUntilMs !== undefined && nowMs > heldUntilMs) transfers.delete(node);
  }
}

/** The first slot that somebody who was sent rows may still ask for. */
export function logHeldFrom({ transfers }: ConsensusState): number {
  let from = Number.POSITIVE_INFINITY;
  for (const { heldFrom } of transfers.values()) from = Math.min(from, heldFrom);
  return from;
}
