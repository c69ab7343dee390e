import { describe, expect, test } from "vitest";
import { CLASS_COUNT_MAX } from "../../crush/limits.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { idOf, MapDraft } from "../../crush/map-draft.ts";
import { compileText } from "../../crush/text.ts";
import type { CrushBucket } from "../../crush/types.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

function bucket(id: number, items: readonly number[] = []): CrushBucket {
  const weights = items.map(() => 1);
  return makeBucket({ id, type: 1, alg: "straw2", hash: 0, items, weights }, 0);
}

describe("a draft", () => {
  test.each([
    [[-1], 8],
    [[-8], 8],
    [[-9], 16],
    [[-1, -40], 64],
  ])("with buckets %j has %i slots", (ids, slots) => {
    const draft = new MapDraft();
    for (const id of ids) draft.addBucket(bucket(id));
    expect(draft.buckets).toHaveLength(slots);
  });

  test("has no id twice", () => {
    const draft = new MapDraft();
    draft.addBucket(bucket(-3));
    expect(failureOf(() => draft.addBucket(bucket(-3))).code).toBe("DUPLICATE");
  });

  test("gives the free id that is nearest to 0 and not reserved", () => {
    const draft = new MapDraft();
    draft.addBucket(bucket(-1));
    draft.addBucket(bucket(-3));
    expect(draft.freeBucketId()).toBe(-2);
    expect(draft.freeBucketId((id) => id === -2)).toBe(-4);
  });

  test("counts devices by the largest id that is held or named", () => {
    const draft = new MapDraft();
    expect(draft.maxDevices).toBe(0);
    draft.addBucket(bucket(-1, [4, 2]));
    expect(draft.maxDevices).toBe(5);
    draft.itemNames.set(9, "osd.9");
    expect(draft.maxDevices).toBe(10);
  });

  test("numbers classes in the order in which they are first named", () => {
    const draft = new MapDraft();
    const ids = ["ssd", "hdd", "ssd"].map((name) => draft.classIdOf(name));
    expect(ids).toEqual([0, 1, 0]);
    expect(idOf(draft.classNames, "hdd")).toBe(1);
    expect(idOf(draft.classNames, "nvme")).toBeUndefined();
  });

  test("has a bound on classes: each costs a copy of every tree", () => {
    const draft = new MapDraft();
    for (let index = 0; index < CLASS_COUNT_MAX; index += 1) draft.classIdOf(`class${index}`);
    expect(failureOf(() => draft.classIdOf("one-more")).code).toBe("LIMIT");
  });

  test("of a map can be changed without changing the map", () => {
    const map = compileText(SAMPLE);
    const copy = structuredClone(map);
    const draft = new MapDraft(map);
    draft.itemNames.set(0, "changed");
    draft.setClassBucket(-1, 0, -99);
    draft.addRule(7, { ruleset: 7, type: 1, minSize: 1, maxSize: 1, steps: [] });
    draft.buckets[0] = undefined;
    expect(map).toEqual(copy);
    expect(draft.finish().rules).toHaveLength(8);
  });

  test("that nothing was done to finishes as the map it was made from", () => {
    const map = compileText(SAMPLE);
    expect(new MapDraft(map).finish()).toEqual(map);
  });
});
