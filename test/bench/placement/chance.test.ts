import { describe, expect, test } from "vitest";
import { chanceOf } from "../../../bench/placement/chance.ts";
import { createPrng, randomInt } from "../../../cluster/base/prng.ts";

/** By device id. */
function numbered(...values: number[]): Map<number, number> {
  return new Map(values.entries());
}

describe("chance", () => {
  test("has the deviation of a binomial distribution", () => {
    const { mean, stddev, loadStddev } = chanceOf(numbered(1 / 2, 1 / 2, 1 / 2, 1 / 2), 100);
    expect(mean).toBe(50);
    // 100 coins: the variance is 100 / 4.
    expect(stddev).toBeCloseTo(5, 12);
    expect(loadStddev).toBeCloseTo(5 / 50, 12);
  });

  test("leaves out devices that are to hold nothing", () => {
    expect(chanceOf(numbered(0, 1 / 2, 0), 100)).toEqual(chanceOf(numbered(1 / 2), 100));
  });

  test("has nothing to decide where every device holds a replica of each PG", () => {
    expect(chanceOf(numbered(1, 1, 1), 100)).toEqual({
      mean: 100,
      stddev: 0,
      loadStddev: 0,
      min: 1,
      max: 1,
    });
  });

  test("of one device is above its mean in one of two cases", () => {
    const { min, max } = chanceOf(numbered(1 / 2), 100);
    expect(min).toBeCloseTo(1, 5);
    expect(max).toBeCloseTo(1, 5);
  });

  test("cannot take more from a device than all", () => {
    const few = new Map(Array.from({ length: 1000 }, (_, id) => [id, 1 / 1000]));
    expect(chanceOf(few, 1000).min).toBeCloseTo(0, 9);
  });

  // The lighter devices deviate more, and so the extremes are theirs.
  test.each([
    ["equal shares", 20_000, () => 1 / 100],
    ["uneven shares", 20_000, (id: number) => (id % 2 === 0 ? 0.5 / 100 : 1.5 / 100)],
    ["few PGs, whose loads are skewed", 3000, () => 1 / 100],
  ])("has the extremes that dice have with %s", (_, pgCount, shareOf) => {
    const shares = new Map(Array.from({ length: 100 }, (_each, id) => [id, shareOf(id)]));
    const { stddev, min, max } = chanceOf(shares, pgCount);
    const thrown = throwDice(shares, pgCount);
    expect(Math.abs(stddev / thrown.stddev - 1)).toBeLessThan(0.05);
    expect(Math.abs((1 - min) / (1 - thrown.min) - 1)).toBeLessThan(0.1);
    expect(Math.abs((max - 1) / (thrown.max - 1) - 1)).toBeLessThan(0.1);
  });
});

const THROW_COUNT = 60;
const SIDES = 10_000;

/** Medians over many throws of one replica for each PG. */
function throwDice(shares: ReadonlyMap<number, number>, pgCount: number) {
  const prng = createPrng(1);
  const owners = [...shares].flatMap(([id, share]) =>
    new Array<number>(Math.round(share * SIDES)).fill(id),
  );
  const throws = Array.from({ length: THROW_COUNT }, () => {
    const counts = new Map<number, number>();
    for (let pg = 0; pg < pgCount; pg++) {
      const id = owners[randomInt(prng, SIDES)] as number;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const fair = (id: number): number => (shares.get(id) ?? 0) * pgCount;
    const loads = [...counts].map(([id, count]) => count / fair(id));
    const squares = [...counts].map(([id, count]) => (count - fair(id)) ** 2);
    return {
      stddev: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / shares.size),
      min: Math.min(...loads),
      max: Math.max(...loads),
    };
  });
  const middle = (key: "stddev" | "min" | "max"): number =>
    throws.map((each) => each[key]).sort((left, right) => left - right)[THROW_COUNT / 2] as number;
  return { stddev: middle("stddev"), min: middle("min"), max: middle("max") };
}
