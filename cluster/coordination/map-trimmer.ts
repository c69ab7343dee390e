/**
 * Removes history that nobody needs any more (C7), and what attempts that came to nothing have left. What is kept can be
 * read: from the newest checkpoint at or below the floor on, everything. So the floor that is reached is that checkpoint,
 * and without one nothing goes.
 *
 * Every multi carries the check of the controller, and removes a bounded number of nodes. A trimming that ends half-way is
 * finished by the next one, whoever does it.
 */
import { type Epoch, epoch } from "../base/ids.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import type { MultiOp } from "../zookeeper/multi-records.ts";
import { ANY_VERSION } from "../zookeeper/node-records.ts";
import { persistently, unless } from "../zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";
import { guardedWrite, type Mandate } from "./guarded-write.ts";
import { decodeBody, epochOfChunk } from "./map-nodes.ts";
import { corrupt, isDamage, readEpochNode } from "./map-reader.ts";
import {
  checkpointPath,
  checkpointPiecePath,
  chunkPath,
  epochOfName,
  incPath,
  PATHS,
  undoPath,
} from "./paths.ts";
import { readAny } from "./read-many.ts";

/** Nodes that one multi removes. */
const BATCH = 100;

export type TrimOutcome =
  /** Everything after this epoch is kept; 0 if all is. */
  | { readonly type: "trimmed"; readonly floor: Epoch; readonly removed: number }
  | { readonly type: "deposed" };

/** Of what is below the epoch, as much as can go. One at a time; publishing may go on beside it. */
export async function trimMap(mandate: Mandate, below: Epoch): Promise<TrimOutcome> {
  try {
    return await trim(mandate, below);
  } catch (error) {
    if (isZooKeeperError(error, "SESSIONEXPIRED")) return { type: "deposed" };
    throw isDamage(error) ? corrupt(error.message, error) : error;
  }
}

async function trim(mandate: Mandate, below: Epoch): Promise<TrimOutcome> {
  const { client } = mandate;
  const published = await persistently(client, () => readEpochNode(client));
  const checkpoints = await childrenByEpoch(client, PATHS.mapFull);
  // The newest may be being written: only what the epoch node refers to, and what came before, is whole for sure.
  const whole = await completeOnes(client, checkpoints, published.checkpoint);
  const floor = whole.findLast((of) => of <= below) ?? epoch(0);
  const doomed: string[] = [];
  for (const of of await childrenByEpoch(client, PATHS.mapInc)) {
    if (of <= floor && of < below) doomed.push(incPath(of));
  }
  for (const of of await childrenByEpoch(client, PATHS.mapUndo)) {
    if (of <= floor && of < below) doomed.push(undoPath(of));
  }
  for (const of of checkpoints) {
    const isLeftOver = of < published.checkpoint && !whole.includes(of);
    if (of < floor || isLeftOver) doomed.push(...(await checkpointNodes(client, of)));
  }
  if (!(await removeAll(mandate, doomed))) return { type: "deposed" };
  const orphans = await orphanedChunks(client, { floor, published: published.epoch });
  if (!(await removeAll(mandate, orphans))) return { type: "deposed" };
  return { type: "trimmed", floor, removed: doomed.length + orphans.length };
}

/** From old to new. */
async function childrenByEpoch(client: ZooKeeperClient, path: string): Promise<Epoch[]> {
  const { children } = await persistently(client, () => client.getChildren(path));
  return children
    .map(epochOfName)
    .filter((of) => of !== undefined)
    .toSorted((left, right) => left - right);
}

async function completeOnes(
  client: ZooKeeperClient,
  checkpoints: readonly Epoch[],
  newest: Epoch,
): Promise<Epoch[]> {
  const referenced = checkpoints.filter((of) => of <= newest);
  const heads = await persistently(client, () => readAny(client, referenced.map(checkpointPath)));
  return referenced.filter((_, index) => (heads[index]?.byteLength ?? 0) > 0);
}

/** Its pieces and then itself. */
async function checkpointNodes(client: ZooKeeperClient, of: Epoch): Promise<string[]> {
  const listing = await persistently(client, () =>
    unless("NONODE", client.getChildren(checkpointPath(of))),
  );
  const pieces = (listing?.children ?? []).map((name) => checkpointPiecePath(of, Number(name)));
  return [...pieces, checkpointPath(of)];
}

/**
 * Chunks of epochs that are gone, and of attempts that were not the one that was published. Those of an epoch that is not
 * published yet may be wanted in a moment.
 */
async function orphanedChunks(
  client: ZooKeeperClient,
  { floor, published }: { readonly floor: Epoch; readonly published: Epoch },
): Promise<string[]> {
  const { children } = await persistently(client, () => client.getChildren(PATHS.mapChunk));
  const byEpoch = new Map<Epoch, string[]>();
  for (const name of children) {
    const of = epochOfChunk(name);
    if (of !== undefined && of <= published) byEpoch.set(of, [...(byEpoch.get(of) ?? []), name]);
  }
  const orphans: string[] = [];
  for (const [of, names] of byEpoch) {
    const used = of < floor ? new Set<string>() : await chunksOf(client, of);
    orphans.push(...names.filter((name) => !used.has(name)).map(chunkPath));
  }
  return orphans;
}

async function chunksOf(client: ZooKeeperClient, of: Epoch): Promise<Set<string>> {
  const nodes = await persistently(client, () => readAny(client, [incPath(of), undoPath(of)]));
  const used = new Set<string>();
  for (const node of nodes) {
    const stored = node === undefined ? undefined : decodeBody(node);
    if (stored?.type === "chunks") for (const name of stored.names) used.add(name);
  }
  return used;
}

/** False once the mandate is over. */
async function removeAll(mandate: Mandate, paths: readonly string[]): Promise<boolean> {
  for (let from = 0; from < paths.length; from += BATCH) {
    if (!(await remove(mandate, paths.slice(from, from + BATCH)))) return false;
  }
  return true;
}

async function remove(mandate: Mandate, paths: readonly string[]): Promise<boolean> {
  const { client } = mandate;
  let left = paths;
  while (left.length > 0) {
    const [first = ""] = left;
    const ops = left.map((path): MultiOp => ({ type: "delete", path, version: ANY_VERSION }));
    const isGone = async (): Promise<boolean> => (await client.exists(first)) === undefined;
    try {
      return (await guardedWrite(mandate, ops, isGone)).type === "done";
    } catch (error) {
      if (!isZooKeeperError(error, "NONODE")) throw error;
      // An earlier trimming removed some of these after it was given up for lost.
      const isThere = await persistently(client, () => readAny(client, left));
      left = left.filter((_, index) => isThere[index] !== undefined);
    }
  }
  return true;
}
