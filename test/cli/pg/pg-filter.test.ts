import { describe, expect, test } from "vitest";
import { type PgChoice, pgFilter } from "../../../cli/pg/pg-filter.ts";
import { osdId } from "../../../cluster/base/ids.ts";
import { pgState } from "../../../cluster/map/pg-state.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const MAP = osdMapWorld(
  { racks: 1, hosts: 3, osds: 1 },
  { pools: [{ id: 7, pgNum: 1, name: "rbd" }] },
);
const never = (): never => {
  throw new Error("nobody needs the map");
};

describe("a choice of PGs", () => {
  test.each<[PgChoice, object]>([
    [{}, { states: 0, unknown: false }],
    [{ osd: osdId(3) }, { osd: 3 }],
    [{ state: ["active+clean", "degraded"] }, { states: pgState("active", "clean", "degraded") }],
    [{ state: ["unknown"] }, { states: 0, unknown: true }],
    [{ stuck: "stale", for: 5 }, { stuck: { trouble: "stale", sinceMs: 5 } }],
  ])("%j", async (choice, filter) => {
    expect(await pgFilter(choice, never)).toMatchObject(filter);
  });

  test("by pool needs the map", async () => {
    expect(await pgFilter({ pool: "rbd" }, async () => MAP)).toMatchObject({ pool: 7 });
    await expect(pgFilter({ pool: "rbdd" }, async () => MAP)).rejects.toThrow(/did you mean rbd\?/);
  });

  test.each<[PgChoice, RegExp]>([
    [{ state: ["degrade"] }, /no state "degrade" \(did you mean degraded\?\)/],
    [{ for: 5 }, /--for goes with --stuck/],
  ])("%j is none", async (choice, message) => {
    await expect(pgFilter(choice, never)).rejects.toThrow(message);
  });
});
