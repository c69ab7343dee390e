import { describe, expect, test } from "vitest";
import { equalBytes, toHex } from "../../../cluster/base/bytes.ts";
import { f32, fixed, framed, nothing, plain, rawBytes } from "../../../cluster/map/ceph-form.ts";
import { decode, encode, i64, record, u8, u32 } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";

describe("a frame", () => {
  const codec = framed({ version: 3, compat: 2 }, record({ one: u8, two: u32 }));
  const bytes = encode(codec, { one: 5, two: 6 });

  test("says its version, the oldest that reads it, and its size", () => {
    expect(toHex(bytes)).toBe(`0302${"05000000"}05${"06000000"}`);
    expect(decode(codec, bytes)).toEqual({ one: 5, two: 6 });
  });

  test("has its size right in other frames and behind other bytes", () => {
    const outer = framed({ version: 1, compat: 1 }, record({ first: u8, inner: codec }));
    const whole = encode(outer, { first: 9, inner: { one: 5, two: 6 } });
    expect(toHex(whole)).toBe(`0101${"0c000000"}09${toHex(bytes)}`);
  });

  test("longer than what a Writer starts with has its size right", () => {
    const long = framed({ version: 1, compat: 1 }, rawBytes(100_000));
    const value = new Uint8Array(100_000).fill(7);
    expect(equalBytes(decode(long, encode(long, value)), value)).toBe(true);
  });

  test.each([
    ["another version", [4, 2, 5, 0, 0, 0, 5, 6, 0, 0, 0]],
    ["a size too small", [3, 2, 4, 0, 0, 0, 5, 6, 0, 0, 0]],
    ["a size too large", [3, 2, 6, 0, 0, 0, 5, 6, 0, 0, 0, 0]],
  ])("with %s is refused", (_, numbers) => {
    expect(() => decode(codec, Uint8Array.from(numbers))).toThrow(CodecError);
  });
});

test.each([
  ["a number", fixed(u32, 7), "07000000"],
  ["a large number", fixed(i64, -1n), "ffffffffffffffff"],
  ["nothing", nothing, "00000000"],
  ["a struct", plain(record({ mark: fixed(u8, 2), count: nothing })), "0200000000"],
])("what is fixed is written as it is, and nothing else is read: %s", (_, codec, hex) => {
  const bytes = encode(codec, undefined);
  expect(toHex(bytes)).toBe(hex);
  expect(decode(codec, bytes)).toBeUndefined();
  const other = Uint8Array.from(bytes);
  other[0] = (other[0] ?? 0) ^ 1;
  expect(() => decode(codec, other)).toThrow(CodecError);
});

test("short floats are those of IEEE", () => {
  expect(toHex(encode(f32, 0.5))).toBe("0000003f");
  expect(decode(f32, encode(f32, 0.85))).toBeCloseTo(0.85, 6);
});
