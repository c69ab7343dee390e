/** For every operation of a client its number, what it sends and what it gets back. */
import { type Codec, record, type TypeOf } from "../wire/codec.ts";
import { errorResponse } from "./header-records.ts";
import { multiRequest, multiResponse } from "./multi-records.ts";
import {
  checkVersionRequest,
  create2Response,
  createRequest,
  createResponse,
  createTTLRequest,
  deleteRequest,
  existsRequest,
  existsResponse,
  getACLRequest,
  getACLResponse,
  getAllChildrenNumberRequest,
  getAllChildrenNumberResponse,
  getChildren2Request,
  getChildren2Response,
  getChildrenRequest,
  getChildrenResponse,
  getDataRequest,
  getDataResponse,
  getEphemeralsRequest,
  getEphemeralsResponse,
  reconfigRequest,
  setACLRequest,
  setACLResponse,
  setDataRequest,
  setDataResponse,
  syncRequest,
  syncResponse,
} from "./node-records.ts";
import { OPCODES } from "./op-codes.ts";
import { authPacket, getSASLRequest, setSASLResponse, whoAmIResponse } from "./session-records.ts";
import {
  addWatchRequest,
  checkWatchesRequest,
  removeWatchesRequest,
  setWatches,
  setWatches2,
} from "./watch-records.ts";

/** No body at all. */
export const nothing = record({});

interface Operation<Request, Response> {
  readonly code: number;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

function operation<Request, Response>(
  code: number,
  request: Codec<Request>,
  response: Codec<Response>,
): Operation<Request, Response> {
  return { code, request, response };
}

export const OPERATIONS = {
  create: operation(OPCODES.create, createRequest, createResponse),
  create2: operation(OPCODES.create2, createRequest, create2Response),
  createContainer: operation(OPCODES.createContainer, createRequest, create2Response),
  createTTL: operation(OPCODES.createTTL, createTTLRequest, create2Response),
  delete: operation(OPCODES.delete, deleteRequest, nothing),
  exists: operation(OPCODES.exists, existsRequest, existsResponse),
  getData: operation(OPCODES.getData, getDataRequest, getDataResponse),
  setData: operation(OPCODES.setData, setDataRequest, setDataResponse),
  getACL: operation(OPCODES.getACL, getACLRequest, getACLResponse),
  setACL: operation(OPCODES.setACL, setACLRequest, setACLResponse),
  getChildren: operation(OPCODES.getChildren, getChildrenRequest, getChildrenResponse),
  getChildren2: operation(OPCODES.getChildren2, getChildren2Request, getChildren2Response),
  getAllChildrenNumber: operation(
    OPCODES.getAllChildrenNumber,
    getAllChildrenNumberRequest,
    getAllChildrenNumberResponse,
  ),
  getEphemerals: operation(OPCODES.getEphemerals, getEphemeralsRequest, getEphemeralsResponse),
  sync: operation(OPCODES.sync, syncRequest, syncResponse),
  check: operation(OPCODES.check, checkVersionRequest, setDataResponse),
  multi: operation(OPCODES.multi, multiRequest, multiResponse),
  multiRead: operation(OPCODES.multiRead, multiRequest, multiResponse),
  reconfig: operation(OPCODES.reconfig, reconfigRequest, getDataResponse),
  addWatch: operation(OPCODES.addWatch, addWatchRequest, errorResponse),
  checkWatches: operation(OPCODES.checkWatches, checkWatchesRequest, nothing),
  removeWatches: operation(OPCODES.removeWatches, removeWatchesRequest, nothing),
  setWatches: operation(OPCODES.setWatches, setWatches, nothing),
  setWatches2: operation(OPCODES.setWatches2, setWatches2, nothing),
  whoAmI: operation(OPCODES.whoAmI, nothing, whoAmIResponse),
  auth: operation(OPCODES.auth, authPacket, nothing),
  sasl: operation(OPCODES.sasl, getSASLRequest, setSASLResponse),
  ping: operation(OPCODES.ping, nothing, nothing),
  closeSession: operation(OPCODES.closeSession, nothing, nothing),
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type RequestOf<N extends OperationName> = TypeOf<(typeof OPERATIONS)[N]["request"]>;
export type ResponseOf<N extends OperationName> = TypeOf<(typeof OPERATIONS)[N]["response"]>;
