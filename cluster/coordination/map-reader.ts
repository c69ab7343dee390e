/**
 * Reads the map out of the tree: the newest from scratch (a checkpoint and the increments since) or from a map that is
 * known, and the history. Every epoch's digest is compared with the one that its controller wrote. What was trimmed while
 * it was being read is no error: whoever meets a node that is gone begins again at the epoch node.
 */
import { ClusterError } from "../base/error.ts";
import { type Epoch, epoch } from "../base/ids.ts";
import {
  applyRecord,
  type EpochRecord,
  epochRecord,
  type UndoRecord,
  undoRecord,
} from "../map/epoch-record.ts";
import type { OsdMap } from "../map/osd-map.ts";
import { EMPTY_MAP } from "../map/osd-map-delta.ts";
import { decode } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import type { WatchListener, ZooKeeperClient } from "../zookeeper/client.ts";
import { persistently, unless } from "../zookeeper/recipe/retry.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { decodeBody, type EpochNode, epochNode, joinChunks } from "./map-nodes.ts";
import { chunkPath, epochOfName, incPath, PATHS, undoPath } from "./paths.ts";
import { readAny, readMany } from "./read-many.ts";

/** Increments read together; each may have chunks beside. */
const WINDOW = 64;
/** So often a node is missing that should be there, before that is damage and no trimming. */
const ATTEMPTS_MAX = 5;

export interface ReadEpochNode extends EpochNode {
  /** Of the node: what the next publish expects. */
  readonly version: number;
}

export interface NewestMap {
  readonly map: OsdMap;
  readonly version: number;
  readonly checkpoint: Epoch;
}

/** One epoch's record, as its bytes: they are kept and handed on, and are what was published. */
export interface Increment {
  readonly record: EpochRecord;
  readonly bytes: Uint8Array;
}

/** Throws CONFIG_INVALID where there is no cluster, STORE_CORRUPT if it cannot be read. */
export async function readEpochNode(
  client: ZooKeeperClient,
  watch?: WatchListener,
): Promise<ReadEpochNode> {
  const read = await unless("NONODE", client.getData(PATHS.mapEpoch, { watch }));
  if (read === undefined) {
    throw new ClusterError(
      "CONFIG_INVALID",
      "there is no cluster here; kelp cluster init makes one",
    );
  }
  const node = await understood(PATHS.mapEpoch, async () => decode(epochNode, read.data));
  return { ...node, version: read.stat.version };
}

/**
 * Throws STORE_CORRUPT if what is there gives no map, also when it is read once more; and as requests do. Whoever reads it
 * after an election was won reads all that was published before: no other leader can have written since.
 */
export async function readNewestMap(client: ZooKeeperClient): Promise<NewestMap> {
  let failure = "";
  let damages = 0;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && damages < 2; attempt++) {
    const node = await readEpochNode(client);
    const { version, checkpoint } = node;
    try {
      const map = await mapOfNode(client, node);
      if (map !== undefined) return { map, version, checkpoint };
      failure = `nodes of the map are missing between the checkpoint of ${checkpoint} and ${node.epoch}`;
    } catch (error) {
      if (!isDamage(error)) throw error;
      failure = error.message;
      damages += 1;
    }
  }
  throw corrupt(failure);
}

/** Undefined if nodes are gone that it would need. */
async function mapOfNode(client: ZooKeeperClient, node: EpochNode): Promise<OsdMap | undefined> {
  const { checkpoint } = node;
  const base = checkpoint === 0 ? EMPTY_MAP : await readCheckpoint(client, checkpoint);
  if (base === undefined) return undefined;
  let map = base;
  while (map.epoch < node.epoch) {
    const increments = await readIncrements(client, { after: map.epoch, node });
    if (increments === undefined) return undefined;
    for (const { record } of increments) map = applyRecord(map, record);
  }
  if (map.digest === node.digest) return map;
  throw new CodecError(
    "BAD_CHECKSUM",
    `epoch ${map.epoch} has another digest than was published`,
    0,
  );
}

