import { expect, test } from "vitest";
import { type Write, writeSize } from "../../../cluster/kv/store.ts";

const bytes = (size: number): Uint8Array => new Uint8Array(size);

test.each<[string, Write, number]>([
  ["a put is its key and value", { type: "put", key: bytes(3), value: bytes(100) }, 103],
  ["a delete is its key", { type: "delete", key: bytes(3) }, 3],
  ["an empty one", { type: "delete", key: bytes(0) }, 0],
])("%s, and never free: a queue of empty writes has an end, too", (_, write, size) => {
  expect(writeSize(write)).toBeGreaterThan(size);
  expect(writeSize(write)).toBeLessThanOrEqual(size + 32);
});
