import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { type Batch, batch, type Entry, EPOCH_MAX } from "../../../monitor/tree/batch.ts";
import { DEFAULT_SETTINGS } from "../../../monitor/tree/settings.ts";

const password = new Uint8Array(16).fill(9);
const ENTRIES: Entry[] = [
  {
    type: "request",
    session: 2 ** 52,
    server: 2 ** 53 - 1,
    connection: 2 ** 32 - 1,
    sequence: 1,
    identities: [{ scheme: "ip", id: "::1" }],
    op: -11,
    body: Uint8Array.of(1, 2, 3),
  },
  { type: "createSession", server: 1, connection: 2, timeoutMs: 4000, password },
  {
    type: "attachSession",
    session: 5,
    server: 1,
    connection: 3,
    timeoutMs: 4000,
    password,
    from: { server: 9, connection: 2 },
  },
  { type: "expireSession", session: 5 },
  { type: "reap", path: "/c", kind: "container" },
  { type: "reap", path: "/t", kind: "ttl" },
  { type: "settings", settings: { ...DEFAULT_SETTINGS, superDigest: "a:b" } },
];

test("every kind of entry comes back as it was sent", () => {
  const made: Batch = { epoch: EPOCH_MAX, index: 3, wallMs: 1_700_000_000_000, entries: ENTRIES };
  expect(decode(batch, encode(batch, made))).toEqual(made);
});

test.each([
  ["an epoch that a zxid cannot hold", { epoch: EPOCH_MAX + 1, entries: [] }],
  ["a password of another size", { entries: [{ ...ENTRIES[1], password: new Uint8Array(15) }] }],
])("%s is no batch", (_, fields) => {
  const made = { epoch: 1, index: 0, wallMs: 0, ...fields } as Batch;
  expect(() => encode(batch, made)).toThrow();
});

test("damaged bytes throw a CodecError and nothing else", () => {
  const good = encode(batch, { epoch: 1, index: 0, wallMs: 5, entries: ENTRIES });
  const change = fc.record({ at: fc.nat(good.byteLength - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(change, fc.nat(good.byteLength), ({ at, byte }, size) => {
      const bytes = Uint8Array.from(good.subarray(0, size));
      if (at < size) bytes[at] = byte;
      try {
        decode(batch, bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
    }),
    { numRuns: 2000 },
  );
});
