/**
 * How fast the schemes of `kelp bench placement` map, how evenly straw2 spreads, and how much it
 * moves. The command shows the rest, and does so for any cluster.
 */

import type { Bench, Measurement } from "./bench.ts";
import { clusterOf } from "./placement/cluster.ts";
import { measurePlacement } from "./placement/measure.ts";
import type { PlacementFigures } from "./placement/report.ts";
import { buildMap, RULE_ID } from "./placement/topology.ts";

const SIZES = {
  full: { racks: 10, hosts: 10, osds: 10, pgCount: 65_536 },
  tiny: { racks: 2, hosts: 2, osds: 2, pgCount: 200 },
} as const;

export const placementBench: Bench = {
  name: "placement",
  about: "mapping rate, balance and movement of CRUSH's bucket algorithms and other schemes",
  async run(scale, progress) {
    const { pgCount, ...size } = SIZES[scale];
    const map = buildMap({ ...size, weights: "equal", domain: "host", seed: 1 });
    const cluster = clusterOf(map, { ruleId: RULE_ID, replicas: 3 });
    const surroundings = {
      nowMs: () => process.cpuUsage().user / 1000,
      progress: ({ what }: { what: string }) => progress(what),
    };
    return measurementsOf(measurePlacement({ cluster, pgCount, seed: 1 }, surroundings));
  },
};

function measurementsOf({ schemes, changes, chance }: PlacementFigures): Measurement[] {
  const rates = schemes.flatMap(({ name, mappingsPerSecond, simdMappingsPerSecond }) => [
    ...optional(`${name}, one x at a time`, mappingsPerSecond, "mappings/s"),
    ...optional(`${name}, vectorized`, simdMappingsPerSecond, "mappings/s"),
  ]);
  const [straw2] = schemes;
  const stddev = straw2?.balance?.stddev ?? 0;
  const least = changes.reduce((sum, change) => sum + change.least, 0);
  const moved = straw2?.changes.reduce((sum, change) => sum + (change.moved ?? 0), 0);
  return [
    ...rates,
    {
      what: "straw2: deviation of PGs per OSD to that of chance",
      value: stddev / chance.stddev,
      unit: "x",
    },
    { what: "straw2: replicas moved to those that must", value: (moved ?? 0) / least, unit: "x" },
  ];
}

function optional(what: string, value: number | undefined, unit: string): Measurement[] {
  return value === undefined ? [] : [{ what, value, unit }];
}
