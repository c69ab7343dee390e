import { describe, expect, test } from "vitest";
import { rowName, rowValue } from "../../../cli/epochs/row-value.ts";
import { present } from "../../../cluster/base/assert.ts";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { rowsOf, sectionOf } from "../../../cluster/map/osd-map-delta.ts";
import { SECTIONS } from "../../../cluster/map/osd-map-sections.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { setDeviceClass } from "../../../crush/builder.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const PG = { pool: poolId(1), seed: 3 };
const PLAIN = osdMapWorld({ racks: 1, hosts: 2, osds: 1 }, { pools: [{ pgNum: 4, name: "rbd" }] });
/** With a row in every section but weight sets. */
const FULL: OsdMap = {
  ...PLAIN,
  crush: setDeviceClass(PLAIN.crush, { device: "osd.0", deviceClass: "ssd" }),
  flags: new Set(["noout"]),
  pgUpmap: pgTable([[PG, [osdId(1), osdId(0)]]]),
  pgUpmapItems: pgTable([[PG, [{ from: osdId(0), to: osdId(1) }]]]),
  pgTemp: pgTable([[PG, [osdId(1)]]]),
  primaryTemp: pgTable([[PG, osdId(1)]]),
  creating: pgTable([[PG, epoch(7)]]),
  blocklist: new Map([["10.0.0.1:1", 99]]),
};

const first = (section: string): readonly [string, unknown] => {
  const row = [...rowsOf(FULL)].find(({ section: id }) => sectionOf(id).name === section);
  const found = present(row, section);
  return [rowName(found), rowValue(found, found.value)];
};

describe("a row of the map", () => {
  test.each<[string, string, object]>([
    ["osd", "osd 0", { up: true, host: "host0" }],
    ["weight of osd", "weight of osd 0", { weight: 1, primaryAffinity: 1 }],
    ["settings of pool", "settings of pool 1", { name: "rbd", size: 3 }],
    ["flag", "flag noout", { set: true }],
    ["full ratios", "full ratios", { nearfull: 0.85 }],
    ["upmap of PG", "upmap of PG 1.3", { osds: [1, 0] }],
    ["upmap items of PG", "upmap items of PG 1.3", { items: ["osd.0 -> osd.1"] }],
    ["temporary acting set of PG", "temporary acting set of PG 1.3", { osds: [1] }],
    ["temporary primary of PG", "temporary primary of PG 1.3", { osd: 1 }],
    ["creation of PG", "creation of PG 1.3", { epoch: 7 }],
    ["blocked client", "blocked client 10.0.0.1:1", { untilMs: 99 }],
    ["CRUSH bucket", "CRUSH bucket -1", { alg: "straw2", weight: 1, items: [0], weights: [1] }],
    ["name of device class", "name of device class 0", { name: "ssd" }],
    ["CRUSH tunables", "CRUSH tunables", { chooseTotalTries: 50 }],
  ])("of %s is told in words", (section, name, value) => {
    const [found, data] = first(section);
    expect(found).toBe(name);
    expect(data).toMatchObject(value);
  });

  test("of every section is more than its size", () => {
    for (const { name } of SECTIONS.filter((section) => section.name !== "CRUSH weight set")) {
      expect(first(name)[1]).not.toHaveProperty("bytes");
    }
  });

  test("that is gone, or of another version, has no value", () => {
    const row = present([...rowsOf(FULL)][0], "a row");
    expect(rowValue(row, undefined)).toBeUndefined();
    expect(rowValue(row, new Uint8Array([1, 2]))).toBeUndefined();
  });
});
