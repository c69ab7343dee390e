import { expect, test } from "vitest";
import { changedNestedMap, unsharedNestedMaps } from "../../../cluster/map/nested-map.ts";

const given = new Map([
  ["a", new Map([[1, "x"]])],
  ["b", new Map([[2, "y"]])],
]);

test("pairs get their values in another map, and the one given stays as it was", () => {
  const result = changedNestedMap(given, [
    ["a", 3, "z"],
    ["c", 4, "w"],
  ]);
  expect(result).toEqual(
    new Map([
      [
        "a",
        new Map([
          [1, "x"],
          [3, "z"],
        ]),
      ],
      ["b", new Map([[2, "y"]])],
      ["c", new Map([[4, "w"]])],
    ]),
  );
  expect(given.get("a")?.size).toBe(1);
});

test("an inner map that loses its last value is not there, and one that never was is not made", () => {
  const result = changedNestedMap(given, [
    ["a", 1, undefined],
    ["c", 1, undefined],
  ]);
  expect([...result.keys()]).toEqual(["b"]);
});

test("the last of several changes of one pair counts", () => {
  const result = changedNestedMap(given, [
    ["b", 2, undefined],
    ["b", 2, "again"],
  ]);
  expect(result.get("b")).toEqual(new Map([[2, "again"]]));
});

test("inner maps that are not touched are shared", () => {
  expect(changedNestedMap(given, [["a", 5, "v"]]).get("b")).toBe(given.get("b"));
});

test("of two that differ in an inner map, that one is left", () => {
  const changed = changedNestedMap(given, [["a", 5, "v"]]);
  const only = (map: typeof changed) => new Map([...map].filter(([outer]) => outer === "a"));
  expect(unsharedNestedMaps(given, changed)).toEqual([only(given), only(changed)]);
  expect(unsharedNestedMaps(given, given)).toEqual([new Map(), new Map()]);
  const shrunk = changedNestedMap(given, [["a", 1, undefined]]);
  expect(unsharedNestedMaps(given, shrunk)).toEqual([only(given), new Map()]);
});
