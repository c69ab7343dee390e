/**
 * One opening of a simulated disk: KvStore over virtual time. A batch takes effect when it is answered, in the order of
 * handing over; a read takes its values when it is called and answers later. After a crash of its disk nothing that
 * was asked of it is ever answered.
 *
 * Whether a batch fails is decided when it is handed over and told when it would have been done. What a failed write
 * or sync left on the platter is unknown until the next recovery; a batch refused after it never got there.
 */
import { present } from "../../cluster/base/assert.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { type Prng, randomChance, randomExponential } from "../../cluster/base/prng.ts";
import type { OrderedMap } from "../../cluster/kv/ordered-map.ts";
import {
  type KeyValue,
  type KvStore,
  type ScanOptions,
  type Write,
  writeSize,
} from "../../cluster/kv/store.ts";
import type { DiskFaults } from "./disk-faults.ts";
import { applyWrite, flipBit, type LogRecord, type Platter } from "./platter.ts";
import type { Scheduler } from "./scheduler.ts";

/** As a real store's queue: beyond it a batch is refused and nothing has changed. */
const IN_FLIGHT_BYTES_MAX = 256 << 20;
/** An iterator goes back to the disk after so many entries. */
const READ_AHEAD_ENTRIES = 64;

/** What a store needs of the disk that it is on. */
export interface Device {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly platter: Platter;
  readonly faults: DiskFaults;
  readonly isFull: boolean;
  /** Nothing completes before this time. */
  readonly stalledUntilMs: number;
  stall(durationMs: number): void;
  record(kind: string, detail: string): void;
  /** The store is closed; another may be opened. */
  closed(store: SimStore): void;
}

interface Pending {
  readonly bytes: number;
  readonly isDurable: boolean;
  /** Undefined if nothing of it reached the log. */
  readonly logged: LogRecord | undefined;
  readonly error: ClusterError | undefined;
  resolve(): void;
  reject(error: ClusterError): void;
}

export class SimStore implements KvStore {
  readonly #device: Device;
  readonly #contents: OrderedMap<Uint8Array>;
  /** Counted only once a capacity makes it matter. */
  #contentBytes: number | undefined;
  /** Oldest first: whenever one is due, the oldest is answered. */
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  #pendingReads = 0;
  #lastDueMs = 0;
  /** A batch failed, so every later one does. */
  #hasFailed = false;
  #status: "open" | "closing" | "closed" | "crashed" = "open";
  readonly #whenClosed: (() => void)[] = [];

  constructor(device: Device, contents: OrderedMap<Uint8Array>) {
    this.#device = device;
    this.#contents = contents;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read(() => this.#valueOf(key));
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#read(() => keys.map((key) => this.#valueOf(key)));
  }

