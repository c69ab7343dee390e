/** `osd df`, as Ceph shows it: how full each OSD is, beside the average of those that are in. */
import { type OsdId, osdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { OSDS_MAX, type OsdDf, type OsdDfRow } from "../../cluster/message/query.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import type { CrushMap } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { isOsdIn, type OsdBoard } from "./osd-board.ts";

/** `pgCountOf` tells how many PGs an OSD serves. */
export function osdDfOf(board: OsdBoard, map: OsdMap, pgCountOf: (osd: OsdId) => number): OsdDf {
  const weights = deviceWeights(map.crush);
  const ids = [...map.osds.keys()].sort((left, right) => left - right).slice(0, OSDS_MAX);
  const isCounted = (osd: OsdId): boolean =>
    isOsdIn(map, osd) && (board.entries.get(osd)?.stat.totalBytes ?? 0) > 0;
  let totalBytes = 0;
  let usedBytes = 0;
  for (const osd of ids.filter(isCounted)) {
    totalBytes += board.entries.get(osd)?.stat.totalBytes ?? 0;
    usedBytes += board.entries.get(osd)?.stat.usedBytes ?? 0;
  }
  const average = ratio(usedBytes, totalBytes);
  const rows = ids.map((osd): OsdDfRow => {
    const entry = board.entries.get(osd);
    const total = entry?.stat.totalBytes ?? 0;
    const used = entry?.stat.usedBytes ?? 0;
    const utilization = ratio(used, total);
    return {
      osd,
      deviceClass: deviceClassOf(map.crush, osd),
      crushWeight: (weights.get(osd) ?? 0) / WEIGHT_ONE,
      reweight: (map.shares.get(osd)?.weight ?? 0) / WEIGHT_ONE,
      isUp: map.osds.get(osd)?.up === true,
      totalBytes: total,
      usedBytes: used,
      utilization,
      variance: ratio(utilization, average),
      pgCount: pgCountOf(osd),
      isHeard: entry !== undefined,
    };
  });
  const counted = rows.filter(({ osd }) => isCounted(osd));
  return { rows, totalBytes, usedBytes, utilization: average, ...spreadOf(counted, average) };
}

function spreadOf(
  rows: readonly OsdDfRow[],
  average: number,
): Pick<OsdDf, "minVariance" | "maxVariance" | "deviation"> {
  let [minVariance, maxVariance] = [Number.POSITIVE_INFINITY, 0];
  let squares = 0;
  for (const { variance, utilization } of rows) {
    minVariance = Math.min(minVariance, variance);
    maxVariance = Math.max(maxVariance, variance);
    squares += (utilization - average) ** 2;
  }
  if (rows.length === 0) return { minVariance: 0, maxVariance: 0, deviation: 0 };
  return { minVariance, maxVariance, deviation: Math.sqrt(squares / rows.length) };
}

/** 0 where there is nothing to divide by. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function deviceClassOf({ itemClasses, classNames }: CrushMap, osd: OsdId): string {
  return classNames.get(itemClasses.get(osd) ?? Number.NaN) ?? "";
}

const weightsByMap = new WeakMap<CrushMap, ReadonlyMap<OsdId, number>>();

/** 16.16, of where the device stands. Shadow trees repeat those of the trees that they are of. */
export function deviceWeights(map: CrushMap): ReadonlyMap<OsdId, number> {
  const known = weightsByMap.get(map);
  if (known !== undefined) return known;
  const weights = new Map<OsdId, number>();
  for (const bucket of map.buckets) {
    if (bucket === undefined) continue;
    const itemWeights = itemWeightsOf(bucket);
    for (const [index, item] of bucket.items.entries()) {
      if (item >= 0 && !weights.has(osdId(item))) weights.set(osdId(item), itemWeights[index] ?? 0);
    }
  }
  weightsByMap.set(map, weights);
  return weights;
}
