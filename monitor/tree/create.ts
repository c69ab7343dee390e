/**
 * create, create2, createContainer and createTTL: one operation with differences in what it makes.
 * The checks come in ZooKeeper's order, so that a request with several faults gets the same error.
 */
import { type Acl, PERMS } from "../../cluster/zookeeper/acl.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { sequentialPath } from "../../cluster/zookeeper/path.ts";
import {
  aclFor,
  findZnode,
  isValidPath,
  mayAccess,
  parentPathOf,
  type WriteContext,
} from "./access.ts";
import { createZnode } from "./mutation.ts";
import { CONTAINER_OWNER, isEphemeral, NO_OWNER, TTL_MAX, ttlOwner } from "./owner.ts";
import type { Tree } from "./state.ts";
import { CVERSION, OWNER, ZNODE_COUNT_MAX, type ZnodeId } from "./znode.ts";

interface CreateMode {
  readonly isEphemeral: boolean;
  readonly isSequential: boolean;
  readonly isContainer: boolean;
  readonly hasTtl: boolean;
}

const PLAIN = { isEphemeral: false, isSequential: false, isContainer: false, hasTtl: false };
/** By the number that a request has in `flags`. */
const MODES: readonly CreateMode[] = [
  PLAIN,
  { ...PLAIN, isEphemeral: true },
  { ...PLAIN, isSequential: true },
  { ...PLAIN, isEphemeral: true, isSequential: true },
  { ...PLAIN, isContainer: true },
  { ...PLAIN, hasTtl: true },
  { ...PLAIN, hasTtl: true, isSequential: true },
];

export function createMode(flags: number): CreateMode | undefined {
  return MODES[flags];
}

/** What a request has that says nothing of a time to live. */
export const NO_TTL = -1;

export interface CreateCommand {
  readonly path: string;
  readonly data?: Uint8Array | undefined;
  readonly acl: readonly Acl[];
  readonly flags: number;
  readonly ttl: number;
  /**
   * What the operation makes. `flags` alone do not say: create with a container's flags makes an
   * ordinary node, and createContainer makes a container whatever the flags are.
   */
  readonly makes: "ordinary" | "container" | "ttl";
}

export type Created =
  | { readonly error: typeof ERRORS.OK; readonly id: ZnodeId }
  | { readonly error: Exclude<ErrorCode, 0> };

export function applyCreate(tree: Tree, context: WriteContext, command: CreateCommand): Created {
  const mode = createMode(command.flags);
  if (mode === undefined) return { error: ERRORS.BADARGUMENTS };
  if (mode.hasTtl && !tree.settings.extendedTypes) return { error: ERRORS.UNIMPLEMENTED };
  if (!isTtlOfMode(command, mode)) return { error: ERRORS.BADARGUMENTS };
  const parentPath = parentPathOf(command.path);
  if (parentPath === undefined) return { error: ERRORS.BADARGUMENTS };
  const { identities } = context;
  const acl = aclFor(tree, context, command.acl);
  if (acl === undefined) return { error: ERRORS.INVALIDACL };
  const parent = findZnode(tree, parentPath);
  if (parent === undefined) return { error: ERRORS.NONODE };
  if (!mayAccess(tree, parent, { identities, perm: PERMS.CREATE })) return { error: ERRORS.NOAUTH };
  const path = mode.isSequential
    ? sequentialPath(command.path, tree.znodes.int(parent, CVERSION))
    : command.path;
  const error = refusal(tree, path, parent);
  if (error !== undefined) return { error };
  const id = createZnode(tree, context, {
    path,
    parent,
    data: command.data,
    acl: tree.acls.take(acl),
    owner: ownerOf(command, mode, context),
  });
  return { error: ERRORS.OK, id };
}

function refusal(tree: Tree, path: string, parent: ZnodeId): Exclude<ErrorCode, 0> | undefined {
  const { znodes, settings } = tree;
  if (!isValidPath(path)) return ERRORS.BADARGUMENTS;
  if (znodes.find(path) !== undefined) return ERRORS.NODEEXISTS;
  if (isEphemeral(znodes.double(parent, OWNER), settings)) return ERRORS.NOCHILDRENFOREPHEMERALS;
  return znodes.count >= ZNODE_COUNT_MAX ? ERRORS.SYSTEMERROR : undefined;
}

/** ZooKeeper lets createTTL without a time to live through, and then its server stops. */
function isTtlOfMode({ ttl, makes }: CreateCommand, { hasTtl }: CreateMode): boolean {
  return hasTtl ? ttl > 0 && ttl <= TTL_MAX : ttl < 0 && makes !== "ttl";
}

function ownerOf(
  { makes, ttl }: CreateCommand,
  mode: CreateMode,
  { session }: WriteContext,
): number {
  if (makes === "container") return CONTAINER_OWNER;
  if (makes === "ttl") return ttlOwner(ttl);
  return mode.isEphemeral ? session : NO_OWNER;
}
