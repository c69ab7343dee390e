import { expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { applyDelta, EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { SECTIONS } from "../../../cluster/map/osd-map-sections.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { encode, record, u32, u53 } from "../../../cluster/wire/codec.ts";
import { NONE } from "../../../crush/types.ts";
import { startMap } from "./random-edits.ts";

// Rows that were stored under these numbers must be found under them by every later release.
test("the numbers of sections, and which of them are intent, never change", () => {
  expect(SECTIONS.filter(({ isIntent }) => isIntent).map(({ id }) => id)).toEqual([
    2, 4, 6, 7, 8, 9, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
  ]);
  expect(SECTIONS.filter(({ isIntent }) => !isIntent).map(({ id }) => id)).toEqual([
    1, 3, 5, 10, 11, 12, 13,
  ]);
});

test("every field of the map and of its CRUSH map is in a section", () => {
  const pg = { pool: poolId(1), seed: 3 };
  const map: OsdMap = {
    ...startMap(),
    flags: new Set(["pause"]),
    pgUpmap: pgTable([[pg, [osdId(1)]]]),
    pgUpmapItems: pgTable([[pg, [{ from: osdId(1), to: osdId(2) }]]]),
    pgTemp: pgTable([[pg, [osdId(1), NONE]]]),
    primaryTemp: pgTable([[pg, osdId(1)]]),
    creating: pgTable([[pg, epoch(1)]]),
    blocklist: new Map([["10.0.0.1:0", 5]]),
  };
  for (const name of Object.keys(map) as (keyof OsdMap)[]) {
    if (name === "epoch" || name === "digest" || name === "crush") continue;
    const other = { ...map, [name]: EMPTY_MAP[name] };
    if (name === "ratios") Object.assign(other, { ratios: { ...map.ratios, full: 0.99 } });
    expect([name, changedSections(map, other).length]).toEqual([name, 1]);
  }
  for (const name of Object.keys(map.crush) as (keyof OsdMap["crush"])[]) {
    const chooseArgs = new Map([[1, new Map([[-1, { weightSets: [], ids: [] }]])]]);
    const others = { tunables: { ...map.crush.tunables, chooseTotalTries: 1 }, chooseArgs };
    const crush = { ...map.crush, [name]: { ...EMPTY_MAP.crush, ...others }[name] };
    expect([name, changedSections(map, { ...map, crush }).length > 0]).toEqual([name, true]);
  }
});

function changedSections(before: OsdMap, after: OsdMap): string[] {
  const changed = SECTIONS.filter((section) => [...section.changes(before, after)].length > 0);
  return changed.map(({ name }) => name);
}

const slotKey = record({ slot: u32 });
const longRow = encode(record({ count: u32 }), { count: 65 });

test.each<[string, number, Uint8Array, Uint8Array | undefined]>([
  ["an OSD with an id beyond all", 2, encode(u32, 2 ** 20), new Uint8Array(8)],
  ["a bucket in a slot beyond all", 32, encode(slotKey, { slot: 2 ** 32 - 1 }), undefined],
  ["a rule beyond all", 33, encode(u32, 256), undefined],
  ["a flag that nobody knows", 6, Uint8Array.of(200), new Uint8Array()],
  ["a row of more OSDs than a pool has", 8, new Uint8Array(12), longRow],
  ["no last pool id", 5, new Uint8Array(), undefined],
  ["no full ratios", 7, new Uint8Array(), undefined],
  ["no tunables", 41, new Uint8Array(), undefined],
  ["a key where there is none", 5, encode(u32, 1), encode(u53, 1)],
])("%s is refused", (_, section, key, value) => {
  expect(() => applyDelta(EMPTY_MAP, [{ section, key, value }])).toThrow(
    expect.objectContaining({ name: "CodecError" }),
  );
});

test.each<[string, (map: OsdMap) => OsdMap, string]>([
  ["an OSD", (map) => ({ ...map, osds: new Map([...map.osds].slice(1)) }), "osd 0"],
  [
    "an OSD's weight",
    (map) => ({ ...map, shares: new Map([...map.shares].slice(1)) }),
    "weight of osd 0",
  ],
  ["a flag", (map) => ({ ...map, flags: new Set(["noout"]) }), "flag noout"],
  ["the last pool id", (map) => ({ ...map, poolIdMax: 9 }), "last pool id "],
  [
    "an upmap",
    (map) => ({ ...map, pgUpmap: pgTable([[{ pool: poolId(1), seed: 10 }, [osdId(1)]]]) }),
    "upmap of PG 1.a",
  ],
  [
    "a bucket",
    (map) => ({
      ...map,
      crush: { ...map.crush, buckets: [undefined, ...map.crush.buckets.slice(1)] },
    }),
    "CRUSH bucket -1",
  ],
  [
    "a weight set",
    (map) => {
      const args = new Map([[-3, { weightSets: [], ids: [] }]]);
      return { ...map, crush: { ...map.crush, chooseArgs: new Map([[1, args]]) } };
    },
    "CRUSH weight set 1 of bucket -3",
  ],
])("%s is described in words", (_, change, words) => {
  const map = startMap();
  const described = SECTIONS.flatMap((section) =>
    [...section.changes(map, change(map))].map(
      ({ key }) => `${section.name} ${section.describe(key)}`,
    ),
  );
  expect(described).toEqual([words]);
});
