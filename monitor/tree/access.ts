/** What every write needs to know about the request that it is part of, and what it asks of nodes. */

import { type Acl, OPEN_ACL } from "../../cluster/zookeeper/acl.ts";
import { pathProblem } from "../../cluster/zookeeper/path.ts";
import { aclSize, fixupAcl, isAllowed } from "./acl.ts";
import { OPEN_ACL_ID } from "./acl-table.ts";
import type { Identity } from "./batch.ts";
import type { Transaction } from "./mutation.ts";
import type { SessionId } from "./session-table.ts";
import type { Tree } from "./state.ts";
import { ACL, type ZnodeId } from "./znode.ts";

export interface WriteContext extends Transaction {
  readonly session: SessionId;
  readonly identities: readonly Identity[];
  /** What the ACLs that it gives to nodes may still have in all. */
  aclBytesLeft: number;
}

/** The list as a node keeps it, or undefined if it is no valid one, or the last of too much. */
export function aclFor(
  { settings }: Tree,
  context: WriteContext,
  list: readonly Acl[],
): readonly Acl[] | undefined {
  const fixed = fixupAcl(list, context.identities, settings);
  if (fixed === undefined || fixed === OPEN_ACL) return fixed;
  context.aclBytesLeft -= aclSize(fixed);
  return context.aclBytesLeft < 0 ? undefined : fixed;
}

export function mayAccess(
  tree: Tree,
  id: ZnodeId,
  { identities, perm }: { identities: readonly Identity[]; perm: number },
): boolean {
  const { settings, acls, znodes } = tree;
  const acl = znodes.int(id, ACL);
  if (acl === OPEN_ACL_ID) return true; // Almost every node's, and what nothing needs to be asked of.
  return isAllowed(acls.get(acl).list, { perm, identities, settings });
}

export function isValidPath(path: string): boolean {
  return pathProblem(path) === undefined;
}

/** ZooKeeper's root has a second name, the empty one. */
export function findZnode({ znodes }: Tree, path: string): ZnodeId | undefined {
  return znodes.find(path === "" ? "/" : path);
}

/** What comes before the last slash, if the path has one and no character 0. */
export function parentPathOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  return slash < 0 || path.includes("\0") ? undefined : path.slice(0, slash);
}
