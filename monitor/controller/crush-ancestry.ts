/** Where OSDs stand in CRUSH: below which host or rack, and whether all that is below one is down. */

import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";

const HOST = "host";

const parents = new WeakMap<CrushMap, ReadonlyMap<number, readonly number[]>>();

/** The buckets that hold an item; shadow trees are copies and do not count. */
export function parentsOf(crush: CrushMap, item: number): readonly number[] {
  const known = parents.get(crush) ?? allParents(crush);
  parents.set(crush, known);
  return known.get(item) ?? [];
}

/**
 * Reporters from one host count as one. That is the host bucket above the OSD; where it has none, the host that it said to
 * run on.
 */
export function hostOf({ crush, osds }: OsdMap, osd: OsdId): string {
  for (const id of ancestorsOf(crush, osd)) {
    const type = crush.typeNames.get(bucketOf(crush, id)?.type ?? 0);
    if (type === HOST) return crush.itemNames.get(id) ?? String(id);
  }
  return osds.get(osd)?.host ?? "";
}

/** Tells of OSDs whether all of something around them that has this type or a larger one is down. */
export function deadSubtrees(map: OsdMap, limit: string): (osd: OsdId) => boolean {
  const { crush } = map;
  let limitType = Number.POSITIVE_INFINITY;
  for (const [type, name] of crush.typeNames) if (name === limit) limitType = type;
  const known = new Map<number, boolean>();
  const isDeadBucket = (id: number): boolean => {
    const answer = known.get(id) ?? isDead(map, id);
    known.set(id, answer);
    return answer;
  };
  return (osd) => {
    if (limitType === Number.POSITIVE_INFINITY) return false;
    for (const id of ancestorsOf(crush, osd)) {
      if ((bucketOf(crush, id)?.type ?? 0) >= limitType && isDeadBucket(id)) return true;
    }
    return false;
  };
}

/** From below up. CRUSH has no loops, but an item can stand in several buckets. */
function ancestorsOf(crush: CrushMap, item: number): Set<number> {
  const found = new Set<number>(parentsOf(crush, item));
  // A set is walked in the order of insertion, also over what is added on the way.
  for (const id of found) for (const parent of parentsOf(crush, id)) found.add(parent);
  return found;
}

function isDead({ crush, osds }: OsdMap, top: number): boolean {
  const below = new Set([top]);
  for (const id of below) {
    if (id >= 0 && isUp(osds.get(id as OsdId))) return false;
    for (const item of bucketOf(crush, id)?.items ?? []) below.add(item);
  }
  return true;
}

function isUp(info: OsdInfo | undefined): boolean {
  return info?.up ?? false;
}

function allParents(crush: CrushMap): ReadonlyMap<number, readonly number[]> {
  const shadows = new Set([...crush.classBuckets.values()].flatMap((ids) => [...ids.values()]));
  const found = new Map<number, number[]>();
  for (const bucket of crush.buckets) {
    if (bucket === undefined || shadows.has(bucket.id)) continue;
    for (const item of bucket.items) {
      const holders = found.get(item);
      if (holders === undefined) found.set(item, [bucket.id]);
      else holders.push(bucket.id);
    }
  }
  return found;
}
