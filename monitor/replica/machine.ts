/**
 * What the log is for: a state machine that is equal on every member after the same slots. The replica decides when
 * batches are made, applied and written down; the machine knows what is in them.
 */
import type { KeyValue, Write } from "../../cluster/kv/store.ts";

/** Where a batch stands: the round of the leader that made it, and its place in that leadership (M2). */
export interface BatchHeader {
  readonly epoch: number;
  readonly index: number;
  readonly wallMs: number;
}

/** Why a value changed nothing: these bytes are no batch. */
export interface Unreadable {
  /** They are in a format of a later version than this program knows: members that do know it read them. */
  readonly isNewer: boolean;
  readonly reason: string;
}

export interface Machine<Entry> {
  encode(header: BatchHeader, entries: readonly Entry[]): Uint8Array;
  /** What was chosen in the slot after the one applied before. The same everywhere, whatever the bytes are. */
  apply(slot: number, value: Uint8Array): Unreadable | undefined;
  /** Equal states have equal digests; below 2^53. */
  digest(): number;
  /** Rows that have changed and are not taken yet, roughly. */
  readonly dirtyCount: number;
  /** All of these rows, and what says that they are as of `slot`. */
  takeRows(slot: number): Write[];
  /** Rows from a disk or another member, which replace everything at the end. */
  load(): MachineLoader;
}

export interface MachineLoader {
  /** In the order of their keys. Throws a CodecError, or a ClusterError STORE_CORRUPT, for what is no row. */
  add(row: KeyValue): void;
  /** Of which the rows added so far are, once what says so is among them; else 0. */
  readonly slot: number;
  /** The machine's state is now that of these rows. Throws as `add` does if they are not whole, and changes nothing. */
  finish(): void;
}
