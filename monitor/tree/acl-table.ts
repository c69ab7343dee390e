/** Every ACL that a node has, once: almost all nodes share a few. */
import { assert, present } from "../../cluster/base/assert.ts";
import { type Acl, OPEN_ACL } from "../../cluster/zookeeper/acl.ts";
import { Hasher } from "./digest.ts";

export type AclId = number;
/** Of world:anyone with all permissions, which is always there. */
export const OPEN_ACL_ID: AclId = 0;

export interface AclEntry {
  readonly list: readonly Acl[];
  /** Of the content: ids are given as ACLs come, so members do not agree on them. */
  readonly hashA: number;
  readonly hashB: number;
}

interface CountedEntry extends AclEntry {
  readonly key: string;
  nodeCount: number;
}

export class AclTable {
  readonly #entries: (CountedEntry | undefined)[] = [];
  readonly #idsByKey = new Map<string, AclId>();
  readonly #free: AclId[] = [];
  readonly #hasher = new Hasher();

  constructor() {
    this.take(OPEN_ACL);
  }

  /** How many different ones nodes have. */
  get count(): number {
    return this.#idsByKey.size;
  }

  get(id: AclId): AclEntry {
    return present(this.#entries[id], "an ACL that a node has");
  }

  /** One more node has this ACL. */
  take(list: readonly Acl[]): AclId {
    const key = list === OPEN_ACL ? OPEN_KEY : keyOf(list);
    const found = this.#idsByKey.get(key);
    const id = found ?? this.#free.pop() ?? this.#entries.length;
    if (found === undefined) {
      this.#idsByKey.set(key, id);
      this.#entries[id] = this.#entryOf(list, key);
    }
    present(this.#entries[id], "an ACL that has a key").nodeCount += 1;
    return id;
  }

  /** One node less has it. */
  release(id: AclId): void {
    const entry = present(this.#entries[id], "an ACL that a node had");
    entry.nodeCount -= 1;
    if (entry.nodeCount > 0) return;
    assert(id !== OPEN_ACL_ID, "the open ACL always stays");
    this.#idsByKey.delete(entry.key);
    this.#entries[id] = undefined;
    this.#free.push(id);
  }

  #entryOf(list: readonly Acl[], key: string): CountedEntry {
    const hasher = this.#hasher;
    hasher.reset();
    hasher.text(key);
    hasher.finish();
    return { list, key, hashA: hasher.a, hashB: hasher.b, nodeCount: 0 };
  }
}

const OPEN_KEY = keyOf(OPEN_ACL);

/** Sizes before the texts, so that no two lists have one key. */
function keyOf(list: readonly Acl[]): string {
  let key = "";
  for (const { perms, id } of list) {
    key += `${perms} ${id.scheme.length} ${id.id.length} ${id.scheme}${id.id}`;
  }
  return key;
}
