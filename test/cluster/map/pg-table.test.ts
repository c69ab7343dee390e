import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { formatPgId, type PgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable, pgEntries, pgEntry, pgTable } from "../../../cluster/map/pg-table.ts";

const pgs = fc.record({ pool: fc.nat({ max: 2 }).map(poolId), seed: fc.nat({ max: 3 }) });
const changes = fc.array(fc.tuple(pgs, fc.option(fc.nat(), { nil: undefined })));

describe("a table by PG", () => {
  test("agrees with a map by the PGs' names, and leaves the old table as it was", () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 4 }), (rounds) => {
        let table = pgTable<number>();
        const twin = new Map<string, number>();
        for (const round of rounds) {
          const before = JSON.stringify([...pgEntries(table)]);
          const changed = changedPgTable(table, round);
          expect(JSON.stringify([...pgEntries(table)])).toBe(before);
          table = changed;
          for (const [pg, value] of round) {
            if (value === undefined) twin.delete(formatPgId(pg));
            else twin.set(formatPgId(pg), value);
          }
        }
        const entries = [...pgEntries(table)].map(([pg, value]) => [formatPgId(pg), value]);
        expect(entries.sort()).toEqual([...twin].sort());
        for (const pool of [0, 1, 2]) {
          const pg: PgId = { pool: poolId(pool), seed: 1 };
          expect(pgEntry(table, pg)).toBe(twin.get(formatPgId(pg)));
        }
      }),
    );
  });

  test("a pool without entries is not in it", () => {
    const pg: PgId = { pool: poolId(1), seed: 0 };
    const table = changedPgTable(pgTable([[pg, "a"]]), [[pg, undefined]]);
    expect(table.size).toBe(0);
  });

  test("pools that do not change are shared", () => {
    const [kept, other] = [poolId(1), poolId(2)];
    const table = pgTable([[{ pool: kept, seed: 0 }, "a"]]);
    const changed = changedPgTable(table, [[{ pool: other, seed: 0 }, "b"]]);
    expect(changed.get(kept)).toBe(table.get(kept));
  });
});
