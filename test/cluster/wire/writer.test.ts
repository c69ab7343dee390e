import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { Writer } from "../../../cluster/wire/writer.ts";

function hexOf(write: (out: Writer) => void): string {
  const out = new Writer();
  write(out);
  return toHex(out.finish());
}

describe("Writer", () => {
  const cases: [string, (out: Writer) => void, string][] = [
    ["u8 0", (out) => out.u8(0), "00"],
    ["u8 255", (out) => out.u8(255), "ff"],
    ["u16 0x0102", (out) => out.u16(0x0102), "0201"],
    ["u32 0x01020304", (out) => out.u32(0x01020304), "04030201"],
    ["u32 2^32-1", (out) => out.u32(0xffffffff), "ffffffff"],
    ["i32 -2", (out) => out.i32(-2), "feffffff"],
    ["u53 1", (out) => out.u53(1), "0100000000000000"],
    ["u53 2^32", (out) => out.u53(2 ** 32), "0000000001000000"],
    ["u53 2^53-1", (out) => out.u53(2 ** 53 - 1), "ffffffffffff1f00"],
    ["u64 2^64-1", (out) => out.u64(2n ** 64n - 1n), "ffffffffffffffff"],
    ["u64 2^63", (out) => out.u64(2n ** 63n), "0000000000000080"],
    ["i64 -1", (out) => out.i64(-1n), "ffffffffffffffff"],
    ["i64 -2^63", (out) => out.i64(-(2n ** 63n)), "0000000000000080"],
    ["f64 1.5", (out) => out.f64(1.5), "000000000000f83f"],
    ["bool", (out) => out.bool(true), "01"],
    ["bytes", (out) => out.bytes(Uint8Array.of(9, 8)), "020000000908"],
    ["raw", (out) => out.raw(Uint8Array.of(9, 8)), "0908"],
    ["str empty", (out) => out.str(""), "00000000"],
    ["str ASCII", (out) => out.str("ab"), "020000006162"],
    ["str of 2 bytes", (out) => out.str("é"), "02000000c3a9"],
    ["str of 4 bytes", (out) => out.str("𝄞"), "04000000f09d849e"],
    ["str, not ASCII late", (out) => out.str("aé"), "0300000061c3a9"],
  ];
  test.each(cases)("writes %s little-endian", (_name, write, hex) => {
    expect(hexOf(write)).toBe(hex);
  });

  test.each<[string, (out: Writer) => void, string]>([
    ["i32be", (out) => out.i32be(-2), "fffffffe"],
    ["i64be", (out) => out.i64be(-2n), "fffffffffffffffe"],
    ["strBe", (out) => out.strBe("ab"), "000000026162"],
    ["strBe, not ASCII", (out) => out.strBe("aé"), "0000000361c3a9"],
  ])("writes %s big-endian", (_name, write, hex) => {
    expect(hexOf(write)).toBe(hex);
  });

  const misfits: [string, (out: Writer) => void][] = [
    ["u8 256", (out) => out.u8(256)],
    ["u8 -1", (out) => out.u8(-1)],
    ["u8 1.5", (out) => out.u8(1.5)],
    ["u8 NaN", (out) => out.u8(Number.NaN)],
    ["u16 2^16", (out) => out.u16(2 ** 16)],
    ["u32 2^32", (out) => out.u32(2 ** 32)],
    ["u32 -1", (out) => out.u32(-1)],
    ["i32 2^31", (out) => out.i32(2 ** 31)],
    ["i32be 2^31", (out) => out.i32be(2 ** 31)],
    ["i64be 2^63", (out) => out.i64be(2n ** 63n)],
    ["u53 2^53", (out) => out.u53(2 ** 53)],
    ["u53 -1", (out) => out.u53(-1)],
    ["u53 0.5", (out) => out.u53(0.5)],
    ["u64 2^64", (out) => out.u64(2n ** 64n)],
    ["u64 -1", (out) => out.u64(-1n)],
    ["i64 2^63", (out) => out.i64(2n ** 63n)],
    ["half a surrogate pair", (out) => out.str("\ud834")],
    ["half a pair in a long text", (out) => out.str(`${"x".repeat(100)}\udd1e`)],
  ];
  test.each(misfits)("refuses %s as a bug of its caller", (_name, write) => {
    expect(() => hexOf(write)).toThrow(AssertionError);
  });

  test("hands out results that later writing does not change", () => {
    const out = new Writer(64);
    const results: Uint8Array[] = [];
    for (let index = 0; index < 100; index++) {
      out.str(`result ${index}`);
      results.push(out.finish());
    }
    results.forEach((result, index) => {
      expect(result.subarray(4)).toEqual(utf8(`result ${index}`));
    });
  });

  test("grows past its slab and keeps what was begun", () => {
    const out = new Writer(16);
    const expected: number[] = [];
    for (let index = 0; index < 1000; index++) {
      out.u8(index & 0xff);
      expected.push(index & 0xff);
    }
    expect(out.length).toBe(1000);
    expect([...out.finish()]).toEqual(expected);
  });

  test("does not keep small results in the slab of a large one", () => {
    const out = new Writer(64);
    out.raw(new Uint8Array(10_000));
    const large = out.finish();
    out.u8(1);
    expect(large.byteLength).toBe(10_000);
    expect(out.finish().buffer.byteLength).toBe(64);
  });

  test("forgets on reset only what is not finished", () => {
    const out = new Writer();
    out.u16(1);
    const kept = out.finish();
    out.u32(0xffffffff);
    out.reset();
    out.u8(2);
    expect([toHex(kept), toHex(out.finish())]).toEqual(["0100", "02"]);
  });

  test("fills in earlier positions, also after it grew", () => {
    const out = new Writer(8);
    out.u8(1);
    out.finish();
    out.skip(4);
    out.raw(new Uint8Array(20).fill(9));
    out.rewrite(0, () => out.u32(out.length));
    expect(toHex(out.finish())).toBe(`00000000${"09".repeat(20)}`);
  });

  test("does not let an earlier position run over the end", () => {
    const out = new Writer();
    out.u16(1);
    expect(() => out.rewrite(0, () => out.u32(1))).toThrow(AssertionError);
  });

  test("shows what was written and nothing else", () => {
    const out = new Writer();
    out.u8(7);
    out.finish();
    out.u16(0x0201);
    expect([...out.written(1, 2)]).toEqual([2]);
    expect(() => out.written(0, 3)).toThrow(AssertionError);
  });
});

test("texts are written as TextEncoder writes them", () => {
  const text = fc.string({ unit: "binary", maxLength: 80 });
  fc.assert(
    fc.property(text, (value) => {
      const out = new Writer(16);
      out.str(value);
      expect(out.finish().subarray(4)).toEqual(utf8(value));
    }),
  );
});
