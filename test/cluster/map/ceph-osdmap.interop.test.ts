/** Whole cluster maps, exported, in the eyes of Ceph's own osdmaptool. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { createPrng, randomInt, randomPick } from "../../../cluster/base/prng.ts";
import { mapProblems } from "../../../cluster/map/map-problems.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { editOf } from "../../../cluster/map/osd-map-delta.ts";
import { placementMapOf, placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { formatPgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable, pgTable } from "../../../cluster/map/pg-table.ts";
import { balanceUpmaps } from "../../../cluster/map/upmap.ts";
import { withUpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { interopTool } from "../../support/interop.ts";
import { Osdmaptool } from "../../support/osdmaptool.ts";
import { osdMapWorld } from "./osd-map-world.ts";
import { edited, FACT_EDITS, INTENT_EDITS, LIFE_EDITS, startMap } from "./random-edits.ts";

const FIXED_SEEDS = 16;
const EDITS_PER_MAP = 40;
const EDIT_NAMES = Object.keys({ ...INTENT_EDITS, ...FACT_EDITS, ...LIFE_EDITS });

let tool: Osdmaptool;
beforeAll(() => {
  tool = new Osdmaptool();
});
afterAll(() => {
  tool.close();
});

function randomMap(seed: number): OsdMap {
  const prng = createPrng(seed);
  let map = startMap();
  for (let step = 0; step < EDITS_PER_MAP; step += 1) {
    const draft = edited(map, {
      edit: randomPick(prng, EDIT_NAMES),
      seed: randomInt(prng, 2 ** 31),
    });
    if (mapProblems(draft).length === 0) map = editOf(map, draft)?.map ?? map;
  }
  return map;
}

/** As `--test-map-pgs-dump` prints them. */
function placesOf(map: OsdMap): string[] {
  const placement = placementOf(map);
  const pools = [...map.pools].sort(([left], [right]) => left - right);
  return pools.flatMap(([pool, { pgNum }]) =>
    Array.from({ length: pgNum }, (_, seed) => {
      const { osds, primary } = placement.pgToActing({ pool, seed });
      return `${formatPgId({ pool, seed })}\t[${osds}]\t${primary ?? -1}`;
    }),
  );
}

function theirPlaces(): string[] {
  const lines = tool.run("--test-map-pgs-dump").split("\n");
  return lines.filter((line) => /^\d+\.[0-9a-f]+\t/.test(line));
}

const RANDOM_SEED = Math.floor(Math.random() * 2 ** 31);

interopTool({ command: "osdmaptool", debianPackage: "ceph-base" })("with osdmaptool", () => {
  test.each([...Array(FIXED_SEEDS).keys(), RANDOM_SEED])(
    "every PG of the map of seed %i is at the same place",
    (seed) => {
      const map = randomMap(seed);
      tool.give(map);
      expect(theirPlaces()).toEqual(placesOf(map));
    },
  );

  test("a map that it writes again differs in its epoch, dates and checksum only", () => {
    const pg = { pool: poolId(1), seed: 3 };
    const map = osdMapWorld(
      { racks: 2, hosts: 2, osds: 2 },
      {
        pools: [
          { pgNum: 8, application: "s3", quotaBytes: 2 ** 40 },
          { pgNum: 4, type: "erasure" },
        ],
        osd: (id) => (id === 3 ? { up: false, weightBeforeOut: 0x8000, weight: 0 } : {}),
        edit: (draft) => ({
          ...draft,
          flags: new Set(["noout", "pause"]),
          pgUpmap: pgTable([[{ ...pg, seed: 5 }, [osdId(0), osdId(2), osdId(5)]]]),
          pgUpmapItems: pgTable([[pg, [{ from: osdId(0), to: osdId(7) }]]]),
          pgTemp: pgTable([[pg, [osdId(1), osdId(2)]]]),
          primaryTemp: pgTable([[pg, osdId(2)]]),
        }),
      },
    );
    tool.give(map);
    const ours = tool.file();
    tool.run("--export-crush", "crush");
    tool.run("--import-crush", "crush");
    const theirs = tool.file();
    expect(theirs.length).toBe(ours.length);
    const differing = [...ours.keys()].filter((at) => ours[at] !== theirs[at]);
    // Of the epoch, the date of the change, the version of the CRUSH map and the checksum.
    expect(differing.length).toBeLessThanOrEqual(4 + 8 + 4 + 4);
    expect(differing.length).toBeGreaterThan(0);
  });

  test("it sees pools, OSDs and flags as they are", () => {
    const map = osdMapWorld(
      { racks: 1, hosts: 3, osds: 1 },
      {
        pools: [
          {
            pgNum: 8,
            name: "données",
            minSize: 1,
            application: "s3",
            quotaBytes: 5,
            quotaObjects: 6,
            nodelete: true,
            isQuotaFull: true,
          },
        ],
        osd: (id) => (id === 1 ? { up: false, weight: 0x8000, downAt: epoch(1) } : {}),
        edit: (draft) => ({ ...draft, flags: new Set(["noup", "nodeep-scrub", "pause"]) }),
      },
    );
    tool.give(map);
    const dump = JSON.parse(tool.run("--dump", "json"));
    expect(dump).toMatchObject({
      epoch: 1,
      flags_set: [
        "nodeep-scrub",
        "noup",
        "pauserd",
        "pausewr",
        "pglog_hardlimit",
        "recovery_deletes",
      ],
      pool_max: 1,
      max_osd: 3,
      require_osd_release: "pacific",
      require_min_compat_client: "luminous",
    });
    expect(dump.full_ratio).toBeCloseTo(0.95, 6);
    expect(dump.pools[0]).toMatchObject({
      pool_name: "données",
      flags_names: "hashpspool,full,nodelete,full_quota",
      size: 3,
      min_size: 1,
      quota_max_bytes: 5,
      quota_max_objects: 6,
      application_metadata: { s3: {} },
    });
    expect(dump.osds).toMatchObject([
      { osd: 0, up: 1, in: 1, weight: 1, up_from: 1, uuid: map.osds.get(osdId(0))?.uuid },
      { osd: 1, up: 0, in: 1, weight: 0.5, down_at: 1 },
      { osd: 2, up: 1, in: 1, weight: 1 },
    ]);
  });

  test("a map that was balanced needs nothing of its balancer either", () => {
    const map = osdMapWorld({ racks: 2, hosts: 4, osds: 4 }, { pools: [{ pgNum: 512 }] });
    const plain = placementMapOf(map);
    const { pgUpmapItems } = withUpmapChanges(plain, balanceUpmaps(plain).changes);
    const balanced = { ...map, pgUpmapItems };
    tool.give(balanced);
    expect(theirPlaces()).toEqual(placesOf(balanced));
    expect(tool.run("--upmap-cleanup", "-")).not.toContain("upmap-items");
    expect(tool.balance().commands).toBe("");
    const stale = changedPgTable(pgUpmapItems, [
      [{ pool: poolId(1), seed: 0 }, [{ from: osdId(99), to: osdId(1) }]],
    ]);
    tool.give({ ...map, pgUpmapItems: stale });
    expect(tool.run("--upmap-cleanup", "-")).toContain("upmap-items 1.0");
  });
});