  iterate(options: ScanOptions): AsyncIterableIterator<KeyValue> {
    if (this.#isClosed) throw closedError();
    return this.#scan(this.#contents.entries(options));
  }

  batch(writes: readonly Write[], { durable }: { readonly durable: boolean }): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#status === "crashed") return never();
    const bytes = writes.reduce((sum, write) => sum + writeSize(write), 0);
    if (this.#pendingBytes + bytes > IN_FLIGHT_BYTES_MAX) {
      const text = "too many bytes wait to be written";
      return Promise.reject(new ClusterError("OVERLOADED", text));
    }
    const error = this.#drawFailure(writes, durable);
    const reachesLog = !this.#hasFailed && error?.code !== "STORE_FULL";
    if (error !== undefined) this.#hasFailed = true;
    const logged = reachesLog ? this.#device.platter.append(writes) : undefined;
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, isDurable: durable, logged, error, resolve, reject });
      this.#pendingBytes += bytes;
      this.#lastDueMs = Math.max(this.#lastDueMs, this.#drawDueMs(durable));
      this.#at(this.#lastDueMs, () => this.#answerOldest());
    });
  }

  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    return this.#read(() => totalSize(this.#contents.entries({ gte: from, lt: to })));
  }

  close(): Promise<void> {
    if (this.#status === "crashed") return never();
    if (this.#status === "closed") return Promise.resolve();
    this.#status = "closing";
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve);
      this.#maybeClosed();
    });
  }

  /** For SimDisk: this handle belongs to a process that is no more. */
  crash(): void {
    this.#status = "crashed";
  }

  /** For SimDisk: a bit flipped on the platter. A value that a batch in flight will replace is not the one read here. */
  rot(key: Uint8Array): boolean {
    const rot = this.#device.platter.rot(this.#device.prng, key);
    if (rot === undefined) return false;
    if (this.#contents.get(key) === rot.old) this.#contents.set(key, rot.rotten);
    this.#device.record("fault", "bit rot");
    return true;
  }

  /** For SimDisk: a key by its place in the order. */
  keyAt(index: number): Uint8Array | undefined {
    let at = 0;
    for (const [key] of this.#contents.entries({})) {
      if (at === index) return key;
      at += 1;
    }
    return undefined;
  }

  get size(): number {
    return this.#contents.size;
  }

  get #isClosed(): boolean {
    return this.#status === "closing" || this.#status === "closed";
  }

  async *#scan(entries: Iterable<KeyValue>): AsyncIterableIterator<KeyValue> {
    let count = 0;
    for (const [key, value] of entries) {
      if (count % READ_AHEAD_ENTRIES === 0) await this.#read(() => undefined);
      if (this.#isClosed) throw closedError();
      count += 1;
      yield [copied(key), this.#asRead(value)];
    }
  }

  /** Takes the value now and gives it later. */
  #read<T>(take: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#status === "crashed") return never();
    const { scheduler, prng, faults } = this.#device;
    const value = take();
    this.#pendingReads += 1;
    return new Promise((resolve, reject) => {
      this.#at(scheduler.nowMs + randomExponential(prng, faults.readMsMean), () => {
        this.#pendingReads -= 1;
        if (this.#draws(faults.readErrorChance)) reject(this.#fault("STORE_FAILED", "read error"));
        else resolve(value);
        this.#maybeClosed();
      });
    });
  }

  #valueOf(key: Uint8Array): Uint8Array | undefined {
    const value = this.#contents.get(key);
    if (value === undefined) return undefined;
    const isRotten = this.#draws(this.#device.faults.bitRotChance) && this.rot(key);
    return this.#asRead(isRotten ? present(this.#contents.get(key), "a rotten value") : value);
  }

  #asRead(value: Uint8Array): Uint8Array {
    const { faults, prng } = this.#device;
    if (value.byteLength === 0 || !this.#draws(faults.bitFlipChance)) return copied(value);
    this.#device.record("fault", "bit flipped on read");
    return flipBit(prng, value);
  }

  /** Undefined if the batch will succeed. */
  #drawFailure(writes: readonly Write[], isDurable: boolean): ClusterError | undefined {
    const { faults, isFull } = this.#device;
    if (this.#hasFailed) {
      return new ClusterError("STORE_FAILED", "an earlier write failed; open the store again");
    }
    if (isFull || this.#exceeds(faults.capacityBytes, writes)) {
      return this.#fault("STORE_FULL", "no space left");
    }
    if (this.#draws(faults.writeErrorChance)) return this.#fault("STORE_FAILED", "write error");
    if (isDurable && this.#draws(faults.syncErrorChance)) {
      return this.#fault("STORE_FAILED", "sync error");
    }
    return undefined;
  }

  #exceeds(capacityBytes: number, writes: readonly Write[]): boolean {
    if (capacityBytes === Number.POSITIVE_INFINITY) return false;
    let putBytes = 0;
    for (const write of writes) if (write.type === "put") putBytes += writeSize(write);
    this.#contentBytes ??= totalSize(this.#contents.entries({}));
    return putBytes > 0 && this.#contentBytes + this.#pendingBytes + putBytes > capacityBytes;
  }

  #drawDueMs(isDurable: boolean): number {
    const { scheduler, prng, faults } = this.#device;
    if (this.#draws(faults.stallChance)) {
      this.#device.stall(randomExponential(prng, faults.stallMsMean));
    }
    let delayMs = randomExponential(prng, faults.writeMsMean);
    if (isDurable) {
      delayMs += randomExponential(prng, faults.syncMsMean);
      if (this.#draws(faults.slowSyncChance)) {
        delayMs += randomExponential(prng, faults.slowSyncMsMean);
      }
    }
    return scheduler.nowMs + delayMs;
  }

  #answerOldest(): void {
    const batch = present(this.#pending.shift(), "the batch that is due");
    const { isDurable, logged, error } = batch;
    this.#pendingBytes -= batch.bytes;
    if (error === undefined) {
      const record = present(logged, "the record of a batch that worked");
      for (const write of record.writes) this.#apply(write);
      this.#device.platter.answered(record, isDurable, this.#contents);
      this.#device.record(isDurable ? "fsync" : "write", `${record.writes.length} writes`);
      batch.resolve();
    } else {
      batch.reject(error);
    }
    this.#maybeClosed();
  }

  #apply(write: Write): void {
    if (this.#contentBytes !== undefined) {
      const old = this.#contents.get(write.key);
      if (old !== undefined) this.#contentBytes -= sizeOf(write.key, old);
      if (write.type === "put") this.#contentBytes += writeSize(write);
    }
    applyWrite(this.#contents, write);
  }

  /** Runs at this time or when the disk's stall is over, unless a crash comes first. */
  #at(timeMs: number, callback: () => void): void {
    const { scheduler } = this.#device;
    scheduler.at(timeMs, () => {
      const { stalledUntilMs } = this.#device;
      if (this.#status === "crashed") return;
      if (stalledUntilMs > scheduler.nowMs) this.#at(stalledUntilMs, callback);
      else callback();
    });
  }

  #maybeClosed(): void {
    if (this.#status !== "closing") return;
    if (this.#pending.length > 0 || this.#pendingReads > 0) return;
    this.#status = "closed";
    this.#device.closed(this);
    for (const resolve of this.#whenClosed) resolve();
  }

  #draws(chance: number): boolean {
    return chance > 0 && randomChance(this.#device.prng, chance);
  }

  #fault(code: "STORE_FAILED" | "STORE_FULL", what: string): ClusterError {
    this.#device.record("fault", what);
    return new ClusterError(code, `simulated disk: ${what}`);
  }
}

function sizeOf(key: Uint8Array, value: Uint8Array): number {
  return writeSize({ type: "put", key, value });
}

function totalSize(entries: Iterable<KeyValue>): number {
  let bytes = 0;
  for (const [key, value] of entries) bytes += sizeOf(key, value);
  return bytes;
}

function closedError(): ClusterError {
  return new ClusterError("STORE_CLOSED", "this store on a simulated disk is closed");
}

/** What a process that is no more waits for. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** Not `slice`: that of a Buffer is a view of the same memory. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
