import { describe, expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { cephOsdMap, encodeCephOsdMap } from "../../../cluster/map/ceph-osdmap.ts";
import type { OsdInfo } from "../../../cluster/map/osd-info.ts";
import { MAP_FLAGS, type MapFlag, type OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { decode } from "../../../cluster/wire/codec.ts";
import { crc32c } from "../../../cluster/wire/crc32c.ts";
import { decodeBinary } from "../../../crush/binary.ts";
import { NONE } from "../../../crush/types.ts";
import { osdMapWorld } from "./osd-map-world.ts";

const FSID = "6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55";
/** recovery_deletes and pglog_hardlimit. */
const COMMON_FLAGS = 0x480000;
const TREE = { racks: 1, hosts: 3, osds: 1 };

function exported(map: OsdMap, osdCount?: number) {
  const options = osdCount === undefined ? { fsid: FSID } : { fsid: FSID, osdCount };
  return decode(cephOsdMap, encodeCephOsdMap(map, options));
}

function stateOf(info: Partial<OsdInfo>): number | undefined {
  const map = osdMapWorld(TREE, { osd: () => info });
  return exported(map).client.states[1];
}

test("pools stand by their ids with their names, and those without settings are left out", () => {
  const map = osdMapWorld(TREE, {
    pools: [
      { id: 9, pgNum: 4 },
      { id: 2, pgNum: 8, name: "é" },
    ],
  });
  const { pools, poolNames, poolIdMax } = exported(map).client;
  expect([...pools].map(([id, { pgNum }]) => [id, pgNum])).toEqual([
    [2, 8],
    [9, 4],
  ]);
  expect([...poolNames]).toEqual([
    [2, "é"],
    [9, "pool9"],
  ]);
  expect(poolIdMax).toBe(9);
  expect(exported({ ...map, poolSettings: new Map() }).client.pools.size).toBe(0);
});

describe("OSDs", () => {
  test("have columns, with zeros where there is none", () => {
    const map = osdMapWorld(TREE, {
      osd: (id) => (id === 2 ? { weight: 0x8000, primaryAffinity: 0x4000 } : {}),
    });
    const [osds, shares] = [new Map(map.osds), new Map(map.shares)];
    osds.delete(osdId(1));
    shares.delete(osdId(1));
    const { client, osd } = exported({ ...map, osds, shares });
    expect(client.osdCount).toBe(3);
    expect(client.states).toEqual([3, 0, 3]);
    expect(client.weights).toEqual([0x10000, 0, 0x8000]);
    expect(client.affinities).toEqual([0x10000, 0x10000, 0x4000]);
    expect(osd.times.map(({ upFrom }) => upFrom)).toEqual([1, 0, 1]);
    expect(osd.uuids.map(toHex)[2]).toBe("00000000000040008000000000000002");
  });

  test("are as many as the largest id asks for, or as one says", () => {
    const map = osdMapWorld(TREE);
    expect(exported(map, 5).client.states).toEqual([3, 3, 3, 0, 0]);
    expect(exported(map, 2).client.weights).toEqual([0x10000, 0x10000]);
    expect(exported(EMPTY_MAP).client.osdCount).toBe(0);
  });

  test.each<[string, Partial<OsdInfo>, number]>([
    ["up", {}, 3],
    ["down", { up: false }, 1],
    ["out by itself", { up: false, weightBeforeOut: 0x8000 }, 5],
    ["new", { up: false, isNew: true }, 9],
    ["destroyed", { up: false, destroyed: true }, 129],
    ["nearfull", { fullness: "nearfull" }, 35],
    ["backfillfull", { fullness: "backfillfull" }, 67],
    ["full", { fullness: "full" }, 19],
  ])("that are %s have those bits", (_, info, bits) => {
    expect(stateOf(info)).toBe(bits);
  });

  test("have their history, and no uuid where it is none", () => {
    const info = {
      uuid: "none",
      cleanFrom: epoch(2),
      cleanTo: epoch(3),
      upFrom: epoch(4),
      upThru: epoch(5),
      downAt: epoch(6),
      lostAt: epoch(7),
      weightBeforeOut: 0x1234,
    };
    const { osd } = exported(osdMapWorld(TREE, { osd: () => info }));
    expect(osd.times[0]).toMatchObject({
      cleanFrom: 2,
      cleanTo: 3,
      upFrom: 4,
      upThru: 5,
      downAt: 6,
      lostAt: 7,
    });
    expect(osd.histories[0]?.weightBeforeOut).toBe(0x1234);
    expect(osd.uuids[0]).toEqual(new Uint8Array(16));
  });
});

test("what PGs have of their own stands by pool and seed", () => {
  const pg = (pool: number, seed: number) => ({ pool: poolId(pool), seed });
  const map = osdMapWorld(TREE, { pools: [{ pgNum: 16 }, { pgNum: 4 }] });
  const { client } = exported({
    ...map,
    pgUpmap: pgTable([
      [pg(2, 1), [osdId(0)]],
      [pg(1, 11), [osdId(1), osdId(2)]],
      [pg(1, 2), []],
    ]),
    pgUpmapItems: pgTable([[pg(1, 3), [{ from: osdId(0), to: osdId(2) }]]]),
    pgTemp: pgTable([[pg(1, 4), [osdId(1), NONE]]]),
    primaryTemp: pgTable([[pg(1, 4), osdId(1)]]),
  });
  expect(client.pgUpmap).toMatchObject([
    { pool: 1, seed: 2, value: [] },
    { pool: 1, seed: 11, value: [1, 2] },
    { pool: 2, seed: 1, value: [0] },
  ]);
  expect(client.pgUpmapItems).toMatchObject([{ seed: 3, value: [{ from: 0, to: 2 }] }]);
  expect(client.pgTemp).toMatchObject([{ seed: 4, value: [1, NONE] }]);
  expect(client.primaryTemp).toMatchObject([{ seed: 4, value: 1 }]);
});

test("each flag has the bits that it has in Ceph, and no bit stands for two", () => {
  const bitsOf = (flags: readonly MapFlag[]): number =>
    exported({ ...EMPTY_MAP, flags: new Set(flags) }).client.flags - COMMON_FLAGS;
  expect(bitsOf([])).toBe(0);
  expect(bitsOf(["pause"])).toBe(12);
  expect(bitsOf(["noout", "norebalance"])).toBe(0x4080);
  const sum = MAP_FLAGS.reduce((total, flag) => total + bitsOf([flag]), 0);
  expect(bitsOf(MAP_FLAGS)).toBe(sum);
});

test("the CRUSH map, the ratios, the epoch and the cluster's id are in it", () => {
  const map = osdMapWorld(TREE);
  const { client, osd } = exported(map);
  expect(decodeBinary(client.crush)).toEqual(map.crush);
  expect(osd.nearfull).toBeCloseTo(0.85, 6);
  expect(osd.full).toBeCloseTo(0.95, 6);
  expect(osd.backfillfull).toBeCloseTo(0.9, 6);
  expect(client.epoch).toBe(1);
  expect(toHex(client.fsid)).toBe(FSID.replaceAll("-", ""));
});

test("it ends with the checksum of all before it", () => {
  const file = encodeCephOsdMap(osdMapWorld(TREE), { fsid: FSID });
  const { checksum } = decode(cephOsdMap, file);
  expect(checksum).toBe(~crc32c(file.subarray(0, -4)) >>> 0);
});

test("the id of a cluster is a UUID", () => {
  expect(() => encodeCephOsdMap(EMPTY_MAP, { fsid: "kelp" })).toThrow("UUID");
});
