/**
 * The process that level-store.crash.test.ts kills: writes durable batches in every lane, one after
 * the other from a given number, and says "lane number" of each that is acknowledged. Ends by
 * itself after a bounded number of them.
 */
import { openLevelStore } from "../../../cluster/kv/level-store.ts";
import { LANES, writesOf } from "./crash-batches.ts";

const BATCHES_MAX = 20_000;

const [directory = "", from = "0"] = process.argv.slice(2);
/** A small buffer, so that new logs, flushes and compactions happen all the time. */
const store = await openLevelStore({ directory, writeBufferBytes: 64 << 10 });
await Promise.all(Array.from({ length: LANES }, (_, lane) => write(lane, Number(from))));
await store.close();

async function write(lane: number, first: number): Promise<void> {
  for (let number = first; number < first + BATCHES_MAX; number++) {
    await store.batch(writesOf(lane, number), { durable: true });
    process.stdout.write(`${lane} ${number}\n`);
  }
}
