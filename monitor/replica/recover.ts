/** What a start finds in a store: who the member is, what it promised and accepted, and the machine's rows. */
import { ClusterError } from "../../cluster/base/error.ts";
import type { KvStore } from "../../cluster/kv/store.ts";
import {
  IDENTITY_KEY,
  LOG_KEYS,
  PROMISE_KEY,
  readEntry,
  readIdentity,
  readPromise,
} from "../consensus/keys.ts";
import type { Recovered } from "../consensus/state.ts";
import type { Machine } from "./machine.ts";
import { ALL_ROWS, GENERATION_KEY, readGeneration, rowsOf, splitRowKey } from "./rows.ts";

export interface RecoveredReplica {
  readonly consensus: Recovered;
  readonly generation: number;
  readonly nextGeneration: number;
  /** Left behind by transfers that did not end. */
  readonly staleGenerations: readonly number[];
}

export async function recoverReplica<Entry>(
  store: KvStore,
  machine: Machine<Entry>,
): Promise<RecoveredReplica> {
  const stored = await store.get(GENERATION_KEY);
  const generation = stored === undefined ? 0 : readGeneration(stored);
  const generations = await findGenerations(store);
  const applied = await loadRows(store, machine, generation);
  const identity = await store.get(IDENTITY_KEY);
  const promise = await store.get(PROMISE_KEY);
  return {
    consensus: {
      identity: identity && readIdentity(identity),
      promise: promise && readPromise(promise),
      entries: await readLog(store),
      applied,
    },
    generation,
    nextGeneration: Math.max(generation, ...generations) + 1,
    staleGenerations: generations.filter((found) => found !== generation),
  };
}

async function loadRows<Entry>(
  store: KvStore,
  machine: Machine<Entry>,
  generation: number,
): Promise<number> {
  const loader = machine.load();
  for await (const [key, value] of store.iterate(rowsOf(generation))) {
    loader.add([splitRowKey(key).key, value]);
  }
  const { slot } = loader;
  if (slot > 0) loader.finish();
  return slot;
}

/** Skips from one generation to the next, so it reads one row of each. */
async function findGenerations(store: KvStore): Promise<number[]> {
  const generations: number[] = [];
  let range = ALL_ROWS;
  for (;;) {
    let found: number | undefined;
    for await (const [key] of store.iterate({ ...range, limit: 1 })) {
      found = splitRowKey(key).generation;
    }
    if (found === undefined) return generations;
    generations.push(found);
    const { lt } = rowsOf(found);
    if (lt === undefined || ALL_ROWS.lt === undefined) return generations;
    range = { gte: lt, lt: ALL_ROWS.lt };
  }
}

async function readLog(store: KvStore): Promise<Recovered["entries"][number][]> {
  const entries: Recovered["entries"][number][] = [];
  for await (const [key, value] of store.iterate(LOG_KEYS)) {
    const found = readEntry(key, value);
    const previous = entries.at(-1);
    if (previous !== undefined && found.slot !== previous.slot + 1) {
      throw new ClusterError(
        "STORE_CORRUPT",
        `the log has slot ${found.slot} after ${previous.slot}; this member must rejoin: kelp monitor rejoin`,
      );
    }
    entries.push(found);
  }
  return entries;
}
