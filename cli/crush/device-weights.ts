import type { CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";

/**
 * The share of its data that each device takes: 1 where a bucket holds it, unless another one is
 * given. As in crushtool, one of a device that the map does not know is of no effect.
 */
export function deviceWeights(
  map: CrushMap,
  given: Iterable<readonly [device: number, weight: number]>,
): Uint32Array {
  const weights = new Uint32Array(map.maxDevices);
  for (const bucket of map.buckets) {
    for (const item of bucket?.items ?? []) if (item >= 0) weights[item] = WEIGHT_ONE;
  }
  for (const [device, weight] of given) {
    const scaled = Math.trunc(Math.fround(weight) * WEIGHT_ONE);
    if (device in weights) weights[device] = Math.min(Math.max(scaled, 0), WEIGHT_ONE);
  }
  return weights;
}
