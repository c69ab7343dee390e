import { describe, expect, test } from "vitest";
import { epoch, type OsdId, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { pgEntry, pgTable } from "../../../cluster/map/pg-table.ts";
import { NONE } from "../../../crush/types.ts";
import type { EditResult } from "../../../monitor/controller/edit.ts";
import {
  fullnessReported,
  pgsCreated,
  pgTempRequested,
  stoppingAnnounced,
  upThruRequested,
} from "../../../monitor/controller/osd-facts.ts";
import { withOsds } from "../../../monitor/controller/osd-rows.ts";
import { osdIds } from "../../cluster/map/world.ts";
import { MembershipRun } from "./membership-run.ts";

const POOLS = [
  { id: 1, pgNum: 8 },
  { id: 2, pgNum: 8, type: "erasure" },
] as const;
const ME = { osd: osdId(0), nonce: 1000 };
const PG = { pool: poolId(1), seed: 3 };
const SHARDS = { pool: poolId(2), seed: 3 };

function runWithPools(): MembershipRun {
  return new MembershipRun({ world: { pools: POOLS } });
}

function mapOf(result: EditResult): OsdMap {
  if (result.type === "edit") return result.map;
  throw new Error(result.message);
}

describe("only the process that is up is listened to (C5)", () => {
  const senders: readonly (readonly [string, typeof ME, boolean])[] = [
    ["another process", { ...ME, nonce: 1 }, true],
    ["one that is down", ME, false],
    ["one that there is not", { ...ME, osd: osdId(99) }, true],
  ];
  for (const [name, sender, isUp] of senders) {
    test(`not ${name}`, () => {
      const run = runWithPools();
      const base = isUp ? run.map : withOsds(run.map, [[osdId(0), { up: false }]]);
      const drafting = { base, draft: base };
      const stat = { totalBytes: 100, usedBytes: 99 };
      const answers = [
        upThruRequested(base, { ...sender, epoch: epoch(1) }),
        pgTempRequested(drafting, { ...sender, entries: [] }),
        pgsCreated(base, { ...sender, pgs: [] }),
        fullnessReported(base, { ...sender, stat }),
      ];
      for (const answer of answers) expect(answer).toMatchObject({ code: "MISMATCH" });
      const wasUp = stoppingAnnounced(run.state, drafting, sender);
      expect(wasUp).toMatchObject(isUp ? { code: "MISMATCH" } : { type: "edit", map: base });
    });
  }
});

describe("up_thru", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 1],
    [1, 1],
    [2, 2],
  ];
  for (const [asked, expected] of cases) {
    test(`asked for ${asked} at 1 it is ${expected}`, () => {
      const run = runWithPools();
      run.setFlags("noscrub");
      const map = mapOf(upThruRequested(run.map, { ...ME, epoch: epoch(asked) }));
      expect(map.osds.get(osdId(0))?.upThru).toBe(expected);
      if (asked < 2) expect(map).toBe(run.map);
    });
  }

  test("of an epoch that is yet to be it is refused", () => {
    const { map } = runWithPools();
    expect(upThruRequested(map, { ...ME, epoch: epoch(2) })).toMatchObject({ code: "INVALID" });
  });
});

