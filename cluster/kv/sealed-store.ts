/**
 * A store that trusts no row: what the store inside it gives back is checked before anybody sees
 * it. Every value carries a checksum (row-seal.ts), and every durable batch leaves a row by which
 * the next open notices that one is gone from their middle (batch-rows.ts). LevelDB alone does
 * neither: it does not verify what it reads, and recovers past a damaged part of its log. A flipped
 * bit would silently undo a promise or leave a hole in a history.
 *
 * Batches that gather while one is written become one batch of the inner store, with one row. So at
 * most one durable batch is under way there, and a crash can take only the newest: a hole is always
 * damage, never the trace of a crash.
 *
 * Keys stay as they are, but for the few that would stand among the rows kept here: an empty key
 * and those that begin with a zero byte get 00 01 in front. All keys keep their order.
 */
import { concatBytes } from "../base/bytes.ts";
import { ClusterError } from "../base/error.ts";
import {
  BATCH_ROWS_END,
  judgeBatchRows,
  KEPT_BATCHES,
  originRows,
  rowsOfBatch,
} from "./batch-rows.ts";
import { type CommitStatistics, GroupCommit } from "./group-commit.ts";
import { sealValue, unsealValue, withoutSeal } from "./row-seal.ts";
import type { KeyRange, KeyValue, KvStore, ScanOptions, Write } from "./store.ts";

export interface SealedStoreOptions {
  /** What messages call it: "the monitor's store in /var/lib/kelp". */
  readonly name: string;
  /** What somebody is to do about damage, as the end of a sentence: "run kelp monitor rejoin". */
  readonly remedy: string;
  /**
   * For tests, which show with it what the rule is good for: nothing is checked. Off by default.
   */
  readonly trustRows?: boolean;
}

/** Messages show no more of a key. */
const SHOWN_KEY_SIZE = 64;
const MOVED = BATCH_ROWS_END;

export class SealedStore implements KvStore {
  readonly #inner: KvStore;
  readonly #options: SealedStoreOptions;
  readonly #commit = new GroupCommit((writes, sync) => this.#write(writes, sync));
  #newestBatch: number;
  #closed: Promise<void> | undefined;

  constructor(inner: KvStore, options: SealedStoreOptions, newestBatch: number) {
    this.#inner = inner;
    this.#options = options;
    this.#newestBatch = newestBatch;
  }

  get statistics(): CommitStatistics {
    return this.#commit.statistics;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#requireOpen();
    const own = innerKey(key);
    return this.#checkedIfFound(own, await this.#inner.get(own));
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#requireOpen();
    const own = keys.map(innerKey);
    const found = await this.#inner.getMany(own);
    return own.map((key, index) => this.#checkedIfFound(key, found[index]));
  }

  iterate(options: ScanOptions): AsyncIterableIterator<KeyValue> {
    this.#requireOpen();
    return this.#entries(this.#inner.iterate({ ...options, ...innerRange(options) }));
  }

  async batch(writes: readonly Write[], options: { readonly durable: boolean }): Promise<void> {
    this.#requireOpen();
    const sealed = writes.map((write) => sealedWrite({ ...write, key: innerKey(write.key) }));
    return this.#commit.submit(sealed, options.durable);
  }

  async approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    this.#requireOpen();
    return this.#inner.approximateSize(innerKey(from), innerKey(to));
  }

  close(): Promise<void> {
    this.#closed ??= this.#commit.idle().then(() => this.#inner.close());
    return this.#closed;
  }

  async *#entries(inner: AsyncIterable<KeyValue>): AsyncIterableIterator<KeyValue> {
    for await (const [key, sealed] of inner) {
      this.#requireOpen();
      yield [outerKey(key), checkedValue(key, sealed, this.#options)];
    }
  }

  #checkedIfFound(key: Uint8Array, sealed: Uint8Array | undefined): Uint8Array | undefined {
    return sealed === undefined ? undefined : checkedValue(key, sealed, this.#options);
  }

  /** One group at a time, and none after one that failed. */
  #write(writes: readonly Write[], sync: boolean): Promise<void> {
    if (!sync) return this.#inner.batch(writes, { durable: false });
    this.#newestBatch += 1;
    const rows = rowsOfBatch(this.#newestBatch).map(sealedWrite);
    return this.#inner.batch([...writes, ...rows], { durable: true });
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw new ClusterError("STORE_CLOSED", `${this.#options.name} is closed`);
  }
}

/**
 * Refuses with STORE_CORRUPT a store of which a synced batch is gone or a batch row damaged. The
 * inner store is closed with the one made here, and stays the caller's if this fails.
 */
export async function openSealedStore(
  inner: KvStore,
  options: SealedStoreOptions,
): Promise<SealedStore> {
  const rows: KeyValue[] = [];
  for await (const [key, sealed] of inner.iterate({ lt: BATCH_ROWS_END })) {
    rows.push([key, checkedValue(key, sealed, options)]);
  }
  if (rows.length === 0 && (await isEmpty(inner))) {
    await inner.batch(originRows().map(sealedWrite), { durable: true });
    return new SealedStore(inner, options, KEPT_BATCHES);
  }
  const { newest, flaw } = judgeBatchRows(rows);
  if (flaw !== undefined && options.trustRows !== true) throw corrupt(flaw, options);
  return new SealedStore(inner, options, newest);
}

async function isEmpty(store: KvStore): Promise<boolean> {
  for await (const _ of store.iterate({ limit: 1 })) return false;
  return true;
}

function checkedValue(
  key: Uint8Array,
  sealed: Uint8Array,
  options: SealedStoreOptions,
): Uint8Array {
  if (options.trustRows === true) return withoutSeal(sealed);
  const value = unsealValue(key, sealed);
  if (value === undefined) throw corrupt(`the row ${printable(key)} is damaged`, options);
  return value;
}

function corrupt(flaw: string, { name, remedy }: SealedStoreOptions): ClusterError {
  return new ClusterError("STORE_CORRUPT", `${name}: ${flaw}; ${remedy}`);
}

/** Bytes that print as themselves do, others as \\xNN. */
function printable(key: Uint8Array): string {
  const shown = Buffer.from(key).subarray(0, SHOWN_KEY_SIZE).toString("latin1");
  const escaped = shown.replace(
    /[^\x20-\x7e]|["\\]/g,
    (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return key.byteLength > SHOWN_KEY_SIZE
    ? `"${escaped}"... (${key.byteLength} bytes)`
    : `"${escaped}"`;
}

function sealedWrite(write: Write): Write {
  if (write.type === "delete") return write;
  return { type: "put", key: write.key, value: sealValue(write.key, write.value) };
}

function innerKey(key: Uint8Array): Uint8Array {
  return key.byteLength === 0 || key[0] === 0 ? concatBytes(MOVED, key) : key;
}

function outerKey(key: Uint8Array): Uint8Array {
  return key[0] === 0 ? key.subarray(MOVED.byteLength) : key;
}

/** A range without a lower bound begins behind the batch rows, which come first. */
function innerRange({ gte, gt, lt, lte }: KeyRange): KeyRange {
  return {
    ...(gt === undefined
      ? { gte: gte === undefined ? MOVED : innerKey(gte) }
      : { gt: innerKey(gt) }),
    ...(lt !== undefined && { lt: innerKey(lt) }),
    ...(lte !== undefined && { lte: innerKey(lte) }),
  };
}
