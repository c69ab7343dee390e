/**
 * Writes the replies that have a Stat, which are most of all replies, straight from the columns:
 * what the declared records of cluster/zookeeper write, in a quarter of the time. (A record costs a
 * call for each field and an object to take them from, a buffer its copy, and a session id a
 * bigint.) A test holds the two against each other.
 */
import { isEphemeral, NO_OWNER, ttlOf } from "./owner.ts";
import { type PackedBytes, packedSize } from "./packed-bytes.ts";
import type { TreeSettings } from "./settings.ts";
import {
  AVERSION,
  CHILD_COUNT,
  CTIME,
  CVERSION,
  CZXID,
  MTIME,
  MZXID,
  OWNER,
  PZXID,
  VERSION,
  type ZnodeId,
  type ZnodeTable,
} from "./znode.ts";

const TWO_TO_32 = 2 ** 32;
/** Replies are handed out as parts of these, and one that is kept keeps no more than this alive. */
const SLAB_SIZE = 16 * 1024;
const STAT_SIZE = 68;
const SIZE_BYTES = 4;
const NULL_SIZE = -1;
/** The upper half of what a time to live looks like as a session id. */
const TTL_UPPER_BITS = 0xff00_0000;

/** What of a tree a Stat shows. */
interface StatSource {
  readonly znodes: ZnodeTable;
  readonly settings: TreeSettings;
}

export class ReplyWriter {
  #slab = Buffer.alloc(0);
  #view = new DataView(this.#slab.buffer);
  #start = 0;
  #at = 0;

  /** existsResponse, setDataResponse, setACLResponse. */
  stat(tree: StatSource, id: ZnodeId): Uint8Array {
    this.#begin(STAT_SIZE);
    this.#stat(tree, id);
    return this.#finish();
  }

  /** getDataResponse. */
  dataAndStat(tree: StatSource, id: ZnodeId): Uint8Array {
    const data = tree.znodes.data(id);
    this.#begin(SIZE_BYTES + packedSize(data) + STAT_SIZE);
    this.#buffer(data);
    this.#stat(tree, id);
    return this.#finish();
  }

  /** create2Response. */
  pathAndStat(tree: StatSource, id: ZnodeId): Uint8Array {
    const path = tree.znodes.pathOf(id);
    const size = Buffer.byteLength(path, "utf8");
    this.#begin(SIZE_BYTES + size + STAT_SIZE);
    this.#int(size);
    this.#at += this.#slab.write(path, this.#at, size, "utf8");
    this.#stat(tree, id);
    return this.#finish();
  }

  #begin(size: number): void {
    if (this.#start + size > this.#slab.byteLength) {
      this.#slab = Buffer.from(new ArrayBuffer(Math.max(size, SLAB_SIZE)));
      this.#view = new DataView(this.#slab.buffer);
      this.#start = 0;
    }
    this.#at = this.#start;
  }

  #finish(): Uint8Array {
    const from = this.#start;
    this.#start = this.#at;
    return new Uint8Array(this.#slab.buffer, from, this.#at - from);
  }

  #stat({ znodes, settings }: StatSource, id: ZnodeId): void {
    const childCount = znodes.int(id, CHILD_COUNT);
    const owner = znodes.double(id, OWNER);
    this.#long(znodes.double(id, CZXID));
    this.#long(znodes.double(id, MZXID));
    this.#long(znodes.double(id, CTIME));
    this.#long(znodes.double(id, MTIME));
    this.#int(znodes.int(id, VERSION));
    this.#int((znodes.int(id, CVERSION) * 2 - childCount) | 0);
    this.#int(znodes.int(id, AVERSION));
    if (owner === NO_OWNER || !isEphemeral(owner, settings)) this.#long(0);
    else if (owner > 0) this.#long(owner);
    else this.#ttl(ttlOf(owner));
    this.#int(packedSize(znodes.data(id)));
    this.#int(childCount);
    this.#long(znodes.double(id, PZXID));
  }

  #int(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  /** Not below zero. */
  #long(value: number): void {
    this.#view.setUint32(this.#at, value / TWO_TO_32);
    this.#view.setUint32(this.#at + 4, value); // Takes the value modulo 2^32.
    this.#at += 8;
  }

  #ttl(ttl: number): void {
    this.#view.setUint32(this.#at, TTL_UPPER_BITS + Math.floor(ttl / TWO_TO_32));
    this.#view.setUint32(this.#at + 4, ttl);
    this.#at += 8;
  }

  #buffer(data: PackedBytes): void {
    this.#int(data === undefined ? NULL_SIZE : data.length);
    if (data === undefined) return;
    if (typeof data === "string") this.#slab.write(data, this.#at, data.length, "latin1");
    else this.#slab.set(data, this.#at);
    this.#at += data.length;
  }
}
