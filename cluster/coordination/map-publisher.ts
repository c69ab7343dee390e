/**
 * Publishes epochs, for one term of one controller. An epoch becomes the newest by one multi: the check that this one leads,
 * the epoch node with the version that it is known to have, the increment and its inverse. Of two publishers that believe
 * to lead, one has no election node any more, and the version lets at most one of several attempts through.
 *
 * Once a term is over nothing more is published in it. "deposed" says that; of the epoch that was being published it says
 * only that this one does not know: the next controller does, from the requests in its record.
 */
import { randomBytes } from "node:crypto";
import { assert } from "../base/assert.ts";
import { equalBytes, toHex } from "../base/bytes.ts";
import type { Epoch } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { EpochRecord, UndoRecord } from "../map/epoch-record.ts";
import type { OsdMap } from "../map/osd-map.ts";
import { encode } from "../wire/codec.ts";
import type { Acl } from "../zookeeper/acl.ts";
import type { MultiOp, MultiResult } from "../zookeeper/multi-records.ts";
import { createOp } from "../zookeeper/transaction.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { type GuardedResult, guardedWrite, type Mandate } from "./guarded-write.ts";
import {
  type Chunk,
  EMBEDDED_SIZE_MAX,
  encodeRecord,
  encodeUndo,
  epochNode,
  prepareBody,
} from "./map-nodes.ts";
import type { NewestMap } from "./map-reader.ts";
import { chunkPath, incPath, PATHS, undoPath } from "./paths.ts";

const CHECKPOINT_EPOCHS = 500;
const TOKEN_SIZE = 8;
/** Chunks on their way together: 2 MiB. */
const CHUNK_WINDOW = 8;

export interface MapPublisherOptions extends Mandate {
  /** As it was read after the election was won. */
  readonly newest: NewestMap;
  readonly acl: readonly Acl[];
  readonly log: Log;
  /** A checkpoint is written when the newest is so many epochs old. */
  readonly checkpointEpochs?: number;
  /** Random, for the names of chunks: no two attempts may share one. */
  readonly token?: () => string;
}

export interface Publication {
  /** After the edit. */
  readonly map: OsdMap;
  readonly record: EpochRecord;
  readonly undo: UndoRecord;
}

export type PublishOutcome = "published" | "deposed";

export class MapPublisher {
  readonly #options: MapPublisherOptions;
  #epoch: Epoch;
  /** Of the epoch node. */
  #version: number;
  #checkpoint: Epoch;
  #isPublishing = false;
  #isDeposed = false;
  #checkpointing: Promise<void> | undefined;

  constructor(options: MapPublisherOptions) {
    const { map, version, checkpoint } = options.newest;
    this.#options = options;
    this.#epoch = map.epoch;
    this.#version = version;
    this.#checkpoint = checkpoint;
  }

  get isDeposed(): boolean {
    return this.#isDeposed || this.#options.signal?.aborted === true;
  }

