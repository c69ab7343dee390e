import { describe, expect, test } from "vitest";
import { bucketForm } from "../../crush/binary-bucket.ts";
import { ByteReader, ByteWriter } from "../../crush/binary-form.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import type { Algorithm, CrushBucket } from "../../crush/types.ts";
import { failureOf } from "./map-texts.ts";

function bucket(alg: Algorithm, weights: readonly number[]): CrushBucket {
  const items = weights.map((_, index) => index);
  return makeBucket({ id: -3, type: 258, hash: 1, alg, items, weights }, 1);
}

function written(value: CrushBucket | undefined): Uint8Array {
  const output = new ByteWriter();
  bucketForm(2).write(output, value);
  return output.finish();
}

function read(bytes: Uint8Array, slot = 2): CrushBucket | undefined {
  return bucketForm(slot).read(new ByteReader(bytes));
}

describe("a slot", () => {
  test("that is empty is four zero bytes", () => {
    expect([...written(undefined)]).toEqual([0, 0, 0, 0]);
    expect(read(written(undefined))).toBeUndefined();
  });

  test.each([
    ["uniform", [5, 5]],
    ["list", [1, 2, 3]],
    ["tree", [1, 2, 3]],
    ["tree", []],
    ["straw", [1, 2]],
    ["straw2", [1, 0xffff0000]],
  ] as const)("with a %s bucket of %j is read as it was written", (alg, weights) => {
    const value = bucket(alg, weights);
    expect(read(written(value))).toEqual(value);
  });

  test("starts with the bucket's head", () => {
    expect([...written(bucket("straw2", [7]))]).toEqual(
      [
        [5, 0, 0, 0],
        [253, 255, 255, 255],
        [2, 1],
        [5],
        [1],
        [7, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [7, 0, 0, 0],
      ].flat(),
    );
  });
});

describe("a slot that is wrong", () => {
  const patched = (alg: Algorithm, at: number, byte: number): Uint8Array => {
    const bytes = written(bucket(alg, [1, 2, 3]));
    bytes[at] = byte;
    return bytes;
  };

  test.each([
    [
      "an unknown algorithm",
      patched("straw2", 0, 9),
      2,
      "at byte 0: there is no bucket algorithm 9",
    ],
    [
      "another bucket",
      patched("straw2", 0, 5),
      1,
      "at byte 0: the slot of bucket -2 holds bucket -3",
    ],
    [
      "two algorithms",
      patched("straw2", 10, 4),
      2,
      "at byte 0: bucket -3 has two algorithms, 5 and 4",
    ],
    [
      "a tree with too few nodes",
      patched("tree", 32, 4),
      2,
      "at byte 32: a tree of 3 items cannot have 4 nodes",
    ],
    [
      "more items than bytes",
      patched("straw2", 19, 200),
      2,
      /^at byte 20: a count of \d+ does not fit into the 24 bytes left/,
    ],
    [
      "no weights",
      written(bucket("straw2", [1, 2])).slice(0, 30),
      2,
      /^at byte 28: a count of 2 does not fit/,
    ],
  ])("holds %s", (_, bytes, slot, message) => {
    expect(failureOf(() => read(bytes, slot)).message).toMatch(message);
  });
});
