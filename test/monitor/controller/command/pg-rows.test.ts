import { describe, expect, test } from "vitest";
import { osdId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../../cluster/map/osd-map-placement.ts";
import { pgTable } from "../../../../cluster/map/pg-table.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { already, done, MAP, osds, pg, refusal } from "./desk.ts";

const PG = pg(1, 0);
const rowOf = (map: OsdMap) => [...placementOf(map).pgToUpmap(PG).osds];
const ROW = rowOf(MAP);
const hostOf = (osd: number) => Math.floor(osd / 2);
/** The other OSD of a host, which may always take the place of the one. */
const beside = (osd: number) => osdId(osd % 2 === 0 ? osd + 1 : osd - 1);
const [first, second] = ROW as [number, number, number];
const FREE_HOST = [0, 1, 2, 3].find((host) => !ROW.map(hostOf).includes(host)) as number;

const items = (...pairs: [number, number][]): Command => ({
  type: "upmapItemsSet",
  pg: PG,
  items: pairs.map(([from, to]) => ({ from: osdId(from), to: osdId(to) })),
});

describe("upmap items", () => {
  test("put a PG on another OSD, once", () => {
    const command = items([first, beside(first)]);
    const { map, what } = done(MAP, command);
    expect(what).toBe(`upmap PG 1.0 from osd.${first} to osd.${beside(first)}`);
    expect(rowOf(map)).toEqual([beside(first), ...ROW.slice(1)]);
    expect(already(map, command)).toContain("already");
    // They are not added to those that there were.
    const other = done(map, items([second, FREE_HOST * 2])).map;
    expect(rowOf(other)).toEqual([first, FREE_HOST * 2, ROW[2]]);
  });

  test("follow each other", () => {
    const { map } = done(MAP, items([first, beside(first)], [beside(first), FREE_HOST * 2]));
    expect(rowOf(map)).toEqual([FREE_HOST * 2, ...ROW.slice(1)]);
  });

  test("are refused where they have no effect, or the rule would not do it", () => {
    const names = ROW.map((osd) => `osd.${osd}`).join(", ");
    expect(refusal(MAP, items([FREE_HOST * 2, first])).message).toBe(
      `PG 1.0 is not on osd.${FREE_HOST * 2}; it is on ${names}`,
    );
    expect(refusal(MAP, items([first, second])).message).toBe(
      `PG 1.0 is on osd.${second} as it is`,
    );
    expect(refusal(MAP, items([first, 77])).code).toBe("NOT_FOUND");
    expect(refusal(MAP, items()).message).toBe("no pair of OSDs is named");
    // Two of one host.
    const said = refusal(MAP, items([first, beside(second)]));
    expect(said.code).toBe("INVALID");
    expect(said.message).toContain('rule "replicated" would not put PG 1.0 on');
  });

  test("are refused to an OSD that takes no data", () => {
    const out = done(MAP, { type: "osdOut", osds: osds(FREE_HOST * 2) }).map;
    expect(rowOf(out)).toEqual(ROW);
    expect(refusal(out, items([first, FREE_HOST * 2])).message).toBe(
      `osd.${FREE_HOST * 2} is out, so an upmap to it would have no effect`,
    );
    const light = done(MAP, { type: "crushReweight", item: `osd.${FREE_HOST * 2}`, weight: 0 }).map;
    const [from] = rowOf(light) as [number];
    expect(refusal(light, items([from, FREE_HOST * 2])).message).toContain("would not put PG 1.0");
  });

  test("are removed, once", () => {
    const { map } = done(MAP, items([first, beside(first)]));
    const { map: removed } = done(map, { type: "upmapItemsRemove", pg: PG });
    expect(removed.pgUpmapItems).toEqual(pgTable());
    expect(already(removed, { type: "upmapItemsRemove", pg: PG })).toBe(
      "PG 1.0 has no upmap items",
    );
  });
});

describe("an upmap of the whole PG", () => {
  const row = ROW.map(beside);
  const command: Command = { type: "upmapSet", pg: PG, osds: row };

  test("puts it where it says, once", () => {
    const { map, what } = done(MAP, command);
    expect(what).toBe(`upmap PG 1.0 to ${row.map((osd) => `osd.${osd}`).join(", ")}`);
    expect(rowOf(map)).toEqual(row);
    expect(already(map, command)).toContain("already");
    const { map: removed } = done(map, { type: "upmapRemove", pg: PG });
    expect(removed.pgUpmap).toEqual(pgTable());
    expect(already(removed, { type: "upmapRemove", pg: PG })).toBe("PG 1.0 has no upmap");
  });

  test("names as many OSDs as the pool has copies, which the rule could choose", () => {
    const set = (...ids: number[]): Command => ({ type: "upmapSet", pg: PG, osds: osds(...ids) });
    expect(refusal(MAP, set(0, 2)).message).toBe("PG 1.0 is on 3 OSDs; 2 are named");
    for (const ids of [
      [0, 1, 2],
      [0, 0, 2],
    ]) {
      expect(refusal(MAP, set(...ids)).message).toContain('rule "replicated" would not put');
    }
    expect(refusal(MAP, set(0, 2, 88)).code).toBe("NOT_FOUND");
  });
});

test("a temporary acting set and primary are cleared, once", () => {
  const map: OsdMap = {
    ...MAP,
    pgTemp: pgTable([[PG, osds(1, 2)]]),
    primaryTemp: pgTable([[PG, osdId(1)]]),
  };
  const { map: cleared } = done(map, { type: "pgTempClear", pg: PG });
  expect([cleared.pgTemp, cleared.primaryTemp]).toEqual([pgTable(), pgTable()]);
  expect(already(cleared, { type: "pgTempClear", pg: PG })).toBe(
    "PG 1.0 has no temporary acting set",
  );
});

test("a PG that is not there has no rows", () => {
  const commands: ((of: typeof PG) => Command)[] = [
    (of) => ({ type: "upmapSet", pg: of, osds: osds(0, 2, 4) }),
    (of) => ({ type: "upmapItemsSet", pg: of, items: [{ from: osdId(0), to: osdId(1) }] }),
    (of) => ({ type: "upmapRemove", pg: of }),
    (of) => ({ type: "upmapItemsRemove", pg: of }),
    (of) => ({ type: "pgTempClear", pg: of }),
  ];
  for (const command of commands) {
    expect(refusal(MAP, command(pg(1, 8)))).toEqual({
      code: "NOT_FOUND",
      message: "there is no PG 1.8; the last one of its pool is 1.7",
    });
    expect(refusal(MAP, command(pg(5, 0)))).toEqual({
      code: "NOT_FOUND",
      message: "there is no pool 5 to have a PG 5.0; pools: 1 (rbd), 2 (data)",
    });
  }
});

test("a rule of which it is not known what it could choose leaves the word to the operator", () => {
  // It emits a bucket's worth of nothing after its devices.
  const [rule, ...rules] = MAP.crush.rules;
  const steps = [...(rule?.steps ?? []), { op: 4, arg1: 0, arg2: 0 }];
  const crush = { ...MAP.crush, rules: [rule && { ...rule, steps }, ...rules] };
  const { map } = done({ ...MAP, crush }, { type: "upmapSet", pg: PG, osds: osds(0, 1, 2) });
  expect(rowOf(map)).toEqual([0, 1, 2]);
});