  /** One at a time, each the next epoch. Waits for as long as there is no server and no word that the term is over. */
  async publish(publication: Publication): Promise<PublishOutcome> {
    assert(!this.#isPublishing, "epochs are published one after the other");
    const { map, record, undo } = publication;
    assert(map.epoch === this.#epoch + 1, `epoch ${map.epoch} does not follow ${this.#epoch}`);
    assert(record.epoch === map.epoch, "the record is of the epoch");
    assert(undo.epoch === map.epoch, "the inverse is of the epoch");
    assert(record.digest === map.digest, "the record has the digest of the map");
    if (this.isDeposed) return "deposed";
    this.#isPublishing = true;
    try {
      const isPublished = await this.#publish(publication);
      if (!isPublished) this.#isDeposed = true;
      else this.#maybeCheckpoint(map);
      return isPublished ? "published" : "deposed";
    } finally {
      this.#isPublishing = false;
    }
  }

  /** When the checkpoint that is being written, if there is one, is done or given up. */
  async idle(): Promise<void> {
    await this.#checkpointing;
  }

  async #publish({ map, record, undo }: Publication): Promise<boolean> {
    const { acl, token = randomToken } = this.#options;
    const body = encodeRecord(record);
    const inc = prepareBody(body, { of: map.epoch, token: token() });
    const inverse = prepareBody(encodeUndo(undo), { of: map.epoch, token: token() });
    if (!(await this.#writeChunks([...inc.chunks, ...inverse.chunks]))) return false;
    const node = encode(epochNode, {
      epoch: map.epoch,
      digest: map.digest,
      checkpoint: this.#checkpoint,
      increment: body.byteLength <= EMBEDDED_SIZE_MAX ? body : undefined,
    });
    const ops = [
      { type: "setData", path: PATHS.mapEpoch, data: node, version: this.#version } as const,
      createOp(incPath(map.epoch), inc.node, { acl }),
      createOp(undoPath(map.epoch), inverse.node, { acl }),
    ];
    const result = await this.#attempt(ops, { of: map.epoch, node: inc.node });
    if (result.type === "deposed") return false;
    this.#epoch = map.epoch;
    this.#version = versionIn(result.results) ?? this.#version + 1;
    return true;
  }

  async #attempt(
    ops: readonly MultiOp[],
    { of, node }: { readonly of: Epoch; readonly node: Uint8Array },
  ): Promise<GuardedResult> {
    const { client, log } = this.#options;
    // The record in it names its controller, its time and its requests: nobody else writes the same.
    const isDone = async (): Promise<boolean> =>
      equalBytes((await client.getData(incPath(of))).data, node);
    try {
      return await guardedWrite(this.#options, ops, isDone);
    } catch (error) {
      const isForestalled =
        isZooKeeperError(error, "BADVERSION") || isZooKeeperError(error, "NODEEXISTS");
      if (!isForestalled) throw error;
      // Nobody can have published beside a leader. Whoever did, what this one knows is not the newest.
      log.error(`epoch ${of} was published by somebody else while this controller led`, { error });
      return { type: "deposed" };
    }
  }

  async #writeChunks(chunks: readonly Chunk[]): Promise<boolean> {
    for (let from = 0; from < chunks.length; from += CHUNK_WINDOW) {
      const window = chunks.slice(from, from + CHUNK_WINDOW);
      const written = await Promise.all(window.map((chunk) => this.#writeChunk(chunk)));
      if (written.includes(false)) return false;
    }
    return true;
  }

  async #writeChunk({ name, data }: Chunk): Promise<boolean> {
    const { client, acl } = this.#options;
    const path = chunkPath(name);
    const isThere = async (): Promise<boolean> => (await client.exists(path)) !== undefined;
    const ops = [createOp(path, data, { acl })];
    return (await guardedWrite(this.#options, ops, isThere)).type === "done";
  }

  /** Beside what is published meanwhile: the next epoch after its end refers to it. */
  #maybeCheckpoint(map: OsdMap): void {
    const { checkpointEpochs = CHECKPOINT_EPOCHS, acl, log } = this.#options;
    const isDue = this.#checkpoint === 0 || map.epoch - this.#checkpoint >= checkpointEpochs;
    if (!isDue || this.#checkpointing !== undefined) return;
    this.#checkpointing = writeCheckpoint(this.#options, map, acl)
      .then((isWritten) => {
        if (isWritten) this.#checkpoint = map.epoch;
        else this.#isDeposed = true;
      })
      // The next epoch tries again; until then readers have more increments to read.
      .catch((error: unknown) => log.warn("a checkpoint of the map was not written", { error }))
      .finally(() => {
        this.#checkpointing = undefined;
      });
  }
}

function randomToken(): string {
  return toHex(randomBytes(TOKEN_SIZE));
}

function versionIn(results: readonly MultiResult[] | undefined): number | undefined {
  const [first] = results ?? [];
  return first?.type === "setData" ? first.stat.version : undefined;
}
