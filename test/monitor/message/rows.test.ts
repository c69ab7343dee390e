import { expect, test } from "vitest";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { decodeRows, encodeRows, ROWS_MESSAGES } from "../../../monitor/message/rows.ts";

const { rows, rowsTaken } = ROWS_MESSAGES;

test("a part of the rows, byte by byte", () => {
  const part = {
    transfer: 1,
    index: 2,
    isLast: true,
  };
  const bytes = encode(rows.body, part);
  expect(toHex(bytes)).toBe("01010000000000000002000000" + "01");
  expect(decode(rows.body, bytes)).toEqual(part);
  const pairs = [[utf8("k"), utf8("v")] as const];
  expect(toHex(encodeRows(pairs))).toBe("0100000001000000" + "6b0100000076");
  expect(decodeRows(encodeRows(pairs))).toEqual(pairs);
  expect(() => decodeRows(Uint8Array.of(1, 0, 0, 0, 9))).toThrow(CodecError);
});

test("its answer, byte by byte", () => {
  expect(toHex(encode(rowsTaken.body, { ok: true }))).toBe("0101");
});
