import { expect, test } from "vitest";
import { median, spread } from "../../../bench/placement/statistics.ts";

test.each([
  [[5], 5, [5, 5]],
  [[9, 1, 4], 4, [1, 9]],
  [[4, 1, 2, 100], 3, [1, 100]],
] as const)("the median of %j is %d", (values, middle, ends) => {
  expect(median(values)).toBe(middle);
  expect(spread(values)).toEqual(ends);
});

test("there is no median of nothing", () => {
  expect(median([])).toBeNaN();
});
