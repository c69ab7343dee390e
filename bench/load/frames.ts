/**
 * Requests as finished packets, of which only the xid is filled in when they leave. A load
 * generator shares its machine with what it measures, so it encodes by hand what it sends often.
 */
import { encode } from "../../cluster/wire/codec.ts";
import { OPEN_ACL } from "../../cluster/zookeeper/acl.ts";
import {
  OPERATIONS,
  type OperationName,
  type RequestOf,
} from "../../cluster/zookeeper/operations.ts";

const HEADER_SIZE = 12;
const XID_OFFSET = 4;
const TYPE_OFFSET = 8;

/** int size, int xid, int type, body. */
export type Frame = Buffer;

export function frame(type: number, body: Uint8Array): Frame {
  const packet = Buffer.allocUnsafe(HEADER_SIZE + body.byteLength);
  packet.writeInt32BE(packet.byteLength - 4, 0);
  packet.writeInt32BE(0, XID_OFFSET);
  packet.writeInt32BE(type, TYPE_OFFSET);
  packet.set(body, HEADER_SIZE);
  return packet;
}

export function setXid(packet: Frame, xid: number): void {
  packet.writeInt32BE(xid, XID_OFFSET);
}

function request<N extends OperationName>(name: N, body: RequestOf<N>): Frame {
  const { code, request: codec } = OPERATIONS[name];
  return frame(code, encode(codec as never, body as never));
}

export const createFrame = (path: string, data: Uint8Array): Frame =>
  request("create", { path, data, acl: OPEN_ACL, flags: 0 });
export const deleteFrame = (path: string): Frame => request("delete", { path, version: -1 });
export const existsFrame = (path: string): Frame => request("exists", { path, watch: false });
export const getFrame = (path: string, watch: boolean): Frame =>
  request("getData", { path, watch });
export const setFrame = (path: string, data: Uint8Array): Frame =>
  request("setData", { path, data, version: -1 });
export const syncFrame = (path: string): Frame => request("sync", { path });
export const closeFrame = (): Frame => request("closeSession", {});
export const pingFrame = (): Frame => request("ping", {});
