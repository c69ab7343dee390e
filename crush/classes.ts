/**
 * Device classes. A rule that takes `root class ssd` walks a shadow tree: a copy of the root in
 * which only the devices of the class are left. The copies are buckets of the map like all others,
 * with ids and weights of their own, so they must come out the same wherever they are made.
 */
import { CrushError } from "./error.ts";
import { itemWeightsOf, makeBucket } from "./make-bucket.ts";
import { idOf, type MapDraft } from "./map-draft.ts";
import { bucketOf, type CrushBucket, type CrushMap, slotOf } from "./types.ts";

/** Original bucket's id to class id to the shadow bucket's id. */
export type ShadowIds = CrushMap["classBuckets"];

export function shadowName(original: string, className: string): string {
  return `${original}~${className}`;
}

/** What `take <bucket> class <class>` takes. Throws CrushError where there is no such shadow. */
export function shadowIdOf(
  map: CrushMap,
  { item, className }: { item: number; className: string },
): number {
  const classId = idOf(map.classNames, className);
  if (classId === undefined) {
    throw new CrushError("UNKNOWN", `nothing in the map has a class "${className}"`);
  }
  const shadow = map.classBuckets.get(item)?.get(classId);
  if (shadow !== undefined) return shadow;
  const name = map.itemNames.get(item) ?? item;
  throw new CrushError(
    "MISPLACED",
    item >= 0
      ? `"${name}" is a device; only buckets are taken by class`
      : `"${name}" has no shadow for class "${className}": a uniform bucket is in the way`,
  );
}

export function shadowIdsOf(map: CrushMap): Set<number> {
  return new Set([...map.classBuckets.values()].flatMap((shadows) => [...shadows.values()]));
}

/**
 * The buckets that stand in no bucket, in ascending order of their ids; shadow trees have roots
 * too.
 */
export function rootsOf(map: CrushMap): CrushBucket[] {
  const held = new Set(map.buckets.flatMap((bucket) => bucket?.items ?? []));
  return map.buckets
    .filter((bucket) => bucket !== undefined)
    .filter((bucket) => !held.has(bucket.id))
    .sort((left, right) => left.id - right.id);
}

/**
 * Makes the shadow tree of every root and class. A shadow gets the id that is given for it, else a
 * free one that is given for no other. The draft must have no shadow buckets yet.
 *
 * A uniform bucket has one weight for all its items and a new one has weight 0, so a shadow of it
 * can hold nothing that weighs more. The original stops silently at the first such bucket and keeps
 * the shadows made until then; a rule that takes one of the others does not compile.
 */
export function growShadowTrees(draft: MapDraft, given: ShadowIds = new Map()): void {
  const grower = new ShadowGrower(draft, given);
  const classIds = [...draft.classNames.keys()].sort((left, right) => left - right);
  for (const root of rootsOf(draft)) {
    for (const classId of classIds) {
      if (grower.grow(root, classId) === undefined) return;
    }
  }
}

/**
 * Takes all shadow trees away and returns their ids, so that they can be made again under the same
 * ones.
 */
export function dropShadowTrees(draft: MapDraft): ShadowIds {
  const ids = new Map(draft.classBuckets);
  for (const id of shadowIdsOf(draft)) {
    draft.buckets[slotOf(id)] = undefined;
    draft.itemNames.delete(id);
    draft.itemClasses.delete(id);
  }
  draft.classBuckets.clear();
  return ids;
}

class ShadowGrower {
  readonly #draft: MapDraft;
  readonly #given: ShadowIds;
  readonly #reserved: ReadonlySet<number>;
  #lastFree = -1;

  constructor(draft: MapDraft, given: ShadowIds) {
    this.#draft = draft;
    this.#given = given;
    this.#reserved = new Set([...given.values()].flatMap((shadows) => [...shadows.values()]));
  }

  /**
   * The shadow, or undefined where it cannot be made. A bucket in several others is copied once.
   */
  grow(original: CrushBucket, classId: number): CrushBucket | undefined {
    const draft = this.#draft;
    const known = draft.classBuckets.get(original.id)?.get(classId);
    if (known !== undefined) return bucketOf(draft, known);
    const content = this.#contentOf(original, classId);
    if (content === undefined) return undefined;
    const id = this.#given.get(original.id)?.get(classId) ?? this.#freeId();
    const { type, alg, hash } = original;
    const { strawCalcVersion } = draft.tunables;
    const shadow = makeBucket({ id, type, alg, hash, ...content }, strawCalcVersion);
    draft.addBucket(shadow);
    const name = draft.itemNames.get(original.id) ?? String(original.id);
    draft.itemNames.set(id, shadowName(name, draft.classNames.get(classId) ?? String(classId)));
    draft.itemClasses.set(id, classId);
    draft.setClassBucket(original.id, classId, id);
    return shadow;
  }

  #contentOf(
    original: CrushBucket,
    classId: number,
  ): { items: number[]; weights: number[] } | undefined {
    const items: number[] = [];
    const weights: number[] = [];
    const itemWeights = itemWeightsOf(original);
    for (const [index, item] of original.items.entries()) {
      const child = bucketOf(this.#draft, item);
      if (child === undefined && this.#draft.itemClasses.get(item) !== classId) continue;
      const shadow = child && this.grow(child, classId);
      if (child !== undefined && shadow === undefined) return undefined;
      const weight = shadow?.weight ?? itemWeights[index] ?? 0;
      if (original.alg === "uniform" && weight !== 0) return undefined;
      items.push(shadow?.id ?? item);
      weights.push(weight);
    }
    return { items, weights };
  }

  #freeId(): number {
    const id = this.#draft.freeBucketId((free) => this.#reserved.has(free), this.#lastFree);
    this.#lastFree = id;
    return id;
  }
}
