import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { logRecords } from "../../../cluster/kv/level-log.ts";
import { logPart } from "./log-form.ts";

const BLOCK_SIZE = 32 << 10;

/** The records as texts, with "!" where something is damaged. */
function read(...parts: readonly Uint8Array[]): string[] {
  return [...logRecords(Buffer.concat(parts))].map((record) =>
    record === undefined ? "!" : Buffer.from(record).toString("latin1"),
  );
}

function flipped(part: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(part);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

const full = (text: string): Uint8Array => logPart("full", utf8(text));

test("records follow each other", () => {
  expect(read(full("one"), full(""), full("three"))).toEqual(["one", "", "three"]);
  expect(read()).toEqual([]);
});

test("a record in parts is one record", () => {
  const parts = [
    logPart("first", utf8("a")),
    logPart("middle", utf8("b")),
    logPart("last", utf8("c")),
  ];
  expect(read(full("before"), ...parts, full("behind"))).toEqual(["before", "abc", "behind"]);
});

test("the end of a block that is too small for a header is passed over", () => {
  const first = full("x".repeat(BLOCK_SIZE - 7 - 3));
  expect(first.byteLength).toBe(BLOCK_SIZE - 3);
  expect(read(first, new Uint8Array(3), full("next"))[1]).toBe("next");
});

test.each([0, 1, 4, 5, 6, 7, 9])("a flip in byte %i of a record spares those around it", (at) => {
  expect(read(full("one"), flipped(full("two"), at), full("three"))).toEqual(["one", "!", "three"]);
});

test("parts without a beginning or without an end are no record", () => {
  const first = logPart("first", utf8("a"));
  const last = logPart("last", utf8("b"));
  expect(read(flipped(first, 7), last, full("behind"))).toEqual(["!", "behind"]);
  expect(read(first)).toEqual(["!"]);
});

test.each([1, 5, 9])("a record cut after %i bytes is damage at the end", (size) => {
  expect(read(full("one"), full("two").subarray(0, size))).toEqual(
    size < 7 ? ["one"] : ["one", "!"],
  );
});

test("no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const record of logRecords(bytes)) expect(record?.byteLength ?? 0).toBeLessThan(300);
    }),
  );
});
