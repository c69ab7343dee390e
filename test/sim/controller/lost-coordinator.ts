/**
 * The Else of C4: a cluster in which everybody is well, except that for a while the coordinator is not there, or not for
 * everybody. Nothing else happens, so whoever goes down was judged wrongly.
 */
import { osdId } from "../../../cluster/base/ids.ts";
import type { Scenario, Workload } from "../simulation.ts";
import { Cluster, CONTROLLERS } from "./controllers.ts";
import { stubName } from "./osd-stub.ts";
import type { Plant } from "./plant.ts";

export const OSD_COUNT = 12;
const LOST_MS = 8_000;
/** By then everybody is up. */
const AFTER_MS = 20_000;
const LENGTH_MS = 60_000;

export const LOSSES = [
  /** Monitors give each session its full time again when they go on. */
  "stands still",
  "is cut off from OSDs",
  "is cut off from OSDs and controllers",
] as const;
export type Loss = (typeof LOSSES)[number];

export function lostCoordinator(loss: Loss, plant?: Plant): Scenario {
  return {
    name: `the coordinator ${loss}`,
    about: "and all OSDs are well",
    tolerates: [],
    faultyMs: { min: LENGTH_MS, max: LENGTH_MS },
    build(simulation): Workload {
      const cluster = new Cluster(simulation, plant, {
        osdCount: OSD_COUNT,
        hostCount: 4,
        operatorCount: 0,
        thinkMsMean: 1_000,
        hasLiars: false,
      });
      const { scheduler } = simulation;
      scheduler.after(AFTER_MS, () => lose(cluster, loss));
      scheduler.after(AFTER_MS + LOST_MS, () => {
        for (const monitor of cluster.monitorProcesses) monitor.resume();
        cluster.streams.heal();
      });
      return cluster;
    },
  };
}

function lose({ monitorProcesses, streams }: Cluster, loss: Loss): void {
  if (loss === "stands still") {
    for (const monitor of monitorProcesses) monitor.stop();
    return;
  }
  const osds = Array.from({ length: OSD_COUNT }, (_, id) => stubName(osdId(id)));
  const others = loss === "is cut off from OSDs" ? osds : [...osds, ...CONTROLLERS];
  streams.partition([monitorProcesses.map(({ name }) => name), others], "symmetric");
}
