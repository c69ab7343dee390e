/** Batches that fill and change a tree, as a leader would send them. */
import { assert, present } from "../cluster/base/assert.ts";
import { decode, encode } from "../cluster/wire/codec.ts";
import { OPEN_ACL } from "../cluster/zookeeper/acl.ts";
import { ERRORS } from "../cluster/zookeeper/error-codes.ts";
import { OPERATIONS } from "../cluster/zookeeper/operations.ts";
import { type Batch, batch as batchCodec, type Entry } from "../monitor/tree/batch.ts";
import type { Tree } from "../monitor/tree/state.ts";
import { applyBatch, createTree } from "../monitor/tree/tree.ts";

const DATA = new Uint8Array(100).fill(0x61);
export const IDENTITIES = [{ scheme: "ip", id: "10.1.2.3" }];
const BATCH_SIZE = 64;

/** A session that writes one batch after the other, as a leader would send them. */
export class Writing {
  readonly tree: Tree = createTree();
  readonly session: number;
  #index = 0;
  #sequence = 0;

  constructor() {
    const password = new Uint8Array(16);
    const entry = { server: 1, connection: 1, timeoutMs: 30_000, password };
    const outcome = this.apply(this.batch([{ type: "createSession", ...entry }]));
    this.session = present(outcome[0]?.session, "the session");
  }

  batch(entries: readonly Entry[]): Uint8Array {
    const made = { epoch: 1, index: this.#index, wallMs: 1_700_000_000_000, entries };
    this.#index += 1;
    return encode(batchCodec, made);
  }

  apply(bytes: Uint8Array) {
    const batch: Batch = decode(batchCodec, bytes);
    const outcome = applyBatch(this.tree, batch);
    assert(!outcome.isVoid, "batches come in order");
    for (const { error } of outcome.outcomes) assert(error === ERRORS.OK, `error ${error}`);
    return outcome.outcomes;
  }

  request(op: number, body: Uint8Array): Entry {
    const { session } = this;
    this.#sequence += 1;
    const place = { session, server: 1, connection: 1, sequence: this.#sequence };
    return { type: "request", ...place, identities: IDENTITIES, op, body };
  }

  create(path: string): Entry {
    const fields = { path, data: DATA, acl: OPEN_ACL, flags: 0 };
    return this.request(OPERATIONS.create.code, encode(OPERATIONS.create.request, fields));
  }

  set(path: string): Entry {
    const fields = { path, data: DATA, version: -1 };
    return this.request(OPERATIONS.setData.code, encode(OPERATIONS.setData.request, fields));
  }
}

/** 1000 nodes to a parent: paths as services use them, and no list that is too long to send. */
export function leafPath(number: number): string {
  return `/services/group-${Math.floor(number / 1000)}/node-${number}`;
}

/** Parents first. */
export function* batchesOf(writing: Writing, count: number): IterableIterator<Uint8Array> {
  const groupCount = Math.ceil(count / 1000);
  yield writing.batch([writing.create("/services")]);
  yield* inBatches(writing, groupCount, (at) => writing.create(`/services/group-${at}`));
  yield* inBatches(writing, count, (at) => writing.create(leafPath(at)));
}

export function* inBatches(
  writing: Writing,
  count: number,
  entryOf: (at: number) => Entry,
): IterableIterator<Uint8Array> {
  for (let from = 0; from < count; from += BATCH_SIZE) {
    const length = Math.min(BATCH_SIZE, count - from);
    yield writing.batch(Array.from({ length }, (_, at) => entryOf(from + at)));
  }
}
