import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addBucket,
  addDevice,
  linkItem,
  moveItem,
  removeDeviceClass,
  removeItem,
  renameItem,
  reweightItem,
  setDeviceClass,
  swapBuckets,
  unlinkItem,
} from "../../crush/builder.ts";
import { CrushError } from "../../crush/error.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { idOf, MapDraft } from "../../crush/map-draft.ts";
import { addRule } from "../../crush/rule-builder.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { problemOf } from "../../crush/validate.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

const ONE = 0x10000;
const MAP = compileText(SAMPLE);

/** Item names to weights, of a bucket that goes by its name. */
function contentOf(map: CrushMap, name: string): Record<string, number> {
  const bucket = bucketOf(map, idOf(map.itemNames, name) ?? 0);
  if (bucket === undefined) throw new Error(`no bucket ${name}`);
  const weights = itemWeightsOf(bucket);
  return Object.fromEntries(
    bucket.items.map((item, index) => [map.itemNames.get(item), (weights[index] ?? 0) / ONE]),
  );
}

describe("an edit of the tree", () => {
  test("adds a device, with the weights above it", () => {
    const device = { id: 9, name: "osd.9", weight: 2 * ONE, parent: "a", deviceClass: "ssd" };
    const map = addDevice(MAP, device);
    expect(contentOf(map, "a")).toEqual({ "osd.0": 1, "osd.1": 2, "osd.9": 2 });
    expect(contentOf(map, "default")).toEqual({ a: 5, b: 2.5 });
    expect(contentOf(map, "default~ssd")).toEqual({ "a~ssd": 4, "b~ssd": 1.5 });
    expect(map.maxDevices).toBe(10);
  });

  test("adds a bucket, as a root or below one", () => {
    const root = addBucket(MAP, { name: "new", type: "root", alg: "list" });
    expect(bucketOf(root, idOf(root.itemNames, "new") ?? 0)).toMatchObject({
      alg: "list",
      type: 2,
      items: [],
    });
    const host = addBucket(root, { name: "c", type: "host", parent: "new" });
    expect(contentOf(host, "new")).toEqual({ c: 0 });
  });

  test.each([
    [54, "straw2"],
    [22, "straw"],
    [2, "uniform"],
    [0, "straw2"],
  ])("gives a new bucket the best algorithm of %i", (allowedBucketAlgs, alg) => {
    const map = { ...MAP, tunables: { ...MAP.tunables, allowedBucketAlgs } };
    const added = addBucket(map, { name: "new", type: "root" });
    expect(bucketOf(added, idOf(added.itemNames, "new") ?? 0)?.alg).toBe(alg);
  });

  test("moves an item out of everywhere", () => {
    const linked = linkItem(MAP, { item: "osd.0", parent: "b" });
    const map = moveItem(linked, { item: "osd.0", parent: "default" });
    expect(contentOf(map, "default")).toEqual({ a: 2, b: 2.5, "osd.0": 1 });
    expect(contentOf(map, "b")).toEqual({ "osd.2": 1, "osd.3": 1.5 });
  });

  test("leaves an item where it is moved to the bucket that it is in", () => {
    expect(moveItem(MAP, { item: "osd.0", parent: "a" })).toEqual(MAP);
  });

  test("links an item to one more bucket, and unlinks it again", () => {
    const map = linkItem(MAP, { item: "osd.1", parent: "b" });
    expect(contentOf(map, "b")).toEqual({ "osd.2": 1, "osd.3": 1.5, "osd.1": 2 });
    expect(contentOf(map, "a")).toEqual({ "osd.0": 1, "osd.1": 2 });
    expect(unlinkItem(map, { item: "osd.1", parent: "b" })).toEqual(MAP);
  });

  test("unlinks a bucket, which then is a root", () => {
    const map = unlinkItem(MAP, { item: "a", parent: "default" });
    expect(contentOf(map, "default")).toEqual({ b: 2.5 });
    expect(contentOf(map, "a")).toEqual({ "osd.0": 1, "osd.1": 2 });
  });

  test("reweights a device wherever it stands, and of a bucket all devices", () => {
    const linked = linkItem(MAP, { item: "osd.1", parent: "b" });
    const map = reweightItem(linked, { item: "osd.1", weight: ONE / 2 });
    expect([contentOf(map, "a")["osd.1"], contentOf(map, "b")["osd.1"]]).toEqual([0.5, 0.5]);
    const all = reweightItem(MAP, { item: "default", weight: 3 * ONE });
    expect(contentOf(all, "default")).toEqual({ a: 6, b: 6 });
  });

  test("reweights a uniform bucket as a whole", () => {
    const text = "device 0 x device 1 y type 1 host host u { alg uniform item x item y }";
    const map = reweightItem(compileText(text), { item: "u", weight: 2 * ONE });
    expect(contentOf(map, "u")).toEqual({ x: 2, y: 2 });
  });

  test("removes devices, and buckets when they are empty", () => {
    const map = ["osd.0", "osd.1", "a"].reduce(removeItem, MAP);
    expect(contentOf(map, "default")).toEqual({ b: 2.5 });
    expect(idOf(map.itemNames, "a")).toBeUndefined();
    expect(idOf(map.itemNames, "a~ssd")).toBeUndefined();
  });

  test("renames an item and its shadows", () => {
    const map = renameItem(MAP, { from: "a", to: "z" });
    expect([...map.itemNames.values()].filter((name) => /^[az]\b/.test(name)).sort()).toEqual([
      "z",
      "z~hdd",
      "z~ssd",
    ]);
  });

  test("swaps two buckets with all that they hold", () => {
    const spare = addBucket(MAP, { name: "spare", type: "host" });
    const map = swapBuckets(spare, { first: "a", second: "spare" });
    expect(contentOf(map, "default")).toEqual({ spare: 0, b: 2.5 });
    expect(contentOf(map, "a")).toEqual({ "osd.0": 1, "osd.1": 2 });
    expect(idOf(map.itemNames, "spare")).toBe(idOf(MAP.itemNames, "a"));
    expect(swapBuckets(map, { first: "spare", second: "a" })).toEqual(spare);
  });

  test("changes device classes and with them the shadow trees", () => {
    const map = setDeviceClass(MAP, { device: "osd.0", deviceClass: "ssd" });
    expect(contentOf(map, "a~ssd")).toEqual({ "osd.0": 1, "osd.1": 2 });
    expect(contentOf(map, "a~hdd")).toEqual({});
    expect(contentOf(removeDeviceClass(map, "osd.1"), "a~ssd")).toEqual({ "osd.0": 1 });
  });

  test("builds a map from nothing", () => {
    const draft = new MapDraft();
    draft.tunables = OPTIMAL_TUNABLES;
    for (const [id, name] of ["osd", "host", "root"].entries()) draft.typeNames.set(id, name);
    let map = addBucket(draft.finish(), { name: "default", type: "root" });
    map = addBucket(map, { name: "h", type: "host", parent: "default" });
    map = addDevice(map, { id: 0, name: "osd.0", weight: ONE, parent: "h" });
    map = addRule(map, { name: "r", root: "default", failureDomain: "host", type: "replicated" });
    expect(printText(compileText(printText(map)))).toBe(printText(map));
  });
});

