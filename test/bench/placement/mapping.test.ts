import { describe, expect, test } from "vitest";
import {
  emptyMapping,
  type Mapper,
  type Mapping,
  mapRange,
  missingReplicas,
  movedReplicas,
  pgInputs,
  replicaCounts,
} from "../../../bench/placement/mapping.ts";
import { hash2 } from "../../../crush/hash.ts";
import { NONE } from "../../../crush/types.ts";

function mapping(replicas: number, ...devices: number[]): Mapping {
  return { replicas, devices: Int32Array.from(devices) };
}

test("a PG is to a placement the hash of its seed and its pool", () => {
  expect([...pgInputs(3, 7)]).toEqual([hash2(0, 7), hash2(1, 7), hash2(2, 7)]);
});

test("a mapping has holes where a replica found no device", () => {
  const mapper: Mapper = {
    mapInto(x, result, at) {
      if (x === 0) return 0;
      result[at] = x;
      return 1;
    },
  };
  const found = emptyMapping(4, 2);
  mapRange(mapper, Uint32Array.of(5, 0, 5, 8), found, 0, 3);
  expect([...found.devices]).toEqual([5, NONE, NONE, NONE, 5, NONE, NONE, NONE]);
  expect(replicaCounts(found)).toEqual(new Map([[5, 2]]));
  expect(missingReplicas(found)).toBe(6);
});

describe("replicas that moved", () => {
  const _ = NONE;

  test.each<[what: string, before: number[], after: number[], moved: number, shards: number]>([
    ["none", [1, 2, 3], [1, 2, 3], 0, 0],
    ["one", [1, 2, 3], [1, 9, 3], 1, 1],
    ["another order", [1, 2, 3], [3, 1, 2], 0, 3],
    ["one, and the rest moved up", [1, 2, 3], [2, 3, 9], 1, 3],
    ["all", [1, 2, 3], [7, 8, 9], 3, 3],
    ["a hole is filled", [1, _, 3], [1, 2, 3], 1, 1],
    ["a replica is lost", [1, 2, 3], [1, _, 3], 0, 0],
  ])("%s", (_what, before, after, moved, shards) => {
    const [left, right] = [mapping(3, ...before), mapping(3, ...after)];
    expect(movedReplicas(left, right, { isPositional: false })).toBe(moved);
    expect(movedReplicas(left, right, { isPositional: true })).toBe(shards);
  });

  test("are counted for each PG by itself", () => {
    const moved = movedReplicas(mapping(2, 1, 2, 3, 4), mapping(2, 3, 4, 1, 4), {
      isPositional: false,
    });
    expect(moved).toBe(3);
  });
});
