/**
 * What happened in the cluster, for people: the last thousand events. The controller writes them, several in a node, whose
 * name says which they are, so that a listing alone tells what to read and what to remove:
 *
 *   /kelp/event/1200.3      events 1200, 1201 and 1202
 */
import { assert } from "../base/assert.ts";
import { wellFormed } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import { decode, encode, list, oneOf, record, str, type TypeOf, u53 } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { versioned } from "../wire/versioned.ts";
import type { Acl } from "../zookeeper/acl.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import type { MultiOp } from "../zookeeper/multi-records.ts";
import { ANY_VERSION } from "../zookeeper/node-records.ts";
import { persistently } from "../zookeeper/recipe/retry.ts";
import { Routine } from "../zookeeper/recipe/routine.ts";
import { createOp } from "../zookeeper/transaction.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";
import { guardedWrite, type Mandate } from "./guarded-write.ts";
import { eventPath, PATHS } from "./paths.ts";
import { readAny } from "./read-many.ts";

export const EVENTS_MAX = 1_000;
/** In a node: with texts at their longest that is 200 KiB. */
const BATCH_MAX = 100;
const TEXT_LENGTH_MAX = 500;
/** Nodes that are removed with one that is made. */
const REMOVED_MAX = 100;
/** What is not written then waits for the next event. */
const FAILURES_MAX = 2;

export const EVENT_LEVELS = ["info", "warn", "error"] as const;
export type EventLevel = (typeof EVENT_LEVELS)[number];

const clusterEvent = record({ wallMs: u53, level: oneOf(...EVENT_LEVELS), text: str });
export type ClusterEvent = TypeOf<typeof clusterEvent>;

const eventNode = versioned(1, list(clusterEvent, { max: BATCH_MAX }));

/** Counted from the cluster's first on. */
export interface NumberedEvent extends ClusterEvent {
  readonly number: number;
}

interface Batch {
  readonly first: number;
  readonly count: number;
}

export interface ClusterLogOptions extends Mandate {
  readonly acl: readonly Acl[];
  readonly log: Log;
}

/** For one term of one controller. What is appended while it writes goes into the next node. */
export class ClusterLogWriter {
  readonly #options: ClusterLogOptions;
  readonly #waiting: ClusterEvent[] = [];
  #lostCount = 0;
  #batches: Batch[] | undefined;
  #writing: Promise<void> | undefined;
  #isDeposed = false;

  constructor(options: ClusterLogOptions) {
    this.#options = options;
  }

