import { describe, expect, test } from "vitest";
import { osdId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { itemWeightsOf } from "../../../../crush/make-bucket.ts";
import { idOf } from "../../../../crush/map-draft.ts";
import { bucketOf } from "../../../../crush/types.ts";
import { already, done, MAP, refusal } from "./desk.ts";

const ONE = 0x10000;

/** Names and weights of what a bucket holds. */
function contentOf({ crush }: OsdMap, name: string): Record<string, number> {
  const bucket = bucketOf(crush, idOf(crush.itemNames, name) ?? 0);
  if (bucket === undefined) throw new Error(`no bucket ${name}`);
  const weights = itemWeightsOf(bucket);
  return Object.fromEntries(
    bucket.items.map((item, index) => [crush.itemNames.get(item), (weights[index] ?? 0) / ONE]),
  );
}

const run = (...commands: Command[]) =>
  commands.reduce((map, command) => done(map, command).map, MAP);

const buckets = "buckets: host0, host1, host2, host3, rack0, rack1, default";

describe("a bucket", () => {
  test("is added once, as a root or below one", () => {
    const add: Command = {
      type: "crushAddBucket",
      name: "host9",
      bucketType: "host",
      parent: "rack1",
    };
    const { map, what } = done(MAP, add);
    expect(what).toBe('add host "host9" to "rack1"');
    expect(contentOf(map, "rack1")).toEqual({ host2: 2, host3: 2, host9: 0 });
    expect(already(map, add)).toBe('host "host9" is there already');
    expect(already(map, { type: "crushAddBucket", name: "host9", bucketType: "host" })).toBe(
      'host "host9" is there already',
    );
    const root = done(MAP, { type: "crushAddBucket", name: "other", bucketType: "root" });
    expect(contentOf(root.map, "other")).toEqual({});
  });

  test("has a type and a parent that there are, and a name that nothing has", () => {
    const add = (name: string, bucketType: string, parent?: string): Command => ({
      type: "crushAddBucket",
      name,
      bucketType,
      ...(parent !== undefined && { parent }),
    });
    expect(refusal(MAP, add("x", "row")).message).toBe(
      'there is no type "row" of buckets; types: host, rack, root',
    );
    expect(refusal(MAP, add("x", "osd")).code).toBe("NOT_FOUND");
    expect(refusal(MAP, add("x", "host", "rack7")).message).toBe(
      `there is no device or bucket "rack7" in the CRUSH map; ${buckets}`,
    );
    expect(refusal(MAP, add("host0", "rack")).code).toBe("EXISTS");
    expect(refusal(MAP, add("host0", "host", "rack1")).code).toBe("EXISTS");
    expect(refusal(MAP, add("osd.1", "host")).code).toBe("EXISTS");
    expect(refusal(MAP, add("a b", "host")).code).toBe("INVALID");
  });

  test("is renamed and swapped with another", () => {
    const { map } = done(MAP, { type: "crushRename", from: "host0", to: "alpha" });
    expect(contentOf(map, "rack0")).toEqual({ alpha: 2, host1: 2 });
    expect(already(MAP, { type: "crushRename", from: "host0", to: "host0" })).toContain("already");
    expect(refusal(MAP, { type: "crushRename", from: "host0", to: "host1" }).code).toBe("EXISTS");
    expect(refusal(MAP, { type: "crushRename", from: "osd.0", to: "x" }).code).toBe("INVALID");
    const swapped = done(MAP, { type: "crushSwap", first: "host0", second: "host2" }).map;
    expect(contentOf(swapped, "rack0")).toEqual({ host2: 2, host1: 2 });
    expect(refusal(MAP, { type: "crushSwap", first: "host0", second: "rack1" }).code).toBe(
      "INVALID",
    );
    expect(refusal(MAP, { type: "crushSwap", first: "host0", second: "x" }).code).toBe("NOT_FOUND");
  });
});

describe("an item", () => {
  test("moves with all that it holds, once", () => {
    const move: Command = { type: "crushMove", item: "host0", parent: "rack1" };
    const { map, what } = done(MAP, move);
    expect(what).toBe('move "host0" to "rack1"');
    expect(contentOf(map, "default")).toEqual({ rack0: 2, rack1: 6 });
    expect(already(map, move)).toBe('"host0" is in "rack1" already');
    expect(refusal(MAP, { type: "crushMove", item: "default", parent: "rack0" }).code).toBe(
      "INVALID",
    );
    expect(refusal(MAP, { type: "crushMove", item: "x", parent: "rack0" }).code).toBe("NOT_FOUND");
    expect(refusal(MAP, { type: "crushMove", item: "host0", parent: "osd.1" }).code).toBe(
      "INVALID",
    );
  });

  test("is linked and unlinked, once", () => {
    const link: Command = { type: "crushLink", item: "host0", parent: "rack1" };
    const { map } = done(MAP, link);
    expect(contentOf(map, "default")).toEqual({ rack0: 4, rack1: 6 });
    expect(already(map, link)).toBe('"host0" is in "rack1" already');
    const unlink: Command = { type: "crushUnlink", item: "host0", parent: "rack0" };
    const { map: unlinked } = done(map, unlink);
    expect(contentOf(unlinked, "rack0")).toEqual({ host1: 2 });
    expect(already(unlinked, unlink)).toBe('"host0" is not in "rack0"');
    for (const type of ["crushLink", "crushUnlink"] as const) {
      expect(refusal(MAP, { type, item: "x", parent: "rack0" }).code).toBe("NOT_FOUND");
      expect(refusal(MAP, { type, item: "host0", parent: "x" }).code).toBe("NOT_FOUND");
    }
    expect(refusal(MAP, { type: "crushLink", item: "rack0", parent: "host0" }).code).toBe(
      "INVALID",
    );
  });

  test("weighs what it is given, a bucket all devices below it", () => {
    const reweight = (item: string, weight: number): Command => ({
      type: "crushReweight",
      item,
      weight,
    });
    const { map, what } = done(MAP, reweight("rack0", 2.5));
    expect(what).toBe('give "rack0" the CRUSH weight 2.500');
    expect(contentOf(map, "default")).toEqual({ rack0: 10, rack1: 4 });
    expect(already(map, reweight("osd.0", 2.5))).toBe('"osd.0" has the CRUSH weight 2.500 already');
    for (const weight of [-1, 101, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusal(MAP, reweight("osd.0", weight)).message).toBe(
        `the CRUSH weight of a device is from 0 to 100, not ${weight}`,
      );
    }
    expect(refusal(MAP, reweight("osd.9", 1)).code).toBe("NOT_FOUND");
    const empty = run({ type: "crushAddBucket", name: "e", bucketType: "host" });
    expect(refusal(empty, reweight("e", 1)).code).toBe("INVALID");
  });

  test("is removed if it holds nothing and no rule takes it", () => {
    const { map } = done(MAP, { type: "crushRemove", item: "osd.0" });
    expect(contentOf(map, "host0")).toEqual({ "osd.1": 1 });
    expect(refusal(MAP, { type: "crushRemove", item: "host0" })).toEqual({
      code: "IN_USE",
      message: '"host0" still holds 2 items; move or remove them first',
    });
    const bare = run(
      { type: "crushUnlink", item: "rack0", parent: "default" },
      { type: "crushUnlink", item: "rack1", parent: "default" },
    );
    expect(refusal(bare, { type: "crushRemove", item: "default" }).message).toContain(
      'takes "default", which would go away; change the rule first',
    );
    expect(refusal(MAP, { type: "crushRemove", item: "osd.9" }).code).toBe("NOT_FOUND");
  });
});

describe("a device", () => {
  const add = (given: object = {}): Command => ({
    type: "crushAdd",
    osd: osdId(8),
    weight: 1.5,
    parent: "host3",
    ...given,
  });
  const made = done(MAP, { type: "osdNew", uuid: "a" }).map;

  test("is added for an OSD that there is, once", () => {
    const { map, what } = done(made, add({ deviceClass: "ssd" }));
    expect(what).toBe('add osd.8 to "host3" with weight 1.500');
    expect(contentOf(map, "host3")).toEqual({ "osd.6": 1, "osd.7": 1, "osd.8": 1.5 });
    expect(map.crush.classNames).toEqual(new Map([[0, "ssd"]]));
    expect(already(map, add())).toBe('osd.8 is in "host3" with that weight already');
    expect(refusal(MAP, add()).message).toContain("there is no osd.8; OSDs: osd.0,");
  });

  test("that stands elsewhere is moved or reweighted, not added", () => {
    const { map } = done(made, add());
    for (const given of [{ weight: 2 }, { parent: "host0" }]) {
      expect(refusal(map, add(given))).toEqual({
        code: "EXISTS",
        message: 'osd.8 stands in "host3" already; move or reweight it',
      });
    }
    expect(refusal(made, add({ parent: "osd.1" })).code).toBe("INVALID");
    expect(refusal(made, add({ weight: -1 })).code).toBe("INVALID");
  });

  test("that was unlinked is put back", () => {
    const unlinked = run({ type: "crushUnlink", item: "osd.0", parent: "host0" });
    const { map } = done(unlinked, add({ osd: osdId(0), weight: 3, parent: "host2" }));
    expect(contentOf(map, "host2")).toEqual({ "osd.4": 1, "osd.5": 1, "osd.0": 3 });
    expect(contentOf(map, "default")).toEqual({ rack0: 3, rack1: 7 });
  });
});
