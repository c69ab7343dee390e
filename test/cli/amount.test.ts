import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatShare,
  formatTime,
} from "../../cli/amount.ts";

describe("amounts", () => {
  test.each([
    [0, "0 B"],
    [512, "512 B"],
    [1023.6, "1.0 KiB"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [1023.9 * 1024, "1.0 MiB"],
    [5 * 2 ** 40, "5.0 TiB"],
    [2 ** 60 * 5000, "5000 EiB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [0, "0"],
    [2.25, "2.3"],
    [12.7, "13"],
    [999, "999"],
    [1000, "1,000"],
    [1_234_567, "1,234,567"],
    [2 ** 60, "1,152,921,504,606,846,976"],
  ])("%d counts as %s", (count, text) => expect(formatCount(count)).toBe(text));

  test.each([
    [0, "0.0%"],
    [0.0001, "<0.1%"],
    [0.123, "12.3%"],
    [0.9996, "100%"],
    [1, "100%"],
    [1.5, "150%"],
  ])("a share of %d is %s", (share, text) => expect(formatShare(share)).toBe(text));

  test.each([
    [5, "5ms"],
    [999.9, "1000ms"],
    [45_900, "45s"],
    [125_000, "2m 5s"],
    [120_000, "2m"],
    [3_600_000 * 3 + 60_000 * 20, "3h 20m"],
    [86_400_000 * 12 + 3_600_000 * 4, "12d 4h"],
  ])("%d ms are %s", (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));

  test("times are in UTC", () => {
    expect(formatTime(1_795_621_749_123)).toBe("2026-11-25 15:49:09");
    expect(formatTime(2 ** 60)).toBe("?");
  });

  test("one is singular", () => {
    expect(formatNumberOf(1, "OSD")).toBe("1 OSD");
    expect(formatNumberOf(0, "copy", "copies")).toBe("0 copies");
  });
});
