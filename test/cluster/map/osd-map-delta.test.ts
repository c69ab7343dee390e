import { describe, expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import {
  applyDelta,
  deltaOf,
  deltaRows,
  digestOf,
  EMPTY_MAP,
  editOf,
  mapOfRows,
  nextEpoch,
  rowsOf,
  sectionOf,
  withRows,
} from "../../../cluster/map/osd-map-delta.ts";
import { changedPgTable } from "../../../cluster/map/pg-table.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { moveItem, reweightItem } from "../../../crush/builder.ts";
import { osdMapWorld } from "./osd-map-world.ts";

const TREE = { racks: 2, hosts: 2, osds: 2 };
const DELTA_SIZE_MAX = 4096;

const map = osdMapWorld(TREE, { pools: [{ pgNum: 8 }] });

function down(before: OsdMap, id: number): OsdMap {
  const info = before.osds.get(osdId(id));
  if (info === undefined) return before;
  return { ...before, osds: new Map(before.osds).set(osdId(id), { ...info, up: false }) };
}

describe("an edit", () => {
  test("is the next epoch with what changed", () => {
    const edit = editOf(map, down(map, 3));
    expect(edit?.map.epoch).toBe(2);
    expect(edit?.changes.map(({ section, key }) => [section, ...key])).toEqual([[1, 3, 0, 0, 0]]);
    expect(edit?.map.digest).not.toBe(map.digest);
  });

  test("that changes nothing is none, whether the collections are the same ones or equal ones", () => {
    expect(editOf(map, map)).toBeUndefined();
    const osds = new Map([...map.osds].map(([id, info]) => [id, { ...info }]));
    expect(editOf(map, { ...map, osds, flags: new Set() })).toBeUndefined();
  });

  test("is made of the map that it is compared with", () => {
    expect(() => editOf(map, { ...map, epoch: epoch(5) })).toThrow("made of the map");
  });
});

test("a delta gives the edited map, and leaves the one before as it was", () => {
  const edit = editOf(map, down(map, 3));
  const rows = [...rowsOf(map)];
  const applied = applyDelta(map, deltaOf(edit?.changes ?? []));
  expect(applied).toEqual(edit?.map);
  expect([...rowsOf(map)]).toEqual(rows);
});

test("equal maps have equal digests, however they came about", () => {
  const there = editOf(map, down(map, 3))?.map ?? map;
  const twice = editOf(there, down(there, 1))?.map ?? map;
  const other = editOf(map, down(down(map, 1), 3))?.map;
  expect(twice.digest).toBe(other?.digest);
  const back = editOf(there, { ...there, osds: map.osds })?.map;
  expect(back?.digest).toBe(map.digest);
});

test("the empty map has epoch 0 and its own digest, and the epoch after it is 1", () => {
  expect(EMPTY_MAP.epoch).toBe(0);
  expect(digestOf(EMPTY_MAP)).toBe(EMPTY_MAP.digest);
  expect(nextEpoch(EMPTY_MAP)).toBe(1);
});

test("a map is made of its rows, in whatever order they are", () => {
  expect(mapOfRows(map.epoch, [...rowsOf(map)].reverse())).toEqual(map);
});

test("rows that are put into a map leave its epoch and digest", () => {
  const rows = deltaOf(editOf(map, down(map, 3))?.changes ?? []);
  const { epoch: of, digest } = map;
  expect(withRows(map, rows)).toEqual({ ...down(map, 3), epoch: of, digest });
  expect(withRows(map, [])).toBe(map);
});

test("a row of a section that nobody knows is refused", () => {
  const row = { section: 99, key: new Uint8Array(), value: undefined };
  const good = deltaOf(editOf(map, down(map, 3))?.changes ?? []);
  const refusal = expect.objectContaining({ name: "CodecError", code: "UNKNOWN_TYPE" });
  expect(() => applyDelta(map, [...good, row])).toThrow(refusal);
  expect(() => sectionOf(0)).toThrow(refusal);
  expect(digestOf(map)).toBe(map.digest);
});

describe("in a map of 10,000 OSDs in two classes", () => {
  const large = osdMapWorld(
    {
      racks: 50,
      hosts: 20,
      osds: 10,
      classOf: (osd) => (osd % 2 === 0 ? "hdd" : "ssd"),
    },
    { pools: [{ pgNum: 1024 }] },
  );

  function sizeOf(edited: OsdMap): number {
    const rows = deltaOf(editOf(large, edited)?.changes ?? []);
    const bytes = encode(deltaRows, rows);
    expect(rows.length).toBeGreaterThan(0);
    expect(applyDelta(large, decode(deltaRows, bytes)).digest).toBe(
      editOf(large, edited)?.map.digest,
    );
    return bytes.length;
  }

  test.each<[string, (from: OsdMap) => OsdMap]>([
    ["one OSD goes down", (from) => down(from, 5000)],
    [
      "one OSD is marked out",
      (from) => {
        const share = { weight: 0, primaryAffinity: 0x10000 };
        return { ...from, shares: new Map(from.shares).set(osdId(5000), share) };
      },
    ],
    [
      "one OSD is reweighted in CRUSH",
      (from) => {
        const crush = reweightItem(from.crush, { item: "osd.5000", weight: 0x8000 });
        return { ...from, crush };
      },
    ],
    [
      "one OSD moves to another rack",
      (from) => ({ ...from, crush: moveItem(from.crush, { item: "osd.5000", parent: "host7" }) }),
    ],
    [
      "one PG gets an upmap",
      (from) => {
        const pg = { pool: poolId(1), seed: 77 };
        return { ...from, pgUpmap: changedPgTable(from.pgUpmap, [[pg, [osdId(1), osdId(2)]]]) };
      },
    ],
  ])("a delta is below 4 KiB when %s", (_, change) => {
    expect(sizeOf(change(large))).toBeLessThan(DELTA_SIZE_MAX);
  });
});
