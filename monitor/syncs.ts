/**
 * Syncs (M9): the leader confirms itself by a heartbeat round that begins after it was asked; then whoever asked applies
 * what is chosen by then. Those that come while a round is under way share the next one.
 */
import { assert } from "../cluster/base/assert.ts";
import type { NodeId } from "./consensus/state.ts";

/** Beyond it none is taken up; servers ask again. */
export const SYNCS_MAX = 10_000;

export interface SyncWaiter {
  /** Undefined: our own server. */
  readonly from: NodeId | undefined;
  readonly tag: number;
}

interface Confirmed {
  readonly slot: number;
  readonly tag: number;
}

export interface Syncs {
  /** For the next heartbeat round. */
  waiting: SyncWaiter[];
  confirming: { readonly sequence: number; readonly waiters: readonly SyncWaiter[] } | undefined;
  /** Of our own server: confirmed, and perhaps not yet applied here. */
  confirmed: Confirmed[];
}

export function createSyncs(): Syncs {
  return { waiting: [], confirming: undefined, confirmed: [] };
}

export function awaitConfirmation(syncs: Syncs, waiter: SyncWaiter): void {
  if (syncs.waiting.length < SYNCS_MAX) syncs.waiting.push(waiter);
}

export function needsConfirmation(syncs: Syncs): boolean {
  return syncs.confirming === undefined && syncs.waiting.length > 0;
}

/** A heartbeat round of that number has begun, for all that wait. */
export function startConfirmation(syncs: Syncs, sequence: number): void {
  assert(needsConfirmation(syncs), "a round is started for somebody, and one at a time");
  syncs.confirming = { sequence, waiters: syncs.waiting };
  syncs.waiting = [];
}

/** Those whose round a majority has acknowledged, each once. */
export function confirmSyncs(syncs: Syncs, confirmedSequence: number): readonly SyncWaiter[] {
  const { confirming } = syncs;
  if (confirming === undefined || confirmedSequence < confirming.sequence) return [];
  syncs.confirming = undefined;
  return confirming.waiters;
}

/** Leadership is over: whoever waited asks the next leader. */
export function forgetSyncs(syncs: Syncs): void {
  syncs.waiting = [];
  syncs.confirming = undefined;
}

export function syncConfirmed(syncs: Syncs, { slot, tag }: Confirmed): void {
  if (syncs.confirmed.length < SYNCS_MAX) syncs.confirmed.push({ slot, tag });
}

/** The tags of those that are applied here, each once. */
export function takeDoneSyncs(syncs: Syncs, applied: number): number[] {
  if (syncs.confirmed.length === 0) return [];
  const done = syncs.confirmed.filter(({ slot }) => slot <= applied);
  if (done.length > 0) syncs.confirmed = syncs.confirmed.filter(({ slot }) => slot > applied);
  return done.map(({ tag }) => tag);
}
