/**
 * The store on LevelDB. Reads go straight to it; batches go through a group commit, so that many
 * durable ones share a sync. What LevelDB reports becomes a ClusterError here: callers know nothing
 * of its codes.
 */
import { Level, type Iterator as LevelIterator } from "level";
import { ClusterError, type ClusterErrorCode } from "../base/error.ts";
import { createDirectory } from "./durable-directory.ts";
import { type CommitStatistics, GROUP_BYTES_MAX, GroupCommit } from "./group-commit.ts";
import { checkFiles } from "./level-check.ts";
import { isDiskFull, ReserveFile } from "./reserve-file.ts";
import type { KeyValue, KvStore, ScanOptions, Write } from "./store.ts";

export interface LevelStoreOptions {
  /** Created if missing. One process at a time. */
  readonly directory: string;
  /** Memory for blocks that were read, 8 MiB by default. */
  readonly cacheBytes?: number;
  /**
   * The log's size before it becomes a table, 4 MiB by default; memory holds up to two of them.
   * Larger means fewer and larger compactions, and a longer start after a crash.
   */
  readonly writeBufferBytes?: number;
  /** On by default. Off for values that do not compress: it costs time on each read of a block. */
  readonly compression?: boolean;
  /**
   * Space kept for getting out of a full disk (reserve-file.ts); none by default, otherwise at
   * least `reserveBytesMin`. The start after the disk ran full can delete and compact in it, unless
   * a neighbour takes the space first or long scans run meanwhile: until a scan ends, every table
   * that compactions replace stays. So what is to be deleted should be looked for in short ones.
   */
  readonly reserveBytes?: number;
  /** Reads every file before anything else: see level-check.ts. Off by default, for it takes a second for some 300 MB. */
  readonly verifyFiles?: boolean;
}

/** `level` runs in browsers too, so its types leave out what only LevelDB itself can do. */
type Database = Level<Uint8Array, Uint8Array> & {
  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number>;
};
type EntryIterator = LevelIterator<Database, Uint8Array, Uint8Array>;

/**
 * What a scan reads at once: enough to make the crossing to LevelDB cheap, little enough to throw
 * away.
 */
const READ_AHEAD_BYTES = 64 << 10;
const READ_AHEAD_ENTRIES = 1000;
/** LevelDB's binding takes limits as 32-bit integers; below zero there is none. */
const LIMIT_MAX = 2 ** 31 - 1;
const LIMIT_NONE = -1;

const WRITE_BUFFER_BYTES = 4 << 20;
/** LevelDB stops its writers at twelve tables on level 0; the next open makes two logs into more. */
const LEVEL0_TABLES_MAX = 12 + 2;
/** Level 1 is compacted before level 0 once it has more than this for each table of level 0. */
const LEVEL1_BYTES_PER_TABLE = 2.5 * (1 << 20);
/** The log being written, the one before it, and the table that becomes of that one. */
const LOGS_BESIDE_COMPACTION = 3;

/**
 * `sync` is inherited on purpose. `level` spreads own options into a copy of every operation, which
 * makes a batch six times slower (5 against 0.9 µs per write); its binding reads the option by name
 * and so finds it either way. A chained batch would be faster still, but its native memory lives
 * until the garbage collector comes by: 1 GiB after 150 groups of 8 MiB.
 */
const SYNCED: { readonly sync: boolean } = Object.create({ sync: true });
const UNSYNCED: { readonly sync: boolean } = Object.create({ sync: false });

export class LevelStore implements KvStore {
  /**
   * False if none is configured, or if it was given up and there was not yet room to put it back.
   */
  readonly reserveHeld: boolean;
  readonly #directory: string;
  readonly #database: Database;
  readonly #reserve: ReserveFile | undefined;
  readonly #commit = new GroupCommit((writes, sync) => this.#write(writes, sync));
  #closed: Promise<void> | undefined;

  constructor(
    directory: string,
    database: Database,
    reserve: { readonly file: ReserveFile | undefined; readonly held: boolean },
  ) {
    this.#directory = directory;
    this.#database = database;
    this.#reserve = reserve.file;
    this.reserveHeld = reserve.held;
  }

  get statistics(): CommitStatistics {
    return this.#commit.statistics;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#requireOpen();
    return this.#read(this.#database.get(key));
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#requireOpen();
    return this.#read(this.#database.getMany([...keys]));
  }

