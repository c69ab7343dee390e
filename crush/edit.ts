/**
 * The frame of every edit: what must hold of a map again when something in it was changed. Sums go
 * up to the roots, shadow trees and choose_args follow, and what a rule takes is still there. An
 * edit that cannot keep that throws CrushError, and the map that it was to change is untouched.
 */
import { dropShadowTrees, growShadowTrees, rootsOf, type ShadowIds } from "./classes.ts";
import { CrushError } from "./error.ts";
import { itemWeightsOf, makeBucket } from "./make-bucket.ts";
import { idOf, MapDraft } from "./map-draft.ts";
import {
  type BucketArgs,
  bucketOf,
  type CrushBucket,
  type CrushMap,
  OPCODE,
  slotOf,
} from "./types.ts";
import { requireValid } from "./validate.ts";

export interface Content {
  readonly items: readonly number[];
  readonly weights: readonly number[];
}

/** The new map. `change` works on a draft without shadow trees. */
export function editMap(map: CrushMap, change: (edit: Edit) => void): CrushMap {
  const draft = new MapDraft(map);
  const shadowIds = dropShadowTrees(draft);
  const edit = new Edit(draft);
  change(edit);
  // A loop is looked for before sums go up: they would go around in it.
  requireValid(draft);
  edit.settle();
  forgetUnusedClasses(map, draft, shadowIds);
  growShadowTrees(draft, shadowIds);
  followItems(map, draft);
  requireTakenItems(map, draft);
  return draft.finish();
}

export class Edit {
  readonly draft: MapDraft;
  readonly #changed = new Set<number>();

  constructor(draft: MapDraft) {
    this.draft = draft;
  }

  itemId(name: string): number {
    const id = idOf(this.draft.itemNames, name);
    if (id !== undefined) return id;
    throw new CrushError("UNKNOWN", `no device or bucket is named "${name}"`);
  }

  bucket(name: string): CrushBucket {
    const bucket = bucketOf(this.draft, this.itemId(name));
    if (bucket !== undefined) return bucket;
    throw new CrushError("MISPLACED", `"${name}" is a device, not a bucket`);
  }

  typeId(name: string): number {
    const id = idOf(this.draft.typeNames, name);
    if (id !== undefined) return id;
    throw new CrushError("UNKNOWN", `no type is named "${name}"`);
  }

  /** The buckets that hold an item. */
  parentsOf(item: number): CrushBucket[] {
    return this.draft.buckets
      .filter((bucket) => bucket !== undefined)
      .filter(({ items }) => items.includes(item));
  }

  /** Whether the item is the bucket itself or somewhere below it. */
  isWithin(item: number, bucketId: number, seen = new Set<number>()): boolean {
    if (item === bucketId) return true;
    if (seen.has(bucketId)) return false;
    seen.add(bucketId);
    const items = bucketOf(this.draft, bucketId)?.items ?? [];
    return items.some((child) => this.isWithin(item, child, seen));
  }

  /** The devices below an item; of a device, itself. */
  devicesBelow(top: number): Set<number> {
    const seen = new Set([top]);
    // A set is walked in the order of insertion, also over what is added on the way.
    for (const id of seen) for (const item of bucketOf(this.draft, id)?.items ?? []) seen.add(item);
    return new Set([...seen].filter((id) => id >= 0));
  }

  setContent(bucket: CrushBucket, { items, weights }: Content): void {
    const { id, type, alg, hash } = bucket;
    const { strawCalcVersion } = this.draft.tunables;
    const changed = makeBucket({ id, type, alg, hash, items, weights }, strawCalcVersion);
    this.draft.buckets[slotOf(id)] = changed;
    this.#changed.add(id);
  }

  addTo(bucket: CrushBucket, item: number, weight: number): void {
    this.setContent(bucket, {
      items: [...bucket.items, item],
      weights: [...itemWeightsOf(bucket), weight],
    });
  }

  removeFrom(bucket: CrushBucket, item: number): void {
    const weights = itemWeightsOf(bucket);
    const kept = [...bucket.items.keys()].filter((index) => bucket.items[index] !== item);
    this.setContent(bucket, {
      items: kept.map((index) => bucket.items[index] ?? 0),
      weights: kept.map((index) => weights[index] ?? 0),
    });
  }

