import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { formatPgId } from "../../../cluster/map/pg-id.ts";
import type { PgStateName } from "../../../cluster/map/pg-state.ts";
import type { HealthCode } from "../../../monitor/controller/health-codes.ts";
import { STUCK_MS } from "../../../monitor/controller/health-pg.ts";
import { type GivenStat, osdMap, pg } from "./board-world.ts";
import { checkOf, codesOf, type GivenHealth, MAP } from "./health-world.ts";

/** What is different about single PGs of pool 1; undefined of one that nobody tells of. */
function pgs(
  given: Readonly<Record<string, GivenStat | undefined>>,
): Required<GivenHealth>["pgStat"] {
  return (of) => (formatPgId(of) in given ? given[formatPgId(of)] : {});
}

function inStates(states: Readonly<Record<string, readonly PgStateName[]>>): GivenHealth {
  const stats = Object.entries(states).map(([text, words]) => [text, { states: words }] as const);
  return { pgStat: pgs(Object.fromEntries(stats)) };
}

function summary(given: GivenHealth, code: HealthCode): string | undefined {
  return checkOf(given, code)?.summary;
}

const acting = (text: string): string =>
  `[${placementOf(MAP).pgToActing(pg(text)).osds.join(",")}]`;

describe("availability", () => {
  test.each<[string, GivenHealth, number, string | undefined]>([
    ["peering for a moment", inStates({ "1.0": ["peering"] }), STUCK_MS - 1, undefined],
    [
      "peering for too long",
      inStates({ "1.0": ["peering"] }),
      STUCK_MS,
      "1 pg inactive, 1 pg peering",
    ],
    ["unknown for a moment", { pgStat: pgs({ "1.0": undefined }) }, STUCK_MS - 1, undefined],
    [
      "unknown for too long",
      { pgStat: pgs({ "1.0": undefined, "1.1": undefined }) },
      STUCK_MS,
      "2 pgs inactive, 2 pgs unknown",
    ],
    ["down at once", inStates({ "1.0": ["down"], "1.2": ["down"] }), 0, "2 pgs down"],
    ["incomplete at once", inStates({ "1.3": ["incomplete"] }), 0, "1 pg incomplete"],
    ["stale for a moment", inStates({ "1.0": ["active", "stale"] }), STUCK_MS - 1, undefined],
    ["stale for too long", inStates({ "1.0": ["active", "stale"] }), STUCK_MS, "1 pg stale"],
    ["active but not clean", inStates({ "1.0": ["active"] }), STUCK_MS, undefined],
  ])("of a PG that is %s", (_, given, nowMs, what) => {
    const expected = what === undefined ? undefined : `Reduced data availability: ${what}`;
    expect(summary({ ...given, nowMs }, "PG_AVAILABILITY")).toBe(expected);
  });

  test("counts a PG once, and says for how long and where", () => {
    const given = inStates({ "1.0": ["peering"], "1.1": ["active", "stale"], "1.2": ["down"] });
    const check = checkOf({ ...given, nowMs: 300_000 }, "PG_AVAILABILITY");
    expect(check?.count).toBe(3);
    expect(check?.details).toEqual([
      `pg 1.0 is stuck inactive for 5m, current state peering, last acting ${acting("1.0")}`,
      `pg 1.1 is stuck stale for 5m, current state active+stale, last acting ${acting("1.1")}`,
      `pg 1.2 is down, acting ${acting("1.2")}`,
    ]);
  });

  test.each([
    [119_000, "119s"],
    [120_000, "2m"],
    [7_199_000, "119m"],
    [7_200_000, "2h"],
  ])("after %i ms is shown as %s", (nowMs, words) => {
    const check = checkOf({ ...inStates({ "1.0": ["peering"] }), nowMs }, "PG_AVAILABILITY");
    expect(check?.details[0]).toContain(`for ${words},`);
  });
});

