import { describe, expect, test } from "vitest";
import { balanceOf, spanFor } from "../../../bench/placement/balance.ts";

/** By device id. */
function numbered(...values: number[]): Map<number, number> {
  return new Map(values.entries());
}

describe("balance", () => {
  test("of devices that hold their share has no deviation", () => {
    const shares = numbered(1 / 2, 1 / 2, 1 / 2, 1 / 2);
    const fair = { shares, pgCount: 100, span: 0.5 };
    const { stddev, min, max } = balanceOf(numbered(50, 50, 50, 50), fair);
    expect({ stddev, min, max }).toEqual({ stddev: 0, min: 1, max: 1 });
  });

  test("is measured against each device's own share", () => {
    const fair = { shares: numbered(1 / 4, 3 / 4), pgCount: 100, span: 0.5 };
    const { stddev, min, max } = balanceOf(numbered(30, 60), fair);
    expect(stddev).toBeCloseTo(Math.sqrt((5 ** 2 + 15 ** 2) / 2), 12);
    expect(min).toBeCloseTo(60 / 75, 12);
    expect(max).toBeCloseTo(30 / 25, 12);
  });

  test("counts a device that got nothing, and not one that is to get nothing", () => {
    const fair = { shares: numbered(1 / 2, 1 / 2, 0), pgCount: 10, span: 0.5 };
    const { min, stddev } = balanceOf(new Map([[0, 10]]), fair);
    expect(min).toBe(0);
    expect(stddev).toBe(5);
  });

  test("has its loads in bins around the fair share, the outer of which have no end", () => {
    const shares = numbered(1 / 5, 1 / 5, 1 / 5, 1 / 5, 1 / 5);
    const fair = { shares, pgCount: 500, span: 0.5 };
    const { histogram } = balanceOf(numbered(0, 100, 100, 111, 190), fair);
    const filled = [...histogram.counts.entries()].filter(([, count]) => count > 0);
    // 50 bins of 2 %: the first is that from 50 % up, and 100 % begins the upper half.
    expect(histogram.counts).toHaveLength(50);
    expect(filled).toEqual([
      [0, 1],
      [25, 2],
      [30, 1],
      [49, 1],
    ]);
  });

  test.each([
    [0, 0.01],
    [0.002, 0.01],
    [0.07, 0.5],
    [0.1, 0.5],
    [0.2, 1],
    [7, 1],
  ])("loads that deviate by %d are shown to %d beside the fair share", (loadStddev, span) => {
    expect(spanFor({ loadStddev })).toBe(span);
  });
});
