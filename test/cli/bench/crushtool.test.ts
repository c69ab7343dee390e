import { describe, expect, test } from "vitest";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { buildMap, RULE_ID } from "../../../bench/placement/topology.ts";
import { compareWithCrushtool, parseTimes } from "../../../cli/bench/crushtool.ts";
import { interopTool } from "../../support/interop.ts";

describe("the times of a shell", () => {
  test.each([
    ["0m0.001s 0m0.002s\n0m1.250s 0m0.010s\n", 1.25],
    ["0m0.000000s 0m0.000000s\n2m3.500000s 0m0.010000s\n", 123.5],
  ])("%j: its children used %d s", (text, seconds) => {
    expect(parseTimes(text)).toBe(seconds);
  });

  test("that are something else are not guessed", () => {
    expect(() => parseTimes("real 1.2")).toThrow("not understood");
  });
});

interopTool({ command: "crushtool", debianPackage: "ceph-base" })("beside crushtool", () => {
  test("the time of one mapping is measured for both", () => {
    const topology = { racks: 2, hosts: 3, osds: 3, weights: "equal", domain: "host" } as const;
    const cluster = clusterOf(buildMap({ ...topology, seed: 1 }), { ruleId: RULE_ID, replicas: 3 });
    const run = { mappingCount: 100_000, turnCount: 1 };
    const turns: number[] = [];
    const figures = compareWithCrushtool(cluster, run, (turn) => turns.push(turn));
    expect(figures).toMatchObject({ name: "crushtool", turnCount: 1 });
    expect(figures.peerNs.median).toBeGreaterThan(0);
    expect(figures.scalar.ns.median).toBeGreaterThan(0);
    expect(turns).toEqual([0]);
  });
});
