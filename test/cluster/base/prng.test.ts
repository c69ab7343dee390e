import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import {
  createPrng,
  forkPrng,
  naturalLog,
  type Prng,
  randomBetween,
  randomBytes,
  randomChance,
  randomExponential,
  randomFloat,
  randomInt,
  randomPick,
  randomShuffle,
  randomU32,
} from "../../../cluster/base/prng.ts";

const times = <T>(count: number, draw: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => draw(index));

/** xoshiro128** on unbounded integers, cut to 32 bits after every operation. */
function* xoshiroTwin(seed: readonly bigint[]): Generator<bigint> {
  const cut = (value: bigint) => value & 0xffffffffn;
  const rotate = (value: bigint, bits: bigint) => cut(value << bits) | (value >> (32n - bits));
  let [s0 = 0n, s1 = 0n, s2 = 0n, s3 = 0n] = seed;
  for (;;) {
    yield cut(rotate(cut(s1 * 5n), 7n) * 9n);
    const shifted = cut(s1 << 9n);
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotate(s3, 11n);
  }
}

describe("the generator", () => {
  test("begins as published for the state 1, 2, 3, 4", () => {
    const prng: Prng = { a: 1, b: 2, c: 3, d: 4 };
    expect(times(2, () => randomU32(prng))).toEqual([11520, 0]);
  });

  test("is xoshiro128** from any state", () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), ([a, b, c, d]) => {
        const prng: Prng = { a, b, c, d };
        const twin = xoshiroTwin([a, b, c, d].map(BigInt));
        for (let draw = 0; draw < 50; draw++) {
          expect(BigInt(randomU32(prng))).toBe(twin.next().value);
        }
      }),
    );
  });

  test("is seeded by SplitMix64, low words first", () => {
    // The first two values of SplitMix64 from 0 are e220a8397b1dcdaf and 6e789e6aa1b965f4.
    expect(createPrng(0)).toEqual({ a: 0x7b1dcdaf, b: 0xe220a839, c: 0xa1b965f4, d: 0x6e789e6a });
  });

  test.each([
    [7, 7n],
    [-1, 2n ** 64n - 1n],
    [2n ** 64n + 5n, 5],
  ])("takes seeds as 64 bits: %d is %d", (seed, same) => {
    expect(createPrng(seed)).toEqual(createPrng(same));
  });

  test("differs for neighbouring seeds", () => {
    const firsts = times(1000, (seed) => randomU32(createPrng(seed)));
    expect(new Set(firsts).size).toBe(1000);
  });

  test("goes on alike in a clone, however it is copied", () => {
    const prng = createPrng(3);
    times(10, () => randomU32(prng));
    const clones = [structuredClone(prng), JSON.parse(JSON.stringify(prng)) as Prng];
    const expected = times(10, () => randomU32(prng));
    for (const clone of clones) expect(times(10, () => randomU32(clone))).toEqual(expected);
  });
});

