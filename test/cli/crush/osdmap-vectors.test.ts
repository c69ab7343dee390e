import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  answerOsdmap,
  type OsdmapJson,
  type OsdmapRequest,
  placementMapOf,
} from "../../../cli/crush/osdmap-vectors.ts";
import { VectorServer } from "../../../cli/crush/vector-server.ts";
import { poolId } from "../../../cluster/base/ids.ts";
import { NONE } from "../../../crush/types.ts";

interface Vectors {
  readonly mapText: string;
  readonly osdmap: OsdmapJson;
  readonly pgs: Readonly<Record<string, readonly unknown[]>>;
  readonly objects: readonly (readonly [pool: number, name: string, ...rest: unknown[]])[];
}

const FOLDER = new URL("../../golden/crush/", import.meta.url);

function golden(name: string): Vectors {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

/** Two OSDs on one host, and a pool of two PGs with one replica. */
const TEXT = `
device 0 osd.0
device 1 osd.1
type 0 osd
type 1 root
root default { alg straw2 item osd.0 item osd.1 }
rule one { id 0 type replicated min_size 1 max_size 3
  step take default step choose firstn 0 type osd step emit }
`;

const POOL = {
  id: 1,
  type: 1,
  size: 2,
  rule: 0,
  objectHash: 2,
  pgNum: 2,
  pgpNum: 2,
  flags: 1,
};

const OSD = { exists: true, up: true, weight: 0x10000 };

function request(
  change: Partial<OsdmapJson>,
  objects: OsdmapRequest["objects"] = [],
): OsdmapRequest {
  const osdmap = {
    osds: [OSD, OSD],
    pools: [POOL],
    pgTemp: [],
    primaryTemp: [],
    primaryAffinity: [],
    pgUpmap: [],
    pgUpmapItems: [],
    ...change,
  };
  return { mapText: TEXT, osdmap, objects };
}

describe("the answer to an OSD map", () => {
  test.each(["osdmap-0003", "osdmap-0011"])("is what was recorded in %s", (name) => {
    const { mapText, osdmap, pgs, objects } = golden(name);
    const asked = objects.map(([pool, object]): [number, string] => [pool, object]);
    expect(answerOsdmap({ mapText, osdmap, objects: asked })).toEqual({ pgs, objects });
  });

  test("has a row for each PG of each pool, and what was asked about objects", () => {
    const pools = [POOL, { ...POOL, id: 7, pgNum: 5, pgpNum: 5 }];
    const { pgs, objects } = answerOsdmap(request({ pools }, [[7, "a"]]));
    expect(Object.entries(pgs).map(([id, rows]) => [id, rows.length])).toEqual([
      ["1", 2],
      ["7", 5],
    ]);
    const [[pool, name, seed = -1, acting] = []] = objects;
    expect([pool, name]).toEqual([7, "a"]);
    expect(acting).toEqual(pgs["7"]?.[seed]?.[4]);
  });

  test("shows raw, up and acting apart, and -1 where nobody leads", () => {
    const down = { ...OSD, up: false };
    const { pgs } = answerOsdmap(request({ osds: [down, down], pgTemp: [[1, 0, [1]]] }));
    for (const row of pgs["1"] ?? []) {
      expect((row[0] as number[]).toSorted()).toEqual([0, 1]);
      expect(row.slice(2)).toEqual([[], -1, [], -1]);
    }
  });

  test("takes pg_temp, primary_temp, upmaps and affinities from the map", () => {
    const { pgs } = answerOsdmap(
      request({
        pools: [{ ...POOL, size: 1, pgNum: 4, pgpNum: 4 }],
        pgUpmap: [[1, 0, [1]]],
        pgUpmapItems: [[1, 1, [[1, 0]]]],
        pgTemp: [[1, 2, [1, 0]]],
        primaryTemp: [[1, 3, 1]],
      }),
    );
    const rows = pgs["1"] ?? [];
    expect(rows[0]?.[2]).toEqual([1]);
    expect(rows[1]?.[2]).toEqual([0]);
    expect(rows[2]?.slice(4)).toEqual([[1, 0], 1]);
    expect(rows[3]?.[5]).toBe(1);
    const unwilling = answerOsdmap(request({ primaryAffinity: [0, 0x10000] })).pgs["1"] ?? [];
    expect(unwilling.map((row) => row[3])).toEqual([1, 1]);
  });

  test("knows holes in pg_temp, erasure pools and pools without hashpspool", () => {
    const pools = [{ ...POOL, type: 3, flags: 0 }];
    const map = placementMapOf(TEXT, request({ pools, pgTemp: [[1, 0, [NONE, 1]]] }).osdmap);
    expect(map.pools.get(poolId(1))).toMatchObject({ type: "erasure", hashpspool: false });
    expect(map.pgTemp.get(poolId(1))?.get(0)).toEqual([NONE, 1]);
  });
});

describe("a wrong request gets an error, and the server goes on", () => {
  test.each<[string, OsdmapRequest, string]>([
    ["an object in no pool", request({}, [[9, "a"]]), 'object "a" is in no pool'],
    ["a pool with a minus sign", request({ pools: [{ ...POOL, id: -1 }] }), "not -1"],
    ["a pool id with a fraction", request({ pools: [{ ...POOL, id: 1.5 }] }), "not 1.5"],
    ["an upmap to no OSD", request({ pgUpmap: [[1, 0, [-2]]] }), "not -2"],
    ["upmap items from no OSD", request({ pgUpmapItems: [[1, 0, [[-2, 1]]]] }), "not -2"],
    ["a primary that is none", request({ primaryTemp: [[1, 0, -1]] }), "not -1"],
    ["absurdly many PGs", request({ pools: [{ ...POOL, pgNum: 2 ** 40 }] }), "pgNum"],
    ["PGs with a minus sign", request({ pools: [{ ...POOL, pgNum: -1 }] }), "pgNum"],
    ["seeds of placement that are none", request({ pools: [{ ...POOL, pgpNum: 0.5 }] }), "pgpNum"],
    ["an absurd size", request({ pools: [{ ...POOL, size: 1e12 }] }), "size"],
    [
      "a broken map text",
      { ...request({}), mapText: "device 0 osd.0\ndevice 0 x\n" },
      "line 2, column 8",
    ],
    ["no OSD map", { mapText: TEXT, objects: [] } as never, "undefined"],
  ])("%s", (_, wrong, part) => {
    const server = new VectorServer();
    const ask = (asked: OsdmapRequest) =>
      JSON.parse(server.answer(JSON.stringify({ kind: "osdmap", ...asked })));
    expect(ask(wrong).error).toContain(part);
    expect(ask(request({}))).toEqual(answerOsdmap(request({})));
  });
});
