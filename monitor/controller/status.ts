/** `kelp status`: the whole cluster on one screen, as data. */
import {
  type ClusterStatus,
  type HealthReport,
  PG_STATE_KINDS_MAX,
  type ProgressEvent,
} from "../../cluster/message/query.ts";
import type { HealthInput } from "./health-input.ts";
import { clusterCapacity, clusterRates } from "./osd-board.ts";

export interface StatusInput
  extends Pick<HealthInput, "map" | "nowMs" | "pgs" | "osdBoard" | "monitors"> {
  readonly clusterId: string;
  readonly controller: { readonly name: string; readonly electedMs: number };
  readonly health: HealthReport;
  readonly progress: readonly ProgressEvent[];
}

export function statusOf(input: StatusInput): ClusterStatus {
  const { map, nowMs, pgs, osdBoard, controller } = input;
  const { objects, bytes, degraded, misplaced, unfound } = pgs.sums;
  const ago = (sinceMs: number): number => Math.max(0, Math.floor(nowMs - sinceMs));
  const agoIfKnown = (sinceMs: number | undefined): number | undefined =>
    sinceMs === undefined ? undefined : ago(sinceMs);
  // The most frequent first, as people look for it.
  const pgStates = [...pgs.states]
    .map(([state, count]) => ({ state, count }))
    .sort((left, right) => right.count - left.count || left.state - right.state)
    .slice(0, PG_STATE_KINDS_MAX);
  return {
    clusterId: input.clusterId,
    epoch: map.epoch,
    health: input.health,
    monitors: input.monitors,
    controller: { name: controller.name, electedAgoMs: ago(controller.electedMs) },
    osds: {
      count: map.osds.size,
      up: osdBoard.up,
      in: osdBoard.in,
      upChangedAgoMs: agoIfKnown(osdBoard.upChangedMs),
      inChangedAgoMs: agoIfKnown(osdBoard.inChangedMs),
    },
    poolCount: map.pools.size,
    pgCount: pgs.pgCount,
    pgStates,
    objects,
    copies: pgs.copies,
    degraded,
    misplaced,
    unfound,
    storedBytes: bytes,
    ...clusterCapacity(osdBoard),
    rates: clusterRates(osdBoard, nowMs),
    progress: input.progress,
  };
}