/**
 * The next ones after an epoch, some at a time, up to that of the epoch node, whose own copy of the newest is used.
 * Undefined if one of them is gone.
 */
export async function readIncrements(
  client: ZooKeeperClient,
  { after, node }: { readonly after: Epoch; readonly node: EpochNode },
): Promise<Increment[] | undefined> {
  const last = Math.min(node.epoch, after + WINDOW);
  const isEmbedded = last === node.epoch && node.increment !== undefined;
  const lastRead = isEmbedded ? last - 1 : last;
  const bodies = await readBodies(client, pathsBetween(incPath, epoch(after + 1), lastRead));
  if (isEmbedded && node.increment !== undefined) bodies.push(node.increment);
  const increments: Increment[] = [];
  for (const body of bodies) {
    if (body === undefined) return undefined;
    increments.push(incrementOf(body));
  }
  return increments;
}

/** Throws CodecError. The bytes are a copy: what came from the network is a view of more. */
export function incrementOf(body: Uint8Array): Increment {
  const bytes = Uint8Array.from(body);
  return { record: decode(epochRecord, bytes), bytes };
}

/** Epochs of this range that are still kept, from old to new. Throws STORE_CORRUPT. */
export async function* readHistory(
  client: ZooKeeperClient,
  { from, to }: { readonly from: Epoch; readonly to: Epoch },
): AsyncGenerator<EpochRecord> {
  const { children } = await persistently(client, () => client.getChildren(PATHS.mapInc));
  const kept = children
    .map(epochOfName)
    .filter((of) => of !== undefined && of >= from && of <= to)
    .toSorted((left, right) => Number(left) - Number(right));
  for (let start = 0; start < kept.length; start += WINDOW) {
    const paths = kept.slice(start, start + WINDOW).map((of) => incPath(of as Epoch));
    yield* await understood(PATHS.mapInc, async () => {
      const bodies = await persistently(client, () => readBodies(client, paths));
      return bodies.flatMap((body) => (body === undefined ? [] : [decode(epochRecord, body)]));
    });
  }
}

/** Undefined if the epoch's history is not kept any more, or was never published. Throws STORE_CORRUPT. */
export function readUndo(client: ZooKeeperClient, of: Epoch): Promise<UndoRecord | undefined> {
  return understood(undoPath(of), async () => {
    const [body] = await persistently(client, () => readBodies(client, [undoPath(of)]));
    return body === undefined ? undefined : decode(undoRecord, body);
  });
}

/** Each body whole, wherever it stands; undefined for what is gone, also in part. Throws CodecError. */
async function readBodies(
  client: ZooKeeperClient,
  paths: readonly string[],
): Promise<(Uint8Array | undefined)[]> {
  const bodies: (Uint8Array | undefined)[] = [];
  for (const data of await readAny(client, paths)) {
    const stored = data === undefined ? undefined : decodeBody(data);
    if (stored?.type !== "chunks") bodies.push(stored?.body);
    else {
      const pieces = await readMany(client, stored.names.map(chunkPath));
      bodies.push(pieces === undefined ? undefined : joinChunks(stored, pieces));
    }
  }
  return bodies;
}

function pathsBetween(path: (of: Epoch) => string, from: Epoch, to: number): string[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) =>
    path(epoch(from + index)),
  );
}

/** Bytes that are none of a format, or contradict each other. */
export function isDamage(error: unknown): error is CodecError {
  return error instanceof CodecError;
}

export function corrupt(what: string, cause?: unknown): ClusterError {
  const hint = "it is damaged, or was written by a newer Kelp";
  return new ClusterError("STORE_CORRUPT", `the map in the tree: ${what}; ${hint}`, { cause });
}

async function understood<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw corrupt(`${where}: ${error.message}`, error);
  }
}
