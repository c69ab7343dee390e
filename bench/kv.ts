/**
 * What group commit is worth: durable batches handed over 64 at a time against one at a time, on
 * the same store in the same run, beside what the disk itself can do (an append and an fdatasync).
 * The three take turns, so that a disk that speeds up or slows down in between does so for all of
 * them. Data goes to KELP_BENCH_DIR, or where temporary files go; a directory in memory says
 * nothing, because its sync is free.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createPrng, randomBytes } from "../cluster/base/prng.ts";
import { openLevelStore } from "../cluster/kv/level-store.ts";
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

/** Durable batches, or plain appends, per second. */
interface Turn {
  readonly together: number;
  readonly alone: number;
  readonly raw: number;
}

export const kvBench: Bench = {
  name: "kv",
  about: "durable 4 KiB batches on LevelDB: 64 at once, one at a time, and a bare fdatasync",
  async run(scale, progress) {
    const { KELP_BENCH_DIR: parent = tmpdir() } = process.env;
    const directory = await mkdtemp(join(parent, "kelp-kv-"));
    try {
      const store = await openLevelStore({ directory: join(directory, "store") });
      try {
        return report(await takeTurns(store, join(directory, "raw"), scale, progress));
      } finally {
        await store.close();
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

async function takeTurns(
  store: KvStore,
  rawFile: string,
  scale: Scale,
  progress: (step: string) => void,
): Promise<Turn[]> {
  const { turnCount, batchCount } =
    scale === "full" ? { turnCount: 7, batchCount: 3200 } : { turnCount: 1, batchCount: 64 };
  const value = randomBytes(createPrng(1), VALUE_BYTES);
  const turns: Turn[] = [];
  for (let turn = 1; turn <= turnCount; turn++) {
    progress(`turn ${turn} of ${turnCount}`);
    const share = batchCount / CONCURRENCY;
    turns.push({
      together: await perSecond(batchCount, () => writeBatches(store, value, CONCURRENCY, share)),
      // Fewer of them: at one sync each, as many would take far longer and show nothing more.
      alone: await perSecond(batchCount / 8, () => writeBatches(store, value, 1, batchCount / 8)),
      raw: await perSecond(batchCount / 8, () => appendSynced(rawFile, value, batchCount / 8)),
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
  const startMs = performance.now();
  await work();
  return (count * 1000) / (performance.now() - startMs);
}
