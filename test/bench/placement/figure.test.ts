import { describe, expect, test } from "vitest";
import { count, duration, excess, figure, percent } from "../../../bench/placement/figure.ts";

describe("figures", () => {
  test.each([
    [0, "0"],
    [435_912, "436,000"],
    [2.5471, "2.55"],
    [12.04, "12.0"],
    [0.000512345, "0.000512"],
  ])("%d is shown as %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });

  test("of counts are whole", () => {
    expect([count(65_536), count(3)]).toEqual(["65,536", "3"]);
  });

  test.each([
    [67, "67.0 ms"],
    [2871, "2.87 s"],
  ])("of %d ms are shown as %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test.each([
    [1.26, "126 %"],
    [0.000999, "0.0999 %"],
    [0, "0 %"],
    [0.000001, "<0.001 %"],
  ])("%d is %s", (part, text) => {
    expect(percent(part)).toBe(text);
  });

  test.each([
    [0.2, 0.1, "2.00"],
    [0.1, 0.1, "1.00"],
    [0.9, 0.01, "90.0"],
    [0.9998, 0.1, "10.0"],
    [0.9, 1e-9, ">999"],
    [0, 0.1, "0.00"],
    [0, 0, "1.00"],
    [0.1, 0, "∞"],
    [undefined, 0.1, "–"],
  ])("%s where %s must move is %s", (moved, least, text) => {
    expect(excess(moved, least)).toBe(text);
  });
});
