/** delete, and what the leader has removed because nobody needs it any more. */
import { PERMS } from "../../cluster/zookeeper/acl.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { ANY_VERSION } from "../../cluster/zookeeper/node-records.ts";
import { findZnode, mayAccess, parentPathOf, type WriteContext } from "./access.ts";
import type { EntryOf } from "./batch.ts";
import { deleteZnode, type Transaction } from "./mutation.ts";
import { ownerKind, ttlOf } from "./owner.ts";
import type { Tree } from "./state.ts";
import { isSystemPath } from "./system-nodes.ts";
import {
  CHILD_COUNT,
  CVERSION,
  MTIME,
  NO_ZNODE,
  OWNER,
  PARENT,
  VERSION,
  type ZnodeId,
} from "./znode.ts";

export interface DeleteCommand {
  readonly path: string;
  readonly version: number;
}

export function applyDelete(
  tree: Tree,
  context: WriteContext,
  { path, version }: DeleteCommand,
): ErrorCode {
  const { znodes } = tree;
  const parentPath = parentPathOf(path);
  if (parentPath === undefined || isSystemPath(path)) return ERRORS.BADARGUMENTS;
  const parent = findZnode(tree, parentPath);
  if (parent === undefined) return ERRORS.NONODE;
  const { identities } = context;
  if (!mayAccess(tree, parent, { identities, perm: PERMS.DELETE })) return ERRORS.NOAUTH;
  const id = znodes.find(path);
  if (id === undefined) return ERRORS.NONODE;
  if (version !== ANY_VERSION && version !== znodes.int(id, VERSION)) return ERRORS.BADVERSION;
  if (znodes.int(id, CHILD_COUNT) > 0) return ERRORS.NOTEMPTY;
  deleteZnode(tree, context, id);
  return ERRORS.OK;
}

export function applyReap(
  tree: Tree,
  transaction: Transaction,
  { path, kind }: EntryOf<"reap">,
): ErrorCode {
  const id = tree.znodes.find(path);
  if (id === undefined) return ERRORS.NONODE;
  const { znodes } = tree;
  if (znodes.int(id, CHILD_COUNT) > 0) return ERRORS.NOTEMPTY;
  if (ownerKind(znodes.double(id, OWNER)) !== kind) return ERRORS.BADVERSION;
  if (!canBeReaped(tree, id, transaction.wallMs)) return ERRORS.BADVERSION;
  deleteZnode(tree, transaction, id);
  return ERRORS.OK;
}

export interface Reapable {
  readonly path: string;
  readonly kind: "container" | "ttl";
}

/** At most `countMax` nodes that could be reaped at that time, for the leader to propose. */
export function reapable(
  tree: Tree,
  { wallMs, countMax }: { wallMs: number; countMax: number },
): Reapable[] {
  const found: Reapable[] = [];
  for (const [kind, ids] of [
    ["container", tree.containers] as const,
    ["ttl", tree.ttls] as const,
  ]) {
    for (const id of ids) {
      if (found.length >= countMax) return found;
      if (!canBeReaped(tree, id, wallMs)) continue;
      found.push({ path: tree.znodes.pathOf(id), kind });
    }
  }
  return found;
}

/** A container that never had a child is new, and stays. */
function canBeReaped({ znodes }: Tree, id: ZnodeId, wallMs: number): boolean {
  if (znodes.int(id, CHILD_COUNT) > 0 || znodes.int(id, PARENT) === NO_ZNODE) return false;
  const owner = znodes.double(id, OWNER);
  if (ownerKind(owner) === "container") return znodes.int(id, CVERSION) > 0;
  return wallMs - znodes.double(id, MTIME) > ttlOf(owner);
}
