import { expect, test } from "vitest";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { ROWS_MESSAGES } from "../../../monitor/message/rows.ts";

const { rows, rowsTaken } = ROWS_MESSAGES;

test("a part of the rows, byte by byte", () => {
  const part = {
    transfer: 1,
    index: 2,
    rows: [[utf8("k"), utf8("v")] as const],
    isLast: true,
  };
  const bytes = encode(rows.body, part);
  expect(toHex(bytes)).toBe("010100000000000000020000000100000001000000" + "6b0100000076" + "01");
  expect(decode(rows.body, bytes)).toEqual(part);
});

test("its answer, byte by byte", () => {
  expect(toHex(encode(rowsTaken.body, { ok: true }))).toBe("0101");
});
