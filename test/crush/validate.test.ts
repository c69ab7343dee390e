import { describe, expect, test } from "vitest";
import { DEPTH_MAX } from "../../crush/limits.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { MapDraft } from "../../crush/map-draft.ts";
import { compileText } from "../../crush/text.ts";
import type { CrushMap } from "../../crush/types.ts";
import { problemOf, requireValid } from "../../crush/validate.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

/** Buckets -1, -2, ... with these items. */
function mapOf(...lists: readonly (readonly number[])[]): CrushMap {
  const draft = new MapDraft();
  for (const [slot, items] of lists.entries()) {
    const weights = items.map(() => 1);
    draft.addBucket(
      makeBucket({ id: -1 - slot, type: 1, alg: "straw2", hash: 0, items, weights }, 0),
    );
  }
  return draft.finish();
}

describe("a valid map", () => {
  test.each([
    ["the sample", compileText(SAMPLE)],
    ["an empty one", mapOf()],
    ["one with a bucket in several others", mapOf([-2, -3], [-3], [0, 0])],
    ["one of as many levels as there may be", mapOf(...chain(DEPTH_MAX))],
  ])("is %s", (_, map) => {
    expect(problemOf(map)).toBeUndefined();
    expect(() => requireValid(map)).not.toThrow();
  });
});

describe("a map is not valid", () => {
  test.each([
    [
      "with a bucket in itself",
      mapOf([-1]),
      "LOOP",
      "a bucket would hold itself: bucket -1 > bucket -1",
    ],
    [
      "with a loop",
      mapOf([0, -2], [-3], [-2]),
      "LOOP",
      "a bucket would hold itself: bucket -2 > bucket -3 > bucket -2",
    ],
    [
      "with an item that is not there",
      mapOf([-9]),
      "UNKNOWN",
      "bucket -1 holds bucket -9, which is not there",
    ],
    [
      "with an absurd device",
      mapOf([0x7fffffff]),
      "LIMIT",
      "bucket -1 holds device 2147483647; the largest id is 1048575",
    ],
    [
      "with one level too many",
      mapOf(...chain(DEPTH_MAX + 1)),
      "LIMIT",
      /more than 100 levels of buckets stand below bucket -/,
    ],
    ["with far too many levels", mapOf(...chain(50_000)), "LIMIT", /more than 100 levels/],
    [
      "with one level too many, found from below",
      mapOf(...chain(DEPTH_MAX + 1, true)),
      "LIMIT",
      /more than 100 levels/,
    ],
  ])("%s", (_, map, code, message) => {
    const failure = failureOf(() => requireValid(map));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
  });

  test("with a bucket of the type of devices", () => {
    const { buckets, ...rest } = mapOf([0]);
    const [bucket] = buckets;
    if (bucket === undefined) throw new Error("no bucket");
    const map = { ...rest, buckets: [{ ...bucket, type: 0 }] };
    expect(problemOf(map)?.message).toBe("bucket -1 has type 0, which is the type of devices");
  });
});

/** Each bucket in the one before, or in the one after. */
function chain(length: number, isReversed = false): number[][] {
  return Array.from({ length }, (_, slot) => {
    const next = isReversed ? slot - 1 : slot + 1;
    return next < 0 || next >= length ? [] : [-1 - next];
  });
}
