import { expect, test } from "vitest";
import { formatPgState, isInState, PG_STATES, pgState } from "../../../cluster/map/pg-state.ts";

test.each([
  [pgState(), "unknown"],
  [pgState("active"), "active"],
  [pgState("clean", "active"), "active+clean"],
  [pgState("active", "undersized", "degraded", "remapped"), "active+degraded+undersized+remapped"],
  [pgState("active", "active"), "active"],
  [pgState("deleting"), "deleting"],
])("%i is shown as %s", (state, text) => {
  expect(formatPgState(state)).toBe(text);
});

test("a state has the names that it was made of and no others", () => {
  const state = pgState("active", "scrubbing", "deep");
  expect(PG_STATES.filter((name) => isInState(state, name))).toEqual([
    "active",
    "scrubbing",
    "deep",
  ]);
});

test("every name has a bit of its own, and all of them fit into a number above 0", () => {
  const bits = PG_STATES.map((name) => pgState(name));
  expect(new Set(bits).size).toBe(PG_STATES.length);
  expect(pgState(...PG_STATES)).toBe(bits.reduce((sum, bit) => sum + bit, 0));
  expect(Math.min(...bits)).toBeGreaterThan(0);
});

// What was stored or sent with these bits must be read the same by every later release.
test("the bits of states never change", () => {
  const names = ["creating", "active", "clean", "down", "deleting"] as const;
  expect(names.map((name) => pgState(name))).toEqual([1, 8, 32, 131_072, 134_217_728]);
});
