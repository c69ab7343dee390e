import { describe, expect, test } from "vitest";
import { compileText } from "../../crush/text.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { failureOf } from "./map-texts.ts";

const HEAD = `device 0 osd.0
device 1 osd.1
device 2 osd.2
type 0 osd
type 1 host
type 2 root
`;

/** Names to ids, of buckets only. */
function idsOf(map: CrushMap): Record<string, number> {
  return Object.fromEntries(
    [...map.itemNames].filter(([id]) => id < 0).map(([id, name]) => [name, id]),
  );
}

describe("ids of buckets", () => {
  test.each([
    ["in the order of the text", "host a { alg list } host b { alg list }", { a: -1, b: -2 }],
    [
      "around those that are given",
      "host a { alg list } host b { id -1 alg list }",
      { a: -2, b: -1 },
    ],
    [
      "around those of shadows",
      "host a { alg list } host b { id -9 id -1 class x alg list }",
      { a: -2, b: -9 },
    ],
    ["where the last of two counts", "host a { id -5 id -7 alg list }", { a: -7 }],
    ["in the order of use", "root r { alg list item a } host a { alg list }", { a: -1, r: -2 }],
  ])("are given %s", (_, text, ids) => {
    expect(idsOf(compileText(HEAD + text))).toEqual(ids);
  });
});

describe("weights of items", () => {
  test("are 1 for a device and the sum for a bucket, where none is given", () => {
    const map = compileText(`${HEAD}
      host a { id -1 alg straw2 item osd.0 item osd.1 weight 0.5 }
      root r { id -2 alg straw2 item a }`);
    expect(bucketOf(map, -1)).toMatchObject({ itemWeights: [0x10000, 0x8000], weight: 0x18000 });
    expect(bucketOf(map, -2)).toMatchObject({ itemWeights: [0x18000], weight: 0x18000 });
  });

  test("count as given, whatever the bucket below weighs", () => {
    const map = compileText(`${HEAD}
      host a { id -1 alg straw2 item osd.0 }
      root r { id -2 alg straw2 item a weight 7 }`);
    expect(bucketOf(map, -2)?.weight).toBe(7 * 0x10000);
  });
});

describe("positions of items", () => {
  test("are kept, and items without one fill what is left", () => {
    const map = compileText(
      `${HEAD} host a { id -1 alg tree item osd.0 pos 2 item osd.1 item osd.2 pos 0 }`,
    );
    expect(bucketOf(map, -1)?.items).toEqual([2, 1, 0]);
  });

  test.each([
    ["item osd.0 pos 1", "LIMIT", "position 1 is too large for 1 items"],
    ["item osd.0 pos 0 item osd.1 pos 0", "DUPLICATE", "position 0 is already taken"],
  ])("%s is refused", (items, code, message) => {
    const failure = failureOf(() => compileText(`${HEAD}host a { alg tree ${items} }`));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(message);
  });
});

describe("a bucket that is used above its definition", () => {
  test("is found where one exchange of definitions puts it in order", () => {
    const map = compileText(`${HEAD}
      root r { alg straw2 item a } host b { alg straw2 item osd.1 } host a { alg straw2 item osd.0 }`);
    expect(idsOf(map)).toEqual({ a: -1, b: -2, r: -3 });
  });

  test("is refused where it takes more", () => {
    const failure = failureOf(() =>
      compileText(`${HEAD}
root r { alg straw2 item a item b }
host a { alg straw2 item osd.0 }
host b { alg straw2 item osd.1 }`),
    );
    expect(failure.message).toBe(
      'line 8, column 26: bucket "a" is used above its definition; move it above "r"',
    );
  });
});

describe("buckets that are wrong", () => {
  test.each([
    ["node a { alg straw2 }", "UNKNOWN", 'line 7, column 1: no type is named "node"'],
    [
      "osd a { alg straw2 }",
      "MISPLACED",
      'line 7, column 1: "osd" is the type of devices, not of buckets',
    ],
    [
      "host a { alg straw3 }",
      "UNKNOWN",
      'line 7, column 14: no algorithm is named "straw3"; there are uniform, list, tree, straw, straw2',
    ],
    [
      "host osd.0 { alg straw2 }",
      "DUPLICATE",
      'line 7, column 6: a device or bucket is already named "osd.0"',
    ],
    [
      "host a { alg list } host a { alg list }",
      "DUPLICATE",
      'line 7, column 26: a device or bucket is already named "a"',
    ],
    [
      "host a { id -1 alg list } host b { id -1 alg list }",
      "DUPLICATE",
      "line 7, column 39: bucket id -1 is already used",
    ],
    [
      "host a { id -1 id -2 class x id -3 class x alg list }",
      "DUPLICATE",
      'line 7, column 42: an id for class "x" is already given',
    ],
    [
      "host a { alg straw2 item osd.9 }",
      "UNKNOWN",
      'line 7, column 26: no device or bucket is named "osd.9"',
    ],
    [
      "host a { alg straw2 item a }",
      "LOOP",
      'line 7, column 26: bucket "a" would hold itself, through "a"',
    ],
    [
      "host a { alg list item b } host b { alg list item a }",
      "LOOP",
      'line 7, column 24: the buckets "a" and "b" are in each other',
    ],
    [
      "host a { alg list item b } host b { alg list item c } host c { alg list item a }",
      "LOOP",
      "would hold itself",
    ],
    [
      "host a { alg straw2 item osd.0 weight -1 }",
      "WEIGHT",
      "line 7, column 39: weight -1 is negative",
    ],
    [
      "host a { alg straw2 item osd.0 weight 101 }",
      "WEIGHT",
      "line 7, column 39: weight 101 is above 100, the most of a device",
    ],
    [
      "host a { alg uniform item osd.0 item osd.1 weight 2 }",
      "WEIGHT",
      "line 7, column 6: items of a uniform bucket all weigh the same, not 1.000 and 2.000",
    ],
    [
      "host a { alg uniform item osd.0 weight 0 }",
      "WEIGHT",
      "line 7, column 6: the items of a uniform bucket cannot weigh 0",
    ],
    [
      `host a { alg tree ${"item osd.0 ".repeat(65)} }`,
      "LIMIT",
      "line 7, column 6: 65 items are too many: a tree bucket holds 64",
    ],
  ])("%s", (text, code, message) => {
    const failure = failureOf(() => compileText(HEAD + text));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(message);
  });

  test("stand on more levels than a map may have", () => {
    const chain = Array.from(
      { length: 101 },
      (_, index) => `host h${index} { alg straw2 ${index > 0 ? `item h${index - 1}` : ""} }`,
    );
    expect(failureOf(() => compileText(HEAD + chain.join("\n"))).message).toBe(
      "line 107, column 6: there are more than 100 levels of buckets",
    );
  });
});
