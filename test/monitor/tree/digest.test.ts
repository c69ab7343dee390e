import fc from "fast-check";
import { expect, test } from "vitest";
import { addHash, Hasher, subtractHash, toDigest } from "../../../monitor/tree/digest.ts";

function hashOf(work: (hasher: Hasher) => void): { a: number; b: number } {
  const hasher = new Hasher();
  hasher.reset();
  work(hasher);
  hasher.finish();
  return { a: hasher.a, b: hasher.b };
}

test("the sum does not depend on the order, and what was added can be taken out", () => {
  const numbers = fc.array(fc.maxSafeInteger(), { maxLength: 20 });
  fc.assert(
    fc.property(numbers, numbers, (kept, gone) => {
      const hashes = kept.map((value) => hashOf((hasher) => hasher.number(value)));
      const removed = gone.map((value) => hashOf((hasher) => hasher.number(value)));
      const [one, other] = [
        { a: 0, b: 0 },
        { a: 0, b: 0 },
      ];
      for (const hash of hashes) addHash(one, hash);
      for (const hash of [...removed, ...hashes.toReversed()]) addHash(other, hash);
      for (const hash of removed) subtractHash(other, hash);
      expect(toDigest(other)).toBe(toDigest(one));
    }),
  );
});

const DIFFERENT: [string, (hasher: Hasher) => void, (hasher: Hasher) => void][] = [
  ["texts", (hasher) => hasher.text("/a"), (hasher) => hasher.text("/b")],
  ["texts of other lengths", (hasher) => hasher.text("a"), (hasher) => hasher.text("a\0")],
  ["characters in another order", (hasher) => hasher.text("abc"), (hasher) => hasher.text("acb")],
  ["bytes", (hasher) => hasher.bytes(Uint8Array.of(1)), (hasher) => hasher.bytes(Uint8Array.of(2))],
  [
    "zeros at the end",
    (hasher) => hasher.bytes(new Uint8Array(4)),
    (hasher) => hasher.bytes(new Uint8Array(5)),
  ],
  ["upper halves", (hasher) => hasher.number(1), (hasher) => hasher.number(2 ** 32 + 1)],
  ["signs", (hasher) => hasher.number(-1), (hasher) => hasher.number(2 ** 32 - 1)],
];

test.each(DIFFERENT)("different %s have different hashes", (_, left, right) => {
  expect(hashOf(left).a).not.toBe(hashOf(right).a);
  expect(hashOf(left).b).not.toBe(hashOf(right).b);
});

test("a hundred thousand neighbours do not collide", () => {
  const seen = new Set<bigint>();
  for (let value = 0; value < 100_000; value++) {
    seen.add(toDigest(hashOf((hasher) => hasher.number(value))));
  }
  expect(seen.size).toBe(100_000);
});

test("the hash of bytes is that of their words, wherever they lie", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(3), (bytes, offset) => {
      const placed = new Uint8Array(offset + bytes.length);
      placed.set(bytes, offset);
      const expected = hashOf((hasher) => {
        hasher.word(bytes.length);
        const whole = bytes.length - (bytes.length % 4);
        const buffer = Buffer.from(bytes);
        for (let at = 0; at < whole; at += 4) hasher.word(buffer.readInt32LE(at));
        for (const byte of bytes.subarray(whole)) hasher.word(byte);
      });
      expect(hashOf((hasher) => hasher.bytes(placed.subarray(offset)))).toEqual(expected);
    }),
  );
});
