/** Items of the CRUSH map by their names. Shadow buckets are not among them: they follow their originals. */
import { shadowIdsOf } from "../../../crush/classes.ts";
import { idOf } from "../../../crush/map-draft.ts";
import { bucketOf, type CrushBucket, type CrushMap } from "../../../crush/types.ts";
import { type Refusal, refused } from "../edit.ts";
import { instead } from "./sentence.ts";

/** The id of a device or bucket. */
export function itemNamed(crush: CrushMap, name: string): number | Refusal {
  const id = idOf(crush.itemNames, name);
  if (id !== undefined && !shadowIdsOf(crush).has(id)) return id;
  const others = instead("buckets", bucketNames(crush));
  return refused("NOT_FOUND", `there is no device or bucket "${name}" in the CRUSH map${others}`);
}

export function bucketNamed(crush: CrushMap, name: string): CrushBucket | Refusal {
  const id = itemNamed(crush, name);
  if (typeof id !== "number") return id;
  const bucket = bucketOf(crush, id);
  if (bucket !== undefined) return bucket;
  const others = instead("buckets", bucketNames(crush));
  return refused("INVALID", `"${name}" is a device, not a bucket${others}`);
}

/** Buckets that hold the item, but for shadows. */
export function parentsOf(crush: CrushMap, item: number): CrushBucket[] {
  const shadowIds = shadowIdsOf(crush);
  return crush.buckets
    .filter((bucket) => bucket !== undefined)
    .filter(({ id, items }) => items.includes(item) && !shadowIds.has(id));
}

export function itemName(crush: CrushMap, id: number): string {
  return crush.itemNames.get(id) ?? (id < 0 ? `bucket ${id}` : `osd.${id}`);
}

function bucketNames(crush: CrushMap): string[] {
  const shadowIds = shadowIdsOf(crush);
  return crush.buckets
    .filter((bucket) => bucket !== undefined)
    .filter(({ id }) => !shadowIds.has(id))
    .map(({ id }) => itemName(crush, id));
}