describe("redundancy", () => {
  test("shows objects by all their copies, and PGs", () => {
    const states = ["active", "undersized", "degraded"] as const;
    const given: GivenHealth = {
      pgStat: pgs({
        "1.0": { states, objects: 4, degraded: 4 },
        "1.1": { states, objects: 3, degraded: 3 },
        "1.2": { objects: 0 },
      }),
    };
    expect(summary(given, "PG_DEGRADED")).toBe(
      "Degraded data redundancy: 7/21 objects degraded (33.333%), 2 pgs degraded",
    );
    expect(summary(given, "PG_UNDERSIZED")).toBe("Degraded data redundancy: 2 pgs undersized");
    expect(checkOf(given, "PG_UNDERSIZED")?.details).toEqual([
      `pg 1.0 is active+degraded+undersized, acting ${acting("1.0")}`,
      `pg 1.1 is active+degraded+undersized, acting ${acting("1.1")}`,
    ]);
  });

  test("of PGs without objects is told by PGs alone", () => {
    const given = inStates({ "1.0": ["active", "degraded"] });
    expect(summary(given, "PG_DEGRADED")).toBe("Degraded data redundancy: 1 pg degraded");
    expect(codesOf(given)).toEqual(["PG_DEGRADED"]);
  });

  test("gets worse with the objects that have too few copies", () => {
    const of = (degraded: number) => ({
      pgStat: pgs({ "1.0": { states: ["degraded"], degraded } }),
    });
    expect(checkOf(of(9), "PG_DEGRADED")?.count).toBe(9);
  });
});

test.each([
  ["inconsistent", "1 pg inconsistent"],
  ["failed_repair", "1 pg failed_repair"],
  ["recovery_unfound", "1 pg recovery_unfound"],
  ["backfill_unfound", "1 pg backfill_unfound"],
] as const)("a PG that is %s may be damaged", (word, what) => {
  const given = inStates({ "1.0": ["active", word] });
  expect(checkOf(given, "PG_DAMAGED")).toMatchObject({
    severity: "HEALTH_ERR",
    summary: `Possible data damage: ${what}`,
    count: 1,
  });
});

test("a PG with two kinds of damage counts once", () => {
  const given = inStates({ "1.0": ["inconsistent", "failed_repair"], "1.1": ["inconsistent"] });
  expect(checkOf(given, "PG_DAMAGED")).toMatchObject({
    summary: "Possible data damage: 2 pgs inconsistent, 1 pg failed_repair",
    count: 2,
  });
});

test("backfill that finds no room says so", () => {
  expect(summary(inStates({ "1.0": ["backfill_toofull"] }), "PG_BACKFILL_FULL")).toBe(
    "Low space hindering backfill (add storage if this doesn't resolve itself): 1 pg backfill_toofull",
  );
});

describe("objects", () => {
  test("that are misplaced are counted by all copies", () => {
    const given = { pgStat: pgs({ "1.0": { objects: 12, misplaced: 12 } }) };
    expect(summary(given, "OBJECT_MISPLACED")).toBe("12/36 objects misplaced (33.333%)");
  });

  test("that are not found are counted by objects, with the PGs that miss them", () => {
    const states = ["active", "recovery_unfound"] as const;
    const given = { pgStat: pgs({ "1.2": { states, objects: 21, unfound: 1 } }) };
    const check = checkOf(given, "OBJECT_UNFOUND");
    expect(check?.summary).toBe("1/21 objects unfound (4.762%)");
    expect(check?.details).toEqual([
      `pg 1.2 is active+recovery_unfound, acting ${acting("1.2")}, 1 unfound`,
    ]);
  });

  test("that differ between copies are errors", () => {
    const check = checkOf({ pgStat: pgs({ "1.0": { scrubErrors: 2 } }) }, "OSD_SCRUB_ERRORS");
    expect(check).toMatchObject({ severity: "HEALTH_ERR", summary: "2 scrub errors" });
  });
});

test("of many PGs only some are shown, and how many more there are", () => {
  const map = osdMap({ pools: { 1: { pgNum: 80 } } });
  const given = { map, pgStat: () => ({ states: ["active", "degraded"] as const }) };
  const { details } = present(checkOf(given, "PG_DEGRADED"), "the check");
  expect([details.length, details.at(-1)]).toEqual([51, "and 30 more"]);
});
