import type { Bench } from "./bench.ts";
import { controllerBench } from "./controller.ts";
import { crushBench } from "./crush.ts";
import { healthBench } from "./health.ts";
import { kvBench } from "./kv.ts";
import { osdMapBench } from "./osd-map.ts";
import { paxosBench } from "./paxos.ts";
import { placementBench } from "./placement.ts";
import { simBench } from "./sim.ts";
import { treeBench } from "./tree.ts";
import { upmapBench } from "./upmap.ts";
import { wireBench } from "./wire.ts";

/** Every bench there is, in the order in which `npm run bench` runs them. */
export const BENCHES: readonly Bench[] = [
  wireBench,
  kvBench,
  treeBench,
  simBench,
  crushBench,
  placementBench,
  upmapBench,
  osdMapBench,
  paxosBench,
  healthBench,
  controllerBench,
];
