/** Reads: what a client sees of the tree as it is. They change nothing. */
import { encode, type TypeOf } from "../../cluster/wire/codec.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { Reader } from "../../cluster/wire/reader.ts";
import { PERMS } from "../../cluster/zookeeper/acl.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import {
  type MultiOp,
  type MultiResult,
  multiRequest,
  multiResponse,
} from "../../cluster/zookeeper/multi-records.ts";
import {
  existsRequest,
  getACLRequest,
  getACLResponse,
  getAllChildrenNumberRequest,
  getAllChildrenNumberResponse,
  getChildren2Request,
  getChildren2Response,
  getChildrenRequest,
  getChildrenResponse,
  getDataRequest,
  getEphemeralsRequest,
  getEphemeralsResponse,
} from "../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { findZnode, mayAccess } from "./access.ts";
import { withoutHashes } from "./acl.ts";
import type { Identity } from "./batch.ts";
import { childNames, descendantCount } from "./children.ts";
import { ephemeralsOf } from "./ephemerals.ts";
import { unpackBytes } from "./packed-bytes.ts";
import type { SessionId } from "./session-table.ts";
import { statOf } from "./stat.ts";
import type { Tree } from "./state.ts";
import { ACL, ROOT, type ZnodeId } from "./znode.ts";

/**
 * Beyond it a multiRead answers MARSHALLINGERROR: one packet can name a large node thousands of
 * times. No client of ZooKeeper takes so large an answer unless it is told to.
 */
export const MULTI_READ_BYTES_MAX = 16 << 20;
/** What a part has beside its data or names: header, lengths and Stat. */
const PART_OVERHEAD = 96;

export interface ReadRequest {
  readonly op: number;
  /** As the client encoded it. */
  readonly body: Uint8Array;
  readonly identities: readonly Identity[];
  /** Whose ephemeral nodes getEphemerals lists. */
  readonly session: SessionId;
}

/**
 * What the read leaves behind if it asked to: `data` and `child` stand at a node that is there,
 * `exist` at one that is not. A data watch and an exist watch are fired by the same triggers.
 */
export interface WatchSet {
  readonly kind: "data" | "exist" | "child";
  readonly path: string;
}

export interface ReadOutcome {
  readonly error: ErrorCode;
  /** The body of the reply; errors have none. */
  readonly response?: Uint8Array | undefined;
  readonly watch?: WatchSet | undefined;
  /** Nodes that were looked at, where neither the request nor the answer bounds them. */
  readonly visitedCount?: number;
}

export function read(tree: Tree, request: ReadRequest): ReadOutcome {
  try {
    return dispatch(tree, request, new Reader(request.body));
  } catch (error) {
    if (error instanceof CodecError) return { error: ERRORS.MARSHALLINGERROR };
    throw error;
  }
}

function dispatch(tree: Tree, request: ReadRequest, input: Reader): ReadOutcome {
  switch (request.op) {
    case OPCODES.exists:
      return exists(tree, existsRequest.decode(input));
    case OPCODES.getData:
      return getData(tree, request, getDataRequest.decode(input));
    case OPCODES.getACL:
      return getAcl(tree, request, getACLRequest.decode(input));
    case OPCODES.getChildren:
      return getChildren(tree, request, getChildrenRequest.decode(input));
    case OPCODES.getChildren2:
      return getChildren2(tree, request, getChildren2Request.decode(input));
    case OPCODES.getEphemerals:
      return getEphemerals(tree, request, getEphemeralsRequest.decode(input));
    case OPCODES.getAllChildrenNumber:
      return getAllChildrenNumber(tree, request, getAllChildrenNumberRequest.decode(input));
    case OPCODES.multiRead:
      return multiRead(tree, request, multiRequest.decode(input));
    default:
      return { error: ERRORS.UNIMPLEMENTED };
  }
}

type PathAndWatch = TypeOf<typeof existsRequest>;

/** The only read that asks no ACL. */
function exists(tree: Tree, { path, watch }: PathAndWatch): ReadOutcome {
  if (path.includes("\0")) return { error: ERRORS.BADARGUMENTS };
  const id = findZnode(tree, path);
  if (id === undefined) {
    return { error: ERRORS.NONODE, watch: watch ? { kind: "exist", path } : undefined };
  }
  const response = tree.replies.stat(tree, id);
  return { error: ERRORS.OK, response, watch: watch ? { kind: "data", path } : undefined };
}

function getData(tree: Tree, request: ReadRequest, { path, watch }: PathAndWatch): ReadOutcome {
  const found = readable(tree, request, path);
  if (found.error !== ERRORS.OK) return found;
  const response = tree.replies.dataAndStat(tree, found.id);
  return { error: ERRORS.OK, response, watch: watch ? { kind: "data", path } : undefined };
}

function getChildren(tree: Tree, request: ReadRequest, { path, watch }: PathAndWatch): ReadOutcome {
  const found = readable(tree, request, path);
  if (found.error !== ERRORS.OK) return found;
  const response = encode(getChildrenResponse, { children: childNames(tree, found.id) });
  return { error: ERRORS.OK, response, watch: watch ? { kind: "child", path } : undefined };
}

