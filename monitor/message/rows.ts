/**
 * A part of a member's rows, for one that the log does not reach, and the answer when they are durable there. The rows are
 * the payload: one alone can be larger than the rest of a message may be.
 */
import type { KeyValue } from "../../cluster/kv/store.ts";
import {
  bool,
  bytes,
  decode,
  encode,
  list,
  record,
  tuple,
  u32,
  u53,
} from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";

export const ROWS_MAX = 16_384;
const rowsCodec = list(tuple(bytes, bytes), { max: ROWS_MAX });

export function encodeRows(rows: readonly KeyValue[]): Uint8Array {
  return encode(rowsCodec, rows);
}

/** Throws a CodecError. */
export function decodeRows(payload: Uint8Array): readonly KeyValue[] {
  return decode(rowsCodec, payload);
}

export const ROWS_MESSAGES = {
  rows: {
    id: 0x0240,
    body: versioned(
      1,
      record({
        transfer: u53,
        index: u32,
        isLast: bool,
      }),
    ),
  },
  rowsTaken: { id: 0x0241, body: versioned(1, record({ ok: bool })) },
} as const;
