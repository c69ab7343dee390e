import { expect, test } from "vitest";
import {
  LEGACY_TUNABLES,
  OPTIMAL_TUNABLES,
  TUNABLES_PROFILES,
  type TunablesProfile,
} from "../../crush/tunables.ts";

const row = (t: TunablesProfile) => [
  t.chooseLocalTries,
  t.chooseLocalFallbackTries,
  t.chooseTotalTries,
  t.chooseleafDescendOnce,
  t.chooseleafVaryR,
  t.chooseleafStable,
  t.allowedBucketAlgs,
  t.strawCalcVersion,
];

test.each([
  ["legacy  ", 2, 5, 19, 0, 0, 0, 22, 0],
  ["argonaut", 2, 5, 19, 0, 0, 0, 22, undefined],
  ["bobtail ", 0, 0, 50, 1, 0, 0, 22, undefined],
  ["firefly ", 0, 0, 50, 1, 1, 0, 22, undefined],
  ["hammer  ", 0, 0, 50, 1, 1, 0, 54, undefined],
  ["jewel   ", 0, 0, 50, 1, 1, 1, 54, undefined],
  ["optimal ", 0, 0, 50, 1, 1, 1, 54, 1],
  ["default ", 0, 0, 50, 1, 1, 1, 54, 1],
])("%s", (name, ...values) => {
  expect(row(TUNABLES_PROFILES.get(name.trim()) as TunablesProfile)).toEqual(values);
});

test("the profiles that set everything are the ones to start a map from", () => {
  expect(TUNABLES_PROFILES.get("legacy")).toBe(LEGACY_TUNABLES);
  expect(TUNABLES_PROFILES.get("optimal")).toBe(OPTIMAL_TUNABLES);
});