  /** Gives every parent of a changed bucket its new weight, from below up. */
  settle(): void {
    const done = new Set<number>();
    const settleBelow = (id: number): void => {
      const bucket = bucketOf(this.draft, id);
      if (bucket === undefined || done.has(id)) return;
      done.add(id);
      for (const item of bucket.items) settleBelow(item);
      if (!bucket.items.some((item) => this.#changed.has(item))) return;
      const weights = itemWeightsOf(bucket).map((weight, index) => {
        const item = bucket.items[index] ?? 0;
        return this.#changed.has(item) ? (bucketOf(this.draft, item)?.weight ?? weight) : weight;
      });
      this.setContent(bucket, { items: bucket.items, weights });
    };
    for (const { id } of rootsOf(this.draft)) settleBelow(id);
  }
}

/** A class without devices goes away, unless a rule takes it: the rule then finds nothing. */
function forgetUnusedClasses(before: CrushMap, draft: MapDraft, shadowIds: ShadowIds): void {
  const taken = takenItems(before);
  const used = new Set(draft.itemClasses.values());
  for (const shadows of shadowIds.values()) {
    for (const [classId, id] of shadows) if (taken.has(id)) used.add(classId);
  }
  for (const classId of [...draft.classNames.keys()]) {
    if (!used.has(classId)) draft.classNames.delete(classId);
  }
}

/**
 * Keeps choose_args in step with the buckets: an item brings its entries along, a new one starts
 * with its own weight and id, and one whose weight was changed gets the new weight at every
 * position.
 */
function followItems(before: CrushMap, draft: MapDraft): void {
  for (const [key, args] of draft.chooseArgs) {
    const followed = new Map<number, BucketArgs>();
    for (const [id, bucketArgs] of args) {
      const previous = bucketOf(before, id);
      const bucket = bucketOf(draft, id);
      if (previous === undefined || bucket === undefined) continue;
      followed.set(id, argsFollowing(bucketArgs, previous, bucket));
    }
    draft.chooseArgs.set(key, followed);
  }
}

function argsFollowing(args: BucketArgs, previous: CrushBucket, bucket: CrushBucket): BucketArgs {
  const previousWeights = itemWeightsOf(previous);
  const previousPlaces = new Map(previous.items.map((item, place) => [item, place]));
  const weights = itemWeightsOf(bucket);
  const entries = bucket.items.map((item, place) => {
    const previousPlace = previousPlaces.get(item) ?? -1;
    const weight = weights[place] ?? 0;
    const isSameWeight = previousWeights[previousPlace] === weight;
    return { item, weight, previousPlace, isSameWeight };
  });
  return {
    weightSets: args.weightSets.map((set) =>
      entries.map(({ weight, previousPlace, isSameWeight }) =>
        isSameWeight ? (set[previousPlace] ?? weight) : weight,
      ),
    ),
    ids:
      args.ids.length === 0
        ? []
        : entries.map(({ item, previousPlace }) => args.ids[previousPlace] ?? item),
  };
}

/**
 * A rule must not lose what it takes; what was missing before the edit is not the fault of the
 * edit.
 */
function requireTakenItems(before: CrushMap, draft: MapDraft): void {
  const existed = (id: number): boolean => before.itemNames.has(id);
  for (const [item, ruleId] of takenItems(draft)) {
    if (draft.itemNames.has(item) || !existed(item)) continue;
    const rule = draft.ruleNames.get(ruleId) ?? ruleId;
    const name = before.itemNames.get(item) ?? item;
    const message = `rule "${rule}" takes "${name}", which would go away; change the rule first`;
    throw new CrushError("IN_USE", message);
  }
}

/** Item ids to the id of a rule that takes them. */
function takenItems(map: CrushMap): Map<number, number> {
  const taken = new Map<number, number>();
  for (const [id, rule] of map.rules.entries()) {
    for (const { op, arg1 } of rule?.steps ?? []) if (op === OPCODE.take) taken.set(arg1, id);
  }
  return taken;
}
