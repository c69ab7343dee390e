/** What can be said of a cluster whose controller does not answer: what the tree has. */
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { formatNumberOf } from "../amount.ts";
import { osdIds } from "../osd/osd-state.ts";
import { fieldLines } from "../table.ts";

export interface PartialStatus {
  readonly clusterId: string;
  readonly epoch: number;
  readonly controller: null;
  readonly osds: { readonly count: number; readonly up: number; readonly in: number };
  readonly poolCount: number;
  readonly pgCount: number;
  readonly flags: readonly string[];
}

export function partialStatus(map: OsdMap, clusterId: string): PartialStatus {
  const ids = osdIds(map);
  return {
    clusterId,
    epoch: map.epoch,
    controller: null,
    osds: {
      count: ids.length,
      up: ids.filter((id) => map.osds.get(id)?.up === true).length,
      in: ids.filter((id) => (map.shares.get(id)?.weight ?? 0) > 0).length,
    },
    poolCount: map.pools.size,
    pgCount: [...map.pools.values()].reduce((sum, { pgNum }) => sum + pgNum, 0),
    flags: [...map.flags],
  };
}

export function partialStatusLines(status: PartialStatus): string[] {
  const { osds, flags, poolCount, pgCount } = status;
  return fieldLines([
    ["id", status.clusterId],
    ["epoch", String(status.epoch)],
    ["controller", { text: "none answers: what follows is the last map", style: "bad" }],
    ["osds", `${osds.count}: ${osds.up} up, ${osds.in} in`],
    ["pools", `${formatNumberOf(poolCount, "pool")}, ${formatNumberOf(pgCount, "PG")}`],
    ["flags", flags.length === 0 ? "none" : flags.join(", ")],
  ]);
}
