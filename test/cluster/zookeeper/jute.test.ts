import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { EMPTY_BYTES, fromHex, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { type Codec, decode, encode, record } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import {
  bool,
  buffer,
  int,
  long,
  long64,
  nullableUstring,
  presentUstring,
  ustring,
  vector,
} from "../../../cluster/zookeeper/jute.ts";

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(" ", "")) ?? EMPTY_BYTES;
}

describe("values and their bytes", () => {
  const max = Number.MAX_SAFE_INTEGER;
  const cases: [string, Codec<unknown>, unknown, string][] = [
    ["int", int, 0x01020304, "01020304"],
    ["int", int, -1, "ffffffff"],
    ["int", int, -(2 ** 31), "80000000"],
    ["long", long, 0x1_0000_0002, "0000000100000002"],
    ["long", long, 0x8000_0000, "0000000080000000"],
    ["long", long, -1, "ffffffffffffffff"],
    ["long", long, -(2 ** 32) - 2, "fffffffefffffffe"],
    ["long", long, max, "001fffffffffffff"],
    ["long", long, -max, "ffe0000000000001"],
    ["long64", long64, -2n, "fffffffffffffffe"],
    ["long64", long64, 0x0102030405060708n, "0102030405060708"],
    ["bool", bool, true, "01"],
    ["bool", bool, false, "00"],
    ["buffer", buffer, utf8("ab"), "00000002 6162"],
    ["buffer", buffer, EMPTY_BYTES, "00000000"],
    ["buffer, null", buffer, undefined, "ffffffff"],
    ["ustring", ustring, "/é", "00000003 2fc3a9"],
    ["ustring, empty", ustring, "", "00000000"],
    ["nullable, null", nullableUstring, undefined, "ffffffff"],
    ["nullable, empty", nullableUstring, "", "00000000"],
    ["nullable", nullableUstring, "x", "00000001 78"],
    ["present, empty", presentUstring, "", "00000000"],
    ["present", presentUstring, "x", "00000001 78"],
    ["vector", vector(int), [1, 2], "00000002 00000001 00000002"],
    ["vector, empty", vector(ustring), [], "00000000"],
  ];
  test.each(cases)("%s %s %s", (_type, codec, value, hex) => {
    expect(toHex(encode(codec, value))).toBe(hex.replaceAll(" ", ""));
    expect(decode(codec, bytesOf(hex))).toEqual(value);
  });

  test("every exact whole number survives", () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (n) => decode(long, encode(long, n)) === n));
  });

  test("every text survives", () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    fc.assert(fc.property(text, (value) => decode(ustring, encode(ustring, value)) === value));
  });

  test("a long that is not exact is a bug of the caller", () => {
    expect(() => encode(long, 2 ** 53)).toThrow(AssertionError);
    expect(() => encode(long, 0.5)).toThrow(AssertionError);
  });
});

describe("what others send", () => {
  const cases: [string, Codec<unknown>, string, unknown][] = [
    ["a long above the exact ones", long, "0020000000000000", Number.MAX_SAFE_INTEGER],
    ["the greatest long", long, "7fffffffffffffff", Number.MAX_SAFE_INTEGER],
    ["the least long", long, "8000000000000000", Number.MIN_SAFE_INTEGER],
    ["a boolean that is neither", bool, "7f", true],
    ["a null text", ustring, "ffffffff", ""],
    ["a text that is no UTF-8", ustring, "00000003 61ff62", "a\ufffdb"],
    ["a long text that is no UTF-8", ustring, `0000001e ${"ff".repeat(30)}`, "\ufffd".repeat(30)],
    ["a byte order mark", ustring, "00000004 efbbbf61", "\ufeffa"],
    ["a null vector", vector(int), "ffffffff", []],
  ];
  test.each(cases)("%s is read as ZooKeeper reads it", (_what, codec, hex, value) => {
    expect(decode(codec, bytesOf(hex))).toEqual(value);
  });
});

describe("hostile bytes", () => {
  const cases: [string, Codec<unknown>, string, string, string, number][] = [
    ["a size below null", buffer, "fffffffe", "OUT_OF_RANGE", "", 0],
    [
      "a null that means something else than empty",
      presentUstring,
      "ffffffff",
      "OUT_OF_RANGE",
      "",
      0,
    ],
    ["a null list", vector(int, { isPresent: true }), "ffffffff", "OUT_OF_RANGE", "", 0],
    ["a text longer than its bytes", ustring, "00000002 61", "TRUNCATED", "", 4],
    ["the greatest size", ustring, "7fffffff 61", "TRUNCATED", "", 4],
    ["a false count", vector(int), "00000003 0000000100000002", "TRUNCATED", "", 0],
    ["the greatest count", vector(record({})), "7fffffff", "TOO_LARGE", "", 0],
    ["more than allowed", vector(bool, { max: 1 }), "00000002 0101", "TOO_LARGE", "", 0],
    ["a bad element", vector(buffer), "00000002 00000000 fffffffe", "OUT_OF_RANGE", "[1]", 8],
  ];
  test.each(cases)("%s", (_what, codec, hex, code, path, offset) => {
    const attempt = (): unknown => decode(codec, bytesOf(hex));
    expect(attempt).toThrow(CodecError);
    expect(attempt).toThrow(expect.objectContaining({ code, path, offset }));
  });
});
