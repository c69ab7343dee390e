/**
 * All znodes of a tree, in columns of numbers. A node is a small number, its id, under which its
 * fields are found; ids of nodes that are gone are used again. An object per node would take three
 * times the memory and keep the garbage collector busy with what never becomes garbage.
 *
 * Siblings are linked in the order in which they were made, which `czxid` and `part` tell. Nothing
 * here knows ZooKeeper's rules or the digest: what changes a node goes through mutation.ts.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { PackedBytes } from "./packed-bytes.ts";

export type ZnodeId = number;
/** In a link: there is none. As a parent: that of the root. */
export const NO_ZNODE: ZnodeId = -1;
export const ROOT: ZnodeId = 0;

/** At it a create answers SYSTEMERROR. A JavaScript Map ends at 2^24 entries. */
export const ZNODE_COUNT_MAX = 16_000_000;

/** Fields that need more than 32 bits. */
export const CZXID = 0;
export const MZXID = 1;
export const PZXID = 2;
export const CTIME = 3;
export const MTIME = 4;
/** See owner.ts. */
export const OWNER = 5;
const DOUBLE_COUNT = 6;

export const VERSION = 0;
/** Counts creations of children only; what clients see counts their removals too. */
export const CVERSION = 1;
export const AVERSION = 2;
/** In the AclTable. */
export const ACL = 3;
export const CHILD_COUNT = 4;
/** Which part of its transaction made the node. */
export const PART = 5;
/** Of the HashSet that ZooKeeper has for the children; see java-order.ts. */
export const CHILDREN_LOG = 6;
export const PATH_HASH_A = 7;
export const PATH_HASH_B = 8;
export const DATA_HASH_A = 9;
export const DATA_HASH_B = 10;
export const PARENT = 11;
export const FIRST_CHILD = 12;
export const LAST_CHILD = 13;
export const NEXT = 14;
export const PREVIOUS = 15;
/** Changed since its row was last written. */
const IS_DIRTY = 16;
const INT_COUNT = 17;

const CHUNK_LOG = 12;
const CHUNK_SIZE = 1 << CHUNK_LOG;
const CHUNK_MASK = CHUNK_SIZE - 1;

/** What a node was, to put it back. */
export interface ZnodeImage {
  readonly id: ZnodeId;
  readonly doubles: Float64Array;
  readonly ints: Int32Array;
  readonly data: PackedBytes;
}

export class ZnodeTable {
  readonly #ids = new Map<string, ZnodeId>();
  readonly #paths: (string | undefined)[] = [];
  readonly #data: PackedBytes[] = [];
  readonly #doubles: Float64Array[] = [];
  readonly #ints: Int32Array[] = [];
  readonly #free: ZnodeId[] = [];
  #dirty: ZnodeId[] = [];

  get count(): number {
    return this.#ids.size;
  }

  find(path: string): ZnodeId | undefined {
    return this.#ids.get(path);
  }

  pathOf(id: ZnodeId): string {
    const path = this.#paths[id];
    assert(path !== undefined, "only nodes that are there have a path");
    return path;
  }

  double(id: ZnodeId, field: number): number {
    const chunk = this.#doubles[id >>> CHUNK_LOG] as Float64Array;
    return chunk[(id & CHUNK_MASK) * DOUBLE_COUNT + field] as number;
  }

  setDouble(id: ZnodeId, field: number, value: number): void {
    const chunk = this.#doubles[id >>> CHUNK_LOG] as Float64Array;
    chunk[(id & CHUNK_MASK) * DOUBLE_COUNT + field] = value;
  }

  int(id: ZnodeId, field: number): number {
    const chunk = this.#ints[id >>> CHUNK_LOG] as Int32Array;
    return chunk[(id & CHUNK_MASK) * INT_COUNT + field] as number;
  }

  setInt(id: ZnodeId, field: number, value: number): void {
    const chunk = this.#ints[id >>> CHUNK_LOG] as Int32Array;
    chunk[(id & CHUNK_MASK) * INT_COUNT + field] = value;
  }

  data(id: ZnodeId): PackedBytes {
    return this.#data[id];
  }

  setData(id: ZnodeId, data: PackedBytes): void {
    this.#data[id] = data;
  }

  /** A node with every field 0 and no links. */
  allocate(path: string): ZnodeId {
    const id = this.#free.pop() ?? this.#grow();
    this.#paths[id] = path;
    this.#data[id] = undefined;
    const doublesFrom = (id & CHUNK_MASK) * DOUBLE_COUNT;
    const doubles = this.#doubles[id >>> CHUNK_LOG] as Float64Array;
    for (let field = 0; field < DOUBLE_COUNT; field++) doubles[doublesFrom + field] = 0;
    const intsFrom = (id & CHUNK_MASK) * INT_COUNT;
    const ints = this.#ints[id >>> CHUNK_LOG] as Int32Array;
    for (let field = 0; field < INT_COUNT; field++) ints[intsFrom + field] = 0;
    for (let link = PARENT; link <= PREVIOUS; link++) ints[intsFrom + link] = NO_ZNODE;
    this.#ids.set(path, id);
    return id;
  }

