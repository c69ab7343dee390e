import { describe, expect, test } from "vitest";
import { mix, mixPair, unitInterval } from "../../../bench/placement/mix.ts";

describe("mixing", () => {
  test("keeps words apart", () => {
    const words = Array.from({ length: 50_000 }, (_, word) => mix(word));
    expect(new Set(words).size).toBe(words.length);
    expect(words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)).toBe(true);
  });

  test("changes half of the bits when one of the input's changes", () => {
    for (let bit = 0; bit < 32; bit++) {
      let changed = 0;
      for (let word = 0; word < 256; word++) {
        changed += bitCount(mix(word * 0x10001) ^ mix((word * 0x10001) ^ (1 << bit)));
      }
      expect(Math.abs(changed / 256 - 16)).toBeLessThan(1.5);
    }
  });

  test("of a pair depends on the order", () => {
    expect(mixPair(1, 2)).not.toBe(mixPair(2, 1));
  });

  test.each([
    [0, 2 ** -32],
    [2 ** 31 - 1, 0.5],
    [2 ** 32 - 1, 1],
  ])("%d stands for %d", (word, number) => {
    expect(unitInterval(word)).toBe(number);
  });
});

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
