import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import {
  compareBytes,
  concatBytes,
  EMPTY_BYTES,
  equalBytes,
  fromHex,
  lossyTextOf,
  prefixEnd,
  textOf,
  toHex,
  utf8,
  utf8Size,
  wellFormed,
} from "../../../cluster/base/bytes.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** Few values, so that prefixes and equal strings are common; 0x7f and 0x80 differ in sign. */
const anyBytes = fc
  .array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), { maxLength: 5 })
  .map((values) => Uint8Array.from(values));

/** Order by definition: the first byte that differs decides, else the shorter is first. */
function compareTwin(left: Uint8Array, right: Uint8Array): number {
  for (const [index, byte] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (byte !== other) return byte < other ? -1 : 1;
  }
  return left.length === right.length ? 0 : -1;
}

describe("order", () => {
  test.each([
    ["", "", 0],
    ["", "00", -1],
    ["61", "6100", -1],
    ["61ff", "62", -1],
    ["7f", "80", -1],
    ["ff", "00", 1],
    ["6161", "6161", 0],
  ])("%j against %j", (left, right, expected) => {
    const ordered = compareBytes(hex(left), hex(right));
    expect(Math.sign(ordered)).toBe(expected);
  });

  test("is unsigned and bytewise, and equality agrees with it", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (left, right) => {
        expect(Math.sign(compareBytes(left, right))).toBe(compareTwin(left, right));
        expect(equalBytes(left, right)).toBe(compareTwin(left, right) === 0);
      }),
    );
  });

  test("looks at a view only, not at the buffer behind it", () => {
    const buffer = bytes(9, 1, 2, 9);
    expect(equalBytes(buffer.subarray(1, 3), bytes(1, 2))).toBe(true);
    expect(compareBytes(buffer.subarray(1, 3), bytes(1, 3))).toBeLessThan(0);
  });
});

describe("concatBytes", () => {
  test.each([
    [[], ""],
    [["61"], "61"],
    [["61", "", "6263"], "616263"],
  ])("%j", (parts, expected) => {
    expect(toHex(concatBytes(...parts.map(hex)))).toBe(expected);
  });
});

describe("text", () => {
  test.each([
    "",
    "osd.3",
    "na\u00efve",
    "\u6f22\u5b57",
    "\u{1f980}",
    "\ufeffstarts with a mark",
    "\0",
  ])("%j survives the way there and back", (text) => {
    expect(textOf(utf8(text))).toBe(text);
    expect(utf8Size(text)).toBe(utf8(text).byteLength);
  });

  test("that may be lossy is the same where it is UTF-8, and has replacements elsewhere", () => {
    expect(lossyTextOf(utf8("\ufeffna\u00efve"))).toBe("\ufeffna\u00efve");
    expect(lossyTextOf(bytes(0x61, 0xff, 0x62))).toBe("a\ufffdb");
  });

  test.each([
    ["a lone continuation byte", "80"],
    ["a sequence that is cut off", "e6bc"],
    ["a slash in two bytes", "c0af"],
    ["half of a surrogate pair", "eda080"],
  ])("%s is refused", (_, damaged) => {
    expect(() => textOf(hex(damaged))).toThrow(TypeError);
  });
});

describe("hexadecimal", () => {
  test("bytes survive the way there and back, as two lower-case digits each", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        expect(toHex(value)).toMatch(/^([0-9a-f]{2})*$/);
        expect(equalBytes(present(fromHex(toHex(value)), "bytes"), value)).toBe(true);
      }),
    );
  });

  test("of a view shows the view only", () => {
    expect(toHex(bytes(9, 0xab, 9).subarray(1, 2))).toBe("ab");
  });

  test("upper-case digits are read", () => {
    expect(toHex(hex("AbCD"))).toBe("abcd");
  });

  test.each(["a", "abc", "0g", "0x12", " 12", "12\n", "\u0661\u0662"])("%j is none", (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe("prefixEnd", () => {
  test.each([
    ["61", "62"],
    ["00", "01"],
    ["6161", "6162"],
    ["61ff", "62"],
    ["61feff", "61ff"],
    ["61ffff", "62"],
    ["", undefined],
    ["ff", undefined],
    ["ffff", undefined],
  ])("of %s is %s", (prefix, expected) => {
    const end = prefixEnd(Uint8Array.from(hex(prefix)));
    expect(end === undefined ? undefined : toHex(end)).toBe(expected);
  });

  test("divides what begins with the prefix from what comes after", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (prefix, key) => {
        const end = prefixEnd(prefix);
        const isInside =
          compareBytes(key, prefix) >= 0 && (end === undefined || compareBytes(key, end) < 0);
        expect(isInside).toBe(equalBytes(key.subarray(0, prefix.length), prefix));
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves the prefix as it was", () => {
    const prefix = bytes(0x61, 0x62);
    prefixEnd(prefix);
    expect(prefix).toEqual(bytes(0x61, 0x62));
  });

  test("leaves a prefix as it was that is a Buffer, whose slices share its memory", () => {
    const prefix = hex("6162");
    prefixEnd(prefix);
    expect(toHex(prefix)).toBe("6162");
  });
});

test("the empty byte string is empty", () => {
  expect(EMPTY_BYTES.byteLength).toBe(0);
});

function hex(text: string): Uint8Array {
  return present(fromHex(text), `bytes of ${text}`);
}

test.each([
  ["whole \u{1f4a5} \u00e9", "whole \u{1f4a5} \u00e9"],
  ["cut \ud83d", "cut \ufffd"],
  ["\udca5 cut", "\ufffd cut"],
  ["\udca5\ud83d", "\ufffd\ufffd"],
  ["", ""],
])("%j is well formed as %j", (text, expected) => {
  expect(wellFormed(text)).toBe(expected);
  expect(textOf(utf8(wellFormed(text)))).toBe(expected);
});
