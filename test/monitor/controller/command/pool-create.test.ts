import { describe, expect, test } from "vitest";
import { poolId } from "../../../../cluster/base/ids.ts";
import type { CommandOf } from "../../../../cluster/message/command.ts";
import { removeRule } from "../../../../crush/rule-builder.ts";
import { pgsPerOsd } from "../../../../monitor/controller/command/pool-create.ts";
import { contextOf, done, MAP, osds, refusal } from "./desk.ts";

type Create = CommandOf<"poolCreate">;
const create = (given: Partial<Create> = {}): Create => ({
  type: "poolCreate",
  name: "new",
  application: "",
  confirm: false,
  ...given,
});

describe("a new pool", () => {
  test("has the size and rule that pools have by default, and lists its PGs as being created", () => {
    const { map, what, reply } = done(MAP, create({ application: "s3" }));
    expect(what).toBe('create pool "new" with 32 PGs of size 3');
    expect(reply).toEqual({ pool: 3, advice: "" });
    const id = poolId(3);
    expect(map.poolIdMax).toBe(3);
    expect(map.pools.get(id)).toEqual({
      created: MAP.epoch + 1,
      type: "replicated",
      pgNum: 32,
      pgpNum: 32,
      hashpspool: true,
      objectHash: 2,
      isQuotaFull: false,
    });
    expect(map.poolSettings.get(id)).toEqual({
      name: "new",
      size: 3,
      minSize: 2,
      rule: 0,
      application: "s3",
      nodelete: false,
      quotaBytes: 0,
      quotaObjects: 0,
    });
    const creating = map.creating.get(id);
    expect(creating?.size).toBe(32);
    expect(new Set(creating?.values())).toEqual(new Set([MAP.epoch + 1]));
  });

  test("goes on with half of its copies, rounded up, unless told otherwise", () => {
    const minSizeOf = (given: Partial<Create>) =>
      done(MAP, create(given)).map.poolSettings.get(poolId(3))?.minSize;
    const sizes = [1, 2, 3, 4, 5].map((size) => minSizeOf({ size, confirm: true }));
    expect(sizes).toEqual([1, 1, 2, 2, 3]);
    expect(minSizeOf({ size: 3, minSize: 1 })).toBe(1);
  });

  test("never gets an id that a pool had", () => {
    const context = { settings: { ...contextOf().settings, poolDeleteAllowed: true } };
    const made = done(MAP, create()).map;
    const gone = done(
      made,
      { type: "poolDelete", name: "new", nameAgain: "new", confirm: true },
      context,
    );
    expect(done(gone.map, create()).reply).toMatchObject({ pool: 4 });
  });

  test("is advised to have a power of two of PGs", () => {
    const { what, reply } = done(MAP, create({ pgNum: 100 }));
    expect(reply).toEqual({ pool: 3, advice: "128, a power of two, would make PGs of one size" });
    expect(what).toBe(
      'create pool "new" with 100 PGs of size 3 (128, a power of two, would make PGs of one size)',
    );
  });

  test("is placed by the rule that it names", () => {
    const ruled = done(MAP, {
      type: "crushCreateRule",
      name: "racks",
      ruleType: "replicated",
      root: "default",
      failureDomain: "rack",
    }).map;
    const { map } = done(ruled, create({ rule: "racks", size: 2 }));
    expect(map.poolSettings.get(poolId(3))?.rule).toBe(2);
  });
});

describe("a pool is refused", () => {
  test("with a sentence that says why", () => {
    const cases: [Partial<Create>, string, string][] = [
      [{ name: "rbd" }, "EXISTS", 'there is a pool "rbd" already'],
      [
        { name: "" },
        "INVALID",
        `a pool's name is up to 128 letters, digits, "-", "_" and ".", unlike ""`,
      ],
      [{ size: 65 }, "INVALID", "the size of a pool is from 1 to 64, not 65"],
      [{ size: 0 }, "INVALID", "the size of a pool is from 1 to 64, not 0"],
      [
        { size: 1 },
        "UNCONFIRMED",
        "with size 1 the first disk that fails takes data with it; " +
          "add --yes-i-really-mean-it if that is meant",
      ],
      [{ pgNum: 0 }, "INVALID", "pg_num is from 1 to 65536, not 0"],
      [
        { pgNum: 1024 },
        "INVALID",
        "pg_num 1024 with size 3 would make 388 PGs on each OSD, and 250 are allowed; " +
          "take fewer, or add OSDs",
      ],
      [{ rule: "fast" }, "NOT_FOUND", 'there is no CRUSH rule "fast"; rules: replicated, erasure'],
      [
        { rule: "erasure" },
        "INVALID",
        'rule "erasure" is for erasure pools of size 1 to 20, or another of its ruleset comes ' +
          "before it; the pool is replicated and of size 3",
      ],
      [
        { minSize: 4 },
        "INVALID",
        'it cannot be so: pool "new" has min_size 4; it must be within 1..3, its size',
      ],
      [
        { minSize: 0 },
        "INVALID",
        'it cannot be so: pool "new" has min_size 0; it must be within 1..3, its size',
      ],
      [{ application: "a b" }, "INVALID", 'an application is a name such as "s3", unlike "a b"'],
      [
        { size: 21 },
        "NOT_FOUND",
        "there is no CRUSH rule for replicated pools of size 21; create one with " +
          '"kelp crush rule create-replicated"',
      ],
    ];
    for (const [given, code, message] of cases) {
      expect(refusal(MAP, create(given))).toEqual({ code, message });
    }
  });

  test("where no rule is for its type", () => {
    const bare = { ...MAP, pools: new Map(), poolSettings: new Map() };
    const map = { ...bare, crush: removeRule(bare.crush, "replicated") };
    expect(refusal(map, create()).code).toBe("NOT_FOUND");
  });
});

test("PGs per OSD count all copies over the OSDs that are in, of which there are three at least", () => {
  expect(pgsPerOsd(MAP)).toBe((8 * 3 + 4 * 2) / 8);
  const out = done(MAP, { type: "osdOut", osds: osds(0, 1, 2, 3) }).map;
  expect(pgsPerOsd(out)).toBe(8);
  expect(pgsPerOsd({ ...MAP, shares: new Map() }, 4)).toBe(12);
});
