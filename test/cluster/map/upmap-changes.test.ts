import { expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { PgId } from "../../../cluster/map/pg-id.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { withEntries, withUpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { osdIds, pool, world } from "./world.ts";

const pgAt = (seed: number): PgId => ({ pool: poolId(1), seed });
const [a, b, c, d] = [pgAt(0), pgAt(1), pgAt(2), pgAt(3)];
const items = (from: number, to: number) => [{ from: osdId(from), to: osdId(to) }];

test("changes are applied to a new map", () => {
  const map = {
    ...world({ racks: 1, hosts: 3, osds: 2 }, { pools: [pool({ pgNum: 4 })] }),
    pgUpmap: pgTable([[c, osdIds([0, 2, 4])]]),
    pgUpmapItems: pgTable([
      [a, items(0, 1)],
      [b, items(2, 3)],
    ]),
  };
  const changes = { set: [[d, items(4, 5)] as const], remove: [a], removeWhole: [c] };
  const changed = withUpmapChanges(map, changes);
  expect(changed.pgUpmapItems).toEqual(
    pgTable([
      [b, items(2, 3)],
      [d, items(4, 5)],
    ]),
  );
  expect(changed.pgUpmap).toEqual(pgTable());
  expect(map.pgUpmapItems.get(poolId(1))?.size).toBe(2);
});

test("entries overrule what changes say about the same PG", () => {
  const changes = {
    set: [[a, items(0, 1)] as const, [b, items(2, 3)] as const],
    remove: [c, d],
    removeWhole: [d],
  };
  expect(
    withEntries(changes, [
      [a, items(0, 5)],
      [b, []],
      [c, items(4, 5)],
    ]),
  ).toEqual({
    set: [
      [a, items(0, 5)],
      [c, items(4, 5)],
    ],
    remove: [d, b],
    removeWhole: [d],
  });
});
