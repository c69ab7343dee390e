import type { Cluster, Device } from "../../../bench/placement/cluster.ts";
import { buildMap, RULE_ID } from "../../../bench/placement/topology.ts";

/** For schemes that look at the list of devices only: the map is not that of the devices. */
export function flatCluster(devices: readonly Device[], replicas: number): Cluster {
  const map = buildMap({
    racks: 1,
    hosts: 1,
    osds: 1,
    weights: "equal",
    domain: "osd",
    seed: 1,
  });
  const sorted = [...devices].sort((left, right) => left.id - right.id);
  return { map, ruleId: RULE_ID, replicas, deviceWeights: new Uint32Array(), devices: sorted };
}
