import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatWeight, nearestFloat, parseWeight } from "../../crush/weight.ts";
import { failureOf } from "./map-texts.ts";

describe("a weight from a text", () => {
  test.each([
    ["1", 0x10000],
    ["1.000", 0x10000],
    [".5", 0x8000],
    ["2.", 0x20000],
    ["1e-1", 0x1999],
    ["+3", 0x30000],
    ["0.00001", 0],
    ["2.3", 0x24ccc],
    ["0.99999", 0xffff],
    ["100", 100 * 0x10000],
  ])("%s is %i", (text, weight) => {
    expect(parseWeight(text, "device")).toBe(weight);
  });

  test.each([
    ["-1", "device", "weight -1 is negative"],
    ["-0", "bucket", "weight -0 is negative"],
    ["100.1", "device", "weight 100.1 is above 100, the most of a device"],
    ["65535.1", "bucket", "weight 65535.1 is above 65535, the most of a bucket"],
    ["1e999", "bucket", "weight 1e999 is above 65535, the most of a bucket"],
  ] as const)("%s of a %s is refused", (text, kind, message) => {
    expect(failureOf(() => parseWeight(text, kind))).toMatchObject({ code: "WEIGHT", message });
  });

  test("65536.0 wraps to 0, as 32 bits do", () => {
    expect(parseWeight("65536.0", "bucket")).toBe(0);
    expect(parseWeight("65535.0", "bucket")).toBe(65535 * 0x10000);
  });
});

describe("the float nearest to a text", () => {
  // Each lies so close to the middle between two floats that its double is that middle.
  test.each([
    ["16777217", 16777216],
    ["16777217.0000000001", 16777218],
    ["16777218.9999999999", 16777218],
    ["16777219", 16777220],
    ["1.00000005960464477539062500000000001", 1 + 2 ** -23],
    ["1.00000005960464477539062499999999999", 1],
    ["1000000059604644775390625000000001e-33", 1 + 2 ** -23],
  ])("%s rounds once", (text, float) => {
    expect(nearestFloat(text)).toBe(float);
  });

  test("is that of the double wherever the double decides", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 65536, noNaN: true }), (double) => {
        expect(nearestFloat(String(double))).toBe(Math.fround(double));
      }),
    );
  });
});

describe("a weight as text", () => {
  test.each([
    [0, "0.000"],
    [0x10000, "1.000"],
    [0x24ccc, "2.300"],
    [0xffff, "1.000"],
    [4096, "0.062"],
    [12288, "0.188"],
    [0x80000000, "-32768.000"],
    [0xffffffff, "-0.000"],
    [65535 * 0x10000, "-1.000"],
  ])("%i is %s", (weight, text) => {
    expect(formatWeight(weight)).toBe(text);
  });

  test("is the nearest thousandth, an even one where two are as near", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 0x10000 }), (weight) => {
        const thousandths = Number(formatWeight(weight).replace(".", ""));
        const distance = Math.abs(thousandths * 65536 - weight * 1000);
        expect(distance).toBeLessThanOrEqual(32768);
        if (distance === 32768) expect(thousandths % 2).toBe(0);
      }),
    );
  });
});
