/**
 * The buckets of a map text: their order, ids and weights. Each bucket is made from buckets above
 * it, so that an item always stands for something complete.
 */
import type { ShadowIds } from "./classes.ts";
import { DEPTH_MAX } from "./limits.ts";
import { makeBucket } from "./make-bucket.ts";
import type { MapDraft } from "./map-draft.ts";
import type { TextErrors } from "./text-errors.ts";
import type { BucketBlock, ItemLine } from "./text-tree.ts";
import { ALGORITHM, type Algorithm, bucketOf } from "./types.ts";
import { parseWeight, WEIGHT_ONE } from "./weight.ts";

/** What names mean so far. Devices and buckets share one space of names. */
export interface TextNames {
  readonly items: Map<string, number>;
  readonly types: ReadonlyMap<string, number>;
}

/** Adds all buckets to the draft and returns the ids that the text gives to their shadows. */
export function defineBuckets(
  draft: MapDraft,
  blocks: readonly BucketBlock[],
  names: TextNames,
  errors: TextErrors,
): ShadowIds {
  requireNewNames(blocks, names, errors);
  const definer = new BucketDefiner(draft, blocks, names, errors);
  for (const block of inOrderOfUse(blocks, errors)) definer.define(block);
  return definer.shadowIds;
}

function requireNewNames(
  blocks: readonly BucketBlock[],
  names: TextNames,
  errors: TextErrors,
): void {
  const seen = new Set(names.items.keys());
  for (const { name } of blocks) {
    if (seen.has(name.text)) {
      throw errors.at(name.at, "DUPLICATE", `a device or bucket is already named "${name.text}"`);
    }
    seen.add(name.text);
  }
}

/**
 * A bucket may be used above its definition, within limits: for every bucket that lists a later
 * one, the definitions that stand at their two places are exchanged. This is no sorting. Where it
 * leaves an item above its definition the map is refused, as in the original; what it accepts
 * decides the order in which ids are given.
 */
function inOrderOfUse(blocks: readonly BucketBlock[], errors: TextErrors): BucketBlock[] {
  const places = new Map(blocks.map(({ name }, index) => [name.text, index]));
  const listed = blocks.map(({ items }) => new Set(items.map(({ name }) => name.text)));
  const order = [...blocks];
  for (const [index, block] of blocks.entries()) {
    const later = new Map<number, ItemLine>();
    for (const item of block.items) {
      const place = places.get(item.name.text);
      if (place !== undefined && place > index) later.set(place, item);
    }
    for (const place of [...later.keys()].sort((left, right) => left - right)) {
      const other = blocks[place];
      if (other === undefined) continue;
      if (listed[place]?.has(block.name.text)) {
        const at = later.get(place)?.name.at ?? block.name.at;
        const pair = `"${block.name.text}" and "${other.name.text}"`;
        throw errors.at(at, "LOOP", `the buckets ${pair} are in each other`);
      }
      const standing = order[index] ?? block;
      order[index] = order[place] ?? other;
      order[place] = standing;
    }
  }
  return order;
}

class BucketDefiner {
  readonly shadowIds = new Map<number, Map<number, number>>();
  readonly #draft: MapDraft;
  readonly #blocks: ReadonlyMap<string, BucketBlock>;
  readonly #names: TextNames;
  readonly #errors: TextErrors;
  /**
   * Every id that stands anywhere in the text: an id that is not given must differ from all of
   * them.
   */
  readonly #givenIds: ReadonlySet<number>;
  readonly #usedIds = new Set<number>();
  readonly #depths = new Map<number, number>();
  #lastFree = -1;

  constructor(
    draft: MapDraft,
    blocks: readonly BucketBlock[],
    names: TextNames,
    errors: TextErrors,
  ) {
    this.#draft = draft;
    this.#blocks = new Map(blocks.map((block) => [block.name.text, block]));
    this.#names = names;
    this.#errors = errors;
    this.#givenIds = new Set(blocks.flatMap(({ ids }) => ids.map(({ id }) => id.value)));
  }

