/**
 * What is on a simulated disk: a base, and a log of the batches since the store was opened. Each batch is one record:
 *
 *   offset  0          4              12
 *           | u32 size | u64 xxh64    | body: the writes   |
 *           |          | (of body)    |<------ size ------>|
 *
 * Records begin in places of their own, as the blocks of LevelDB's log let its reader find the next one behind a
 * damaged one: a synced record is durable, and says nothing of the one before it.
 *
 * A checkpoint bounds the log: everything that was answered becomes the base and is durable, as when LevelDB writes its
 * memtable to a table. It comes from memory, so a record that was damaged meanwhile does no harm any more.
 */
import { type Prng, randomBytes, randomInt, randomPick } from "../../cluster/base/prng.ts";
import { OrderedMap } from "../../cluster/kv/ordered-map.ts";
import type { Write } from "../../cluster/kv/store.ts";
import { xxh64 } from "../../cluster/wire/checksum.ts";
import { bytes, decode, list, record, union } from "../../cluster/wire/codec.ts";
import { Reader } from "../../cluster/wire/reader.ts";
import { Writer } from "../../cluster/wire/writer.ts";

const HEADER_SIZE = 12;
const SECTOR_SIZE = 512;
const WRITES_MAX = 1 << 24;
/** After so many answered batches, or bytes of them, comes a checkpoint. */
const LOG_RECORDS_MAX = 512;
const LOG_BYTES_MAX = 4 << 20;

const body = list(
  union({
    put: { id: 1, body: record({ key: bytes, value: bytes }) },
    delete: { id: 2, body: record({ key: bytes }) },
  }),
  { max: WRITES_MAX },
);

export interface LogRecord {
  /** What a crash leaves and recovery reads. */
  bytes: Uint8Array;
  /** What the bytes said when they were written. */
  writes: readonly Write[];
  /** Survives a crash. */
  isDurable: boolean;
  /** Its batch has not been answered, or failed. */
  isInFlight: boolean;
}

export class Platter {
  #base = new OrderedMap<Uint8Array>();
  readonly #writer = new Writer();
  #log: LogRecord[] = [];
  #answeredCount = 0;
  #answeredBytes = 0;

  /** The writes are copied. */
  append(writes: readonly Write[]): LogRecord {
    const bytes = this.#encode(writes);
    const added = { bytes, writes: writes.map(ownWrite), isDurable: false, isInFlight: true };
    this.#log.push(added);
    return added;
  }

