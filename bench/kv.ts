/**
 * What group commit is worth: durable batches handed over 64 at a time against one at a time, on
 * the same store in the same run, beside what the disk itself can do (an append and an fdatasync).
 * And what it costs to trust no row: the same batches, and reads of small values, on a sealed store
 * against the bare one. All take turns, so that a disk that speeds up or slows down in between does
 * so for all of them. Data goes to KELP_BENCH_DIR, or where temporary files go; a directory in memory says
 * nothing, because its sync is free.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createPrng, randomBytes } from "../cluster/base/prng.ts";
import { openLevelStore } from "../cluster/kv/level-store.ts";
import { openSealedStore } from "../cluster/kv/sealed-store.ts";
import type { KvStore } from "../cluster/kv/store.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

const VALUE_BYTES = 4096;
const CONCURRENCY = 64;
/**
 * What 64 that share one sync must gain over 64 syncs, with room for the cost of the writes
 * themselves.
 */
const SPEEDUP_MIN = 5;
/** What may be lost by checking every row: a fifth, of which the disk's own moods are the most. */
const SEALED_MIN = 0.8;
const SMALL_VALUE_BYTES = 100;
const SMALL_KEYS = 1000;

const WRITE_PIECES = 10;
const READ_PIECES = 16;

/** Reads per second. */
interface ReadTurn {
  readonly reads: number;
  readonly sealedReads: number;
}

/** Durable batches per second. */
interface TogetherTurn {
  readonly together: number;
  readonly sealed: number;
}

/** Durable batches, or plain appends, per second. */
interface Turn extends TogetherTurn, ReadTurn {
  readonly alone: number;
  readonly raw: number;
}

interface Stores {
  readonly bare: KvStore;
  readonly sealed: KvStore;
}

