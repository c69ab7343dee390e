import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import { type PgStateName, pgState } from "../../../cluster/map/pg-state.ts";
import { PG_TROUBLES, type PgTrouble } from "../../../cluster/message/query.ts";
import {
  createPoolRows,
  isInTrouble,
  NOBODY,
  orphanRows,
  type PoolRows,
  setCreating,
  setRow,
  setStale,
} from "../../../monitor/controller/pg-board-pool.ts";
import { pg, pgStat } from "./board-world.ts";

function rowsWith(...words: readonly (readonly PgStateName[])[]): PoolRows {
  const rows = createPoolRows(poolId(1), words.length, 0);
  for (const [seed, states] of words.entries()) say(rows, seed, states, 0);
  return rows;
}

function say(rows: PoolRows, seed: number, states: readonly PgStateName[], nowMs: number): void {
  const stat = pgStat(pg(`1.${seed.toString(16)}`), { states });
  setRow(rows, { reporter: osdId(seed), epoch: nowMs, stat }, nowMs);
}

test.each<[readonly PgStateName[], readonly PgTrouble[]]>([
  [[], ["inactive", "unclean"]],
  [["creating"], ["inactive", "unclean"]],
  [["active", "clean"], []],
  [["active", "degraded"], ["unclean"]],
  [
    ["active", "undersized"],
    ["unclean", "undersized"],
  ],
  [["peering"], ["inactive", "unclean"]],
  [["active", "clean", "stale"], ["stale"]],
])("a PG that is %j is %j", (states, troubles) => {
  const state = pgState(...states);
  expect(PG_TROUBLES.filter((trouble) => isInTrouble(state, trouble))).toEqual(troubles);
});

describe("since when a PG is in trouble", () => {
  const since = (rows: PoolRows, trouble: PgTrouble) => rows.troubleSinceMs[trouble][0];

  test("counts from the first that is known of it", () => {
    const rows = createPoolRows(poolId(1), 1, 7);
    setCreating(rows, 0, true, 8);
    say(rows, 0, ["peering"], 9);
    expect(since(rows, "inactive")).toBe(7);
  });

  test("ends with the trouble, and starts anew with the next", () => {
    const rows = rowsWith(["peering"]);
    say(rows, 0, ["active"], 5);
    expect(since(rows, "inactive")).toBeNaN();
    expect(since(rows, "unclean")).toBe(0);
    say(rows, 0, ["peering"], 9);
    expect(since(rows, "inactive")).toBe(9);
  });
});

test("no state is counted that no PG is in", () => {
  const rows = rowsWith(["active"], ["active"]);
  say(rows, 0, ["clean"], 1);
  say(rows, 1, ["clean"], 1);
  expect(rows.counts).toEqual(new Map([[pgState("clean"), 2]]));
  expect(createPoolRows(poolId(1), 0, 0).counts.size).toBe(0);
});

test("the highest bit of a state counts as any other", () => {
  const rows = createPoolRows(poolId(1), 1, 0);
  const stat = { ...pgStat(pg("1.0")), state: 0x8000_0001 };
  setRow(rows, { reporter: osdId(0), epoch: 1, stat }, 0);
  setRow(rows, { reporter: osdId(0), epoch: 2, stat: { ...stat, state: 1 } }, 0);
  expect(rows.counts).toEqual(new Map([[1, 1]]));
});

test("silence is taken back, being orphaned is not", () => {
  const rows = rowsWith(["active"], ["active"]);
  setStale(rows, () => true, true, 1);
  orphanRows(rows, (_, reporter) => reporter === 0, 2);
  setStale(rows, () => true, false, 3);
  expect([...rows.states]).toEqual([pgState("active", "stale"), pgState("active")]);
  expect([...rows.reporters]).toEqual([NOBODY, 1]);
  expect(rows.troubleSinceMs.stale[0]).toBe(1);
});

test("a PG that was reported is not creating, whatever the map says later", () => {
  const rows = rowsWith(["active"]);
  setCreating(rows, 0, true, 1);
  expect(rows.states[0]).toBe(pgState("active"));
});
