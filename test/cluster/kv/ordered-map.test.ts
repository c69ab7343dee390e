import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import { createPrng, randomInt } from "../../../cluster/base/prng.ts";
import { OrderedMap } from "../../../cluster/kv/ordered-map.ts";
import type { ScanOptions } from "../../../cluster/kv/store.ts";

/** Enough different keys for many chunks. */
const KEY_COUNT = 2000;

describe("OrderedMap", () => {
  test("an empty map has no entries", () => {
    const map = new OrderedMap<number>();
    expect(map.size).toBe(0);
    expect(map.get(keyOf(1))).toBeUndefined();
    expect(map.delete(keyOf(1))).toBe(false);
    expect([...map.entries({})]).toEqual([]);
    expect([...map.entries({ reverse: true, lte: keyOf(1) })]).toEqual([]);
  });

  test("setting a key again replaces its value", () => {
    const map = new OrderedMap<string>();
    map.set(keyOf(1), "old");
    map.set(keyOf(1), "new");
    expect(map.size).toBe(1);
    expect(map.get(keyOf(1))).toBe("new");
  });

  test.each([
    ["ascending", (index: number) => index],
    ["descending", (index: number) => KEY_COUNT - 1 - index],
    ["scattered", (index: number) => (index * 7919) % KEY_COUNT],
  ])("every key of many is found after %s inserts and deletes", (_, order) => {
    const map = new OrderedMap<number>();
    for (let index = 0; index < KEY_COUNT; index++) map.set(keyOf(order(index)), order(index));
    expect(map.size).toBe(KEY_COUNT);
    expect(valuesOf(map)).toEqual(Array.from({ length: KEY_COUNT }, (_, index) => index));
    for (let index = 0; index < KEY_COUNT; index++) {
      expect(map.get(keyOf(index))).toBe(index);
      expect([...map.entries({ gte: keyOf(index), limit: 1 })]).toEqual([[keyOf(index), index]]);
    }
    for (let index = 0; index < KEY_COUNT; index++) {
      expect(map.delete(keyOf(order(index)))).toBe(true);
      expect(map.delete(keyOf(order(index)))).toBe(false);
    }
    expect(map.size).toBe(0);
    expect(valuesOf(map)).toEqual([]);
  });

  test("an iteration shows the map as it was when it was asked for", () => {
    const map = new OrderedMap<number>();
    for (let index = 0; index < 1000; index++) map.set(keyOf(index), index);
    const untouched = map.entries({});
    const begun = map.entries({ reverse: true });
    begun.next();
    for (let index = 0; index < 1000; index += 2) map.delete(keyOf(index));
    for (let index = 1; index < 1000; index += 2) map.set(keyOf(index), -index);
    expect([...untouched].map(([, value]) => value)).toEqual([...Array(1000).keys()]);
    expect([...begun].map(([, value]) => value)).toEqual([...Array(999).keys()].reverse());
    expect(map.size).toBe(500);
  });

  test("a range with two bounds on one side is refused", () => {
    const map = new OrderedMap<number>();
    expect(() => map.entries({ gt: keyOf(1), gte: keyOf(1) })).toThrow("one lower bound");
    expect(() => map.entries({ lt: keyOf(1), lte: keyOf(1) })).toThrow("one upper bound");
  });

  test("random writes to a family of clones leave in each what they leave in its own twin", () => {
    const property = fc.property(fc.noShrink(fc.integer()), (seed) => {
      const prng = createPrng(seed);
      const family = [{ map: new OrderedMap<number>(), twin: new Map<string, number>() }];
      for (let step = 0; step < 3000; step++) {
        const { map, twin } = family[randomInt(prng, family.length)] as (typeof family)[number];
        const number = randomInt(prng, KEY_COUNT);
        if (randomInt(prng, 3) < 2) {
          map.set(keyOf(number), step);
          twin.set(toHex(keyOf(number)), step);
        } else {
          expect(map.delete(keyOf(number))).toBe(twin.delete(toHex(keyOf(number))));
        }
        if (step % 700 === 0) family.push({ map: map.clone(), twin: new Map(twin) });
        if (step % 50 === 0) expectScan(map, twin, randomScan(prng));
      }
      for (const { map, twin } of family) expectScan(map, twin, {});
    });
    fc.assert(property, { numRuns: 10 });
  });
});

/** Two bytes, big-endian: the order of the keys is that of the numbers. */
function keyOf(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff);
}

function valuesOf(map: OrderedMap<number>): number[] {
  return [...map.entries({})].map(([, value]) => value);
}

function randomScan(prng: Parameters<typeof randomInt>[0]): ScanOptions {
  const low = keyOf(randomInt(prng, KEY_COUNT));
  const high = keyOf(randomInt(prng, KEY_COUNT));
  return {
    ...[{ gte: low }, { gt: low }, {}][randomInt(prng, 3)],
    ...[{ lte: high }, { lt: high }, {}][randomInt(prng, 3)],
    reverse: randomInt(prng, 2) === 0,
    ...[{ limit: randomInt(prng, 400) }, {}][randomInt(prng, 2)],
  };
}

function expectScan(
  map: OrderedMap<number>,
  twin: ReadonlyMap<string, number>,
  options: ScanOptions,
): void {
  const { gte, gt, lt, lte, reverse, limit } = options;
  const expected = [...twin]
    .filter(([key]) => gte === undefined || key >= toHex(gte))
    .filter(([key]) => gt === undefined || key > toHex(gt))
    .filter(([key]) => lt === undefined || key < toHex(lt))
    .filter(([key]) => lte === undefined || key <= toHex(lte))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  if (reverse) expected.reverse();
  const found = [...map.entries(options)].map(([key, value]) => [toHex(key), value]);
  expect(found).toEqual(expected.slice(0, limit));
  expect(map.size).toBe(twin.size);
}