export const kvBench: Bench = {
  name: "kv",
  about:
    "durable 4 KiB batches on LevelDB: 64 at once, one at a time, sealed, and a bare fdatasync",
  async run(scale, progress) {
    const { KELP_BENCH_DIR: parent = tmpdir() } = process.env;
    const directory = await mkdtemp(join(parent, "kelp-kv-"));
    try {
      const stores = await openStores(directory);
      try {
        return report(await takeTurns(stores, join(directory, "raw"), scale, progress));
      } finally {
        await stores.bare.close();
        await stores.sealed.close();
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

async function openStores(directory: string): Promise<Stores> {
  const bare = await openLevelStore({ directory: join(directory, "bare") });
  const inner = await openLevelStore({ directory: join(directory, "sealed") });
  const sealed = await openSealedStore(inner, { name: "the sealed store", remedy: "run again" });
  return { bare, sealed };
}

async function takeTurns(
  { bare, sealed }: Stores,
  rawFile: string,
  scale: Scale,
  progress: (step: string) => void,
): Promise<Turn[]> {
  const { turnCount, batchCount } =
    scale === "full" ? { turnCount: 7, batchCount: 3200 } : { turnCount: 1, batchCount: 64 };
  const value = randomBytes(createPrng(1), VALUE_BYTES);
  for (const store of [bare, sealed]) await writeSmall(store);
  const turns: Turn[] = [];
  for (let turn = 1; turn <= turnCount; turn++) {
    progress(`turn ${turn} of ${turnCount}`);
    turns.push({
      ...(await togetherTurn({ bare, sealed }, value, batchCount)),
      // Fewer of them: at one sync each, as many would take far longer and show nothing more.
      alone: await perSecond(batchCount / 8, () => writeBatches(bare, value, 1, batchCount / 8)),
      raw: await perSecond(batchCount / 8, () => appendSynced(rawFile, value, batchCount / 8)),
      ...(await readTurn({ bare, sealed }, batchCount)),
    });
  }
  return turns;
}

function report(turns: readonly Turn[]): Measurement[] {
  const summary = (what: string, unit: string, figure: (turn: Turn) => number): Measurement => {
    const figures = turns.map(figure);
    return { what, unit, value: median(figures), spread: spread(figures) };
  };
  return [
    summary("durable 4 KiB batches, 64 in flight", "batches/s", (turn) => turn.together),
    summary("durable 4 KiB batches, one at a time", "batches/s", (turn) => turn.alone),
    summary("4 KiB append and fdatasync", "syncs/s", (turn) => turn.raw),
    {
      ...summary("64 in flight to one at a time", "x", (turn) => turn.together / turn.alone),
      atLeast: SPEEDUP_MIN,
    },
    summary("one at a time to a bare fdatasync", "x", (turn) => turn.alone / turn.raw),
    {
      ...summary("64 in flight, sealed to bare", "x", (turn) => turn.sealed / turn.together),
      atLeast: SEALED_MIN,
    },
    summary("gets of 100 B", "gets/s", (turn) => turn.reads),
    {
      ...summary("gets of 100 B, sealed to bare", "x", (turn) => turn.sealedReads / turn.reads),
      atLeast: SEALED_MIN,
    },
  ];
}

async function writeBatches(
  store: KvStore,
  value: Uint8Array,
  writerCount: number,
  batchCount: number,
): Promise<void> {
  const writeAll = async (writer: number): Promise<void> => {
    for (let number = 0; number < batchCount; number++) {
      const key = Buffer.from(`${writer}/${number}`);
      await store.batch([{ type: "put", key, value }], { durable: true });
    }
  };
  await Promise.all(Array.from({ length: writerCount }, (_, writer) => writeAll(writer)));
}

async function writeSmall(store: KvStore): Promise<void> {
  const value = randomBytes(createPrng(2), SMALL_VALUE_BYTES);
  const writes = Array.from({ length: SMALL_KEYS }, (_, number) => {
    return { type: "put", key: smallKey(number), value } as const;
  });
  await store.batch(writes, { durable: true });
}

async function togetherTurn(
  { bare, sealed }: Stores,
  value: Uint8Array,
  batchCount: number,
): Promise<TogetherTurn> {
  const pieces = Math.min(WRITE_PIECES, batchCount / CONCURRENCY);
  const share = batchCount / CONCURRENCY / pieces;
  const ms = { bare: 0, sealed: 0 };
  for (let piece = 0; piece < pieces; piece++) {
    ms.bare += await elapsedMs(() => writeBatches(bare, value, CONCURRENCY, share));
    ms.sealed += await elapsedMs(() => writeBatches(sealed, value, CONCURRENCY, share));
  }
  return { together: (batchCount * 1000) / ms.bare, sealed: (batchCount * 1000) / ms.sealed };
}

/**
 * In short pieces that take turns: a get is mostly a wait for a thread, and how long that takes
 * changes from one tenth of a second to the next.
 */
async function readTurn({ bare, sealed }: Stores, count: number): Promise<ReadTurn> {
  const ms = { bare: 0, sealed: 0 };
  for (let piece = 0; piece < READ_PIECES; piece++) {
    ms.bare += await elapsedMs(() => readSmall(bare, count / READ_PIECES));
    ms.sealed += await elapsedMs(() => readSmall(sealed, count / READ_PIECES));
  }
  return { reads: (count * 1000) / ms.bare, sealedReads: (count * 1000) / ms.sealed };
}

async function readSmall(store: KvStore, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await store.get(smallKey(number % SMALL_KEYS));
}

function smallKey(number: number): Uint8Array {
  return Buffer.from(`small/${String(number).padStart(6, "0")}`);
}

async function appendSynced(file: string, value: Uint8Array, count: number): Promise<void> {
  const handle = await open(file, "a");
  try {
    for (let number = 0; number < count; number++) {
      await handle.appendFile(value);
      await handle.datasync();
    }
  } finally {
    await handle.close();
  }
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  return (count * 1000) / (await elapsedMs(work));
}

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