/** Pearson's statistic: near the number of cells minus one for an even spread. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function countOf(cells: number, draws: number, draw: () => number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (let index = 0; index < draws; index++) {
    const cell = draw();
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}

describe("randomInt", () => {
  // For n cells the statistic exceeds n - 1 + 4 sqrt(2n) in few runs of a thousand; the seeds stay.
  test.each([2, 3, 10, 100, 1000])("spreads evenly over %d", (bound) => {
    const prng = createPrng(bound);
    const counts = countOf(bound, 100 * bound, () => randomInt(prng, bound));
    expect(counts).toHaveLength(bound);
    expect(chiSquared(counts)).toBeLessThan(bound - 1 + 4 * Math.sqrt(2 * bound));
  });

  test("spreads evenly where a plain remainder would make small numbers twice as likely", () => {
    const bound = 3 * 2 ** 30;
    const prng = createPrng(1);
    const counts = countOf(3, 3000, () => Math.floor(randomInt(prng, bound) / 2 ** 30));
    expect(chiSquared(counts)).toBeLessThan(14);
  });

  test("spreads evenly over bounds beyond 32 bits", () => {
    const bound = Number.MAX_SAFE_INTEGER;
    const prng = createPrng(1);
    const counts = countOf(16, 1600, () => Math.floor((randomInt(prng, bound) / bound) * 16));
    expect(chiSquared(counts)).toBeLessThan(15 + 4 * Math.sqrt(32));
  });

  test("stays below any bound", () => {
    const bound = fc.oneof(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 2 ** 32 - 2, max: 2 ** 32 + 2 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    );
    fc.assert(
      fc.property(fc.nat(), bound, (seed, bound) => {
        const value = randomInt(createPrng(seed), bound);
        expect(Number.isSafeInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])("refuses a bound of %d", (bound) => {
    expect(() => randomInt(createPrng(1), bound)).toThrow(AssertionError);
  });
});

test("randomFloat gives multiples of 2^-53, spread evenly over [0, 1)", () => {
  const prng = createPrng(1);
  const values = times(10_000, () => randomFloat(prng));
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(values.every((value) => Number.isInteger(value * 2 ** 53))).toBe(true);
  const counts = countOf(100, values.length, () => Math.floor((values.pop() ?? 0) * 100));
  expect(chiSquared(counts)).toBeLessThan(99 + 4 * Math.sqrt(200));
});

test("randomBetween takes both ends in", () => {
  const prng = createPrng(1);
  expect(new Set(times(200, () => randomBetween(prng, -2, 2)))).toEqual(new Set([-2, -1, 0, 1, 2]));
  expect(randomBetween(prng, 5, 5)).toBe(5);
  expect(() => randomBetween(prng, 6, 5)).toThrow(AssertionError);
});

test("randomChance is exact at 0 and 1, and as likely as it says between", () => {
  const prng = createPrng(1);
  const hits = (probability: number) =>
    times(10_000, () => randomChance(prng, probability)).filter(Boolean).length;
  expect(hits(0)).toBe(0);
  expect(hits(1)).toBe(10_000);
  // Four standard deviations of a binomial distribution.
  expect(Math.abs(hits(0.25) - 2500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.25 * 0.75));
});

test("randomExponential has the mean and the median of its distribution", () => {
  const prng = createPrng(1);
  const values = times(10_000, () => randomExponential(prng, 50)).sort(
    (left, right) => left - right,
  );
  expect(values[0]).toBeGreaterThanOrEqual(0);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(50, -1);
  expect(Math.abs((values[5000] ?? 0) - 50 * Math.LN2)).toBeLessThan(2);
});

describe("the logarithm", () => {
  test("is the engine's, but for the last digits, all over its range", () => {
    const prng = createPrng(1);
    const powers = times(1075, (index) => 2 ** -index);
    const near1 = times(53, (index) => 1 - 2 ** -(index + 1));
    const spread = times(10_000, () => 1 - randomFloat(prng));
    for (const value of [...powers, ...near1, ...spread, Math.SQRT1_2]) {
      const error = Math.abs(naturalLog(value) - Math.log(value));
      expect(error).toBeLessThanOrEqual(1e-15 * Math.abs(Math.log(value)));
    }
  });

  test.each([0, -1, 1.5, Number.NaN])("of %d is refused", (value) => {
    expect(() => naturalLog(value)).toThrow(AssertionError);
  });

  // To the last bit: simulated delays are made of these, and a seed must mean the same everywhere.
  test.each([
    { value: 1, log: 0 },
    { value: 1 - 2 ** -53, log: -1.1102230246251565e-16 },
    { value: 0.75, log: -0.2876820724517809 },
    { value: 0.7, log: -0.3566749439387324 },
    { value: 0.001, log: -6.907755278982137 },
    { value: 2 ** -53, log: -36.7368005696771 },
    { value: Number.MIN_VALUE, log: -744.4400719213812 },
  ])("of $value is $log on every machine", ({ value, log }) => {
    expect(naturalLog(value)).toBe(log);
  });

  test("gives the same exponential delays on every machine", () => {
    const prng = createPrng(1);
    expect(times(4, () => randomExponential(prng, 50))).toEqual([
      25.099281687098607, 7.99377361589296, 9.12909032139335, 105.83143392456265,
    ]);
  });
});

test("randomPick gives each element its turn and refuses an empty list", () => {
  const prng = createPrng(1);
  expect(new Set(times(100, () => randomPick(prng, ["a", "b", "c"])))).toEqual(
    new Set(["a", "b", "c"]),
  );
  expect(() => randomPick(prng, [])).toThrow(AssertionError);
});

test("randomShuffle makes every order of three equally likely", () => {
  const prng = createPrng(1);
  const orders = ["abc", "acb", "bac", "bca", "cab", "cba"];
  const counts = countOf(6, 6000, () =>
    orders.indexOf(randomShuffle(prng, ["a", "b", "c"]).join("")),
  );
  expect(counts).toHaveLength(6);
  expect(chiSquared(counts)).toBeLessThan(5 + 4 * Math.sqrt(12));
});

test("randomShuffle shuffles in place and loses nothing", () => {
  const list = times(50, (index) => index);
  const shuffled = randomShuffle(createPrng(1), list);
  expect(shuffled).toBe(list);
  expect(list).not.toEqual(times(50, (index) => index));
  expect([...list].sort((left, right) => left - right)).toEqual(times(50, (index) => index));
});

test("randomBytes gives the words of the generator, least byte first, to any length", () => {
  const words = Buffer.alloc(12);
  const prng = createPrng(9);
  for (const offset of [0, 4, 8]) words.writeUInt32LE(randomU32(prng), offset);
  for (let size = 0; size <= 12; size++) {
    expect([...randomBytes(createPrng(9), size)]).toEqual([...words.subarray(0, size)]);
  }
});

test("a fork is a stream of its own: what it draws does not shift its parent", () => {
  const parent = createPrng(1);
  const undisturbed = createPrng(1);
  const fork = forkPrng(parent);
  forkPrng(undisturbed);
  const drawn = times(100, () => randomU32(fork));
  const rest = times(100, () => randomU32(parent));
  expect(rest).toEqual(times(100, () => randomU32(undisturbed)));
  expect(new Set([...drawn, ...rest]).size).toBe(200);
});
