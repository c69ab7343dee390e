/** A part of a member's rows, for one that the log does not reach, and the answer when they are durable there. */
import { bool, bytes, list, record, tuple, u32, u53 } from "../../cluster/wire/codec.ts";
import { versioned } from "../../cluster/wire/versioned.ts";

export const ROWS_MAX = 16_384;

export const ROWS_MESSAGES = {
  rows: {
    id: 0x0240,
    body: versioned(
      1,
      record({
        transfer: u53,
        index: u32,
        rows: list(tuple(bytes, bytes), { max: ROWS_MAX }),
        isLast: bool,
      }),
    ),
  },
  rowsTaken: { id: 0x0241, body: versioned(1, record({ ok: bool })) },
} as const;
