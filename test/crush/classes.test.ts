import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dropShadowTrees,
  growShadowTrees,
  rootsOf,
  shadowIdOf,
  shadowIdsOf,
  shadowName,
} from "../../crush/classes.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { MapDraft } from "../../crush/map-draft.ts";
import { compileText } from "../../crush/text.ts";
import { bucketOf, type CrushBucket, type CrushMap } from "../../crush/types.ts";
import { failureOf, mapTexts, SAMPLE } from "./map-texts.ts";

const RULE = "rule r { id 0 type replicated min_size 1 max_size 10 step emit }";

function shadowOf(map: CrushMap, item: number, className: string): CrushBucket {
  const bucket = bucketOf(map, shadowIdOf(map, { item, className }));
  if (bucket === undefined) throw new Error("no shadow");
  return bucket;
}

describe("a shadow tree", () => {
  const map = compileText(SAMPLE);

  test("has the devices of its class, with their weights and those of what is left", () => {
    const root = shadowOf(map, -1, "ssd");
    expect(root.items).toEqual([shadowOf(map, -2, "ssd").id, shadowOf(map, -3, "ssd").id]);
    expect(itemWeightsOf(root)).toEqual([0x20000, 0x18000]);
    expect(shadowOf(map, -2, "ssd")).toMatchObject({ items: [1], weight: 0x20000, type: 1 });
  });

  test("is made from below up, one class after the other, with the ids that are free", () => {
    const ids = (className: string): number[] =>
      [-2, -3, -1].map((item) => shadowIdOf(map, { item, className }));
    expect([...ids("hdd"), ...ids("ssd")]).toEqual([-4, -5, -6, -7, -8, -9]);
  });

  test("has the ids that the text gives, and no other shadow takes them", () => {
    const text = SAMPLE.replace("id -1\n", "id -1\n\tid -4 class ssd\n");
    const given = compileText(text);
    expect(shadowIdOf(given, { item: -1, className: "ssd" })).toBe(-4);
    expect(shadowIdOf(given, { item: -2, className: "hdd" })).toBe(-5);
  });

  test("has its name and class", () => {
    const { id } = shadowOf(map, -2, "hdd");
    expect(map.itemNames.get(id)).toBe(shadowName("a", "hdd"));
    expect(map.itemClasses.get(id)).toBe(0);
  });

  test("is kept where nothing of its class is left", () => {
    const one = compileText(`device 0 osd.0 class x device 1 osd.1 class y type 1 host
      host a { id -1 alg list item osd.0 } host b { id -2 alg list item osd.1 } ${RULE}`);
    expect(shadowOf(one, -1, "y")).toMatchObject({ items: [], weight: 0 });
  });

  test("shares the shadow of a bucket that stands in two others", () => {
    const shared = compileText(`device 0 osd.0 class x type 1 host type 2 root
      host a { alg list item osd.0 } root r { id -5 alg list item a }
      root s { id -6 alg list item a } ${RULE}`);
    expect(shadowOf(shared, -5, "x").items).toEqual(shadowOf(shared, -6, "x").items);
  });

  test("stops at a uniform bucket that has weight, and with it all that were to follow", () => {
    const stopped =
      compileText(`device 0 osd.0 class x device 1 osd.1 class y type 1 host type 2 root
      host a { id -1 alg straw2 item osd.0 }
      host b { id -2 alg uniform item osd.0 item osd.1 }
      root r { id -3 alg straw2 item a item b } ${RULE}`);
    expect(stopped.classBuckets).toEqual(new Map([[-1, new Map([[0, -4]])]]));
  });

  test("weighs what its devices weigh", () => {
    const leavesOf = (map: CrushMap, bucket: CrushBucket): number =>
      bucket.items.reduce((sum, item, index) => {
        const child = bucketOf(map, item);
        return sum + (child ? leavesOf(map, child) : (itemWeightsOf(bucket)[index] ?? 0));
      }, 0);
    fc.assert(
      fc.property(mapTexts, (text) => {
        const map = compileText(`${text}${RULE.replace("rule r { id 0", "rule last { id 9")}`);
        for (const id of shadowIdsOf(map)) {
          const shadow = bucketOf(map, id);
          if (shadow !== undefined) expect(shadow.weight).toBe(leavesOf(map, shadow));
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("shadow trees", () => {
  test("that are taken away and made again are the same", () => {
    fc.assert(
      fc.property(mapTexts, (text) => {
        const map = compileText(text);
        const draft = new MapDraft(map);
        const ids = dropShadowTrees(draft);
        expect(shadowIdsOf(draft).size).toBe(0);
        if (map.rules.length > 0) growShadowTrees(draft, ids);
        expect(draft.finish()).toEqual(map);
      }),
      { numRuns: 100 },
    );
  });

  test("that are taken away leave nothing behind", () => {
    const draft = new MapDraft(compileText(SAMPLE));
    dropShadowTrees(draft);
    expect(rootsOf(draft).map(({ id }) => id)).toEqual([-1]);
    expect([...draft.itemNames.values()].filter((name) => name.includes("~"))).toEqual([]);
    expect([...draft.itemClasses.keys()]).toEqual([0, 1, 2, 3]);
  });

  test("are roots too", () => {
    expect(rootsOf(compileText(SAMPLE)).map(({ id }) => id)).toEqual([-9, -6, -1]);
  });

  test.each([
    [{ item: -1, className: "nvme" }, 'nothing in the map has a class "nvme"'],
    [{ item: 0, className: "ssd" }, '"osd.0" is a device; only buckets are taken by class'],
    [
      { item: -9, className: "ssd" },
      '"default~ssd" has no shadow for class "ssd": a uniform bucket is in the way',
    ],
  ])("there is none for %j", (wanted, message) => {
    expect(failureOf(() => shadowIdOf(compileText(SAMPLE), wanted)).message).toBe(message);
  });
});
