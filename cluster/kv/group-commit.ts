/**
 * Group commit: while one group of batches is being written, later batches gather; then all of them
 * become the next group, synced if any of them is durable. So a hundred callers that each want a
 * sync share a few.
 *
 * Invariants: at most one group is being written; batches enter groups in the order in which they
 * were handed over and are never split; after the first failed group nothing is written any more.
 */
import { assert } from "../base/assert.ts";
import { BoundedQueue } from "../base/bounded-queue.ts";
import { ClusterError } from "../base/error.ts";
import { type Write, writeSize } from "./store.ts";

/**
 * A group ends before the batch that would take it beyond this, so that one sync does not wait for
 * a flood.
 */
export const GROUP_BYTES_MAX = 8 << 20;
/**
 * What may wait or be in writing: beyond it, a batch is refused. One that alone is larger could be
 * tried for ever, so handing it over is an error of the program.
 */
export const HELD_BYTES_MAX = 256 << 20;
export const HELD_BATCHES_MAX = 1 << 16;

/**
 * Writes atomically; has synced when it resolves, if asked to. What it rejects with, the callers
 * get.
 */
export type WriteGroup = (writes: readonly Write[], sync: boolean) => Promise<void>;

export interface CommitStatistics {
  readonly batches: number;
  readonly groups: number;
  readonly syncs: number;
}

interface Pending {
  readonly writes: readonly Write[];
  readonly bytes: number;
  readonly durable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #writeGroup: WriteGroup;
  readonly #queue = new BoundedQueue<Pending>(HELD_BATCHES_MAX);
  #heldBytes = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #statistics = { batches: 0, groups: 0, syncs: 0 };

  constructor(writeGroup: WriteGroup) {
    this.#writeGroup = writeGroup;
  }

  /** Of batches that were written; failed ones do not count. */
  get statistics(): CommitStatistics {
    return { ...this.#statistics };
  }

  submit(writes: readonly Write[], durable: boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    let bytes = 0;
    for (const write of writes) bytes += writeSize(write);
    assert(bytes <= HELD_BYTES_MAX, `a batch of ${bytes} bytes; ${HELD_BYTES_MAX} fit: split it`);
    if (this.#queue.isFull || this.#heldBytes + bytes > HELD_BYTES_MAX) {
      return Promise.reject(this.#overloaded(bytes));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ writes, bytes, durable, resolve, reject });
      this.#heldBytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Settles when everything handed over has succeeded or failed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Callers that follow each other without waiting share the first group as well.
    await Promise.resolve();
    for (let group = this.#nextGroup(); group.length > 0; group = this.#nextGroup()) {
      await this.#commit(group);
    }
    this.#running = undefined;
  }

  #nextGroup(): Pending[] {
    const group: Pending[] = [];
    let bytes = 0;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      bytes += next.bytes;
      if (group.length > 0 && bytes > GROUP_BYTES_MAX) break;
      group.push(next);
      this.#queue.shift();
    }
    return group;
  }

  async #commit(group: readonly Pending[]): Promise<void> {
    const writes = group.length === 1 ? group[0]?.writes : group.flatMap((batch) => batch.writes);
    const sync = group.some((batch) => batch.durable);
    try {
      await this.#writeGroup(writes ?? [], sync);
    } catch (error) {
      this.#failure = { error };
      for (const batch of group) batch.reject(error);
      for (let rest = this.#queue.shift(); rest !== undefined; rest = this.#queue.shift()) {
        rest.reject(error);
      }
      return;
    }
    this.#statistics.batches += group.length;
    this.#statistics.groups += 1;
    if (sync) this.#statistics.syncs += 1;
    for (const batch of group) {
      this.#heldBytes -= batch.bytes;
      batch.resolve();
    }
  }

  #overloaded(bytes: number): ClusterError {
    const held = `${this.#queue.size} batches wait, ${this.#heldBytes} bytes are held`;
    const limits = `${HELD_BATCHES_MAX} batches, ${HELD_BYTES_MAX} bytes`;
    return new ClusterError("OVERLOADED", `no room for ${bytes} bytes: ${held}; limits: ${limits}`);
  }
}
