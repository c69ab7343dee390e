import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { power } from "../../crush/power.ts";

describe("a power", () => {
  test.each([
    [1, 0.25, 1],
    [4, 0.5, 2],
    [2, 1, 2],
    [2, 0.5, Math.SQRT2],
    [1024, 0.1, 2],
    [2 ** 40, 0.025, 2],
    // The second of each three is 1 / n; Math.pow is wrong in the last bit of all of these.
    [1.8389880321919918, 1 / 8, 1.0791265131005352],
    [6.697709796950221, 1 / 6, 1.372948945005353],
    [19.02805502898991, 1 / 5, 1.8025149679074166],
    [17.14019631408155, 1 / 20, 1.1526588513139264],
  ])("of %d to the %d is the nearest double", (base, exponent, expected) => {
    expect(power(base, exponent)).toBe(expected);
  });

  test("is never further from Math.pow than its last bit", () => {
    const base = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(base, fc.integer({ min: 1, max: 1000 }), (value, n) => {
        const near = value ** (1 / n);
        const lastBit = 2 ** (Math.floor(Math.log2(near)) - 52);
        expect(Math.abs(power(value, 1 / n) - near)).toBeLessThanOrEqual(lastBit);
      }),
    );
  });
});
