/** setData, setACL and check: a node that is there, and an expected version. */
import { type Acl, PERMS } from "../../cluster/zookeeper/acl.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { ANY_VERSION } from "../../cluster/zookeeper/node-records.ts";
import { aclFor, isValidPath, mayAccess, type WriteContext } from "./access.ts";
import { changeAcl, changeData } from "./mutation.ts";
import type { Tree } from "./state.ts";
import { AVERSION, VERSION, type ZnodeId } from "./znode.ts";

export type Found =
  | { readonly error: typeof ERRORS.OK; readonly id: ZnodeId }
  | { readonly error: Exclude<ErrorCode, 0> };

export interface SetDataCommand {
  readonly path: string;
  readonly data?: Uint8Array | undefined;
  readonly version: number;
}

export function applySetData(tree: Tree, context: WriteContext, command: SetDataCommand): Found {
  const { version } = command;
  if (!isValidPath(command.path)) return { error: ERRORS.BADARGUMENTS };
  const found = accessible(tree, context, { path: command.path, perm: PERMS.WRITE });
  if (found.error !== ERRORS.OK) return found;
  const present = tree.znodes.int(found.id, VERSION);
  if (!isExpected(present, version)) return { error: ERRORS.BADVERSION };
  changeData(tree, context, found.id, { data: command.data, version: following(present) });
  return found;
}

export interface SetAclCommand {
  readonly path: string;
  readonly acl: readonly Acl[];
  readonly version: number;
}

export function applySetAcl(tree: Tree, context: WriteContext, command: SetAclCommand): Found {
  const { version } = command;
  if (!isValidPath(command.path)) return { error: ERRORS.BADARGUMENTS };
  const acl = aclFor(tree, context, command.acl);
  if (acl === undefined) return { error: ERRORS.INVALIDACL };
  const found = accessible(tree, context, { path: command.path, perm: PERMS.ADMIN });
  if (found.error !== ERRORS.OK) return found;
  const present = tree.znodes.int(found.id, AVERSION);
  if (!isExpected(present, version)) return { error: ERRORS.BADVERSION };
  changeAcl(tree, found.id, tree.acls.take(acl), following(present));
  return found;
}

export interface CheckCommand {
  readonly path: string;
  readonly version: number;
}

export function applyCheck(tree: Tree, context: WriteContext, command: CheckCommand): Found {
  if (!isValidPath(command.path)) return { error: ERRORS.BADARGUMENTS };
  const found = accessible(tree, context, { path: command.path, perm: PERMS.READ });
  if (found.error !== ERRORS.OK) return found;
  const present = tree.znodes.int(found.id, VERSION);
  return isExpected(present, command.version) ? found : { error: ERRORS.BADVERSION };
}

function accessible(
  tree: Tree,
  { identities }: WriteContext,
  { path, perm }: { path: string; perm: number },
): Found {
  const id = tree.znodes.find(path);
  if (id === undefined) return { error: ERRORS.NONODE };
  if (!mayAccess(tree, id, { identities, perm })) return { error: ERRORS.NOAUTH };
  return { error: ERRORS.OK, id };
}

function isExpected(present: number, expected: number): boolean {
  return expected === ANY_VERSION || expected === present;
}

/** A version is a signed int of 32 bits and goes on below zero after its maximum. */
function following(version: number): number {
  return (version + 1) | 0;
}
