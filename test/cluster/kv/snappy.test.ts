import fc from "fast-check";
import { expect, test } from "vitest";
import { readVarint, snappyUncompress } from "../../../cluster/kv/snappy.ts";

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString("latin1");
const bytesOf = (...parts: (number | string)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))),
  );

test.each([
  ["a literal", bytesOf(3, 2 << 2, "abc"), "abc"],
  ["a literal with a length of its own", bytesOf(3, 60 << 2, 2, "abc"), "abc"],
  ["a near copy", bytesOf(7, 2 << 2, "abc", 1 | (0 << 2), 3), "abcabca"],
  ["a copy with an offset of two bytes", bytesOf(6, 2 << 2, "abc", 2 | (2 << 2), 3, 0), "abcabc"],
  ["a copy with an offset of four", bytesOf(6, 2 << 2, "abc", 3 | (2 << 2), 3, 0, 0, 0), "abcabc"],
  ["a copy of what it writes itself", bytesOf(8, 0, "x", 1 | (3 << 2), 1), "xxxxxxxx"],
  ["nothing", bytesOf(0), ""],
])("%s", (_, compressed, expected) => {
  expect(text(snappyUncompress(compressed, 100))).toBe(expected);
});

test.each([
  ["ends before its size", bytesOf(4, 2 << 2, "abc")],
  ["is longer than its size", bytesOf(2, 2 << 2, "abc")],
  ["copies from before its beginning", bytesOf(8, 0, "x", 1 | (3 << 2), 2)],
  ["copies from nowhere", bytesOf(8, 0, "x", 1 | (3 << 2), 0)],
  ["ends in a literal", bytesOf(3, 2 << 2, "ab")],
  ["is larger than allowed", bytesOf(101)],
  ["has no size", bytesOf(0xff)],
  ["is empty", bytesOf()],
])("what %s is refused", (_, compressed) => {
  expect(snappyUncompress(compressed, 100)).toBeUndefined();
});

test("no bytes make it throw or write too much", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const out = snappyUncompress(bytes, 1_000);
      expect(out === undefined || out.byteLength <= 1_000).toBe(true);
    }),
  );
});

test("a varint is at most 2^53 - 1", () => {
  const read = (...bytes: number[]): number | undefined =>
    readVarint({ bytes: Uint8Array.from(bytes), at: 0 });
  expect(read(0x96, 0x01)).toBe(150);
  expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(Number.MAX_SAFE_INTEGER);
  expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBeUndefined();
  expect(read(0x80)).toBeUndefined();
});
