import { describe, expect, test } from "vitest";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import type { PgStateName } from "../../../cluster/map/pg-state.ts";
import { healthOf } from "../../../monitor/controller/health.ts";
import { HEALTH_CODES, type HealthCode } from "../../../monitor/controller/health-codes.ts";
import { withMute } from "../../../monitor/controller/mutes.ts";
import type { PgAdvice } from "../../../monitor/controller/pg-advice.ts";
import { withDown, withOsd, withPool } from "./board-world.ts";
import { checkOf, codesOf, type GivenHealth, healthInput, MAP } from "./health-world.ts";

const said =
  (...states: readonly PgStateName[]): Required<GivenHealth>["pgStat"] =>
  () => ({ states });
const advised = (given: Partial<PgAdvice>): Required<GivenHealth>["advice"] =>
  new Map([
    [poolId(1), { pgNum: 64, target: 64, ratio: 0, isFarOff: true, isRootCrowded: true, ...given }],
  ]);
const facts = { isInTrouble: false, flapping: [], outBrake: [] };
const monitors = [
  { name: "a", isInQuorum: true, isLeader: true },
  { name: "b", isInQuorum: false, isLeader: false },
];

/** For each code, a cluster in which it is raised. */
const RAISED: Readonly<Record<HealthCode, GivenHealth>> = {
  MON_DOWN: { monitors },
  COORDINATOR_TROUBLE: { membership: { ...facts, isInTrouble: true } },
  OSD_DOWN: { map: withDown(MAP, 0) },
  OSD_HOST_DOWN: { map: withDown(MAP, 0, 1) },
  OSD_RACK_DOWN: { map: withDown(MAP, 0, 1, 2, 3) },
  OSD_SUBTREE_DOWN: { map: withDown(MAP, 0, 1, 2, 3, 4, 5, 6, 7) },
  OSD_NEARFULL: { map: withOsd(MAP, 0, { fullness: "nearfull" }) },
  OSD_BACKFILLFULL: { map: withOsd(MAP, 0, { fullness: "backfillfull" }) },
  OSD_FULL: { map: withOsd(MAP, 0, { fullness: "full" }) },
  OSD_FLAPPING: { membership: { ...facts, flapping: [osdId(1)] } },
  OSD_OUT_BRAKE: { membership: { ...facts, outBrake: [{ osd: osdId(1), why: "noout is set" }] } },
  OSD_NO_STATS: { silent: [3], nowMs: 60_000 },
  OSD_SCRUB_ERRORS: { pgStat: () => ({ scrubErrors: 1 }) },
  OSDMAP_FLAGS: { map: { ...MAP, flags: new Set(["noout"]) } },
  SLOW_OPS: { osdStats: { 2: { slowOps: 1 } } },
  TOO_FEW_OSDS: { poolSizeDefault: 9 },
  TOO_MANY_PGS: {
    map: withPool(MAP, 1, { pgNum: 2048, pgpNum: 2048, size: 1 }),
    pgStat: () => undefined,
  },
  POOL_TOO_FEW_PGS: { advice: advised({ target: 256 }) },
  POOL_TOO_MANY_PGS: { advice: advised({ target: 16 }) },
  POOL_FULL: { map: withPool(MAP, 1, { isQuotaFull: true }) },
  POOL_NEARFULL: { map: withPool(MAP, 1, { quotaObjects: 10 }), pgStat: () => ({ objects: 1 }) },
  POOL_NO_REDUNDANCY: { map: withPool(MAP, 1, { size: 1 }) },
  POOL_APP_NOT_ENABLED: {
    map: withPool(MAP, 1, { application: "" }),
    pgStat: () => ({ objects: 1 }),
  },
  PG_AVAILABILITY: { pgStat: said("down") },
  PG_DEGRADED: { pgStat: said("active", "degraded") },
  PG_UNDERSIZED: { pgStat: said("active", "undersized") },
  PG_DAMAGED: { pgStat: said("active", "inconsistent") },
  PG_BACKFILL_FULL: { pgStat: said("active", "backfill_toofull") },
  OBJECT_UNFOUND: { pgStat: () => ({ objects: 2, unfound: 1 }) },
  OBJECT_MISPLACED: { pgStat: () => ({ objects: 2, misplaced: 1 }) },
  EPOCH_HISTORY_LONG: { epochsKept: 10_001 },
};

test("nothing is wrong with a cluster in which all is well", () => {
  const input = healthInput();
  expect(healthOf(input, [])).toEqual({ status: "HEALTH_OK", checks: [] });
});

describe.each(Object.entries(RAISED) as [HealthCode, GivenHealth][])("%s", (code, given) => {
  test("is raised, with its severity, an explanation and a command", () => {
    const check = checkOf(given, code);
    const { severity, explanation, command } = HEALTH_CODES[code];
    expect(check).toMatchObject({ code, severity, explanation, command, isMuted: false });
    expect(check?.count).toBeGreaterThan(0);
    expect(check?.summary).not.toBe("");
    expect(command).toMatch(/^kelp /);
  });

  test("can be muted", () => {
    const { status, checks } = healthOf(healthInput(given), []);
    expect(status).not.toBe("HEALTH_OK");
    const mutes = checks.flatMap(
      (check) =>
        withMute([], { code: check.code, untilWallMs: undefined, isSticky: false }, checks) ?? [],
    );
    expect(healthOf(healthInput(given), mutes).status).toBe("HEALTH_OK");
  });
});

test("checks come worst first, and then in the order of the table", () => {
  const map = withOsd(withDown({ ...MAP, flags: new Set(["noout"]) }, 1), 0, { fullness: "full" });
  expect(codesOf({ map, monitors })).toEqual([
    "OSD_FULL",
    "MON_DOWN",
    "OSD_DOWN",
    "OSDMAP_FLAGS",
    "POOL_FULL",
  ]);
});

describe("monitors", () => {
  test("that are down are named, beside those in the quorum", () => {
    const check = checkOf(
      { monitors: [...monitors, { name: "c", isInQuorum: true, isLeader: false }] },
      "MON_DOWN",
    );
    expect(check?.summary).toBe("1/3 mons down, quorum a,c");
    expect(check?.details).toEqual(["mon.b is down (out of quorum)"]);
  });

  test("of an ensemble that is whole, or is another's, raise nothing", () => {
    expect(checkOf({ monitors: monitors.slice(0, 1) }, "MON_DOWN")).toBeUndefined();
    expect(checkOf({ monitors: [] }, "MON_DOWN")).toBeUndefined();
  });
});

describe("a long history", () => {
  test("is one of more than 10,000 epochs", () => {
    expect(codesOf({ epochsKept: 10_000 })).toEqual([]);
    expect(codesOf({ epochsKept: 10_001 })).toEqual(["EPOCH_HISTORY_LONG"]);
  });

  test.each([
    [epoch(77), "a PG was clean last, or created, in epoch 77"],
    [undefined, "nobody has told of 4 PGs since the controller was elected"],
  ])("with the floor %s says why", (floor, why) => {
    const pgStatOf = floor === undefined ? () => undefined : () => ({});
    const given = { epochsKept: 20_000, floor, pgStat: pgStatOf };
    expect(checkOf(given, "EPOCH_HISTORY_LONG")?.details).toEqual([why]);
  });
});

test("the same input gives the same checks", () => {
  const input = healthInput({ map: withDown(MAP, 0, 1) });
  expect(healthOf(input, [])).toEqual(healthOf(input, []));
});