describe("an edit that cannot be done", () => {
  const device = { id: 9, name: "osd.9", weight: ONE, parent: "a" };

  test.each<[what: string, edit: () => CrushMap, code: string]>([
    ["a device id that is taken", () => addDevice(MAP, { ...device, id: 0 }), "DUPLICATE"],
    ["a device id below 0", () => addDevice(MAP, { ...device, id: -1 }), "LIMIT"],
    ["a name that is taken", () => addDevice(MAP, { ...device, name: "b" }), "DUPLICATE"],
    ["a name with a blank", () => addDevice(MAP, { ...device, name: "o 9" }), "SYNTAX"],
    ["a class with a blank", () => addDevice(MAP, { ...device, deviceClass: "" }), "SYNTAX"],
    ["a parent that is not there", () => addDevice(MAP, { ...device, parent: "z" }), "UNKNOWN"],
    [
      "a parent that is a device",
      () => addDevice(MAP, { ...device, parent: "osd.0" }),
      "MISPLACED",
    ],
    ["a negative weight", () => addDevice(MAP, { ...device, weight: -1 }), "WEIGHT"],
    ["a weight above 100", () => addDevice(MAP, { ...device, weight: 101 * ONE }), "WEIGHT"],
    ["a weight between two", () => addDevice(MAP, { ...device, weight: 0.5 }), "WEIGHT"],
    ["a type that is not there", () => addBucket(MAP, { name: "c", type: "rack" }), "UNKNOWN"],
    ["the type of devices", () => addBucket(MAP, { name: "c", type: "osd" }), "MISPLACED"],
    ["a move into itself", () => moveItem(MAP, { item: "default", parent: "a" }), "LOOP"],
    ["a link to itself", () => linkItem(MAP, { item: "a", parent: "a" }), "LOOP"],
    ["a second link", () => linkItem(MAP, { item: "a", parent: "default" }), "DUPLICATE"],
    [
      "an unlink of what is not linked",
      () => unlinkItem(MAP, { item: "a", parent: "b" }),
      "UNKNOWN",
    ],
    ["a removal of what is not empty", () => removeItem(MAP, "a"), "IN_USE"],
    [
      "a reweight of no device",
      () => reweightItem(addBucket(MAP, { name: "c", type: "host" }), { item: "c", weight: 1 }),
      "MISPLACED",
    ],
    [
      "a swap of one above the other",
      () =>
        swapBuckets(addBucket(MAP, { name: "r", type: "root", parent: "default" }), {
          first: "default",
          second: "r",
        }),
      "LOOP",
    ],
    [
      "a swap of different types",
      () => swapBuckets(MAP, { first: "a", second: "default" }),
      "MISPLACED",
    ],
    [
      "a class of a bucket",
      () => setDeviceClass(MAP, { device: "a", deviceClass: "x" }),
      "MISPLACED",
    ],
    [
      "a removed root that a rule takes",
      () => ["osd.0", "osd.1", "a", "osd.2", "osd.3", "b", "default"].reduce(removeItem, MAP),
      "IN_USE",
    ],
  ])("%s is refused", (_, edit, code) => {
    expect(failureOf(edit).code).toBe(code);
  });
});

