/**
 * Byte keys in order, in memory: a sorted list cut into chunks, so that a write moves at most one
 * chunk's worth of references and 10^5 keys stay cheap.
 *
 * Chunks are copied on write. A clone shares them all and costs nothing until one side changes, and
 * every iteration is over such a clone: it sees the map as it was when it began, whatever is
 * written meanwhile.
 *
 * Invariants: no chunk is empty; keys ascend within a chunk and from chunk to chunk; a chunk
 * changes only while its `owner` is this map's and the list of chunks is not shared. Keys are kept
 * by reference: nobody may change them.
 */
import { assert } from "../base/assert.ts";
import { compareBytes } from "../base/bytes.ts";
import type { ScanOptions } from "./store.ts";

const CHUNK_KEYS_MAX = 128;

interface Chunk<V> {
  readonly owner: object;
  readonly keys: Uint8Array[];
  readonly values: V[];
}

/** A gap between two keys. The index may be one past the end of its chunk. */
interface Position {
  readonly chunk: number;
  readonly index: number;
}

export class OrderedMap<V> {
  #chunks: Chunk<V>[] = [];
  #owner: object = {};
  #shared = false;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Uint8Array): V | undefined {
    const { chunk, index } = before(this.#chunks, key);
    return this.#holds(chunk, index, key) ? this.#chunks[chunk]?.values[index] : undefined;
  }

  set(key: Uint8Array, value: V): void {
    const { chunk: at, index } = before(this.#chunks, key);
    const isOld = this.#holds(at, index, key);
    const chunk = this.#writable(at);
    chunk.keys.splice(index, isOld ? 1 : 0, key);
    chunk.values.splice(index, isOld ? 1 : 0, value);
    if (isOld) return;
    this.#size += 1;
    if (chunk.keys.length > CHUNK_KEYS_MAX) this.#split(at);
  }

  /** False if the key was not there. */
  delete(key: Uint8Array): boolean {
    const { chunk: at, index } = before(this.#chunks, key);
    if (!this.#holds(at, index, key)) return false;
    const chunk = this.#writable(at);
    chunk.keys.splice(index, 1);
    chunk.values.splice(index, 1);
    this.#size -= 1;
    if (chunk.keys.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** The entries of a range as they stood when the call was made. */
  entries(options: ScanOptions): IterableIterator<readonly [key: Uint8Array, value: V]> {
    assert(options.gte === undefined || options.gt === undefined, "a range has one lower bound");
    assert(options.lte === undefined || options.lt === undefined, "a range has one upper bound");
    this.#share();
    return walk(this.#chunks, options);
  }

  /** An independent map with the same entries, in constant time. */
  clone(): OrderedMap<V> {
    this.#share();
    const copy = new OrderedMap<V>();
    copy.#chunks = this.#chunks;
    copy.#shared = true;
    copy.#size = this.#size;
    return copy;
  }

  #holds(chunk: number, index: number, key: Uint8Array): boolean {
    const found = this.#chunks[chunk]?.keys[index];
    return found !== undefined && compareBytes(found, key) === 0;
  }

  /**
   * From now on others may read this list and these chunks, so none of them belongs to this map any
   * more.
   */
  #share(): void {
    this.#shared = true;
    this.#owner = {};
  }

  #writable(at: number): Chunk<V> {
    if (this.#shared) this.#chunks = this.#chunks.slice();
    this.#shared = false;
    const chunk = this.#chunks[at];
    if (chunk?.owner === this.#owner) return chunk;
    const own = {
      owner: this.#owner,
      keys: chunk?.keys.slice() ?? [],
      values: chunk?.values.slice() ?? [],
    };
    this.#chunks[at] = own;
    return own;
  }

  #split(at: number): void {
    const chunk = this.#writable(at);
    const half = chunk.keys.length >> 1;
    const right = {
      owner: this.#owner,
      keys: chunk.keys.splice(half),
      values: chunk.values.splice(half),
    };
    this.#chunks.splice(at + 1, 0, right);
  }
}

function* walk<V>(
  chunks: readonly Chunk<V>[],
  options: ScanOptions,
): Generator<readonly [key: Uint8Array, value: V]> {
  const first = firstPosition(chunks, options);
  const end = endPosition(chunks, options);
  const { reverse = false, limit = Number.POSITIVE_INFINITY } = options;
  const chunkCount = end.chunk - first.chunk + 1;
  let yielded = 0;
  for (let step = 0; step < chunkCount && yielded < limit; step++) {
    const at = reverse ? end.chunk - step : first.chunk + step;
    const chunk = chunks[at];
    if (chunk === undefined) continue;
    const low = at === first.chunk ? first.index : 0;
    const high = at === end.chunk ? end.index : chunk.keys.length;
    for (let offset = 0; offset < high - low && yielded < limit; offset++) {
      const index = reverse ? high - 1 - offset : low + offset;
      yielded += 1;
      yield [chunk.keys[index] as Uint8Array, chunk.values[index] as V];
    }
  }
}

function firstPosition<V>(chunks: readonly Chunk<V>[], { gte, gt }: ScanOptions): Position {
  if (gte !== undefined) return before(chunks, gte);
  return gt === undefined ? { chunk: 0, index: 0 } : after(chunks, gt);
}

function endPosition<V>(chunks: readonly Chunk<V>[], { lt, lte }: ScanOptions): Position {
  if (lt !== undefined) return before(chunks, lt);
  return lte === undefined ? { chunk: chunks.length, index: 0 } : after(chunks, lte);
}

/** The gap that every smaller key is left of, and the key itself right of. */
function before<V>(chunks: readonly Chunk<V>[], key: Uint8Array): Position {
  const chunk = chunkOf(chunks, key);
  const keys = chunks[chunk]?.keys ?? [];
  return { chunk, index: partition(keys, (other) => compareBytes(other, key) < 0) };
}

/** The gap that the key itself and every smaller one is left of. */
function after<V>(chunks: readonly Chunk<V>[], key: Uint8Array): Position {
  const chunk = chunkOf(chunks, key);
  const keys = chunks[chunk]?.keys ?? [];
  return { chunk, index: partition(keys, (other) => compareBytes(other, key) <= 0) };
}

/**
 * Where the key is or would be put: the last chunk that does not begin after it, else the first.
 */
function chunkOf<V>(chunks: readonly Chunk<V>[], key: Uint8Array): number {
  const beginsUpTo = (chunk: Chunk<V>) => compareBytes(chunk.keys[0] as Uint8Array, key) <= 0;
  return Math.max(0, partition(chunks, beginsUpTo) - 1);
}

/** How many items satisfy a predicate that holds for the first of them and then no more. */
function partition<T>(items: readonly T[], isLeft: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isLeft(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