  /**
   * LevelDB's snapshot is taken here, before the loop asks for anything. LevelDB passes over a
   * table that it cannot read and says so at the end of the range: a scan that was left early, or
   * that reached its limit, may lack entries of a damaged store without a word.
   */
  iterate(options: ScanOptions): AsyncIterableIterator<KeyValue> {
    this.#requireOpen();
    const { limit } = options;
    const iterator = this.#database.iterator<Uint8Array, Uint8Array>({
      ...options,
      limit: limit === undefined ? LIMIT_NONE : Math.min(limit, LIMIT_MAX),
      highWaterMarkBytes: READ_AHEAD_BYTES,
    });
    return this.#entries(iterator);
  }

  async batch(writes: readonly Write[], options: { readonly durable: boolean }): Promise<void> {
    this.#requireOpen();
    return this.#commit.submit(writes, options.durable);
  }

  async approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    this.#requireOpen();
    return this.#read(this.#database.approximateSize(from, to));
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    await this.#commit.idle();
    try {
      await this.#database.close();
    } catch (error) {
      throw storeError(error, "close", this.#directory);
    }
  }

  /** An iterator that no loop ever started is freed when the store closes. */
  async *#entries(iterator: EntryIterator): AsyncIterableIterator<KeyValue> {
    try {
      for (;;) {
        const page = await this.#read(iterator.nextv(READ_AHEAD_ENTRIES));
        if (page.length === 0) return;
        for (const entry of page) {
          this.#requireOpen();
          yield entry;
        }
      }
    } finally {
      await iterator.close();
    }
  }

  async #read<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      throw storeError(error, "read", this.#directory);
    }
  }

  async #write(writes: readonly Write[], sync: boolean): Promise<void> {
    const operations = writes.map((write) =>
      write.type === "put"
        ? ({ type: "put", key: write.key, value: write.value } as const)
        : ({ type: "del", key: write.key } as const),
    );
    try {
      await this.#database.batch(operations, sync ? SYNCED : UNSYNCED);
    } catch (error) {
      if (isDiskFull(error)) await this.#requestRelease();
      throw storeError(error, "write to", this.#directory);
    }
  }

  /**
   * Best effort: what failed the write is what the caller must hear of, and a start that finds no
   * room releases too.
   */
  async #requestRelease(): Promise<void> {
    await this.#reserve?.requestRelease().catch(() => undefined);
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw new ClusterError("STORE_CLOSED", `the store in ${this.#directory} is closed`);
  }
}

/**
 * What the largest compaction can need while its inputs are still there, and the logs beside it.
 * A delete sets compactions off, and one that finds no room fails the store for good: with less,
 * the reserve would be spent and the disk still full. The largest takes all of levels 0 and 1 and
 * writes no more than it reads. A log, and so a table of level 0, holds a write buffer and the
 * group that overfilled it; a store of larger batches needs what they have beyond a group once for
 * each of these tables and logs.
 */
export function reserveBytesMin(writeBufferBytes = WRITE_BUFFER_BYTES): number {
  const tableBytes = writeBufferBytes + GROUP_BYTES_MAX;
  const compactionBytes = LEVEL0_TABLES_MAX * (tableBytes + LEVEL1_BYTES_PER_TABLE);
  return compactionBytes + LOGS_BESIDE_COMPACTION * tableBytes;
}

export async function openLevelStore(options: LevelStoreOptions): Promise<LevelStore> {
  const { directory } = options;
  const file = reserveFile(options);
  try {
    await createDirectory(directory);
    if (options.verifyFiles === true) await checkFiles(directory);
    const { database, released } = await openWithReserve(options, file);
    try {
      const held = !released && file !== undefined && (await file.restore());
      return new LevelStore(directory, database, { file, held });
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error, "open", directory);
  }
}

function reserveFile(options: LevelStoreOptions): ReserveFile | undefined {
  const { directory, reserveBytes = 0, writeBufferBytes } = options;
  if (reserveBytes === 0) return undefined;
  const least = reserveBytesMin(writeBufferBytes);
  if (reserveBytes >= least) return new ReserveFile(directory, reserveBytes);
  throw new ClusterError(
    "CONFIG_INVALID",
    `a reserve of ${reserveBytes} bytes cannot get the store in ${directory} out of a full disk: ` +
      `give it none or, with its write buffer, at least ${least}`,
  );
}

/**
 * Gives up the reserve if the process before died for want of space, or if this open does not get
 * through without.
 */
async function openWithReserve(
  options: LevelStoreOptions,
  reserve: ReserveFile | undefined,
): Promise<{ database: Database; released: boolean }> {
  const wasAsked = reserve !== undefined && (await reserve.isReleaseRequested());
  if (wasAsked) await reserve.release();
  try {
    return { database: await openDatabase(options), released: wasAsked };
  } catch (error) {
    if (!isDiskFull(error) || !(await reserve?.release())) throw error;
    return { database: await openDatabase(options), released: true };
  }
}

async function openDatabase(options: LevelStoreOptions): Promise<Database> {
  const { directory, cacheBytes, compression } = options;
  const database = new Level<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
    ...(cacheBytes !== undefined && { cacheSize: cacheBytes }),
    writeBufferSize: options.writeBufferBytes ?? WRITE_BUFFER_BYTES,
    ...(compression !== undefined && { compression }),
  });
  await database.open();
  return database as Database;
}

const CODES: Readonly<Record<string, ClusterErrorCode>> = {
  LEVEL_CORRUPTION: "STORE_CORRUPT",
  LEVEL_LOCKED: "STORE_LOCKED",
  LEVEL_DATABASE_NOT_OPEN: "STORE_CLOSED",
  LEVEL_ITERATOR_NOT_OPEN: "STORE_CLOSED",
};

/**
 * The cause of a failed open is what happened; the error around it only says that the database is
 * not open.
 */
function storeError(error: unknown, action: string, directory: string): ClusterError {
  if (error instanceof ClusterError) return error;
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = reason instanceof Error ? reason.message : String(reason);
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  return new ClusterError(
    isDiskFull(reason) ? "STORE_FULL" : (CODES[code] ?? "STORE_FAILED"),
    `cannot ${action} the store in ${directory}: ${text}`,
    { cause: error },
  );
}
