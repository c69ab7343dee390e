import { describe, expect, test } from "vitest";
import { poolId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../../cluster/map/osd-map-placement.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import type { CommandOf } from "../../../../cluster/message/command.ts";
import { already, contextOf, done, MAP, osds, pg, refusal } from "./desk.ts";

type Set = CommandOf<"poolSet">;
const set = (given: Partial<Set>): Set => ({
  type: "poolSet",
  name: "rbd",
  confirm: false,
  ...given,
});
const settings = (map: OsdMap, id = 1) => map.poolSettings.get(poolId(id));

describe("the settings of a pool", () => {
  test("change together, and what is not named stays", () => {
    const given = { nodelete: true, quotaBytes: 10, quotaObjects: 20, application: "rbd" };
    const { map, what } = done(MAP, set(given));
    expect(settings(map)).toEqual({ ...settings(MAP), ...given });
    expect(what).toBe(
      'set application rbd, nodelete true, quota_bytes 10, quota_objects 20 of pool "rbd"',
    );
    expect(already(map, set(given))).toBe(
      'pool "rbd" has application rbd, nodelete true, quota_bytes 10, quota_objects 20 already',
    );
    expect(settings(map, 2)).toBe(settings(MAP, 2));
    expect(map.pools).toBe(MAP.pools);
  });

  test("have a min_size that follows the size where it was the default", () => {
    const minSizes = (sizes: number[], given: Partial<Set> = {}) =>
      sizes.map((size) => settings(done(MAP, set({ size, ...given })).map)?.minSize);
    expect(minSizes([2, 4, 5])).toEqual([1, 2, 3]);
    expect(minSizes([4, 5], { minSize: 1 })).toEqual([1, 1]);
    const strict = done(MAP, set({ minSize: 3 })).map;
    expect(settings(done(strict, set({ size: 2 })).map)?.minSize).toBe(2);
    expect(settings(done(strict, set({ size: 4 })).map)?.minSize).toBe(3);
  });

  test("are refused with a sentence that says why", () => {
    const cases: [Partial<Set>, string, string][] = [
      [{ name: "rbdd", size: 2 }, "NOT_FOUND", 'there is no pool "rbdd"; pools: rbd, data'],
      [
        {},
        "INVALID",
        "no setting is named; there are size, min_size, rule, application, nodelete, " +
          "quota_bytes, quota_objects",
      ],
      [
        { size: 1 },
        "UNCONFIRMED",
        "with size 1 the first disk that fails takes data with it; add --yes-i-really-mean-it if that is meant",
      ],
      [
        { minSize: 4 },
        "INVALID",
        'it cannot be so: pool "rbd" has min_size 4; it must be within 1..3, its size',
      ],
      [{ rule: "no" }, "NOT_FOUND", 'there is no CRUSH rule "no"; rules: replicated, erasure'],
      [
        { size: 21 },
        "INVALID",
        'it cannot be so: no CRUSH rule of ruleset 0 fits pool "rbd" of size 21',
      ],
    ];
    for (const [given, code, message] of cases) {
      expect(refusal(MAP, set(given))).toEqual({ code, message });
    }
  });

  test("keep their application until a change of it is confirmed", () => {
    const { map } = done(MAP, set({ application: "s3" }));
    expect(refusal(map, set({ application: "rbd" }))).toEqual({
      code: "UNCONFIRMED",
      message:
        'pool "rbd" is for "s3"; what uses it may no longer find it; ' +
        "add --yes-i-really-mean-it if that is meant",
    });
    const changed = done(map, set({ application: "rbd", confirm: true })).map;
    expect(settings(changed)?.application).toBe("rbd");
    expect(refusal(MAP, set({ application: "a b" })).code).toBe("INVALID");
  });

  test("do not raise the PGs per OSD beyond their bound", () => {
    const context = { settings: { ...contextOf().settings, pgsPerOsdMax: 4 } };
    expect(refusal(MAP, set({ size: 4 }), context)).toEqual({
      code: "INVALID",
      message: "size 4 would make 5 PGs on each OSD, and 4 are allowed",
    });
    expect(done(MAP, set({ size: 2 }), context).map).not.toBe(MAP);
  });

  test("leave no rows of OSDs behind that are longer than the size", () => {
    const wide: OsdMap = {
      ...MAP,
      pgUpmap: pgTable([[pg(1, 0), osds(0, 2, 4)]]),
      pgTemp: pgTable([[pg(1, 1), osds(0, 2, 4)]]),
    };
    const { map } = done(wide, set({ size: 2 }));
    expect([map.pgUpmap, map.pgTemp]).toEqual([pgTable(), pgTable()]);
    expect(placementOf(map).mapPool(poolId(1), "acting").size).toBe(2);
  });
});

describe("the name of a pool", () => {
  test("changes, and nothing else of it", () => {
    const { map, what } = done(MAP, { type: "poolRename", from: "rbd", to: "images" });
    expect(what).toBe('rename pool "rbd" to "images"');
    expect(settings(map)).toEqual({ ...settings(MAP), name: "images" });
  });

  test("is that of one pool only", () => {
    const rename = (from: string, to: string) => ({ type: "poolRename", from, to }) as const;
    expect(already(MAP, rename("rbd", "rbd"))).toBe('pool "rbd" has that name already');
    expect(refusal(MAP, rename("rbd", "data")).message).toBe('there is a pool "data" already');
    expect(refusal(MAP, rename("no", "yes")).message).toBe(
      'there is no pool "no"; pools: rbd, data',
    );
    expect(refusal(MAP, rename("rbd", "-x")).code).toBe("INVALID");
  });
});
