/**
 * The only seam to a disk: ordered byte keys, atomic batches. LevelDB, memory and the simulated
 * disk implement it and pass the same suite (test/conformance/kv-store-suite.ts).
 *
 * Durability, in full:
 * - A batch is atomic: after any crash all of its writes are there or none.
 * - When `batch(writes, { durable: true })` resolves, this batch survives a crash of the machine.
 *   Nothing is said of any other batch: an earlier one that was not durable can be lost although
 *   this one survives, because the database may have moved to a new log file in between.
 * - Batches take effect in the order in which they were handed over, durable or not. A read that
 *   begins after a batch resolved sees it; one that begins earlier sees all of the batch or none of
 *   it.
 * - A write or sync that failed is never tried again and leaves the store refusing every later
 *   batch with STORE_FAILED, or STORE_FULL if there was no room: nobody knows what the disk holds,
 *   and a second fsync would say "fine" of pages that were dropped.
 */

export type Write =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "delete"; readonly key: Uint8Array };

/**
 * Bounds are byte strings; a bound that is left out is no bound. At most one lower and one upper
 * bound.
 */
export interface KeyRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
}

export interface ScanOptions extends KeyRange {
  /** From the greatest key down. */
  readonly reverse?: boolean;
  /** At most so many entries; none by default. */
  readonly limit?: number;
}

export type KeyValue = readonly [key: Uint8Array, value: Uint8Array];

export interface KvStore {
  /** What it returns, as what the other reads return, is the caller's to keep and change. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** In the order of the keys, from one moment: all before or all after any one batch. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /**
   * The entries of a range as they stood when the call was made. Ending the loop early frees the
   * iterator, and one that is open when the store closes ends in STORE_CLOSED.
   */
  iterate(options: ScanOptions): AsyncIterableIterator<KeyValue>;
  /**
   * Of several writes of a key, the last one counts. Keys and values must stay unchanged until the
   * promise settles. An empty durable batch is a sync of nothing. Rejects with OVERLOADED, and has
   * no effect, when too much waits already.
   */
  batch(writes: readonly Write[], options: { readonly durable: boolean }): Promise<void>;
  /** Bytes that the range takes on disk, roughly: recent writes may be missing from it. */
  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number>;
  /**
   * Finishes what was handed over, then refuses everything with STORE_CLOSED. Closing twice is
   * fine.
   */
  close(): Promise<void>;
}

/** What a write costs in memory and log, near enough to bound queues with. */
export function writeSize(write: Write): number {
  return write.key.byteLength + (write.type === "put" ? write.value.byteLength : 0) + 16;
}