  /** Takes the node out of the paths. Its fields stay until it is freed, so that it can return. */
  forget(id: ZnodeId): void {
    this.#ids.delete(this.pathOf(id));
  }

  /** Undoes `forget`. */
  recall(id: ZnodeId): void {
    this.#ids.set(this.pathOf(id), id);
  }

  free(id: ZnodeId): void {
    this.#paths[id] = undefined;
    this.#data[id] = undefined;
    this.setInt(id, IS_DIRTY, 0);
    this.#free.push(id);
  }

  /** Puts the node behind its siblings. */
  link(id: ZnodeId, parent: ZnodeId): void {
    const last = this.int(parent, LAST_CHILD);
    this.setInt(id, PARENT, parent);
    this.setInt(id, PREVIOUS, last);
    this.setInt(id, NEXT, NO_ZNODE);
    if (last === NO_ZNODE) this.setInt(parent, FIRST_CHILD, id);
    else this.setInt(last, NEXT, id);
    this.setInt(parent, LAST_CHILD, id);
    this.setInt(parent, CHILD_COUNT, this.int(parent, CHILD_COUNT) + 1);
  }

  unlink(id: ZnodeId): void {
    const parent = this.int(id, PARENT);
    const previous = this.int(id, PREVIOUS);
    const next = this.int(id, NEXT);
    if (previous === NO_ZNODE) this.setInt(parent, FIRST_CHILD, next);
    else this.setInt(previous, NEXT, next);
    if (next === NO_ZNODE) this.setInt(parent, LAST_CHILD, previous);
    else this.setInt(next, PREVIOUS, previous);
    this.setInt(parent, CHILD_COUNT, this.int(parent, CHILD_COUNT) - 1);
  }

  /** In the order in which they were made. */
  *children(parent: ZnodeId): IterableIterator<ZnodeId> {
    let id = this.int(parent, FIRST_CHILD);
    while (id !== NO_ZNODE) {
      yield id;
      id = this.int(id, NEXT);
    }
  }

  /** Rows come in order of their paths; this puts siblings in the order in which they were made. */
  relinkAll(): void {
    for (const id of this.#ids.values()) {
      if (this.int(id, CHILD_COUNT) > 1) this.#relinkChildren(id);
    }
  }

  /** Negative if the left one was made first. */
  compareAge(left: ZnodeId, right: ZnodeId): number {
    return (
      this.double(left, CZXID) - this.double(right, CZXID) ||
      this.int(left, PART) - this.int(right, PART)
    );
  }

  image(id: ZnodeId): ZnodeImage {
    return {
      id,
      doubles: this.#doublesOf(id).slice(),
      ints: this.#intsOf(id).slice(),
      data: this.#data[id],
    };
  }

  restore({ id, doubles, ints, data }: ZnodeImage): void {
    this.#doublesOf(id).set(doubles);
    this.#intsOf(id).set(ints);
    this.#data[id] = data;
  }

  /** How many nodes changed since rows were last taken, those that are gone again counted too. */
  get dirtyCount(): number {
    return this.#dirty.length;
  }

  markDirty(id: ZnodeId): void {
    if (this.int(id, IS_DIRTY) === 1) return;
    this.setInt(id, IS_DIRTY, 1);
    this.#dirty.push(id);
  }

  /** The nodes that changed since the last call and are still there, each once. */
  takeDirty(): ZnodeId[] {
    const taken = this.#dirty.filter((id) => {
      const isDirty = this.int(id, IS_DIRTY) === 1;
      this.setInt(id, IS_DIRTY, 0);
      return isDirty;
    });
    this.#dirty = [];
    return taken;
  }

  #relinkChildren(parent: ZnodeId): void {
    const ids = [...this.children(parent)];
    if (ids.every((id, at) => at === 0 || this.compareAge(ids[at - 1] as ZnodeId, id) <= 0)) return;
    ids.sort((left, right) => this.compareAge(left, right));
    this.setInt(parent, FIRST_CHILD, NO_ZNODE);
    this.setInt(parent, LAST_CHILD, NO_ZNODE);
    this.setInt(parent, CHILD_COUNT, 0);
    for (const id of ids) this.link(id, parent);
  }

  #grow(): ZnodeId {
    const id = this.#paths.length;
    if ((id & CHUNK_MASK) === 0) {
      this.#doubles.push(new Float64Array(CHUNK_SIZE * DOUBLE_COUNT));
      this.#ints.push(new Int32Array(CHUNK_SIZE * INT_COUNT));
    }
    return id;
  }

  #doublesOf(id: ZnodeId): Float64Array {
    const from = (id & CHUNK_MASK) * DOUBLE_COUNT;
    return (this.#doubles[id >>> CHUNK_LOG] as Float64Array).subarray(from, from + DOUBLE_COUNT);
  }

  #intsOf(id: ZnodeId): Int32Array {
    const from = (id & CHUNK_MASK) * INT_COUNT;
    return (this.#ints[id >>> CHUNK_LOG] as Int32Array).subarray(from, from + INT_COUNT);
  }
}
