import { describe, expect, test } from "vitest";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { crushSchemes, withAll } from "../../../bench/placement/crush-scheme.ts";
import { buildMap, RULE_ID, type Topology } from "../../../bench/placement/topology.ts";
import { CrushError } from "../../../crush/error.ts";
import { itemWeightsOf } from "../../../crush/make-bucket.ts";
import { doRule } from "../../../crush/rule.ts";
import { ALGORITHM, type Algorithm, type CrushMap } from "../../../crush/types.ts";
import { problemOf } from "../../../crush/validate.ts";

const TOPOLOGY: Topology = {
  racks: 3,
  hosts: 3,
  osds: 3,
  weights: "uneven",
  domain: "host",
  seed: 2,
};
const MAP = buildMap(TOPOLOGY);
const ALGORITHMS = Object.keys(ALGORITHM) as Algorithm[];

function itemsOf({ buckets }: CrushMap): unknown[] {
  return buckets.map((bucket) => bucket && [bucket.id, bucket.type, bucket.items]);
}

function weightsOf({ buckets }: CrushMap): unknown[] {
  return buckets.map((bucket) => bucket && itemWeightsOf(bucket));
}

describe.each(ALGORITHMS)("a map of %s buckets", (alg) => {
  test("has the same tree", () => {
    const map = withAll(MAP, alg);
    expect(problemOf(map)).toBeUndefined();
    expect(itemsOf(map)).toEqual(itemsOf(MAP));
    expect(map.buckets.every((bucket) => bucket === undefined || bucket.alg === alg)).toBe(true);
    if (alg !== "uniform") expect(weightsOf(map)).toEqual(weightsOf(MAP));
  });

  test("is what the scheme maps with", () => {
    const cluster = clusterOf(MAP, { ruleId: RULE_ID, replicas: 3 });
    const scheme = crushSchemes(MAP).find(({ name }) => name === alg);
    const map = scheme?.formOf?.(MAP) ?? MAP;
    const placement = scheme?.place({ ...cluster, map });
    const { deviceWeights } = cluster;
    const row = new Int32Array(3);
    for (let x = 0; x < 50; x++) {
      const found = [...row.subarray(0, placement?.mapInto(x, row, 0))];
      expect(found).toEqual(doRule(withAll(MAP, alg), RULE_ID, x, 3, deviceWeights));
    }
  });
});

test("a map that is all straw2 is measured once with it, another one also as it is", () => {
  const names = (map: CrushMap): string[] => crushSchemes(map).map(({ name }) => name);
  expect(names(MAP)).toEqual(["straw2", "straw", "tree", "list", "uniform"]);
  expect(names(withAll(MAP, "list"))).toEqual(["map", ...names(MAP)]);
  const chooseArgs = new Map([[-1, new Map([[-1, { weightSets: [], ids: [] }]])]]);
  expect(names({ ...MAP, chooseArgs })).toEqual(["map", ...names(MAP)]);
});

test("a tree cannot hold more than 64 items", () => {
  const wide = buildMap({ ...TOPOLOGY, hosts: 65 });
  const tree = crushSchemes(wide).find(({ name }) => name === "tree");
  expect(() => tree?.formOf?.(wide)).toThrow(CrushError);
});
