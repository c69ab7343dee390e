/** How full an OSD's disk counts as being: by the map's ratios, and a little stickier on the way down. */
import { FULLNESS, type Fullness } from "../../cluster/map/osd-info.ts";
import type { FullRatios } from "../../cluster/map/osd-map.ts";

/** An OSD at a threshold would otherwise change the map with every report. */
export const HYSTERESIS = 0.01;

export function fullnessAt(usedRatio: number, ratios: FullRatios, before: Fullness): Fullness {
  const rankBefore = FULLNESS.indexOf(before);
  let found: Fullness = "ok";
  for (const [rank, level] of FULLNESS.entries()) {
    if (level === "ok") continue;
    const threshold = ratios[level] - (rank <= rankBefore ? HYSTERESIS : 0);
    if (usedRatio >= threshold) found = level;
  }
  return found;
}
