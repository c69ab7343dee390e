import { expect, test } from "vitest";
import { poolLines, poolList, poolNamed, quotaText } from "../../../cli/pool/pool-list.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const MAP = osdMapWorld(
  { racks: 1, hosts: 3, osds: 1 },
  {
    pools: [
      {
        id: 3,
        pgNum: 32,
        name: "rbd",
        application: "rbd",
        nodelete: true,
        quotaBytes: 10 * 2 ** 30,
      },
      { id: 1, pgNum: 8, name: "images", size: 2, isQuotaFull: true, quotaObjects: 1_000 },
      { id: 5, pgNum: 8, name: "lost", rule: 7 },
    ],
  },
);

test("pools are listed by id with what people set", () => {
  expect(poolList(MAP).map(({ pool }) => pool)).toEqual([1, 3, 5]);
  expect(poolLines(poolList(MAP)).join("")).toMatchInlineSnapshot(`
    "ID  NAME    SIZE  MIN  PGS  RULE        APPLICATION  FLAGS     QUOTA
     1  images     2    2    8  replicated  -            full      1,000 objects
     3  rbd        3    2   32  replicated  rbd          nodelete  10 GiB
     5  lost       3    2    8  none fits   -            -         none
    "
  `);
});

test("a pool is found by its name, and a misspelt one is told what was meant", () => {
  expect(poolNamed(MAP, "rbd")).toMatchObject({ pool: 3, minSize: 2, type: "replicated" });
  expect(() => poolNamed(MAP, "image")).toThrow(
    'there is no pool "image" (did you mean images?); pools: images, rbd, lost',
  );
});

test("a quota is both of its limits", () => {
  expect(quotaText({ quotaBytes: 2 ** 20, quotaObjects: 5 })).toBe("1.0 MiB, 5 objects");
  expect(quotaText({ quotaBytes: 0, quotaObjects: 0 })).toBe("none");
});
