import fc from "fast-check";
import { expect, test } from "vitest";
import { packBytes, packedSize, unpackBytes } from "../../../monitor/tree/packed-bytes.ts";

test("bytes come back, whatever their values and size", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), (bytes) => {
      const packed = packBytes(bytes);
      expect(packedSize(packed)).toBe(bytes.byteLength);
      expect(Buffer.from(unpackBytes(packed) ?? []).equals(bytes)).toBe(true);
    }),
  );
});

test("null is not the same as empty", () => {
  expect(unpackBytes(packBytes(undefined))).toBeUndefined();
  expect(packedSize(undefined)).toBe(0);
  expect(unpackBytes(packBytes(new Uint8Array(0)))?.byteLength).toBe(0);
});

test.each([10, 5000])("what is packed of %i bytes is no view of what was given", (size) => {
  const bytes = Buffer.alloc(size, 1);
  const packed = packBytes(bytes);
  bytes.fill(2);
  expect(unpackBytes(packed)?.every((byte) => byte === 1)).toBe(true);
});
