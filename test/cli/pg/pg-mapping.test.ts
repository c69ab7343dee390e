import { describe, expect, test } from "vitest";
import { findObject, mappingLines, pgMapping, rowText } from "../../../cli/pg/pg-mapping.ts";
import { present } from "../../../cluster/base/assert.ts";
import { osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { parsePgId } from "../../../cluster/map/pg-id.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";
import { withDown, withOut, withShare } from "../../monitor/controller/board-world.ts";

const MAP = osdMapWorld({ racks: 1, hosts: 5, osds: 1 }, { pools: [{ pgNum: 64, name: "rbd" }] });
const PG = present(parsePgId("1.2f"), "PG 1.2f");
const RAW = placementOf(MAP).pgToRaw(PG).osds as readonly number[];
const [A = -1, B = -1, C = -1] = RAW;
const OTHER = [0, 1, 2, 3, 4].find((osd) => !RAW.includes(osd)) ?? -1;
const lines = (map: OsdMap): string => mappingLines(pgMapping(map, PG)).join("");

describe("pg map", () => {
  test("of a PG in peace is four times the same", () => {
    const { raw, upmap, up, acting } = pgMapping(MAP, PG);
    expect(raw).toEqual({ osds: RAW, primary: A, remarks: [] });
    expect([upmap, up, acting]).toEqual([raw, raw, raw]);
    expect(lines(MAP)).toBe(
      [
        "epoch   1",
        "pg      1.2f of pool rbd",
        `rule    ${pgMapping(MAP, PG).rule}`,
        ...["crush ", "upmap ", "up    ", "acting"].map(
          (stage) => `${stage}  [${A},${B},${C}], osd.${A} leads`,
        ),
        "",
      ].join("\n"),
    );
  });

  test("says which upmap is in force, and which is not", () => {
    const pairs = [{ from: osdId(B), to: osdId(OTHER) }];
    const upmapped = { ...MAP, pgUpmapItems: pgTable([[PG, pairs]]) };
    expect(pgMapping(upmapped, PG).upmap).toEqual({
      osds: [A, OTHER, C],
      primary: A,
      remarks: [`pg_upmap_items osd.${B} -> osd.${OTHER}`],
    });
    const out = pgMapping(withOut(upmapped, OTHER), PG).upmap;
    expect(out.osds).toEqual(RAW);
    expect(out.remarks[1]).toBe(`osd.${OTHER} is out: its upmap has no effect`);
    const whole = { ...MAP, pgUpmap: pgTable([[PG, [C, OTHER, A].map(osdId)]]) };
    expect(lines(whole)).toContain(`\n          pg_upmap [${C},${OTHER},${A}]\n`);
  });

  test("says who is down and who declines to lead", () => {
    expect(pgMapping(withDown(MAP, B), PG).up).toEqual({
      osds: [A, C],
      primary: A,
      remarks: [`osd.${B} is down`],
    });
    const { up } = pgMapping(withShare(MAP, A, { primaryAffinity: 0 }), PG);
    expect(up.remarks).toEqual([`osd.${A} declines to lead: its primary affinity`]);
    expect(up.primary).not.toBe(A);
  });

  test("says who serves in the meantime", () => {
    const temporary = {
      ...MAP,
      pgTemp: pgTable([[PG, [osdId(OTHER), osdId(A)]]]),
      primaryTemp: pgTable([[PG, osdId(A)]]),
    };
    const { acting } = pgMapping(temporary, PG);
    expect(acting).toMatchObject({ osds: [OTHER, A], primary: A });
    expect(acting.remarks).toEqual([`pg_temp [${OTHER},${A}]`, `primary_temp osd.${A}`]);
    expect(lines(temporary)).toContain("others than up serve it until those have its data\n");
  });

  test("shows holes where positions matter, and that no rule fits", () => {
    expect(rowText([3, null, 1])).toBe("[3,-,1]");
    const lost = osdMapWorld({ racks: 1, hosts: 3, osds: 1 }, { pools: [{ pgNum: 64, rule: 9 }] });
    expect(pgMapping(lost, PG)).toMatchObject({ rule: null, raw: { osds: [], primary: null } });
    expect(lines(lost)).toContain("rule    none fits\n");
  });

  test("finds the PG of an object, by its name or what stands for it", () => {
    const find = (name: string, locator: object = {}): number =>
      findObject(MAP, { pool: "rbd", name, ...locator }).pg.seed;
    expect(find("other", { key: "photo.jpg" })).toBe(find("photo.jpg"));
    expect(find("a", { namespace: "n" })).not.toBe(find("a"));
    const found = findObject(MAP, { pool: "rbd", name: "photo.jpg" });
    expect(found.hash % 64).toBe(found.pg.seed);
    expect(mappingLines(pgMapping(MAP, found.pg, found)).slice(1, 4)).toEqual([
      "object  photo.jpg\n",
      `hash    0x${found.hash.toString(16).padStart(8, "0")}\n`,
      `pg      1.${found.pg.seed.toString(16)} of pool rbd\n`,
    ]);
    expect(() => findObject(MAP, { pool: "rdb", name: "x" })).toThrow(/no pool "rdb"/);
  });

  test.each([
    ["9.0", "there is no PG 9.0; there is no pool 9; pools: 1 (rbd)"],
    ["1.40", "there is no PG 1.40; the last PG of its pool is 1.3f"],
  ])("of %s says what there is instead", (name, message) => {
    expect(() => pgMapping(MAP, present(parsePgId(name), name))).toThrow(message);
  });
});
