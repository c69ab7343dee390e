/**
 * The only ways in which a tree changes. They check nothing: whoever calls has made sure that
 * ZooKeeper's rules allow it. They keep what hangs on it right: the digest, the rows to write, the
 * indexes, what a multi may have to undo, and the list of what watches wait for.
 */

import type { AclId } from "./acl-table.ts";
import { addHash, subtractHash } from "./digest.ts";
import { CHILDREN_LOG_MIN, grownLog } from "./java-order.ts";
import type { Trigger } from "./outcome.ts";
import { dropOwner, noteOwner } from "./ownership.ts";
import { packBytes, packedSize } from "./packed-bytes.ts";
import type { Tree } from "./state.ts";
import {
  ACL,
  AVERSION,
  CHILD_COUNT,
  CHILDREN_LOG,
  CTIME,
  CVERSION,
  CZXID,
  DATA_HASH_A,
  DATA_HASH_B,
  LAST_CHILD,
  MTIME,
  MZXID,
  NEXT,
  NO_ZNODE,
  OWNER,
  PARENT,
  PART,
  PATH_HASH_A,
  PATH_HASH_B,
  PREVIOUS,
  PZXID,
  VERSION,
  type ZnodeId,
} from "./znode.ts";

/** What all changes of one transaction share. */
export interface Transaction {
  readonly zxid: number;
  readonly wallMs: number;
  /** Counts the parts of a multi from 0. */
  part: number;
  readonly triggers: Trigger[];
}

export interface NewZnode {
  readonly path: string;
  readonly parent: ZnodeId;
  readonly data: Uint8Array | undefined;
  /** Taken for this node. */
  readonly acl: AclId;
  readonly owner: number;
}

export function createZnode(tree: Tree, transaction: Transaction, node: NewZnode): ZnodeId {
  const { znodes } = tree;
  const { zxid, wallMs, part, triggers } = transaction;
  const { parent } = node;
  beforeChange(tree, parent);
  keepLinks(tree, znodes.int(parent, LAST_CHILD));
  const id = addZnode(tree, node);
  znodes.setDouble(id, CZXID, zxid);
  znodes.setDouble(id, MZXID, zxid);
  znodes.setDouble(id, PZXID, zxid);
  znodes.setDouble(id, CTIME, wallMs);
  znodes.setDouble(id, MTIME, wallMs);
  znodes.setInt(id, PART, part);
  tree.undo?.moves.push({ id, isCreation: true });
  noteOwner(tree, id);
  afterChange(tree, id);
  countCreation(tree, parent, zxid);
  afterChange(tree, parent);
  triggers.push(triggerAt(tree, id, { type: "nodeCreated", zxid }));
  triggers.push(triggerAt(tree, parent, { type: "nodeChildrenChanged", zxid }));
  return id;
}

/** The node with its links and hashes, without a stat. The digest does not have it yet. */
export function addZnode(tree: Tree, { path, parent, data, acl, owner }: NewZnode): ZnodeId {
  const { znodes, hasher } = tree;
  const id = znodes.allocate(path);
  if (parent !== NO_ZNODE) {
    znodes.link(id, parent);
    const log = znodes.int(parent, CHILDREN_LOG);
    const count = znodes.int(parent, CHILD_COUNT);
    znodes.setInt(parent, CHILDREN_LOG, grownLog(log, count, CHILDREN_LOG_MIN));
  }
  hasher.reset();
  hasher.text(path);
  znodes.setInt(id, PATH_HASH_A, hasher.a);
  znodes.setInt(id, PATH_HASH_B, hasher.b);
  setData(tree, id, data);
  znodes.setInt(id, ACL, acl);
  znodes.setDouble(id, OWNER, owner);
  tree.dataSize += path.length;
  return id;
}

export function deleteZnode(tree: Tree, { zxid, triggers }: Transaction, id: ZnodeId): void {
  const { znodes, undo } = tree;
  const path = znodes.pathOf(id);
  const parent = znodes.int(id, PARENT);
  beforeChange(tree, parent);
  keepLinks(tree, znodes.int(id, PREVIOUS));
  keepLinks(tree, znodes.int(id, NEXT));
  beforeChange(tree, id);
  triggers.push(triggerAt(tree, id, { type: "nodeDeleted", zxid }));
  triggers.push(triggerAt(tree, parent, { type: "nodeChildrenChanged", zxid }));
  dropOwner(tree, id);
  znodes.unlink(id);
  znodes.forget(id);
  tree.dataSize -= path.length + packedSize(znodes.data(id));
  tree.removedPaths.add(path);
  znodes.setDouble(parent, PZXID, Math.max(zxid, znodes.double(parent, PZXID)));
  afterChange(tree, parent);
  if (undo === undefined) {
    tree.acls.release(znodes.int(id, ACL));
    znodes.free(id);
  } else {
    undo.moves.push({ id, isCreation: false });
  }
}