describe("any edits", () => {
  const DEVICES = 6;
  const HOSTS = ["h0", "h1", "h2"];
  const item = fc.constantFrom(
    ...Array.from({ length: DEVICES }, (_, id) => `osd.${id}`),
    ...HOSTS,
    "r0",
    "r1",
    "default",
  );
  const bucket = fc.constantFrom(...HOSTS, "r0", "r1", "default");
  const device = fc.integer({ min: 0, max: DEVICES - 1 });
  const weight = fc.integer({ min: 0, max: 3 * ONE });
  const deviceClass = fc.constantFrom("hdd", "ssd");

  type Step = (map: CrushMap) => CrushMap;
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ id: device, weight, parent: bucket, deviceClass }).map(
      (drawn): Step =>
        (map) =>
          addDevice(map, { ...drawn, name: `osd.${drawn.id}` }),
    ),
    fc.record({ item, parent: bucket }).map(
      (drawn): Step =>
        (map) =>
          moveItem(map, drawn),
    ),
    fc.record({ item, parent: bucket }).map(
      (drawn): Step =>
        (map) =>
          linkItem(map, drawn),
    ),
    fc.record({ item, parent: bucket }).map(
      (drawn): Step =>
        (map) =>
          unlinkItem(map, drawn),
    ),
    fc.record({ item, weight }).map(
      (drawn): Step =>
        (map) =>
          reweightItem(map, drawn),
    ),
    item.map(
      (drawn): Step =>
        (map) =>
          removeItem(map, drawn),
    ),
    fc.record({ first: bucket, second: bucket }).map(
      (drawn): Step =>
        (map) =>
          swapBuckets(map, drawn),
    ),
    fc.record({ device: item, deviceClass }).map(
      (drawn): Step =>
        (map) =>
          setDeviceClass(map, drawn),
    ),
    item.map(
      (drawn): Step =>
        (map) =>
          removeDeviceClass(map, drawn),
    ),
  );

  const start = compileText(`type 0 osd type 1 host type 2 rack type 3 root
    host h0 { alg straw2 } host h1 { alg list } host h2 { alg tree }
    rack r0 { alg straw item h0 item h1 } rack r1 { alg straw2 item h2 }
    root default { alg straw2 item r0 item r1 }
    rule r { id 0 type replicated min_size 1 max_size 10 step take default step emit }`);

  /** Buckets that differ from the sum of their items, and links from the bucket they lead to. */
  function wrongWeights(map: CrushMap): string[] {
    return map.buckets.flatMap((bucket) => {
      if (bucket === undefined) return [];
      const weights = itemWeightsOf(bucket);
      const sum = weights.reduce((total, next) => total + next, 0);
      const name = map.itemNames.get(bucket.id) ?? "";
      const links = bucket.items.flatMap((id, index) => {
        const child = bucketOf(map, id);
        return child === undefined || child.weight === weights[index] ? [] : [`${name} > ${id}`];
      });
      return sum === bucket.weight ? links : [name, ...links];
    });
  }

  test("keep sums right and maps valid, or change nothing", () => {
    let done = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 30 }), (steps) => {
        let map = start;
        for (const edit of steps) {
          const copy = structuredClone(map);
          let next = map;
          try {
            next = edit(map);
            done += 1;
          } catch (error) {
            if (!(error instanceof CrushError)) throw error;
          }
          expect(map).toEqual(copy);
          map = next;
        }
        expect(wrongWeights(map)).toEqual([]);
        expect(problemOf(map)).toBeUndefined();
        // Classes are numbered by their first mention, which edits can change.
        const text = printText(compileText(printText(map)));
        expect(printText(compileText(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
    expect(done).toBeGreaterThan(200);
  });
});
