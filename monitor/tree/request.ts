/** A client's write: from the body of its request to that of its reply. */
import { encode, type TypeOf } from "../../cluster/wire/codec.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { Reader } from "../../cluster/wire/reader.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { multiRequest, multiResponse } from "../../cluster/zookeeper/multi-records.ts";
import {
  checkVersionRequest,
  createRequest,
  createResponse,
  createTTLRequest,
  deleteRequest,
  setACLRequest,
  setDataRequest,
} from "../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import type { WriteContext } from "./access.ts";
import { applyCreate, type CreateCommand, NO_TTL } from "./create.ts";
import { applyDelete } from "./delete.ts";
import { applyMulti } from "./multi.ts";
import { applyCheck, applySetAcl, applySetData, type Found } from "./set.ts";
import type { Tree } from "./state.ts";

export interface Reply {
  readonly error: ErrorCode;
  readonly response?: Uint8Array | undefined;
}

export const DONE: Reply = { error: ERRORS.OK };

/** Everything but closeSession, which is about the session and not the tree. */
export function applyRequest(
  tree: Tree,
  context: WriteContext,
  { op, body }: { readonly op: number; readonly body: Uint8Array },
): Reply {
  try {
    return dispatch(tree, context, { op, input: new Reader(body) });
  } catch (error) {
    // Only decoding throws this, and it comes before any change.
    if (error instanceof CodecError) return { error: ERRORS.MARSHALLINGERROR };
    throw error;
  }
}

interface Request {
  readonly op: number;
  /** As in ZooKeeper, what comes after the request in its body is not looked at. */
  readonly input: Reader;
}

function dispatch(tree: Tree, context: WriteContext, { op, input }: Request): Reply {
  switch (op) {
    case OPCODES.create:
      return create(tree, context, plain(createRequest.decode(input)));
    case OPCODES.create2:
      return create2(tree, context, plain(createRequest.decode(input)));
    case OPCODES.createContainer:
      return create2(tree, context, {
        ...createRequest.decode(input),
        ttl: NO_TTL,
        makes: "container",
      });
    case OPCODES.createTTL:
      return create2(tree, context, { ...createTTLRequest.decode(input), makes: "ttl" });
    case OPCODES.delete:
      return { error: applyDelete(tree, context, deleteRequest.decode(input)) };
    case OPCODES.setData:
      return withStat(tree, applySetData(tree, context, setDataRequest.decode(input)));
    case OPCODES.setACL:
      return withStat(tree, applySetAcl(tree, context, setACLRequest.decode(input)));
    case OPCODES.check:
      // One that succeeds alone, outside of a multi, takes a zxid and is never answered by ZooKeeper
      // 3.8, which fails to encode the answer: a client would wait for ever. Here it is answered.
      return { error: applyCheck(tree, context, checkVersionRequest.decode(input)).error };
    case OPCODES.multi:
      return multi(tree, context, multiRequest.decode(input));
    case OPCODES.deleteContainer:
      // ZooKeeper takes the whole packet for the path, and with its header that is never a valid
      // one; good, for a leader that asks this of itself asks no ACL.
      return { error: ERRORS.BADARGUMENTS };
    case OPCODES.createSession:
      // ZooKeeper says so to an empty body. To any other it answers with a second handshake among the
      // replies, which no client can make sense of.
      return { error: ERRORS.MARSHALLINGERROR };
    case OPCODES.reconfig:
      return { error: ERRORS.RECONFIGDISABLED };
    default:
      return { error: ERRORS.UNIMPLEMENTED };
  }
}

function plain({ path, data, acl, flags }: TypeOf<typeof createRequest>): CreateCommand {
  return { path, data, acl, flags, ttl: NO_TTL, makes: "ordinary" };
}

function create(tree: Tree, context: WriteContext, command: CreateCommand): Reply {
  const created = applyCreate(tree, context, command);
  if (created.error !== ERRORS.OK) return created;
  const path = tree.znodes.pathOf(created.id);
  return { error: ERRORS.OK, response: encode(createResponse, { path }) };
}

function create2(tree: Tree, context: WriteContext, command: CreateCommand): Reply {
  const created = applyCreate(tree, context, command);
  if (created.error !== ERRORS.OK) return created;
  return { error: ERRORS.OK, response: tree.replies.pathAndStat(tree, created.id) };
}

function withStat(tree: Tree, found: Found): Reply {
  if (found.error !== ERRORS.OK) return found;
  return { error: ERRORS.OK, response: tree.replies.stat(tree, found.id) };
}

function multi(tree: Tree, context: WriteContext, parts: TypeOf<typeof multiRequest>): Reply {
  const results = applyMulti(tree, context, parts);
  if (results === undefined) return { error: ERRORS.MARSHALLINGERROR };
  return { error: ERRORS.OK, response: encode(multiResponse, results) };
}
