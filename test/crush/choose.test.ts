import { describe, expect, test } from "vitest";
import {
  chooseFirstn,
  chooseIndep,
  type Hierarchy,
  type Level,
  NO_ITEM,
  type Search,
} from "../../crush/choose.ts";
import { NONE } from "../../crush/types.ts";

const WHOLE = 0x10000;
const HOST = 1;
const ROOT = -1;
const UNUSED = -77;

interface Script {
  /** What a bucket gives for r = 0, 1, 2, …; the last one for all further r. */
  readonly gives: Readonly<Record<number, readonly number[]>>;
  readonly sizes?: Readonly<Record<number, number>>;
  readonly uniform?: boolean;
}

/** Buckets that give what a script says, and a log of `bucket:r@place` of what was asked. */
function scripted({ gives, sizes = {}, uniform = false }: Script) {
  const asked: string[] = [];
  const give = (bucket: number, r: number): number =>
    gives[bucket]?.[r] ?? gives[bucket]?.at(-1) ?? NONE;
  const hierarchy: Hierarchy = {
    typeOf: (item) => (item >= 0 ? (item < 100 ? 0 : NO_ITEM) : item === ROOT ? 2 : HOST),
    sizeOf: (bucket) => sizes[bucket] ?? 4,
    isUniform: () => uniform,
    choose: (bucket, _x, r, place) => {
      asked.push(`${bucket}:${r}@${place}`);
      return give(bucket, r);
    },
    permute: (bucket, _x, r) => {
      asked.push(`${bucket}:permuted ${r}`);
      return give(bucket, r);
    },
  };
  return { hierarchy, asked };
}

function searchIn(hierarchy: Hierarchy, changes: Partial<Search> = {}): Search {
  return {
    hierarchy,
    x: 1,
    deviceWeights: new Array<number>(100).fill(WHOLE),
    localTries: 0,
    fallbackTries: 0,
    varyR: 1,
    stable: true,
    ...changes,
  };
}

function levelOf(changes: Partial<Level>): Level {
  const out = new Int32Array(6).fill(UNUSED);
  const blank = { type: 0, tries: 1, start: 0, from: 0, end: 6, replicas: 3, leaf: undefined };
  return { ...blank, out, ...changes };
}

const filled = (level: Level) => [...level.out].filter((item) => item !== UNUSED);