describe("pg_temp", () => {
  const rowOf = (pg: typeof PG, osds: readonly OsdId[], before?: readonly OsdId[]) => {
    const { map } = runWithPools();
    const base = before === undefined ? map : { ...map, pgTemp: pgTable([[pg, before]]) };
    const entries = [{ pg, osds }];
    const edited = mapOf(pgTempRequested({ base, draft: base }, { ...ME, entries }));
    const row = pgEntry(edited.pgTemp, pg);
    return edited === base ? "unchanged" : row;
  };
  const other = osdIds([5, 7, 9]);
  const up = placementOf(runWithPools().map).pgToUp(PG).osds as OsdId[];
  const hole = NONE as OsdId;

  test("is set", () => expect(rowOf(PG, other)).toEqual(other));
  test("is set to fewer", () => expect(rowOf(PG, osdIds([5]))).toEqual([5]));
  test("is set with a hole among shards", () => {
    expect(rowOf(SHARDS, [hole, ...osdIds([5]), hole])).toEqual([NONE, 5, NONE]);
  });
  test("is taken away by an empty row", () => expect(rowOf(PG, [], other)).toBe(undefined));
  test("is taken away by the up set", () => expect(rowOf(PG, up, other)).toBe(undefined));

  const unchanged: readonly (readonly [
    string,
    typeof PG,
    readonly OsdId[],
    (OsdId[] | undefined)?,
  ])[] = [
    ["as it is", PG, other, other],
    ["taken away where there is none", PG, []],
    ["the up set where there is none", PG, up],
    ["of a pool that is gone", { pool: poolId(7), seed: 0 }, other],
    ["of a PG that there is not", { pool: poolId(1), seed: 8 }, other],
    ["longer than the pool's size", PG, osdIds([5, 7, 9, 11])],
    ["with an OSD that there is not", PG, osdIds([5, 99])],
    ["with an OSD twice", PG, osdIds([5, 5])],
    ["with a hole among replicas", PG, [hole, ...osdIds([5])]],
  ];
  for (const [name, pg, osds, before] of unchanged) {
    test(`is left alone: ${name}`, () => expect(rowOf(pg, osds, before)).toBe("unchanged"));
  }

  test("of one PG is set where that of another is not possible", () => {
    const { map } = runWithPools();
    const entries = [
      { pg: { pool: poolId(7), seed: 0 }, osds: other },
      { pg: PG, osds: other },
    ];
    const result = pgTempRequested({ base: map, draft: map }, { ...ME, entries });
    expect(result).toMatchObject({ what: "pg_temp of 1 PGs, by osd.0" });
    expect(pgEntry(mapOf(result).pgTemp, PG)).toEqual(other);
  });
});

test("PGs that are created are creating no more; of others nothing is known", () => {
  const { map } = runWithPools();
  const creating = pgTable([
    [PG, epoch(1)],
    [SHARDS, epoch(1)],
  ]);
  const draft = { ...map, creating };
  const stranger = { pool: poolId(7), seed: 0 };
  const edited = mapOf(pgsCreated(draft, { ...ME, pgs: [PG, stranger] }));
  expect(edited.creating).toEqual(pgTable([[SHARDS, epoch(1)]]));
  expect(mapOf(pgsCreated(edited, { ...ME, pgs: [PG, stranger] }))).toBe(edited);
});

describe("an OSD that stops", () => {
  test("is down at once, and that is no flapping", () => {
    const run = new MembershipRun();
    for (let time = 0; time < 9; time += 1) {
      const { nonce } = run.info(0);
      const drafting = { base: run.map, draft: run.map };
      const result = stoppingAnnounced(run.state, drafting, { osd: osdId(0), nonce });
      expect(result).toMatchObject({ type: "edit", what: "mark osd.0 down: it stops" });
      if (result.type === "edit") run.publish(result.map);
      expect(run.info(0)).toMatchObject({ up: false, downAt: run.map.epoch });
      run.decide();
      expect(run.boot(0, { nonce: 50 + time }).type).toBe("edit");
    }
  });

  test("counts as up under nodown, and is told so", () => {
    const run = new MembershipRun();
    run.setFlags("nodown");
    const result = stoppingAnnounced(run.state, { base: run.map, draft: run.map }, ME);
    expect(result).toMatchObject({ type: "refused", code: "FORBIDDEN" });
  });

  test("waits where the epoch in the making brought it up (C5)", () => {
    const run = new MembershipRun();
    const base = withOsds(run.map, [[osdId(0), { up: false }]]);
    const result = stoppingAnnounced(run.state, { base, draft: run.map }, ME);
    expect(result).toMatchObject({ type: "later", first: undefined });
  });
});

describe("fullness", () => {
  const full = (usedBytes: number, totalBytes = 100) => {
    const { map } = runWithPools();
    return mapOf(fullnessReported(map, { ...ME, stat: { totalBytes, usedBytes } }));
  };
  test("is in the map when it changes", () => {
    expect(full(96).osds.get(osdId(0))?.fullness).toBe("full");
  });
  test("leaves the map alone when it does not", () => {
    expect(full(10).digest).toBe(runWithPools().map.digest);
    expect(full(10).osds.get(osdId(0))?.fullness).toBe("ok");
  });
  test("is unknown of a disk without a size", () => {
    expect(full(10, 0).osds.get(osdId(0))?.fullness).toBe("ok");
  });
});