  define(block: BucketBlock): void {
    const { name, hash } = block;
    const type = this.#typeOf(block);
    const alg = this.#algorithmOf(block);
    const id = this.#idOf(block);
    const content = this.#contentOf(block);
    this.#depths.set(id, this.#depthOf(block, content.items));
    const { strawCalcVersion } = this.#draft.tunables;
    const bucket = this.#errors.locate(name.at, () =>
      makeBucket({ id, type, alg, hash, ...content }, strawCalcVersion),
    );
    if (bucket.alg === "uniform" && bucket.items.length > 0 && bucket.itemWeight === 0) {
      throw this.#errors.at(name.at, "WEIGHT", "the items of a uniform bucket cannot weigh 0");
    }
    this.#draft.addBucket(bucket);
    this.#draft.itemNames.set(id, name.text);
    this.#names.items.set(name.text, id);
  }

  #typeOf({ type }: BucketBlock): number {
    const id = this.#names.types.get(type.text);
    if (id === undefined) {
      throw this.#errors.at(type.at, "UNKNOWN", `no type is named "${type.text}"`);
    }
    if (id === 0) {
      throw this.#errors.at(
        type.at,
        "MISPLACED",
        `"${type.text}" is the type of devices, not of buckets`,
      );
    }
    return id;
  }

  #algorithmOf({ alg }: BucketBlock): Algorithm {
    const names = Object.keys(ALGORITHM) as Algorithm[];
    const found = names.find((name) => name === alg.text);
    if (found !== undefined) return found;
    const message = `no algorithm is named "${alg.text}"; there are ${names.join(", ")}`;
    throw this.#errors.at(alg.at, "UNKNOWN", message);
  }

  /** Of several ids the last one counts. */
  #idOf(block: BucketBlock): number {
    let own: number | undefined;
    const shadows = new Map<number, number>();
    for (const { id, deviceClass } of block.ids) {
      if (this.#usedIds.has(id.value)) {
        throw this.#errors.at(id.at, "DUPLICATE", `bucket id ${id.value} is already used`);
      }
      this.#usedIds.add(id.value);
      if (deviceClass === undefined) {
        own = id.value;
        continue;
      }
      const classId = this.#errors.locate(deviceClass.at, () =>
        this.#draft.classIdOf(deviceClass.text),
      );
      if (shadows.has(classId)) {
        const message = `an id for class "${deviceClass.text}" is already given`;
        throw this.#errors.at(deviceClass.at, "DUPLICATE", message);
      }
      shadows.set(classId, id.value);
    }
    own ??= this.#errors.locate(block.name.at, () => this.#freeId());
    this.shadowIds.set(own, shadows);
    return own;
  }

  #freeId(): number {
    const id = this.#draft.freeBucketId((free) => this.#givenIds.has(free), this.#lastFree);
    this.#lastFree = id;
    return id;
  }

  #contentOf(block: BucketBlock): { items: number[]; weights: number[] } {
    const places = this.#placesOf(block);
    const items = new Array<number>(block.items.length).fill(0);
    const weights = [...items];
    for (const [index, line] of block.items.entries()) {
      const place = places[index] ?? index;
      const item = this.#itemOf(block, line);
      items[place] = item;
      weights[place] = this.#weightOf(line, item);
    }
    return { items, weights };
  }

  /** Where each item stands: at its `pos`, and those without one in order at what is left. */
  #placesOf({ items }: BucketBlock): number[] {
    const taken = new Set<number>();
    for (const { position } of items) {
      if (position === undefined) continue;
      if (position.value >= items.length) {
        const message = `position ${position.value} is too large for ${items.length} items`;
        throw this.#errors.at(position.at, "LIMIT", message);
      }
      if (taken.has(position.value)) {
        const message = `position ${position.value} is already taken`;
        throw this.#errors.at(position.at, "DUPLICATE", message);
      }
      taken.add(position.value);
    }
    let free = 0;
    return items.map(({ position }) => {
      if (position !== undefined) return position.value;
      while (taken.has(free)) free += 1;
      free += 1;
      return free - 1;
    });
  }

  #itemOf(block: BucketBlock, { name }: ItemLine): number {
    const id = this.#names.items.get(name.text);
    if (id !== undefined) return id;
    if (!this.#blocks.has(name.text)) {
      throw this.#errors.at(name.at, "UNKNOWN", `no device or bucket is named "${name.text}"`);
    }
    if (this.#isBelow(block.name.text, name.text)) {
      const message = `bucket "${block.name.text}" would hold itself, through "${name.text}"`;
      throw this.#errors.at(name.at, "LOOP", message);
    }
    const advice = `move it above "${block.name.text}"`;
    const message = `bucket "${name.text}" is used above its definition; ${advice}`;
    throw this.#errors.at(name.at, "MISPLACED", message);
  }

  /** Whether `name` is reached from `top` by the names of items. */
  #isBelow(name: string, top: string): boolean {
    const seen = new Set([top]);
    // A set is walked in the order of insertion, also over what is added on the way.
    for (const next of seen) {
      for (const item of this.#blocks.get(next)?.items ?? []) seen.add(item.name.text);
    }
    return seen.has(name);
  }

  #weightOf({ weight }: ItemLine, item: number): number {
    const bucket = bucketOf(this.#draft, item);
    if (weight === undefined) return bucket?.weight ?? WEIGHT_ONE;
    return this.#errors.locate(weight.at, () =>
      parseWeight(weight.text, bucket === undefined ? "device" : "bucket"),
    );
  }

  #depthOf({ name }: BucketBlock, items: readonly number[]): number {
    let below = 0;
    for (const item of items) below = Math.max(below, this.#depths.get(item) ?? 0);
    if (below < DEPTH_MAX) return below + 1;
    throw this.#errors.at(name.at, "LIMIT", `there are more than ${DEPTH_MAX} levels of buckets`);
  }
}