describe("firstn", () => {
  test("starts replica n at r = n", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [5, 6, 7] } });
    const level = levelOf({});
    expect(chooseFirstn(searchIn(hierarchy), level, ROOT)).toBe(3);
    expect(filled(level)).toEqual([5, 6, 7]);
    expect(asked).toEqual(["-1:0@0", "-1:1@1", "-1:2@2"]);
  });

  test("goes down through buckets with the same r", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [-2, -3], [-2]: [5], [-3]: [8, 9] } });
    const level = levelOf({ replicas: 2 });
    chooseFirstn(searchIn(hierarchy), level, ROOT);
    expect(filled(level)).toEqual([5, 9]);
    expect(asked).toEqual(["-1:0@0", "-2:0@0", "-1:1@1", "-3:1@1"]);
  });

  test("tries the next r from the top when an item is taken, as often as it has tries", () => {
    const script = { gives: { [ROOT]: [5, 5, 5, 6] } };
    const level = levelOf({ replicas: 2, tries: 3 });
    expect(chooseFirstn(searchIn(scripted(script).hierarchy), level, ROOT)).toBe(2);
    expect(filled(level)).toEqual([5, 6]);
    const fewer = levelOf({ replicas: 2, tries: 2 });
    expect(chooseFirstn(searchIn(scripted(script).hierarchy), fewer, ROOT)).toBe(1);
    expect(filled(fewer)).toEqual([5]);
  });

  test("leaves no hole where a replica finds nothing, and counts places on", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [5, 5, 7] } });
    const level = levelOf({});
    expect(chooseFirstn(searchIn(hierarchy), level, ROOT)).toBe(2);
    expect(filled(level)).toEqual([5, 7]);
    expect(asked.at(-1)).toBe("-1:2@1");
  });

  test.each([
    ["an id beyond all devices", 100],
    ["a device where a host is wanted", 5],
  ])("gives a replica up at once for %s", (_what, item) => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [item] } });
    const level = levelOf({ type: HOST, replicas: 1, tries: 9 });
    expect(chooseFirstn(searchIn(hierarchy), level, ROOT)).toBe(0);
    expect(asked).toHaveLength(1);
  });

  test("spends a try on an empty bucket", () => {
    const script = { gives: { [ROOT]: [-2, -3], [-3]: [8] }, sizes: { [-2]: 0 } };
    const level = levelOf({ replicas: 1, tries: 2 });
    chooseFirstn(searchIn(scripted(script).hierarchy), level, ROOT);
    expect(filled(level)).toEqual([8]);
  });

  test("stays in a bucket for local tries when an item is taken", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [-2], [-2]: [5, 5, 5, 6] } });
    const level = levelOf({ replicas: 2, tries: 1 });
    chooseFirstn(searchIn(hierarchy, { localTries: 2 }), level, ROOT);
    expect(filled(level)).toEqual([5, 6]);
    expect(asked.slice(2)).toEqual(["-1:1@1", "-2:1@1", "-2:2@1", "-2:3@1"]);
  });

  test("goes through a permutation once fallback tries exceed half of the bucket", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [-2], [-2]: [5, 5, 5, 5, 6] } });
    const level = levelOf({ replicas: 2, tries: 1 });
    chooseFirstn(searchIn(hierarchy, { fallbackTries: 1 }), level, ROOT);
    expect(filled(level)).toEqual([5, 6]);
    expect(asked.slice(3)).toEqual(["-2:1@1", "-2:2@1", "-2:permuted 3", "-2:permuted 4"]);
  });

  test("fills from `start` on, and does not look before it for items taken", () => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [5, 6] } });
    const level = levelOf({ start: 1, end: 2 });
    level.out[0] = 5;
    expect(chooseFirstn(searchIn(hierarchy), level, ROOT)).toBe(2);
    expect(filled(level)).toEqual([5, 5, 6]);
  });

  test("stops where there is no room", () => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [5, 6, 7] } });
    expect(chooseFirstn(searchIn(hierarchy), levelOf({ end: 2 }), ROOT)).toBe(2);
  });
});

describe("firstn to leaves", () => {
  const gives = { [ROOT]: [-2, -2, -3], [-2]: [5, 6, 7, 8], [-3]: [5, 6, 7, 8] };

  // r of the second host is 2, after the collision of r = 1.
  test.each([
    [0, true, "-3:0@1"],
    [1, true, "-3:2@1"],
    [2, true, "-3:1@1"],
    [0, false, "-3:1@1"],
    [1, false, "-3:3@1"],
  ])("varyR %i, stable %s: the second leaf is asked for at %s", (varyR, stable, expected) => {
    const { hierarchy, asked } = scripted({ gives });
    const leaf = levelOf({ tries: 5 });
    const level = levelOf({ type: HOST, replicas: 2, tries: 5, leaf });
    chooseFirstn(searchIn(hierarchy, { varyR, stable }), level, ROOT);
    expect(asked.find((line) => line.startsWith("-3"))).toBe(expected);
    expect(filled(level)).toEqual([-2, -3]);
    expect(filled(leaf)).toHaveLength(2);
  });

  test("a host without a leaf to give counts as a failure", () => {
    const { hierarchy } = scripted({
      gives: { [ROOT]: [-2, -3, -4], [-2]: [5], [-3]: [5], [-4]: [6] },
    });
    const leaf = levelOf({});
    const level = levelOf({ type: HOST, replicas: 2, tries: 2, leaf });
    chooseFirstn(searchIn(hierarchy), level, ROOT);
    expect(filled(level)).toEqual([-2, -4]);
    expect(filled(leaf)).toEqual([5, 6]);
  });

  test("a device that is chosen itself is its own leaf", () => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [5, 6, 7] } });
    const leaf = levelOf({});
    chooseFirstn(searchIn(hierarchy), levelOf({ leaf }), ROOT);
    expect(filled(leaf)).toEqual([5, 6, 7]);
  });
});