  /** The batch worked; `contents` is what it and all answered before it amount to. */
  answered(done: LogRecord, isDurable: boolean, contents: OrderedMap<Uint8Array>): void {
    done.isInFlight = false;
    done.isDurable = isDurable;
    this.#answeredCount += 1;
    this.#answeredBytes += done.bytes.byteLength;
    if (this.#answeredCount < LOG_RECORDS_MAX && this.#answeredBytes < LOG_BYTES_MAX) return;
    this.#base = contents.clone();
    this.#keepOnly((each) => each.isInFlight);
  }

  /** All of it is gone, as if the disk had been replaced. */
  wipe(): void {
    this.#base = new OrderedMap<Uint8Array>();
    this.#keepOnly(() => false);
  }

  /** What a power failure does: each record that was not synced is kept, lost, or torn. Answers with their fates. */
  crash(prng: Prng): string[] {
    const fates: string[] = [];
    const survivors: LogRecord[] = [];
    for (const each of this.#log) {
      const fate = each.isDurable ? "kept" : randomPick(prng, ["kept", "lost", "torn"]);
      if (!each.isDurable) fates.push(fate);
      if (fate === "torn") each.bytes = tear(prng, each.bytes);
      if (fate !== "lost") survivors.push(each);
    }
    this.#log = survivors;
    return fates;
  }

  /** What a start finds, as a map of its own: records that are whole, in their order. They are durable from now on. */
  recover(): { contents: OrderedMap<Uint8Array>; skippedCount: number } {
    let skippedCount = 0;
    for (const each of this.#log) {
      const writes = parse(each.bytes);
      if (writes === undefined) skippedCount += 1;
      else for (const write of writes) applyWrite(this.#base, ownWrite(write));
    }
    this.#keepOnly(() => false);
    return { contents: this.#base.clone(), skippedCount };
  }

  /** Flips one bit in a durable record: the next recovery will pass over it. False if there is none. */
  damageRecord(prng: Prng): boolean {
    const durable = this.#log.filter((each) => each.isDurable);
    if (durable.length === 0) return false;
    const damaged = randomPick(prng, durable);
    damaged.bytes = flipBit(prng, damaged.bytes);
    return true;
  }

  /** Flips one bit of a key's newest value, for good. Undefined if there is no such value, or no bit in it. */
  rot(prng: Prng, key: Uint8Array): { old: Uint8Array; rotten: Uint8Array } | undefined {
    const inLog = this.#log.findLast((each) => lastPut(each, key) !== undefined);
    const put = inLog && lastPut(inLog, key);
    const old = put === undefined ? this.#base.get(key) : put.value;
    if (old === undefined || old.byteLength === 0) return undefined;
    const rotten = flipBit(prng, old);
    if (inLog === undefined) {
      this.#base.set(key, rotten);
    } else {
      inLog.writes = inLog.writes.map((each) => (each === put ? { ...put, value: rotten } : each));
      inLog.bytes = this.#encode(inLog.writes);
    }
    return { old, rotten };
  }

  #keepOnly(isKept: (each: LogRecord) => boolean): void {
    this.#log = this.#log.filter(isKept);
    this.#answeredCount = 0;
    this.#answeredBytes = 0;
  }

  #encode(writes: readonly Write[]): Uint8Array {
    const out = this.#writer;
    out.skip(HEADER_SIZE);
    body.encode(out, writes);
    const size = out.length;
    const checksum = xxh64(out.written(HEADER_SIZE, size));
    out.rewrite(0, () => {
      out.u32(size - HEADER_SIZE);
      out.u64(checksum);
    });
    return out.finish();
  }
}

export function applyWrite(map: OrderedMap<Uint8Array>, write: Write): void {
  if (write.type === "put") map.set(write.key, write.value);
  else map.delete(write.key);
}

/** A copy with one other bit. */
export function flipBit(prng: Prng, original: Uint8Array): Uint8Array {
  const copy = new Uint8Array(original);
  const bit = randomInt(prng, copy.byteLength * 8);
  const at = bit >> 3;
  copy[at] = (copy[at] as number) ^ (1 << (bit & 7));
  return copy;
}

/** Undefined if these are not the bytes of a whole record. */
function parse(record: Uint8Array): readonly Write[] | undefined {
  if (record.byteLength < HEADER_SIZE) return undefined;
  const header = new Reader(record.subarray(0, HEADER_SIZE));
  const size = header.u32();
  const checksum = header.u64();
  const content = record.subarray(HEADER_SIZE);
  if (content.byteLength !== size || xxh64(content) !== checksum) return undefined;
  return decode(body, content);
}

/** Only a part reached the platter: a prefix, or all but one sector that holds something else. */
function tear(prng: Prng, whole: Uint8Array): Uint8Array {
  if (randomInt(prng, 2) === 0) return whole.slice(0, randomInt(prng, whole.byteLength));
  const torn = new Uint8Array(whole);
  const start = randomInt(prng, Math.ceil(torn.byteLength / SECTOR_SIZE)) * SECTOR_SIZE;
  torn.set(randomBytes(prng, Math.min(SECTOR_SIZE, torn.byteLength - start)), start);
  return torn;
}

/** The write that decides about the key within this batch, if it is a put. */
function lastPut({ writes }: LogRecord, key: Uint8Array): (Write & { type: "put" }) | undefined {
  const last = writes.findLast((write) => Buffer.compare(write.key, key) === 0);
  return last?.type === "put" ? last : undefined;
}

function ownWrite(write: Write): Write {
  const key = new Uint8Array(write.key);
  return write.type === "put"
    ? { type: "put", key, value: new Uint8Array(write.value) }
    : { type: "delete", key };
}
