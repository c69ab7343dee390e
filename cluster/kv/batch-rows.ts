/**
 * How an open notices that a synced batch is gone. LevelDB passes over a damaged part of its log
 * and goes on behind it, so batch n can be lost although n + 1 is there. Therefore every durable
 * batch n puts a row `batch n` and deletes `batch n - KEPT_BATCHES`, which an intact store then has
 * exactly KEPT_BATCHES of, one after the other. The rows of the first so many are made with the
 * store, beside a row `origin` that stays.
 *
 * A lost batch leaves a gap where its row should be or, once that row would have been deleted too,
 * the older row that it should have deleted. That older row is missing only if its own batch is
 * lost as well, and so on down to the origin, whose row is then missing itself. The newest batch
 * alone cannot be missed: a store without it looks as before it, which is what a crash in the middle
 * of writing leaves.
 *
 *   origin   00 00
 *   batch n  00 00 | u64 n, big-endian
 */
import { assert } from "../base/assert.ts";
import { EMPTY_BYTES, equalBytes } from "../base/bytes.ts";
import type { KeyValue, Write } from "./store.ts";

/** Enough to see at a glance, in a dump, how the last batches followed each other. */
export const KEPT_BATCHES = 64;
/** What comes after every key of these rows. */
export const BATCH_ROWS_END: Uint8Array = Uint8Array.of(0, 1);

const ORIGIN: Uint8Array = Uint8Array.of(0, 0);
const BATCH_KEY_SIZE = ORIGIN.byteLength + 8;
const FORMAT = Uint8Array.of(1);

/** What a new store begins with, as if its first KEPT_BATCHES batches had been written. */
export function originRows(): Write[] {
  const rows: Write[] = [{ type: "put", key: ORIGIN, value: FORMAT }];
  for (let number = 1; number <= KEPT_BATCHES; number++) rows.push(putRow(number));
  return rows;
}

export function rowsOfBatch(number: number): [put: Write, remove: Write] {
  assert(number > KEPT_BATCHES, `batch ${number} was made with the store`);
  return [putRow(number), { type: "delete", key: batchKey(number - KEPT_BATCHES) }];
}

export interface BatchRows {
  /** The number that the next batch follows. */
  readonly newest: number;
  /** What is wrong with them, as a sentence; undefined if nothing is. */
  readonly flaw: string | undefined;
}

/** From all such rows of a store, in order. */
export function judgeBatchRows(rows: readonly KeyValue[]): BatchRows {
  const numbers = rows.map(([key]) => batchNumber(key)).filter((number) => number !== undefined);
  const newest = Math.max(KEPT_BATCHES, ...numbers);
  return { newest, flaw: formatFlaw(rows, numbers.length) ?? sequenceFlaw(numbers) };
}

function formatFlaw([origin, ...others]: readonly KeyValue[], count: number): string | undefined {
  if (origin === undefined || origin[0].byteLength !== ORIGIN.byteLength) {
    return "the batch that made the store is missing";
  }
  if (!equalBytes(origin[1], FORMAT)) return "it has a format that is not known here";
  if (others.length !== count) return "a batch row has an impossible key";
  return undefined;
}

function sequenceFlaw(numbers: readonly number[]): string | undefined {
  for (const [index, number] of numbers.entries()) {
    const before = numbers[index - 1];
    if (before !== undefined && number !== before + 1) {
      return `between batches ${before} and ${number}, at least one that was synced is missing`;
    }
  }
  if (numbers.length === KEPT_BATCHES) return undefined;
  return `there are ${numbers.length} batch rows where there must be ${KEPT_BATCHES}`;
}

function putRow(number: number): Write {
  return { type: "put", key: batchKey(number), value: EMPTY_BYTES };
}

function batchKey(number: number): Uint8Array {
  const key = Buffer.alloc(BATCH_KEY_SIZE);
  key.set(ORIGIN);
  key.writeBigUInt64BE(BigInt(number), ORIGIN.byteLength);
  return key;
}

/** Undefined if it is the key of something else. */
export function batchNumber(key: Uint8Array): number | undefined {
  if (key.byteLength !== BATCH_KEY_SIZE || key[0] !== 0 || key[1] !== 0) return undefined;
  const number = Buffer.from(key).readBigUInt64BE(ORIGIN.byteLength);
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : undefined;
}
