/** Where OSDs stand in the CRUSH map, in the words of people, and which parts of it are down as a whole. */
import { type OsdId, osdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { shadowIdsOf } from "../../crush/classes.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { isOsdIn } from "./osd-board.ts";

const parentsByMap = new WeakMap<CrushMap, ReadonlyMap<number, number>>();

/** By item, the bucket that it stands in. Shadow trees do not count. */
function parentsOf(map: CrushMap): ReadonlyMap<number, number> {
  const known = parentsByMap.get(map);
  if (known !== undefined) return known;
  const shadows = shadowIdsOf(map);
  const parents = new Map<number, number>();
  for (const bucket of map.buckets) {
    if (bucket === undefined || shadows.has(bucket.id)) continue;
    for (const item of bucket.items) if (!parents.has(item)) parents.set(item, bucket.id);
  }
  parentsByMap.set(map, parents);
  return parents;
}

/** From the item's bucket up to the root. */
function* ancestorsOf(map: CrushMap, item: number): Generator<number> {
  const parents = parentsOf(map);
  for (let at = parents.get(item); at !== undefined; at = parents.get(at)) yield at;
}

/** "root=default,rack=r1,host=a"; empty of what stands nowhere. */
export function placeOf(map: CrushMap, item: number): string {
  const names = [...ancestorsOf(map, item)].map((id) => `${typeOf(map, id)}=${nameOf(map, id)}`);
  return names.toReversed().join(",");
}

export function typeOf(map: CrushMap, bucket: number): string {
  const type = bucketOf(map, bucket)?.type ?? 0;
  return map.typeNames.get(type) ?? `type ${type}`;
}

export function nameOf(map: CrushMap, item: number): string {
  return map.itemNames.get(item) ?? (item >= 0 ? `osd.${item}` : `bucket ${item}`);
}

export interface DownSubtree {
  readonly bucket: number;
  readonly osds: readonly OsdId[];
}

/**
 * The highest buckets below which no OSD is up and some that should hold data are down. `down` has the latter. Above one of
 * them there is always a bucket with an OSD that is up, or nothing.
 */
export function downSubtrees(map: OsdMap, down: readonly OsdId[]): DownSubtree[] {
  const { crush, osds } = map;
  const alive = new Set<number>();
  for (const [osd, { up }] of osds) {
    if (!up) continue;
    for (const bucket of ancestorsOf(crush, osd)) {
      // Whoever marked this one marked all above it.
      if (alive.has(bucket)) break;
      alive.add(bucket);
    }
  }
  const found = new Map<number, OsdId[]>();
  for (const osd of down) {
    let highest: number | undefined;
    for (const bucket of ancestorsOf(crush, osd)) {
      if (alive.has(bucket)) break;
      highest = bucket;
    }
    if (highest === undefined) continue;
    const members = found.get(highest);
    if (members === undefined) found.set(highest, [osd]);
    else members.push(osd);
  }
  return [...found].map(([bucket, members]) => ({ bucket, osds: members }));
}

/** Those that are down and should hold data, in order. */
export function downOsds(map: OsdMap): OsdId[] {
  const down = [...map.osds].flatMap(([osd, { up, destroyed }]) =>
    !up && !destroyed && isOsdIn(map, osd) ? [osdId(osd)] : [],
  );
  return down.sort((left, right) => left - right);
}
