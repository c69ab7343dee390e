import { describe, expect, test } from "vitest";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { buildMap, RULE_ID, type Topology } from "../../../bench/placement/topology.ts";
import { compileText } from "../../../crush/text.ts";
import { printText } from "../../../crush/text-printer.ts";
import { problemOf } from "../../../crush/validate.ts";

const SMALL: Topology = {
  racks: 2,
  hosts: 3,
  osds: 4,
  weights: "equal",
  domain: "host",
  seed: 1,
};

describe("a described cluster", () => {
  test("is a valid map that its text gives back", () => {
    const map = buildMap(SMALL);
    expect(problemOf(map)).toBeUndefined();
    expect(printText(compileText(printText(map)))).toBe(printText(map));
  });

  test.each([
    ["osd", 24],
    ["host", 6],
    ["rack", 2],
  ] as const)("with failure domain %s has %d of them", (domain, count) => {
    const { devices } = clusterOf(buildMap({ ...SMALL, domain }), { ruleId: RULE_ID, replicas: 2 });
    expect(devices.map(({ id }) => id)).toEqual([...Array(24).keys()]);
    expect(new Set(devices.map((device) => device.domain)).size).toBe(count);
  });

  test("has uneven weights by its seed, and the same ones again", () => {
    const text = (seed: number): string =>
      printText(buildMap({ ...SMALL, weights: "uneven", seed }));
    expect(text(5)).toBe(text(5));
    expect(text(5)).not.toBe(text(6));
    expect(text(5)).not.toBe(printText(buildMap(SMALL)));
  });
});