function getChildren2(
  tree: Tree,
  request: ReadRequest,
  { path, watch }: PathAndWatch,
): ReadOutcome {
  const found = readable(tree, request, path);
  if (found.error !== ERRORS.OK) return found;
  const children = childNames(tree, found.id);
  const response = encode(getChildren2Response, { children, stat: statOf(tree, found.id) });
  return { error: ERRORS.OK, response, watch: watch ? { kind: "child", path } : undefined };
}

/** Whoever may read a node sees its ACL, but hashes of passwords only who may change it. */
function getAcl(tree: Tree, request: ReadRequest, { path }: { path: string }): ReadOutcome {
  const id = findZnode(tree, path);
  if (id === undefined) return { error: ERRORS.NONODE };
  const { identities } = request;
  if (!mayAccess(tree, id, { identities, perm: PERMS.READ | PERMS.ADMIN })) {
    return { error: ERRORS.NOAUTH };
  }
  const { list } = tree.acls.get(tree.znodes.int(id, ACL));
  const acl = mayAccess(tree, id, { identities, perm: PERMS.ADMIN }) ? list : withoutHashes(list);
  return { error: ERRORS.OK, response: encode(getACLResponse, { acl, stat: statOf(tree, id) }) };
}

/** All of the session if the prefix is empty or "/"; ZooKeeper trims it, but only to see that. */
function getEphemerals(
  tree: Tree,
  { session: id }: ReadRequest,
  { prefixPath }: { prefixPath: string },
): ReadOutcome {
  const session = tree.sessions.find(id);
  const ids = session === undefined ? [] : ephemeralsOf(tree, session);
  const paths = ids.map((ephemeral) => tree.znodes.pathOf(ephemeral));
  const isWhole = ["", "/"].includes(javaTrim(prefixPath));
  const ephemerals = isWhole ? paths : paths.filter((path) => path.startsWith(prefixPath));
  const response = encode(getEphemeralsResponse, { ephemerals });
  return { error: ERRORS.OK, response, visitedCount: paths.length };
}

/** Without characters up to the space at both ends. (A pattern for that takes the square of the time.) */
function javaTrim(text: string): string {
  const SPACE = 0x20;
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= SPACE) start += 1;
  while (start < end && text.charCodeAt(end - 1) <= SPACE) end -= 1;
  return text.slice(start, end);
}

function getAllChildrenNumber(
  tree: Tree,
  request: ReadRequest,
  { path }: { path: string },
): ReadOutcome {
  const found = readable(tree, request, path);
  if (found.error !== ERRORS.OK) return found;
  // Under its empty name ZooKeeper's root is a descendant of itself.
  const totalNumber = descendantCount(tree, found.id) + (path === "" ? 1 : 0);
  const response = encode(getAllChildrenNumberResponse, { totalNumber });
  return { error: ERRORS.OK, response, visitedCount: found.id === ROOT ? 0 : totalNumber };
}

function multiRead(tree: Tree, request: ReadRequest, parts: readonly MultiOp[]): ReadOutcome {
  const results: MultiResult[] = [];
  let bytes = 0;
  let visitedCount = parts.length;
  for (const part of parts) {
    if (part.type !== "getData" && part.type !== "getChildren") {
      return { error: ERRORS.MARSHALLINGERROR };
    }
    const result = readPart(tree, request, part);
    bytes += sizeOf(result);
    if (result.type === "getChildren") visitedCount += result.children.length;
    if (bytes > MULTI_READ_BYTES_MAX) return { error: ERRORS.MARSHALLINGERROR, visitedCount };
    results.push(result);
  }
  return { error: ERRORS.OK, response: encode(multiResponse, results), visitedCount };
}

type ReadPart = Extract<MultiOp, { readonly type: "getData" | "getChildren" }>;

/** Whether it asks for a watch is not looked at. */
function readPart(tree: Tree, request: ReadRequest, { type, path }: ReadPart): MultiResult {
  const found = readable(tree, request, path);
  if (found.error !== ERRORS.OK) return { type: "error", err: found.error };
  if (type === "getChildren") return { type, children: childNames(tree, found.id) };
  const data = unpackBytes(tree.znodes.data(found.id));
  return { type, data, stat: statOf(tree, found.id) };
}

function sizeOf(result: MultiResult): number {
  if (result.type === "getData") return PART_OVERHEAD + (result.data?.byteLength ?? 0);
  if (result.type !== "getChildren") return PART_OVERHEAD;
  return result.children.reduce((sum, name) => sum + 4 + name.length, PART_OVERHEAD);
}

type Readable =
  | { readonly error: typeof ERRORS.OK; readonly id: ZnodeId }
  | { readonly error: Exclude<ErrorCode, 0> };

function readable(tree: Tree, { identities }: ReadRequest, path: string): Readable {
  const id = findZnode(tree, path);
  if (id === undefined) return { error: ERRORS.NONODE };
  if (!mayAccess(tree, id, { identities, perm: PERMS.READ })) return { error: ERRORS.NOAUTH };
  return { error: ERRORS.OK, id };
}
