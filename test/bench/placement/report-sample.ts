import { clusterOf } from "../../../bench/placement/cluster.ts";
import { measurePlacement } from "../../../bench/placement/measure.ts";
import { peerFigures } from "../../../bench/placement/peer.ts";
import type { PlacementReport, SchemeFigures } from "../../../bench/placement/report.ts";
import { buildMap, RULE_ID } from "../../../bench/placement/topology.ts";

/** A report of a small cluster with all that a report can have, and a clock that is none. */
export function sampleReport(): PlacementReport {
  const map = buildMap({ racks: 2, hosts: 3, osds: 2, weights: "uneven", domain: "host", seed: 1 });
  const cluster = clusterOf(map, { ruleId: RULE_ID, replicas: 2 });
  let nowMs = 0;
  const surroundings = { nowMs: () => nowMs++, progress: () => undefined };
  const figures = measurePlacement({ cluster, pgCount: 600, seed: 1 }, surroundings);
  return {
    ...figures,
    cluster: "2 racks x 3 hosts x 2 osds, uneven weights",
    domain: "host",
    seed: 1,
    schemes: [...figures.schemes.map(completed), IMPOSSIBLE],
    peer: peerFigures("crushtool", [
      { peerNs: 3200, scalarNs: 1600, simdNs: 800 },
      { peerNs: 3300, scalarNs: 1500, simdNs: 800 },
      { peerNs: 3100, scalarNs: 1700, simdNs: 800 },
    ]),
  };
}

function completed(scheme: SchemeFigures): SchemeFigures {
  if (scheme.balance === undefined || scheme.name !== "straw2") return scheme;
  const balance = { ...scheme.balance, stddev: 0, min: 1, max: 1 };
  return {
    ...scheme,
    simdMappingsPerSecond: 4_000_000,
    missing: 12,
    upmap: { balance, pgCount: 123, movedCount: 145, ms: 67 },
  };
}

const IMPOSSIBLE: SchemeFigures = {
  name: "none",
  about: "A scheme that can hold no cluster.",
  failure: "the cluster is too large for it",
  changes: [],
};
