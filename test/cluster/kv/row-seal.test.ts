import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { SEAL_SIZE, sealValue, unsealValue, withoutSeal } from "../../../cluster/kv/row-seal.ts";
import { xxh64OfChunks } from "../../../cluster/wire/checksum.ts";

const anyBytes = fc.uint8Array({ maxLength: 40 });

test("a sealed value is the value and the xxh64 over key and value, little-endian", () => {
  expect(toHex(sealValue(utf8("key"), utf8("value")))).toBe(
    `${toHex(utf8("value"))}${sealHex(utf8("key"), utf8("value"))}`,
  );
});

describe("what was sealed", () => {
  test("comes back under its key", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (key, value) => {
        expect(unsealValue(key, sealValue(key, value))).toEqual(value);
      }),
    );
  });

  test.each([0, 1, 65_528, 65_536, 65_537, 1 << 20])("has any size: %i bytes", (size) => {
    const value = new Uint8Array(size).fill(7);
    const key = utf8("a key");
    const sealed = sealValue(key, value);
    expect(sealed.byteLength).toBe(size + SEAL_SIZE);
    expect(toHex(sealed.subarray(size))).toBe(sealHex(key, value));
    const found = unsealValue(key, sealed);
    expect(found !== undefined && equalBytes(found, value)).toBe(true);
  });

  test("does not come back with any one bit flipped", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, fc.nat(), (key, value, at) => {
        const sealed = sealValue(key, value);
        const bit = at % (sealed.byteLength * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(unsealValue(key, sealed)).toBeUndefined();
      }),
    );
  });

  test("does not come back under another key", () => {
    expect(unsealValue(utf8("b"), sealValue(utf8("a"), utf8("1")))).toBeUndefined();
  });

  test("does not come back cut short", () => {
    const sealed = sealValue(utf8("a"), utf8("1"));
    for (let size = 0; size < sealed.byteLength; size++) {
      expect(unsealValue(utf8("a"), sealed.subarray(0, size))).toBeUndefined();
    }
  });
});

test("without its seal a value comes back whatever the seal says", () => {
  const sealed = sealValue(utf8("a"), utf8("12"));
  sealed[0] = 0x33;
  expect(withoutSeal(sealed)).toEqual(utf8("32"));
  expect(withoutSeal(utf8("short"))).toEqual(new Uint8Array(0));
});

function sealHex(key: Uint8Array, value: Uint8Array): string {
  const seal = Buffer.alloc(SEAL_SIZE);
  seal.writeBigUInt64LE(xxh64OfChunks([key, value]));
  return toHex(seal);
}
