/** What stands before the body of every packet once a session is there. */
import { record, type TypeOf } from "../wire/codec.ts";
import { int, long } from "./jute.ts";

/**
 * Requests of a connection are numbered from 1 and answered in that order. These numbers mark what
 * stands outside of the count.
 */
export const XIDS = {
  notification: -1,
  ping: -2,
  auth: -4,
  setWatches: -8,
} as const;

export const requestHeader = record({ xid: int, type: int });
export type RequestHeader = TypeOf<typeof requestHeader>;

/** `zxid` is the last change that the server had made when it answered. */
export const replyHeader = record({ xid: int, zxid: long, err: int });
export type ReplyHeader = TypeOf<typeof replyHeader>;

export const errorResponse = record({ err: int });
