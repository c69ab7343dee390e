import { describe, expect, test } from "vitest";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import {
  decodeEntries,
  encodeEntries,
  entryBytes,
  FORWARD_BYTES_MAX,
  splitEntries,
} from "../../monitor/forwarding.ts";
import type { Entry } from "../../monitor/tree/batch.ts";

function request(sequence: number, size: number): Entry {
  const identities = [{ scheme: "ip", id: "10.0.0.1" }];
  const place = { session: 1, server: 2, connection: 3 };
  return { type: "request", ...place, sequence, identities, op: 1, body: new Uint8Array(size) };
}

describe("entries on their way to the leader", () => {
  test("come back as they were", () => {
    const entries: Entry[] = [request(1, 5), { type: "expireSession", session: 9 }];
    expect(decodeEntries(encodeEntries(entries))).toEqual(entries);
    expect(decodeEntries(encodeEntries([]))).toEqual([]);
  });

  test("are refused if they are none", () => {
    expect(() => decodeEntries(Uint8Array.of(0, 0, 0, 1, 99))).toThrow(CodecError);
  });

  test.each([0, 1, 1_000, 100_000])(
    "take at most the bytes that are counted, with %i of body",
    (size) => {
      const entry = request(1, size);
      expect(encodeEntries([entry]).byteLength).toBeLessThanOrEqual(entryBytes(entry));
      expect(entryBytes(entry)).toBeLessThan(size + 200);
    },
  );

  test("are split in order, each part small enough for a message", () => {
    const size = FORWARD_BYTES_MAX / 4;
    const entries = Array.from({ length: 10 }, (_, index) => request(index + 1, size));
    const parts = splitEntries(entries);
    expect(parts.flat()).toEqual(entries);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(encodeEntries(part).byteLength).toBeLessThanOrEqual(FORWARD_BYTES_MAX);
    }
  });

  test("stay together if they fit, and none are no part", () => {
    expect(splitEntries([request(1, 10), request(2, 10)])).toHaveLength(1);
    expect(splitEntries([])).toEqual([]);
  });

  test("are a part of their own if they are larger than that", () => {
    const parts = splitEntries([request(1, 1), request(2, FORWARD_BYTES_MAX), request(3, 1)]);
    expect(parts.map((part) => part.length)).toEqual([1, 1, 1]);
  });
});
