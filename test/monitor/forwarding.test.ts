import { describe, expect, test } from "vitest";
import { assertWithinLimits } from "../../cluster/runtime/outgoing.ts";
import { CodecError } from "../../cluster/wire/codec-error.ts";
import {
  decodeEntries,
  encodeEntries,
  entryBytes,
  FORWARD_BYTES_MAX,
  isFit,
  splitEntries,
} from "../../monitor/forwarding.ts";
import {
  ENTRY_BYTES_MAX,
  IDENTITY_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from "../../monitor/message/limits.ts";
import { BATCH_ENTRY_COUNT_MAX, type Entry, identityBytes } from "../../monitor/tree/batch.ts";
import { DEFAULT_SETTINGS } from "../../monitor/tree/settings.ts";

function request(sequence: number, size: number): Entry {
  const identities = [{ scheme: "ip", id: "10.0.0.1" }];
  const place = { session: 1, server: 2, connection: 3 };
  return { type: "request", ...place, sequence, identities, op: 1, body: new Uint8Array(size) };
}

const EXPIRE: Entry = { type: "expireSession", session: 9 };

function many(count: number, id: string) {
  return Array.from({ length: count }, () => ({ scheme: "digest", id }));
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

  test.each<[string, Entry]>([
    ["identities", { ...request(1, 0), identities: many(256, "\u6f22") } as Entry],
    ["a path", { type: "reap", path: `/${"\u00ef".repeat(5_000)}`, kind: "ttl" }],
    [
      "settings",
      { type: "settings", settings: { ...DEFAULT_SETTINGS, config: new Uint8Array(9_000) } },
    ],
    ["nothing of its own", { type: "expireSession", session: 2 ** 52 }],
  ])("take at most the bytes that are counted, with %s", (_what, entry) => {
    const counted = entryBytes(entry);
    expect(encodeEntries([entry]).byteLength).toBeLessThanOrEqual(counted);
    expect(counted).toBeLessThan(encodeEntries([entry]).byteLength + 200);
  });

  test("fit into a batch and a message as the largest request with the most identities", () => {
    const identities = [{ scheme: "digest", id: "x".repeat(IDENTITY_BYTES_MAX - 14) }];
    const largest = { ...request(1, REQUEST_BYTES_MAX), identities } as Entry;
    expect(identityBytes(identities)).toBe(IDENTITY_BYTES_MAX);
    expect(isFit(largest)).toBe(true);
    expect(isFit(request(1, ENTRY_BYTES_MAX))).toBe(false);
    const payload = encodeEntries([largest]);
    expect(() => assertWithinLimits(0, payload.byteLength)).not.toThrow();
  });

  test("are split where they are more than one list can have", () => {
    const entries = Array.from({ length: BATCH_ENTRY_COUNT_MAX + 1 }, () => EXPIRE);
    expect(splitEntries(entries).map((part) => part.length)).toEqual([BATCH_ENTRY_COUNT_MAX, 1]);
  });

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
