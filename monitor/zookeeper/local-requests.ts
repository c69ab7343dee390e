/**
 * Requests that a server answers by itself, when their turn comes: reads of its tree, and what is
 * between it and the client alone, such as watches. Errors and the shape of the answers are those of
 * Apache ZooKeeper 3.8; a body that cannot be read answers MARSHALLINGERROR and costs nothing else.
 */
import { encode } from "../../cluster/wire/codec.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import { Reader } from "../../cluster/wire/reader.ts";
import { ERRORS, type ErrorCode } from "../../cluster/zookeeper/error-codes.ts";
import { errorResponse } from "../../cluster/zookeeper/header-records.ts";
import { syncRequest, syncResponse } from "../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../cluster/zookeeper/op-codes.ts";
import { whoAmIResponse } from "../../cluster/zookeeper/session-records.ts";
import {
  ADD_WATCH_MODES,
  addWatchRequest,
  checkWatchesRequest,
  removeWatchesRequest,
  setWatches,
  setWatches2,
} from "../../cluster/zookeeper/watch-records.ts";
import type { Identity } from "../tree/batch.ts";
import { read } from "../tree/read.ts";
import { userOf } from "./credentials.ts";
import type { Client, ServerState } from "./server-state.ts";
import { replayWatches } from "./set-watches.ts";
import { watcherCodeOf } from "./watch-table.ts";

export interface LocalRequest {
  readonly op: number;
  readonly body: Uint8Array;
  readonly identities: readonly Identity[];
}

export interface LocalAnswer {
  readonly error: ErrorCode;
  readonly response?: Uint8Array | undefined;
}

const OK: LocalAnswer = { error: ERRORS.OK };
const MALFORMED: LocalAnswer = { error: ERRORS.MARSHALLINGERROR };
/** There is no room for the watch; without it the client would believe that it is told. */
const THROTTLED: LocalAnswer = { error: ERRORS.THROTTLEDOP };
const NO_WATCHER: LocalAnswer = { error: ERRORS.NOWATCHER };
const WATCH_ADDED: LocalAnswer = {
  error: ERRORS.OK,
  response: encode(errorResponse, { err: ERRORS.OK }),
};

export function answerLocally(
  state: ServerState,
  client: Client,
  request: LocalRequest,
): LocalAnswer {
  if (request.op === OPCODES.ping) return OK;
  if (!isAboutConnection(request.op)) return readTree(state, client, request);
  try {
    return answerAboutConnection(state, client, request);
  } catch (error) {
    if (error instanceof CodecError) return MALFORMED;
    throw error;
  }
}

function readTree(state: ServerState, client: Client, request: LocalRequest): LocalAnswer {
  const { op, body, identities } = request;
  const outcome = read(state.tree, { op, body, identities, session: client.session });
  state.visits += outcome.visitedCount ?? 0;
  if (outcome.watch === undefined) return outcome;
  const { kind, path } = outcome.watch;
  const table = kind === "child" ? "child" : "data";
  return state.watches.add(table, client.id, path) ? outcome : THROTTLED;
}

function isAboutConnection(op: number): boolean {
  const isOfOldNumber = op >= OPCODES.checkWatches && op <= OPCODES.removeWatches;
  return op >= OPCODES.setWatches || isOfOldNumber || op === OPCODES.sync;
}

function answerAboutConnection(
  state: ServerState,
  client: Client,
  request: LocalRequest,
): LocalAnswer {
  const input = new Reader(request.body);
  switch (request.op) {
    case OPCODES.setWatches: {
      const some = setWatches.decode(input);
      const none = { persistentWatches: [], persistentRecursiveWatches: [] };
      return replayWatches(state, client, { ...some, ...none }) ? OK : THROTTLED;
    }
    case OPCODES.setWatches2:
      return replayWatches(state, client, setWatches2.decode(input)) ? OK : THROTTLED;
    case OPCODES.addWatch:
      return addWatch(state, client, addWatchRequest.decode(input));
    case OPCODES.removeWatches: {
      const { path, type } = removeWatchesRequest.decode(input);
      const code = watcherCodeOf(type);
      if (code === undefined) return MALFORMED;
      return state.watches.remove(code, client.id, path) ? OK : NO_WATCHER;
    }
    case OPCODES.checkWatches: {
      const { path, type } = checkWatchesRequest.decode(input);
      const code = watcherCodeOf(type);
      if (code === undefined) return MALFORMED;
      return state.watches.contains(code, path) ? OK : NO_WATCHER;
    }
    case OPCODES.sync:
      return { error: ERRORS.OK, response: encode(syncResponse, syncRequest.decode(input)) };
    case OPCODES.whoAmI:
      return whoAmI(request.identities);
    default:
      return readTree(state, client, request);
  }
}

function addWatch(
  state: ServerState,
  client: Client,
  { path, mode }: { readonly path: string; readonly mode: number },
): LocalAnswer {
  const isRecursive = mode === ADD_WATCH_MODES.persistentRecursive;
  if (!isRecursive && mode !== ADD_WATCH_MODES.persistent) return MALFORMED;
  return state.watches.addPersistent(client.id, path, isRecursive) ? WATCH_ADDED : THROTTLED;
}

function whoAmI(identities: readonly Identity[]): LocalAnswer {
  const clientInfo = identities.map((identity) => ({
    authScheme: identity.scheme,
    user: userOf(identity),
  }));
  return { error: ERRORS.OK, response: encode(whoAmIResponse, { clientInfo }) };
}