describe("indep", () => {
  test("gives each place its own r, and steps by the number of replicas", () => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [5, 5, 7, 7, 8] } });
    const level = levelOf({ end: 3, tries: 2 });
    expect(chooseIndep(searchIn(hierarchy), level, ROOT, 0)).toBe(3);
    expect(filled(level)).toEqual([5, 8, 7]);
    expect(asked).toEqual(["-1:0@0", "-1:1@0", "-1:2@0", "-1:4@0"]);
  });

  test("leaves NONE where the tries run out, and later places where they are", () => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [5, 5, 7, 5, 5] } });
    const level = levelOf({ end: 3, tries: 2 });
    chooseIndep(searchIn(hierarchy), level, ROOT, 0);
    expect(filled(level)).toEqual([5, NONE, 7]);
  });

  test.each([
    [3, "-1:5@0"],
    [4, "-1:4@0"],
  ])("steps by one more in a uniform bucket of %i items for 3 replicas: %s", (size, expected) => {
    const { hierarchy, asked } = scripted({
      gives: { [ROOT]: [5, 5, 7, 8, 8, 8] },
      sizes: { [ROOT]: size },
      uniform: true,
    });
    chooseIndep(searchIn(hierarchy), levelOf({ end: 3, tries: 2 }), ROOT, 0);
    expect(asked.at(-1)).toBe(expected);
  });

  test.each([
    ["an id beyond all devices", 100],
    ["a device where a host is wanted", 5],
  ])("settles a place as NONE at once for %s, also in the leaves", (_what, item) => {
    const { hierarchy, asked } = scripted({ gives: { [ROOT]: [item] } });
    const leaf = levelOf({});
    const level = levelOf({ type: HOST, end: 1, tries: 9, leaf });
    chooseIndep(searchIn(hierarchy), level, ROOT, 0);
    expect([...filled(level), ...filled(leaf)]).toEqual([NONE, NONE]);
    expect(asked).toHaveLength(1);
  });

  test("looks for a leaf with the host's r added to the place", () => {
    const gives = { [ROOT]: [-2, -3], [-2]: [5], [-3]: [8, 7, 6] };
    const { hierarchy, asked } = scripted({ gives });
    const leaf = levelOf({});
    chooseIndep(searchIn(hierarchy), levelOf({ type: HOST, end: 2, leaf }), ROOT, 0);
    expect(asked).toEqual(["-1:0@0", "-2:0@0", "-1:1@0", "-3:2@1"]);
    expect(filled(leaf)).toEqual([5, 6]);
  });

  test("two hosts may give the same leaf", () => {
    const gives = { [ROOT]: [-2, -3], [-2]: [5], [-3]: [5] };
    const leaf = levelOf({});
    const level = levelOf({ type: HOST, end: 2, leaf });
    chooseIndep(searchIn(scripted({ gives }).hierarchy), level, ROOT, 0);
    expect(filled(leaf)).toEqual([5, 5]);
  });

  test("an out device stays among the leaves when it is refused as an item", () => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [5] } });
    const leaf = levelOf({});
    const level = levelOf({ end: 1, tries: 2, leaf });
    chooseIndep(searchIn(hierarchy, { deviceWeights: [] }), level, ROOT, 0);
    expect(filled(level)).toEqual([NONE]);
    expect(filled(leaf)).toEqual([5]);
  });
});

describe("a device is out", () => {
  const share = (weights: readonly number[]) => {
    const { hierarchy } = scripted({ gives: { [ROOT]: [0] } });
    let taken = 0;
    for (let x = 0; x < 2000; x++) {
      const search = searchIn(hierarchy, { x, deviceWeights: weights });
      taken += chooseFirstn(search, levelOf({ replicas: 1 }), ROOT);
    }
    return taken / 2000;
  };

  test.each([
    ["beyond the weights", [], 0],
    ["with weight 0", [0], 0],
    ["never with weight 1.0", [WHOLE], 1],
    ["never with more", [3 * WHOLE], 1],
  ])("%s", (_when, weights, expected) => {
    expect(share(weights)).toBe(expected);
  });

  test("for three quarters of all x with weight 0.25", () => {
    expect(share([WHOLE / 4])).toBeCloseTo(0.25, 1);
  });
});
