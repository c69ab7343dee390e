/** In what state the map has an OSD, in the words by which lists are narrowed down. */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { Style } from "../paint.ts";

export const OSD_FILTERS = ["up", "down", "in", "out", "destroyed"] as const;
export type OsdFilter = (typeof OSD_FILTERS)[number];

export type OsdStatus = "up" | "down" | "new" | "destroyed";

/** One that was never up is new rather than down: nobody waits for it. */
export function statusOf({ up, destroyed, isNew }: OsdInfo): OsdStatus {
  if (up) return "up";
  if (destroyed) return "destroyed";
  return isNew ? "new" : "down";
}

export const STATUS_STYLE: Readonly<Record<OsdStatus, Style>> = {
  up: "good",
  down: "bad",
  new: "warning",
  destroyed: "bad",
};

/** Whether it is in all of these states. */
export function isInStates(map: OsdMap, id: OsdId, filters: readonly OsdFilter[]): boolean {
  const info = map.osds.get(id);
  if (info === undefined) return false;
  const isIn = (map.shares.get(id)?.weight ?? 0) > 0;
  const states: Readonly<Record<OsdFilter, boolean>> = {
    up: info.up,
    down: !info.up,
    in: isIn,
    out: !isIn,
    destroyed: info.destroyed,
  };
  return filters.every((filter) => states[filter]);
}

export function osdIds({ osds }: OsdMap): OsdId[] {
  return [...osds.keys()].sort((left, right) => left - right);
}
