import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { xxh64, xxh64OfChunks } from "../../../cluster/wire/checksum.ts";

describe("xxh64", () => {
  test.each([
    ["", 0xef46db3751d8e999n],
    ["a", 0xd24ec4f1a98c6e5bn],
    ["abc", 0x44bc2cf5ad770999n],
    ["Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1n],
    ["The quick brown fox jumps over the lazy dog", 0x0b242d361fda71bcn],
  ])("of the text %j is what other implementations publish", (text, expected) => {
    expect(xxh64(utf8(text))).toBe(expected);
  });

  test.each([
    [1, 0xe934a84adb052768n],
    [4, 0x9136a0dca57457een],
    [14, 0x8282dcc4994e35c8n],
    [222, 0xb641ae8cb691c174n],
  ])(
    "of %i bytes of the reference implementation's self test is what that expects",
    (size, sum) => {
      expect(xxh64(selfTestBytes(size))).toBe(sum);
    },
  );

  test("looks only at the bytes of a view, not at those around it", () => {
    expect(xxh64(utf8("xabcx").subarray(1, 4))).toBe(xxh64(utf8("abc")));
  });

  test("of large bytes equals that of the same bytes hashed piece by piece", () => {
    const large = new Uint8Array(700_001).map((_, index) => index * 31);
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < large.byteLength; from += 999) {
      chunks.push(large.subarray(from, from + 999));
    }
    expect(xxh64(large)).toBe(xxh64OfChunks(chunks));
  });
});

test("the checksum of chunks does not depend on where they were cut", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 8 });
  fc.assert(
    fc.property(chunks, (parts) => {
      expect(xxh64OfChunks(parts)).toBe(xxh64(Buffer.concat(parts)));
    }),
  );
});

/** The generator of the reference implementation's sanity check. */
function selfTestBytes(size: number): Uint8Array {
  let state = 2654435761n;
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(state >> 56n);
    state = BigInt.asUintN(64, state * 11400714785074694797n);
    return byte;
  });
}
