import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chooseArgsKey,
  crushBucket,
  crushBucketArgs,
  crushRule,
  crushRuleId,
  crushShape,
  crushSlot,
  shapeOf,
  sortedMap,
  withShape,
} from "../../../cluster/map/crush-rows.ts";
import { EMPTY_CRUSH } from "../../../cluster/map/empty-map.ts";
import { type Codec, decode, encode, i64, u32 } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { randomWorld } from "../../crush/random-map.ts";

const seeds = fc.nat();

function again<T>(codec: Codec<T>, value: T): T {
  return decode(codec, encode(codec, value));
}

test("buckets, rules and choose_args are read back as they were written", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { map, chooseArgs = new Map() } = randomWorld(seed);
      for (const bucket of map.buckets)
        if (bucket) expect(again(crushBucket, bucket)).toEqual(bucket);
      for (const rule of map.rules) if (rule) expect(again(crushRule, rule)).toEqual(rule);
      for (const args of chooseArgs.values()) expect(again(crushBucketArgs, args)).toEqual(args);
    }),
  );
});

describe.each([
  ["a bucket", crushBucket],
  ["a rule", crushRule],
  ["choose_args", crushBucketArgs],
])("%s", (_, codec: Codec<unknown>) => {
  test("that is damaged is one still, or a CodecError", () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, (content) => {
        try {
          again(codec, decode(codec, Uint8Array.of(content.length, 0, 0, 0, ...content)));
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("that is empty or has bytes after its end is refused", () => {
    expect(() => decode(codec, encode(u32, 0))).toThrow(CodecError);
    const nothing = Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0);
    if (codec !== crushBucketArgs)
      expect(() => decode(codec, nothing)).toThrow("not what this field");
    const zeros = Uint8Array.of(12, 0, 0, 0, ...new Uint8Array(12));
    expect(() => decode(codec, zeros)).toThrow(CodecError);
  });
});

test.each([
  ["a slot", crushSlot, 2 ** 18 - 1],
  ["the id of a rule", crushRuleId, 255],
])("%s is an index of an array that stays small", (_, codec, max) => {
  expect(again(codec, max)).toBe(max);
  expect(() => decode(codec, encode(u32, max + 1))).toThrow(CodecError);
});

test("the key of a set of choose_args is any exact whole number", () => {
  for (const key of [-1, 0, 2 ** 40, -(2 ** 53) + 1]) expect(again(chooseArgsKey, key)).toBe(key);
  expect(() => decode(chooseArgsKey, encode(i64, 2n ** 53n))).toThrow(CodecError);
});

test("entries are written in the order of their keys", () => {
  const codec = sortedMap(u32, u32, { max: 3 });
  const map = new Map([
    [7, 1],
    [2, 2],
    [5, 3],
  ]);
  expect([...again(codec, map).keys()]).toEqual([2, 5, 7]);
  expect(encode(codec, map)).toEqual(encode(codec, new Map([...map].reverse())));
});

describe("the shape", () => {
  const empty = new Map();
  const used = new Map([[-1, { weightSets: [[1]], ids: [] }]]);
  const map = {
    ...EMPTY_CRUSH,
    buckets: [undefined, undefined, undefined],
    rules: [undefined],
    maxDevices: 9,
    chooseArgs: new Map([
      [5, empty],
      [-1, empty],
      [3, used],
    ]),
  };

  test("says how much there is of what has no rows", () => {
    const shape = shapeOf(map);
    expect(shape).toMatchObject({ slotCount: 3, ruleCount: 1, maxDevices: 9 });
    expect(shape.emptyChooseArgs).toEqual([-1, 5]);
    expect(again(crushShape, shape)).toEqual(shape);
  });

  test("makes of the rows the map that it was taken of", () => {
    const rows = { ...EMPTY_CRUSH, chooseArgs: new Map([[3, used]]) };
    expect(withShape(rows, shapeOf(map))).toEqual(map);
  });

  test("takes slots and empty sets away that it does not have", () => {
    const shape = { ...shapeOf(map), slotCount: 1, ruleCount: 0, emptyChooseArgs: [5] };
    const cut = withShape(map, shape);
    expect([cut.buckets.length, cut.rules.length]).toEqual([1, 0]);
    expect(cut.chooseArgs).toEqual(
      new Map([
        [5, empty],
        [3, used],
      ]),
    );
  });

  test("shares the slots where their number is right", () => {
    expect(withShape(map, shapeOf(map)).buckets).toBe(map.buckets);
  });

  test.each(["slotCount", "ruleCount", "maxDevices"] as const)("refuses an absurd %s", (field) => {
    const bytes = encode(crushShape, shapeOf(map));
    const at = ["slotCount", "ruleCount", "maxDevices"].indexOf(field) * 4;
    const absurd = Uint8Array.from(bytes).fill(0xff, at, at + 4);
    expect(() => decode(crushShape, absurd)).toThrow(field);
  });
});
