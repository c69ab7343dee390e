import { describe, expect, test } from "vitest";
import { epoch, type OsdId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { type PgStateName, pgState } from "../../../../cluster/map/pg-state.ts";
import { applyCommand } from "../../../../monitor/controller/command/apply-command.ts";
import type { PgReport } from "../../../../monitor/controller/command/command-context.ts";
import { published } from "../../../cluster/map/osd-map-world.ts";
import { cleanReports, contextOf, done, MAP, osds, refusal } from "./desk.ts";

const OUT = published(MAP, done(MAP, { type: "osdOut", osds: osds(3) }).map);
const DOWN = published(OUT, done(OUT, { type: "osdDown", osds: osds(3) }).map);

function ask(
  type: "osdSafeToDestroy" | "osdOkToStop",
  map: OsdMap,
  ids: readonly OsdId[],
  reports: readonly PgReport[],
): string {
  const context = contextOf({ stats: { reports: () => reports } });
  const result = applyCommand(map, { type, osds: ids }, context);
  if (result.type === "refused") return result.message;
  expect(result.map).toBe(map);
  return result.what;
}

const state = (...names: PgStateName[]) => ({ state: pgState(...names) });
const onlyFirst = (changes: Partial<PgReport>) => (report: PgReport) =>
  report.pg.pool === 1 && report.pg.seed === 0 ? changes : {};

describe("an OSD is safe to destroy", () => {
  test("when every PG is clean without it", () => {
    for (const map of [OUT, DOWN]) {
      expect(ask("osdSafeToDestroy", map, osds(3), cleanReports(map))).toBe(
        "osd.3 is safe to destroy",
      );
    }
    const stats = { reports: () => cleanReports(OUT) };
    const { reply } = done(OUT, { type: "osdSafeToDestroy", osds: osds(3) }, { stats });
    expect(reply).toEqual({ safeToDestroy: [3] });
  });

  test("but not while a PG is on it, by its up set or its acting set", () => {
    const said = ask("osdSafeToDestroy", MAP, osds(0), cleanReports(MAP));
    expect(said).toMatch(/^osd\.0 is not safe to destroy: PG .* (is|are) on osd\.0$/);
    for (const sets of [{ up: osds(3) }, { acting: osds(3) }]) {
      expect(ask("osdSafeToDestroy", OUT, osds(3), cleanReports(OUT, onlyFirst(sets)))).toBe(
        "osd.3 is not safe to destroy: PG 1.0 is on osd.3",
      );
    }
  });

  test("but not while a PG is on its way", () => {
    for (const other of [state("active"), state("peering"), state("active", "recovering")]) {
      expect(ask("osdSafeToDestroy", OUT, osds(3), cleanReports(OUT, onlyFirst(other)))).toBe(
        "osd.3 is not safe to destroy: PG 1.0 is not active+clean",
      );
    }
  });

  test("but not while anything is unknown", () => {
    const all = cleanReports(OUT);
    const unknown: (readonly PgReport[])[] = [
      all.slice(1),
      cleanReports(OUT, onlyFirst({ state: 0 })),
      cleanReports(OUT, onlyFirst(state("active", "clean", "stale"))),
    ];
    for (const reports of unknown) {
      expect(ask("osdSafeToDestroy", OUT, osds(3), reports)).toBe(
        "osd.3 is not safe to destroy: of 1 of 12 PGs nothing is known yet",
      );
    }
    expect(ask("osdSafeToDestroy", OUT, osds(3), [])).toContain("of 12 of 12 PGs");
  });

  test("but not by what was said before it went down", () => {
    const early = cleanReports(DOWN, onlyFirst({ epoch: epoch(DOWN.epoch - 1) }));
    expect(ask("osdSafeToDestroy", DOWN, osds(3), early)).toContain("of 1 of 12 PGs");
  });

  test("and reports of PGs that are not there count for nothing", () => {
    const [first] = cleanReports(OUT) as [PgReport];
    const gone = { ...first, pg: { ...first.pg, seed: 99 } };
    const reports = [...cleanReports(OUT).slice(1), gone];
    expect(ask("osdSafeToDestroy", OUT, osds(3), reports)).toContain("of 1 of 12 PGs");
  });
});

describe("an OSD is ok to stop", () => {
  test("while each of its PGs keeps min_size copies without it", () => {
    expect(ask("osdOkToStop", MAP, osds(0), cleanReports(MAP))).toBe("osd.0 is ok to stop");
  });

  test("but not all at once that a PG is on", () => {
    const [first] = cleanReports(MAP) as [PgReport];
    const said = ask("osdOkToStop", MAP, first.acting.slice(0, 2), cleanReports(MAP));
    expect(said).toMatch(/are not ok to stop: PG 1\.0.* would be below min_size$/);
  });

  test("but not beside one that is down by now, whatever the PG said", () => {
    const [first] = cleanReports(MAP) as [PgReport];
    const [one, other] = first.acting as [OsdId, OsdId, OsdId];
    const map = published(MAP, done(MAP, { type: "osdDown", osds: [one] }).map);
    expect(
      ask(
        "osdOkToStop",
        map,
        [other],
        cleanReports(MAP, () => ({ epoch: map.epoch })),
      ),
    ).toContain("PG 1.0");
  });

  test("but not where a PG is not active, or some of its copies may be old", () => {
    const [{ acting }] = cleanReports(MAP) as [PgReport];
    for (const other of [state("peering"), state("active", "degraded")]) {
      const said = ask("osdOkToStop", MAP, acting.slice(0, 1), cleanReports(MAP, onlyFirst(other)));
      expect(said).toContain("PG 1.0 is degraded or not active already");
    }
  });

  test("whatever becomes of PGs that it has no part in", () => {
    const [{ acting }] = cleanReports(MAP) as [PgReport];
    const free = [...MAP.osds.keys()].find((id) => !acting.includes(id)) as OsdId;
    const reports = cleanReports(MAP, onlyFirst(state("active", "degraded")));
    expect(ask("osdOkToStop", MAP, [free], reports)).toBe(`osd.${free} is ok to stop`);
  });

  test("but not while anything is unknown", () => {
    expect(ask("osdOkToStop", MAP, osds(0), cleanReports(MAP).slice(1))).toContain(
      "of 1 of 12 PGs",
    );
    expect(refusal(MAP, { type: "osdOkToStop", osds: osds(0) }).code).toBe("UNSAFE");
  });
});
