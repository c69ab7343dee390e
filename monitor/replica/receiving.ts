/**
 * All rows of another member, for one that its log does not reach (M6): in order, from one source, of one applied slot.
 * They are written beside the rows in use, under a generation of their own, and take their place at the end. Whatever
 * else comes is refused, and its sender starts again.
 */
import { isClusterError } from "../../cluster/base/error.ts";
import type { Write } from "../../cluster/kv/store.ts";
import type { Persist } from "../../cluster/runtime/core.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { isPeer } from "../consensus/formation.ts";
import { installRows } from "../consensus/learner.ts";
import { complain } from "../consensus/sense.ts";
import type { ConsensusState, LogEffect, NodeId } from "../consensus/state.ts";
import { decodeRows } from "../message/rows.ts";
import type { Machine, MachineLoader } from "./machine.ts";
import { generationWrite, rowWrite } from "./rows.ts";

/** What of a replica is replaced by rows that are received. */
export interface ReceivingState {
  readonly consensus: ConsensusState;
  readonly machine: Pick<Machine<unknown>, "load" | "digest">;
  applied: number;
  /** Of the batches applied after the rows were written. */
  unwrittenBytes: number;
  /** Recent digests by slot, to compare with the leader's. */
  readonly digests: Map<number, number>;
  generation: number;
  /** Never used before on this disk. */
  nextGeneration: number;
  receiving: Receiving | undefined;
}

interface Receiving {
  readonly from: NodeId;
  readonly transfer: number;
  readonly generation: number;
  readonly loader: MachineLoader;
  nextIndex: number;
}

/** A part of the rows of another member. */
export interface RowsReceived {
  readonly type: "rowsReceived";
  readonly from: NodeId;
  readonly transfer: number;
  readonly index: number;
  /** The rows. */
  readonly payload: Uint8Array;
  readonly isLast: boolean;
  /** To answer it by. */
  readonly call: number;
}

export type ReceivingEffect =
  | LogEffect
  /** The part is durable (or refused): the sender may go on. */
  | { readonly type: "rowsTaken"; readonly call: number; readonly ok: boolean }
  /** Nothing needs the rows of that generation any more. */
  | { readonly type: "dropRows"; readonly generation: number };

interface Effects {
  push(...effects: (ReceivingEffect | Persist<ReceivingEffect>)[]): unknown;
}

export function rowsReceived(
  state: ReceivingState,
  event: RowsReceived,
  nowMs: number,
  out: Effects,
): void {
  const { consensus } = state;
  const { call, from, index } = event;
  const isMember = consensus.others.includes(from) && isPeer(consensus, from);
  if (isMember && index === 0) startReceiving(state, event, out);
  const { receiving } = state;
  const isNext =
    receiving?.from === from &&
    receiving.transfer === event.transfer &&
    receiving.nextIndex === index;
  if (receiving === undefined || !isMember || !isNext) {
    out.push({ type: "rowsTaken", call, ok: false });
    return;
  }
  receiving.nextIndex += 1;
  try {
    const writes = take(state, receiving, event, out);
    out.push({ type: "persist", writes, then: [{ type: "rowsTaken", call, ok: true }] });
  } catch (error) {
    // These rows are another member's: nothing is wrong with the store here.
    if (!(error instanceof CodecError) && !isClusterError(error, "STORE_CORRUPT")) throw error;
    state.receiving = undefined;
    out.push({ type: "dropRows", generation: receiving.generation });
    out.push({ type: "rowsTaken", call, ok: false });
    const { message } = error;
    complain(consensus, { node: from, what: `rows that are none: ${message}` }, nowMs, out);
  }
}

function take(
  state: ReceivingState,
  receiving: Receiving,
  { payload, isLast }: RowsReceived,
  out: Effects,
): Write[] {
  const { loader, generation } = receiving;
  const writes: Write[] = [];
  for (const [key, value] of decodeRows(payload)) {
    loader.add([key, value]);
    writes.push(rowWrite(generation, { type: "put", key, value }));
  }
  if (isLast) writes.push(...finishReceiving(state, receiving, out));
  return writes;
}

function startReceiving(
  state: ReceivingState,
  { from, transfer }: RowsReceived,
  out: Effects,
): void {
  if (state.receiving !== undefined) {
    out.push({ type: "dropRows", generation: state.receiving.generation });
  }
  const generation = state.nextGeneration;
  state.nextGeneration += 1;
  const loader = state.machine.load();
  state.receiving = { from, transfer, generation, loader, nextIndex: 0 };
}

function finishReceiving(
  state: ReceivingState,
  { loader, generation }: Receiving,
  out: Effects,
): Write[] {
  const { consensus } = state;
  state.receiving = undefined;
  const { slot } = loader;
  if (slot <= consensus.commit) {
    // The log was faster, or the sender is behind us.
    out.push({ type: "dropRows", generation });
    return [];
  }
  loader.finish();
  const writes = [generationWrite(generation), ...installRows(consensus, slot)];
  const old = state.generation;
  state.generation = generation;
  state.applied = slot;
  state.unwrittenBytes = 0;
  state.digests.clear();
  consensus.applied = { slot, digest: state.machine.digest() };
  out.push({ type: "log", level: "info", message: `took the rows as of slot ${slot}`, fields: {} });
  out.push({ type: "persist", writes: [], then: [{ type: "dropRows", generation: old }] });
  return writes;
}
