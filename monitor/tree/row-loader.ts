/**
 * Makes a tree from its rows, which come in the order of their keys, in as many portions as the
 * caller likes: from the store at a start, from another member in a state transfer.
 */
import { compareBytes, EMPTY_BYTES, equalBytes, textOf, toHex } from "../../cluster/base/bytes.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import type { KeyValue } from "../../cluster/kv/store.ts";
import { decode, type TypeOf } from "../../cluster/wire/codec.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { OPEN_ACL } from "../../cluster/zookeeper/acl.ts";
import { parentOf } from "../../cluster/zookeeper/path.ts";
import { addZnode, afterChange } from "./mutation.ts";
import { noteOwner } from "./ownership.ts";
import {
  META_KEY,
  type MetaRow,
  metaRow,
  ROW_KINDS,
  sessionOfKey,
  sessionRow,
  znodeRow,
} from "./rows.ts";
import { createState, RULES, RULES_VERSION, type Tree, type TreeRules } from "./state.ts";
import { SYSTEM_PATHS } from "./system-nodes.ts";
import { digestOf } from "./tree.ts";
import {
  AVERSION,
  CHILDREN_LOG,
  CTIME,
  CVERSION,
  CZXID,
  MTIME,
  MZXID,
  NO_ZNODE,
  PART,
  PZXID,
  VERSION,
  type ZnodeId,
} from "./znode.ts";

export interface LoadedTree {
  readonly tree: Tree;
  readonly appliedSlot: number;
}

export class RowLoader {
  readonly #tree: Tree;
  #meta: MetaRow | undefined;
  #previousKey = EMPTY_BYTES;
  /** Siblings come behind one another. */
  #parentPath = "";
  #parent: ZnodeId | undefined;

  constructor(options: { readonly rules?: Partial<TreeRules> } = {}) {
    this.#tree = createState({ ...RULES, ...options.rules });
  }

  /** Of which the rows are, once the row that says so has come; 0 before. */
  get appliedSlot(): number {
    return this.#meta?.appliedSlot ?? 0;
  }

  /** Throws STORE_CORRUPT if this cannot be a row, or not one that comes here. */
  add([key, value]: KeyValue): void {
    if (compareBytes(this.#previousKey, key) >= 0) throw corrupt(key, "comes twice, or too late");
    this.#previousKey = key;
    try {
      if (key[0] === ROW_KINDS.znode) this.#addZnode(key, value);
      else if (key[0] === ROW_KINDS.session) this.#addSession(key, value);
      else if (equalBytes(key, META_KEY)) this.#meta = decode(metaRow, value);
      else throw corrupt(key, "is none of the tree's rows");
    } catch (error) {
      if (error instanceof CodecError || error instanceof TypeError) {
        throw corrupt(key, "cannot be read", error);
      }
      throw error;
    }
  }

  /** Undefined if there were no rows at all. Throws STORE_CORRUPT if they are not a whole tree. */
  finish(): LoadedTree | undefined {
    const tree = this.#tree;
    const meta = this.#meta;
    if (meta === undefined) {
      if (tree.znodes.count === 0 && tree.sessions.count === 0) return undefined;
      throw new ClusterError(
        "STORE_CORRUPT",
        "the tree's rows lack the one that says what they are",
      );
    }
    if (meta.rulesVersion > RULES_VERSION) {
      throw new ClusterError(
        "STORE_CORRUPT",
        `the rows are of rules ${meta.rulesVersion}, this program knows up to ${RULES_VERSION}; use a newer one`,
      );
    }
    tree.znodes.relinkAll();
    tree.znodes.takeDirty();
    tree.sessions.takeDirty();
    const { rulesVersion, epoch, nextIndex, counter, settings } = meta;
    Object.assign(tree, { rulesVersion, epoch, nextIndex, counter });
    tree.settings = { ...settings, config: Uint8Array.from(settings.config) };
    if (digestOf(tree) !== meta.digest) {
      throw new ClusterError("STORE_CORRUPT", "the tree's rows are not those that were written");
    }
    return { tree, appliedSlot: meta.appliedSlot };
  }

  #addZnode(key: Uint8Array, value: Uint8Array): void {
    const { znodes, acls } = this.#tree;
    const path = textOf(key.subarray(1));
    const row = decode(znodeRow, value);
    const parent = path === SYSTEM_PATHS.root ? NO_ZNODE : this.#findParent(parentOf(path));
    if (parent === undefined) throw corrupt(key, "comes without its parent");
    const id = addZnode(this.#tree, {
      path,
      parent,
      data: row.data,
      acl: acls.take(row.acl === undefined ? OPEN_ACL : aclOf(row.acl)),
      owner: row.owner,
    });
    znodes.setDouble(id, CZXID, row.czxid);
    znodes.setDouble(id, MZXID, row.mzxid);
    znodes.setDouble(id, PZXID, row.pzxid);
    znodes.setDouble(id, CTIME, row.ctime);
    znodes.setDouble(id, MTIME, row.mtime);
    znodes.setInt(id, VERSION, row.version);
    znodes.setInt(id, CVERSION, row.cversion);
    znodes.setInt(id, AVERSION, row.aversion);
    znodes.setInt(id, PART, row.part);
    znodes.setInt(id, CHILDREN_LOG, row.childrenLog);
    if (row.owner > 0 && this.#tree.sessions.find(row.owner) === undefined) {
      throw corrupt(key, "belongs to a session that is not there");
    }

    noteOwner(this.#tree, id);
    afterChange(this.#tree, id);
  }

  #findParent(path: string): ZnodeId | undefined {
    if (path !== this.#parentPath) {
      this.#parentPath = path;
      this.#parent = this.#tree.znodes.find(path);
    }
    return this.#parent;
  }

  #addSession(key: Uint8Array, value: Uint8Array): void {
    const { password, maker, place, ...fields } = decode(sessionRow, value);
    const id = sessionOfKey(key);
    if (id === undefined) throw corrupt(key, "is the key of no session");
    this.#tree.sessions.add({
      id,
      password: Uint8Array.from(password),
      maker,
      ...place,
      ...fields,
      ephemerals: new Set(),
    });
  }
}

type AclFields = NonNullable<TypeOf<typeof znodeRow>["acl"]>;

function aclOf(fields: AclFields) {
  return fields.map(({ perms, scheme, id }) => ({ perms, id: { scheme, id } }));
}

function corrupt(key: Uint8Array, what: string, cause?: unknown): ClusterError {
  const message = `the row ${toHex(key.subarray(0, 100))} ${what}`;
  return new ClusterError("STORE_CORRUPT", message, { cause });
}
