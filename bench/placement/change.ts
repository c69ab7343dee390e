/**
 * What happens to a cluster: at each level of its tree, from devices up, one item is picked by the
 * seed, and is cloned beside itself, removed, marked out, or brought down to half of its weight.
 */
import { present } from "../../cluster/base/assert.ts";
import { createPrng, type Prng, randomPick } from "../../cluster/base/prng.ts";
import { unlinkItem } from "../../crush/builder.ts";
import { shadowIdsOf } from "../../crush/classes.ts";
import { editMap } from "../../crush/edit.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { bucketOf, type CrushBucket, type CrushMap } from "../../crush/types.ts";
import { type Cluster, clusterOf, shapeOfRule, WHOLE } from "./cluster.ts";

export const CHANGE_KINDS = ["added", "removed", "marked out", "reweighted"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface Change {
  /** "host removed" */
  readonly name: string;
  readonly kind: ChangeKind;
  /** The type of the item; 0 is a device. */
  readonly type: number;
  apply(cluster: Cluster): Cluster;
}

export function changesOf({ map, ruleId }: Cluster, seed: number): Change[] {
  const prng = createPrng(seed);
  return levelsBelow(map, shapeOfRule(map, ruleId).root).flatMap(({ type, items }) => {
    // Nothing could take over from an only item.
    if (items.length < 2) return [];
    const victim = originalOf(map, pickFilled(map, items, prng));
    const level = map.typeNames.get(type) ?? `type ${type}`;
    return CHANGE_KINDS.map((kind) => ({
      name: `${level} ${kind}`,
      kind,
      type,
      apply: (cluster: Cluster) => EDITS[kind](cluster, victim),
    }));
  });
}

const EDITS: Readonly<Record<ChangeKind, (cluster: Cluster, item: number) => Cluster>> = {
  added: (cluster, item) => withMap(cluster, cloned(cluster.map, item)),
  removed: (cluster, item) => withMap(cluster, unlinked(cluster.map, item)),
  "marked out": (cluster, item) => {
    const deviceWeights = cluster.deviceWeights.slice();
    for (const device of devicesBelow(cluster.map, item)) deviceWeights[device] = 0;
    return clusterOf(cluster.map, cluster, deviceWeights);
  },
  reweighted: (cluster, item) => withMap(cluster, halved(cluster.map, item)),
};

/** Devices that an edit brought with it take all of their data. */
function withMap(cluster: Cluster, map: CrushMap): Cluster {
  const deviceWeights = new Uint32Array(map.maxDevices).fill(WHOLE);
  deviceWeights.set(cluster.deviceWeights.subarray(0, map.maxDevices));
  return clusterOf(map, cluster, deviceWeights);
}

/** By ascending type, which in a map that tools made is from devices up. */
function levelsBelow(map: CrushMap, root: number): { type: number; items: number[] }[] {
  const levels = new Map<number, Set<number>>();
  const visit = (bucket: CrushBucket): void => {
    for (const item of bucket.items) {
      const child = bucketOf(map, item);
      const type = child?.type ?? 0;
      levels.set(type, (levels.get(type) ?? new Set()).add(item));
      if (child !== undefined) visit(child);
    }
  };
  visit(present(bucketOf(map, root), `bucket ${root} that the rule takes`));
  return [...levels]
    .map(([type, items]) => ({ type, items: [...items] }))
    .sort((left, right) => left.type - right.type);
}

/** Of a level, one of the items with weight: whatever happens to another one moves nothing. */
function pickFilled(map: CrushMap, items: readonly number[], prng: Prng): number {
  const filled = items.filter((item) => item >= 0 || (bucketOf(map, item)?.weight ?? 0) > 0);
  return randomPick(prng, filled.length > 0 ? filled : items);
}

/** Shadow trees are made anew after each edit, so what is edited is the tree that they follow. */
function originalOf(map: CrushMap, item: number): number {
  for (const [original, shadows] of map.classBuckets) {
    for (const shadow of shadows.values()) if (shadow === item) return original;
  }
  return item;
}

/** Buckets and devices get new names and ids; everything else about them is the same. */
function cloned(map: CrushMap, item: number): CrushMap {
  const shadowIds = shadowIdsOf(map);
  return editMap(map, (edit) => {
    const { draft } = edit;
    let device = map.maxDevices;
    const clone = (original: number): number => {
      const bucket = bucketOf(map, original);
      const items = bucket?.items.map(clone) ?? [];
      const id =
        bucket === undefined ? device++ : draft.freeBucketId((free) => shadowIds.has(free));
      if (bucket !== undefined) draft.addBucket({ ...bucket, id, items });
      const deviceClass = map.itemClasses.get(original);
      if (deviceClass !== undefined) draft.itemClasses.set(id, deviceClass);
      draft.itemNames.set(id, `${nameOf(map, original)}-clone`);
      return id;
    };
    const parent = parentOf(map, item);
    edit.addTo(parent, clone(item), weightIn(parent, item));
  });
}

function unlinked(map: CrushMap, item: number): CrushMap {
  const parent = nameOf(map, parentOf(map, item).id);
  return unlinkItem(map, { item: nameOf(map, item), parent });
}

function halved(map: CrushMap, item: number): CrushMap {
  return editMap(map, (edit) => {
    const devices = edit.devicesBelow(item);
    for (const bucket of edit.draft.buckets) {
      if (bucket === undefined || !bucket.items.some((id) => devices.has(id))) continue;
      const weights = itemWeightsOf(bucket).map((weight, index) =>
        devices.has(bucket.items[index] as number) ? Math.round(weight / 2) : weight,
      );
      edit.setContent(bucket, { items: bucket.items, weights });
    }
  });
}

function devicesBelow(map: CrushMap, item: number): number[] {
  const bucket = bucketOf(map, item);
  return bucket === undefined ? [item] : bucket.items.flatMap((child) => devicesBelow(map, child));
}

/** The first of them, and not a shadow of it. */
function parentOf(map: CrushMap, item: number): CrushBucket {
  const shadows = shadowIdsOf(map);
  const parent = map.buckets.find(
    (bucket) => bucket?.items.includes(item) && !shadows.has(bucket.id),
  );
  return present(parent, `the bucket that holds ${item}`);
}

function weightIn(bucket: CrushBucket, item: number): number {
  return itemWeightsOf(bucket)[bucket.items.indexOf(item)] ?? 0;
}

function nameOf(map: CrushMap, item: number): string {
  return present(map.itemNames.get(item), `the name of item ${item}`);
}