export interface DataChange {
  readonly data: Uint8Array | undefined;
  readonly version: number;
}

export function changeData(
  tree: Tree,
  { zxid, wallMs, triggers }: Transaction,
  id: ZnodeId,
  { data, version }: DataChange,
): void {
  const { znodes } = tree;
  beforeChange(tree, id);
  setData(tree, id, data);
  znodes.setInt(id, VERSION, version);
  znodes.setDouble(id, MZXID, zxid);
  znodes.setDouble(id, MTIME, wallMs);
  afterChange(tree, id);
  triggers.push(triggerAt(tree, id, { type: "nodeDataChanged", zxid }));
}

/** Takes over the one use of the new ACL. No part of a multi does this. */
export function changeAcl(tree: Tree, id: ZnodeId, acl: AclId, aversion: number): void {
  const { znodes } = tree;
  beforeChange(tree, id);
  tree.acls.release(znodes.int(id, ACL));
  znodes.setInt(id, ACL, acl);
  znodes.setInt(id, AVERSION, aversion);
  afterChange(tree, id);
}

function triggerAt(
  { znodes, acls }: Tree,
  id: ZnodeId,
  { type, zxid }: Pick<Trigger, "type" | "zxid">,
): Trigger {
  return { type, path: znodes.pathOf(id), zxid, acl: acls.get(znodes.int(id, ACL)).list };
}

/** Takes the node as it was out of the digest. */
export function beforeChange(tree: Tree, id: ZnodeId): void {
  keepLinks(tree, id);
  hashZnode(tree, id);
  subtractHash(tree.sum, tree.hasher);
}

/** Puts the node as it is into the digest. */
export function afterChange(tree: Tree, id: ZnodeId): void {
  hashZnode(tree, id);
  addHash(tree.sum, tree.hasher);
  tree.znodes.markDirty(id);
}

/**
 * As a signed int of 32 bits, the count of creations ends at its maximum: ZooKeeper then leaves it
 * and the pzxid as they are.
 */
function countCreation({ znodes }: Tree, parent: ZnodeId, zxid: number): void {
  const cversion = znodes.int(parent, CVERSION);
  const next = (cversion + 1) | 0;
  if (next <= cversion) return;
  znodes.setInt(parent, CVERSION, next);
  znodes.setDouble(parent, PZXID, zxid);
}

function keepLinks({ undo, znodes }: Tree, id: ZnodeId): void {
  if (undo === undefined || id === NO_ZNODE || undo.images.has(id)) return;
  undo.images.set(id, znodes.image(id));
}

function setData(tree: Tree, id: ZnodeId, data: Uint8Array | undefined): void {
  const { znodes, hasher } = tree;
  tree.dataSize += (data?.byteLength ?? 0) - packedSize(znodes.data(id));
  znodes.setData(id, packBytes(data));
  hasher.reset();
  if (data !== undefined) hasher.bytes(data);
  znodes.setInt(id, DATA_HASH_A, hasher.a);
  znodes.setInt(id, DATA_HASH_B, hasher.b);
}

function hashZnode({ znodes, acls, hasher }: Tree, id: ZnodeId): void {
  const { hashA, hashB } = acls.get(znodes.int(id, ACL));
  hasher.reset();
  hasher.word(znodes.int(id, PATH_HASH_A));
  hasher.word(znodes.int(id, PATH_HASH_B));
  hasher.word(znodes.int(id, DATA_HASH_A));
  hasher.word(znodes.int(id, DATA_HASH_B));
  hasher.word(hashA);
  hasher.word(hashB);
  for (let field = CZXID; field <= OWNER; field++) hasher.number(znodes.double(id, field));
  for (let field = VERSION; field <= AVERSION; field++) hasher.word(znodes.int(id, field));
  hasher.word(znodes.int(id, PART));
  hasher.word(znodes.int(id, CHILDREN_LOG));
  hasher.finish();
}
