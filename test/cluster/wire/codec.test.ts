import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { EMPTY_BYTES, fromHex, toHex } from "../../../cluster/base/bytes.ts";
import { parsePeerName, peerName } from "../../../cluster/base/ids.ts";
import {
  bool,
  bytes,
  type Codec,
  checked,
  decode,
  encode,
  f64,
  i32,
  i64,
  list,
  map,
  oneOf,
  optional,
  record,
  str,
  type TypeOf,
  tuple,
  u8,
  u16,
  u32,
  u53,
  u64,
  union,
} from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";

const name = checked(str, parsePeerName);
const change = union({
  put: { id: 1, body: record({ key: str, size: u53 }) },
  clear: { id: 4, body: record({}) },
});
const nothing = record({});

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? EMPTY_BYTES;
}

function errorOf<T>(codec: Codec<T>, hex: string): CodecError {
  try {
    decode(codec, bytesOf(hex));
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("a declaration", () => {
  const cases: [string, Codec<unknown>, unknown, string][] = [
    ["record", record({ a: u8, b: u16 }), { a: 1, b: 2 }, "010200"],
    ["record of nothing", nothing, {}, ""],
    ["tuple", tuple(u8, str), [1, "x"], "010100000078"],
    ["list", list(u8, { max: 3 }), [7, 8, 9], "03000000070809"],
    ["empty list", list(u8, { max: 0 }), [], "00000000"],
    ["list of nothings", list(nothing, { max: 2 }), [{}, {}], "02000000"],
    ["map", map(u8, bool, { max: 9 }), new Map([[5, true]]), "010000000501"],
    ["optional, there", optional(u8), 7, "0107"],
    ["optional, not there", optional(u8), undefined, "00"],
    ["oneOf", oneOf("up", "down"), "down", "01"],
    ["union", change, { type: "put", key: "k", size: 2 }, "01010000006b0200000000000000"],
    ["union without fields", change, { type: "clear" }, "04"],
    ["checked", name, "osd.3", "050000006f73642e33"],
  ];
  test.each(cases)("of a %s gives exactly these bytes and back", (_what, codec, value, hex) => {
    expect(toHex(encode(codec, value))).toBe(hex);
    expect(decode(codec, bytesOf(hex))).toEqual(value);
  });

  test("of a record lets optional fields be left out, and decodes them as undefined", () => {
    const codec = record({ a: optional(u8), b: u8 });
    const value: TypeOf<typeof codec> = { b: 2 };
    expect(toHex(encode(codec, value))).toBe("0002");
    expect(Object.entries(decode(codec, encode(codec, value)))).toEqual([
      ["a", undefined],
      ["b", 2],
    ]);
  });

  test("of a checked text carries the type that the check proves", () => {
    const peer: TypeOf<typeof name> = peerName("osd.3");
    expect(decode(name, encode(name, peer))).toBe(peer);
  });

  test("keeps the order of a map", () => {
    const codec = map(str, u8, { max: 3 });
    const keys = ["b", "a", "c"];
    const value = new Map(keys.map((key, index) => [key, index]));
    expect([...decode(codec, encode(codec, value)).keys()]).toEqual(keys);
  });

  test("may nest encode in encode", () => {
    const inner = record({ a: u8 });
    const sealed: Codec<number> = {
      encode: (out, a) => out.bytes(encode(inner, { a })),
      decode: (input) => decode(inner, input.bytes()).a,
    };
    const codec = tuple(u8, sealed, u8);
    expect(decode(codec, encode(codec, [1, 2, 3]))).toEqual([1, 2, 3]);
  });
});

describe("hostile bytes", () => {
  const entries = record({ accept: record({ entries: list(record({ key: str }), { max: 9 }) }) });
  const cases: [string, Codec<unknown>, string, string, string, number][] = [
    ["too few", record({ a: u8, b: u16 }), "0102", "TRUNCATED", "b", 1],
    ["too many", record({ a: u8 }), "0102", "TRAILING", "", 1],
    ["a bad element", entries, "0100000002000000ff", "TRUNCATED", "accept.entries[0].key", 8],
    ["too many elements", list(u8, { max: 2 }), "03000000010203", "TOO_LARGE", "", 0],
    ["too many nothings", list(nothing, { max: 2 }), "03000000", "TOO_LARGE", "", 0],
    ["a false count", list(u32, { max: 1 << 30 }), "0000004000000000", "TRUNCATED", "", 0],
    ["a false map size", map(u32, str, { max: 9 }), "02000000ffffffff00", "TRUNCATED", "", 0],
    ["a bad tuple", tuple(u8, bool), "0002", "OUT_OF_RANGE", "[1]", 1],
    ["a bad map value", map(u8, bool, { max: 9 }), "02000000000001ff", "OUT_OF_RANGE", "[1]", 7],
    ["a key twice", map(u8, bool, { max: 9 }), "0200000005010501", "DUPLICATE", "[1]", 7],
    ["an optional of 2", optional(u8), "0207", "OUT_OF_RANGE", "", 0],
    ["no such literal", oneOf("up", "down"), "02", "OUT_OF_RANGE", "", 0],
    ["no such member", change, "02", "UNKNOWN_TYPE", "", 1],
    ["a bad member", change, "0101000000ff", "BAD_TEXT", "put.key", 5],
    ["a failed check", name, "01000000ff", "BAD_TEXT", "", 4],
    ["not a name", name, "0100000041", "OUT_OF_RANGE", "", 0],
  ];
  test.each(cases)("with %s are refused", (_what, codec, hex, code, path, offset) => {
    const error = errorOf(codec, hex);
    expect([error.code, error.path, error.offset]).toEqual([code, path, offset]);
  });

  test("whose count cannot be true are refused before any element is decoded", () => {
    let decoded = 0;
    const element: Codec<number> = {
      ...u16,
      decode(input) {
        decoded += 1;
        return input.u16();
      },
    };
    expect(errorOf(list(element, { max: 9 }), "0300000001020304").code).toBe("TRUNCATED");
    expect(decoded).toBe(0);
  });
});

describe("a value that does not fit its declaration is a bug", () => {
  const cases: [string, () => unknown][] = [
    ["one element too many", () => encode(list(u8, { max: 1 }), [1, 2])],
    ["one entry too many", () => encode(map(u8, u8, { max: 0 }), new Map([[1, 1]]))],
    ["no such literal", () => encode(oneOf("up"), "down" as never)],
    ["no such member", () => encode(change, { type: "pot" } as never)],
    ["a failed check", () => encode(name, "OSD" as never)],
    ["a literal twice", () => oneOf("up", "up")],
    ["a field whose name is a number", () => record({ 1: u8 })],
    ["a field that would be the prototype", () => record({ ["__proto__"]: u8 })],
    ["a member's number twice", () => union({ a: member(1), b: member(1) })],
    ["a member's number of two bytes", () => union({ a: member(256) })],
  ];
  test.each(cases)("%s", (_what, act) => {
    expect(act).toThrow(AssertionError);
  });

  test("and the next encode is not touched by it", () => {
    expect(() => encode(tuple(u8, u8), [1, 256])).toThrow(AssertionError);
    expect(toHex(encode(u8, 5))).toBe("05");
  });
});

describe("any value", () => {
  const everything = record({
    numbers: tuple(u8, u16, u32, i32, u53, f64),
    wide: tuple(u64, i64),
    text: str,
    raw: bytes,
    flag: optional(bool),
    kind: oneOf("a", "b", "c"),
    children: list(record({ key: str, value: optional(bytes) }), { max: 5 }),
    index: map(str, list(u8, { max: 3 }), { max: 5 }),
    change,
  });
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const raw = fc.uint8Array({ maxLength: 20 });
  const values: fc.Arbitrary<TypeOf<typeof everything>> = fc.record({
    numbers: fc.tuple(
      fc.nat(255),
      fc.nat(65535),
      fc.nat(2 ** 31 - 1),
      fc.integer(),
      fc.maxSafeNat(),
      fc.double(),
    ),
    wide: fc.tuple(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ),
    text,
    raw,
    flag: fc.option(fc.boolean(), { nil: undefined }),
    kind: fc.constantFrom("a", "b", "c"),
    children: fc.array(fc.record({ key: text, value: fc.option(raw, { nil: undefined }) }), {
      maxLength: 5,
    }),
    index: fc
      .uniqueArray(text, { maxLength: 5 })
      .map((keys) => new Map(keys.map((key, index) => [key, [index]]))),
    change: fc.oneof(
      fc.record({ type: fc.constant("put" as const), key: text, size: fc.maxSafeNat() }),
      fc.constant({ type: "clear" as const }),
    ),
  });

  test("comes back as it was, and in the same bytes", () => {
    fc.assert(
      fc.property(values, (value) => {
        const encoded = encode(everything, value);
        const decoded = decode(everything, encoded);
        expect(decoded).toEqual(value);
        expect(encode(everything, decoded)).toEqual(encoded);
      }),
    );
  });

  test("cut short anywhere is refused", () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const encoded = encode(everything, value);
        const short = encoded.subarray(0, cut % encoded.byteLength);
        expect(() => decode(everything, short)).toThrow(CodecError);
      }),
    );
  });
});

function member(id: number): { id: number; body: Codec<object> } {
  return { id, body: nothing };
}
