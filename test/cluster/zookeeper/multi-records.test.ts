import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, fromHex } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { multiRequest, multiResponse } from "../../../cluster/zookeeper/multi-records.ts";

const END = "ffffffff 01 ffffffff";

describe("hostile bytes", () => {
  const cases: [string, string, string, string][] = [
    ["no end", "", "TRUNCATED", "[0].type"],
    ["a part without a body", `00000002 00 ffffffff`, "TRUNCATED", "[0].delete.path"],
    ["an unknown part", `00000063 00 ffffffff ${END}`, "UNKNOWN_TYPE", "[0]"],
    ["an error among the requests", `ffffffff 00 ffffffff ${END}`, "UNKNOWN_TYPE", "[0]"],
    ["something after the end", `${END} 00`, "TRAILING", ""],
    [
      "a second part that is cut off",
      "00000002 00 ffffffff 00000001 2f ffffffff 0000000d 00",
      "TRUNCATED",
      "[1].err",
    ],
  ];
  test.each(cases)("%s", (_what, hex, code, path) => {
    const bytes = fromHex(hex.replaceAll(" ", "")) ?? EMPTY_BYTES;
    const attempt = (): unknown => decode(multiRequest, bytes);
    expect(attempt).toThrow(CodecError);
    expect(attempt).toThrow(expect.objectContaining({ code, path }));
  });
});

test("of a long request every part comes back, in its place", () => {
  const parts = Array.from({ length: 5000 }, (_, version) => ({
    type: "check" as const,
    path: "/a",
    version,
  }));
  expect(decode(multiRequest, encode(multiRequest, parts))).toEqual(parts);
});

test("the header of an error is not what counts, its body is", () => {
  const bytes = fromHex(`ffffffff00ffffff99ffffff9b${END.replaceAll(" ", "")}`) ?? EMPTY_BYTES;
  expect(decode(multiResponse, bytes)).toEqual([{ type: "error", err: -101 }]);
});