  /** Of more than are kept at all the oldest are dropped. Nothing waits for it, and nothing fails with it. */
  append(event: ClusterEvent): void {
    if (this.#isDeposed) return;
    const text = wellFormed(event.text.slice(0, TEXT_LENGTH_MAX));
    this.#waiting.push({ wallMs: Math.floor(event.wallMs), level: event.level, text });
    if (this.#waiting.length > EVENTS_MAX) {
      this.#waiting.shift();
      this.#lostCount += 1;
    }
    this.#writing ??= this.#write();
  }

  /** When all that was appended is written or given up. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    const { log, signal } = this.#options;
    await Promise.resolve(); // So that what is appended in one turn stands in one node.
    let failures = 0;
    while (this.#waiting.length > 0 && failures < FAILURES_MAX) {
      try {
        if (this.#isDeposed || signal?.aborted === true) this.#waiting.length = 0;
        else await this.#writeBatch();
      } catch (error) {
        failures += 1;
        // Somebody else has been at these nodes.
        this.#batches = undefined;
        if (isZooKeeperError(error, "SESSIONEXPIRED")) this.#isDeposed = true;
        else log.warn("events could not be written to the cluster log", { error });
      }
    }
    // In the turn in which nothing waits any more, so that what comes next begins anew.
    this.#writing = undefined;
  }

  async #writeBatch(): Promise<void> {
    const batches = this.#batches ?? (await listBatches(this.#options.client));
    this.#batches = batches;
    // Out of the queue: what comes meanwhile may push the oldest out of that.
    const events = this.#waiting.splice(0, BATCH_MAX);
    const last = batches.at(-1);
    const batch = { first: last === undefined ? 1 : last.first + last.count, count: events.length };
    const doomed = excessOf([...batches, batch]).slice(0, REMOVED_MAX);
    try {
      this.#isDeposed = !(await this.#writeNode(pathOf(batch), events, doomed));
    } catch (error) {
      this.#waiting.unshift(...events);
      throw error;
    }
    batches.push(batch);
    batches.splice(0, doomed.length);
    if (this.#lostCount === 0) return;
    this.#options.log.warn(`${this.#lostCount} events came too fast for the cluster log`);
    this.#lostCount = 0;
  }

  async #writeNode(
    path: string,
    events: readonly ClusterEvent[],
    doomed: readonly Batch[],
  ): Promise<boolean> {
    const { acl, client } = this.#options;
    const ops: MultiOp[] = [createOp(path, encode(eventNode, events), { acl })];
    for (const each of doomed) {
      ops.push({ type: "delete", path: pathOf(each), version: ANY_VERSION });
    }
    const isThere = async (): Promise<boolean> => (await client.exists(path)) !== undefined;
    return (await guardedWrite(this.#options, ops, isThere)).type === "done";
  }
}

/** The oldest nodes, as many as must go. */
function excessOf(batches: readonly Batch[]): Batch[] {
  let count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const excess: Batch[] = [];
  for (const batch of batches) {
    if (count <= EVENTS_MAX) break;
    count -= batch.count;
    excess.push(batch);
  }
  return excess;
}

/** The newest, from old to new. */
export function readClusterLog(
  client: ZooKeeperClient,
  countMax: number,
): Promise<NumberedEvent[]> {
  assert(countMax > 0, "somebody wants to read something");
  return persistently(client, async () => {
    const { children } = await client.getChildren(PATHS.event);
    const batches = batchesIn(children);
    let from = batches.length;
    for (let count = 0; from > 0 && count < countMax; from--)
      count += batches[from - 1]?.count ?? 0;
    return (await readBatches(client, batches.slice(from))).slice(-countMax);
  });
}

export interface ClusterLogFollowerOptions {
  readonly client: ZooKeeperClient;
  /** From which number on; by default what happens from now on. */
  readonly from?: number;
  /** From old to new; numbers are missing where more happened at once than is kept. */
  readonly onEvents: (events: readonly NumberedEvent[]) => void;
  readonly onFailure: (error: unknown) => void;
}

export class ClusterLogFollower {
  readonly #options: ClusterLogFollowerOptions;
  readonly #routine: Routine;
  #next: number | undefined;

  constructor(options: ClusterLogFollowerOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      failed: options.onFailure,
    });
  }

  async stop(): Promise<void> {
    this.#routine.stop();
    await this.#routine.ended;
  }

  async #look(): Promise<void> {
    const { client, onEvents } = this.#options;
    const { children } = await client.getChildren(PATHS.event, { watch: this.#routine.poke });
    const batches = batchesIn(children);
    const last = batches.at(-1);
    const end = last === undefined ? 1 : last.first + last.count;
    this.#next ??= end;
    const next = this.#next;
    const events = await readBatches(
      client,
      batches.filter(({ first, count }) => first + count > next),
    );
    const fresh = events.filter(({ number }) => number >= next);
    if (this.#routine.isStopped || fresh.length === 0) return;
    this.#next = end;
    onEvents(fresh);
  }
}

async function listBatches(client: ZooKeeperClient): Promise<Batch[]> {
  return await persistently(client, async () => {
    await client.sync(PATHS.event);
    return batchesIn((await client.getChildren(PATHS.event)).children);
  });
}

function batchesIn(names: readonly string[]): Batch[] {
  const batches: Batch[] = [];
  for (const name of names) {
    const [, first, count] = /^([1-9]\d{0,14})\.([1-9]\d{0,2})$/.exec(name) ?? [];
    if (first !== undefined) batches.push({ first: Number(first), count: Number(count) });
  }
  return batches.toSorted((left, right) => left.first - right.first);
}

function pathOf({ first, count }: Batch): string {
  return eventPath(`${first}.${count}`);
}

/** What was removed meanwhile, or makes no sense, is left out: nothing depends on it. */
async function readBatches(
  client: ZooKeeperClient,
  batches: readonly Batch[],
): Promise<NumberedEvent[]> {
  const nodes = await readAny(client, batches.map(pathOf));
  return batches.flatMap(({ first }, index) => {
    const data = nodes[index];
    const events = data === undefined ? [] : eventsIn(data);
    return events.map((event, place) => ({ ...event, number: first + place }));
  });
}

function eventsIn(data: Uint8Array): readonly ClusterEvent[] {
  try {
    return decode(eventNode, data);
  } catch (error) {
    if (error instanceof CodecError) return [];
    throw error;
  }
}
