import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, utf8 } from "../../../cluster/base/bytes.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { Writer } from "../../../cluster/wire/writer.ts";

function readerOf(hex: string): Reader {
  return new Reader(fromHex(hex) ?? new Uint8Array());
}

function errorOf(read: () => unknown): CodecError | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  return undefined;
}

describe("Reader", () => {
  const cases: [string, string, (input: Reader) => unknown, unknown][] = [
    ["u8", "ff", (input) => input.u8(), 255],
    ["u16", "0201", (input) => input.u16(), 0x0102],
    ["u32", "ffffffff", (input) => input.u32(), 0xffffffff],
    ["i32", "feffffff", (input) => input.i32(), -2],
    ["i32be", "fffffffe", (input) => input.i32be(), -2],
    ["i64be", "8000000000000000", (input) => input.i64be(), -(2n ** 63n)],
    ["a lossy text", "61ff62", (input) => input.lossyText(3), "a\ufffdb"],
    ["a lossy text with a mark", "efbbbf61", (input) => input.lossyText(4), "\ufeffa"],
    ["u53", "ffffffffffff1f00", (input) => input.u53(), 2 ** 53 - 1],
    ["u64", "0000000000000080", (input) => input.u64(), 2n ** 63n],
    ["i64", "0000000000000080", (input) => input.i64(), -(2n ** 63n)],
    ["f64", "000000000000f83f", (input) => input.f64(), 1.5],
    ["bool", "01", (input) => input.bool(), true],
    ["bytes", "020000000908", (input) => input.bytes(), Uint8Array.of(9, 8)],
    ["raw", "0908", (input) => input.raw(2), Uint8Array.of(9, 8)],
    ["str", "0300000061c3a9", (input) => input.str(), "aé"],
    ["str with a byte order mark", "03000000efbbbf", (input) => input.str(), "\ufeff"],
  ];
  test.each(cases)("reads %s", (_name, hex, read, value) => {
    const input = readerOf(hex);
    expect(read(input)).toEqual(value);
    expect(input.remaining).toBe(0);
  });

  const refusals: [string, string, (input: Reader) => unknown, string, number][] = [
    ["an empty u8", "", (input) => input.u8(), "TRUNCATED", 0],
    ["a short u32", "010203", (input) => input.u32(), "TRUNCATED", 0],
    ["a short i32be", "010203", (input) => input.i32be(), "TRUNCATED", 0],
    ["a short lossy text", "61", (input) => input.lossyText(2), "TRUNCATED", 0],
    ["a short u53", "0102030405", (input) => input.u53(), "TRUNCATED", 4],
    ["a short u64", "01020304050607", (input) => input.u64(), "TRUNCATED", 0],
    ["a u53 of 2^53", "0000000000002000", (input) => input.u53(), "OUT_OF_RANGE", 0],
    ["a bool of 2", "02", (input) => input.bool(), "OUT_OF_RANGE", 0],
    ["bytes that are not there", "ffffffff00", (input) => input.bytes(), "TRUNCATED", 4],
    ["a text that is not there", "ffffffff00", (input) => input.str(), "TRUNCATED", 4],
    ["an overlong form", "02000000c080", (input) => input.str(), "BAD_TEXT", 4],
    ["a surrogate", "03000000eda080", (input) => input.str(), "BAD_TEXT", 4],
    ["half a character", "01000000c3", (input) => input.str(), "BAD_TEXT", 4],
    ["more than is there", "00", (input) => input.raw(2), "TRUNCATED", 0],
  ];
  test.each(refusals)("refuses %s", (_name, hex, read, code, offset) => {
    const error = errorOf(() => read(readerOf(hex)));
    expect([error?.code, error?.offset]).toEqual([code, offset]);
  });

  test("knows where it is, within a view of larger bytes too", () => {
    const input = new Reader(utf8("..abc..").subarray(2, 5));
    expect(input.u8()).toBe(0x61);
    expect([input.offset, input.remaining]).toEqual([1, 2]);
    expect([...input.raw(2)]).toEqual([0x62, 0x63]);
    expect(errorOf(() => input.u8())?.code).toBe("TRUNCATED");
  });

  test("hands out bytes as plain views of its input, also of a Buffer", () => {
    const source = Buffer.from([1, 0, 0, 0, 7]);
    const value = new Reader(source).bytes();
    source[4] = 8;
    expect(value).toEqual(Uint8Array.of(8));
  });
});

test("what a Writer wrote, a Reader reads", () => {
  const values = fc.record({
    u53: fc.maxSafeNat(),
    i32: fc.integer(),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    f64: fc.double(),
    str: fc.string({ unit: "binary", maxLength: 60 }),
    bytes: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(values, (value) => {
      const out = new Writer(32);
      out.u53(value.u53);
      out.i32(value.i32);
      out.u64(value.u64);
      out.i64(value.i64);
      out.f64(value.f64);
      out.str(value.str);
      out.bytes(value.bytes);
      const input = new Reader(out.finish());
      expect(input.u53()).toBe(value.u53);
      expect(input.i32()).toBe(value.i32);
      expect(input.u64()).toBe(value.u64);
      expect(input.i64()).toBe(value.i64);
      expect(input.f64()).toBe(value.f64);
      expect(input.str()).toBe(value.str);
      expect(input.bytes()).toEqual(value.bytes);
      expect(input.remaining).toBe(0);
    }),
  );
});
