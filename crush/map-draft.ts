/**
 * A map in the making. Whoever builds or edits one fills a draft of their own and then takes the
 * map from it.
 */
import { CrushError } from "./error.ts";
import { BUCKET_COUNT_MAX, CLASS_COUNT_MAX } from "./limits.ts";
import { LEGACY_TUNABLES } from "./tunables.ts";
import {
  bucketOf,
  type ChooseArgs,
  type CrushBucket,
  type CrushMap,
  type Rule,
  slotOf,
  type Tunables,
} from "./types.ts";

export class MapDraft implements CrushMap {
  readonly buckets: (CrushBucket | undefined)[];
  readonly rules: (Rule | undefined)[];
  tunables: Tunables;
  readonly typeNames: Map<number, string>;
  readonly itemNames: Map<number, string>;
  readonly ruleNames: Map<number, string>;
  readonly classNames: Map<number, string>;
  readonly itemClasses: Map<number, number>;
  readonly classBuckets: Map<number, Map<number, number>>;
  readonly chooseArgs: Map<number, ChooseArgs>;

  /** Starts empty, or as a copy of a map that shares its buckets and rules. */
  constructor(map?: CrushMap) {
    this.buckets = [...(map?.buckets ?? [])];
    this.rules = [...(map?.rules ?? [])];
    this.tunables = map?.tunables ?? LEGACY_TUNABLES;
    this.typeNames = new Map(map?.typeNames);
    this.itemNames = new Map(map?.itemNames);
    this.ruleNames = new Map(map?.ruleNames);
    this.classNames = new Map(map?.classNames);
    this.itemClasses = new Map(map?.itemClasses);
    this.classBuckets = new Map();
    for (const [id, shadows] of map?.classBuckets ?? []) {
      this.classBuckets.set(id, new Map(shadows));
    }
    this.chooseArgs = new Map(map?.chooseArgs);
  }

  /** Counts the devices that no bucket holds, as long as they have a name. */
  get maxDevices(): number {
    let largest = -1;
    for (const bucket of this.buckets) {
      for (const item of bucket?.items ?? []) largest = Math.max(largest, item);
    }
    for (const id of this.itemNames.keys()) largest = Math.max(largest, id);
    return largest + 1;
  }

  /** Slots grow as in the original, so that the same buckets give the same bytes. */
  addBucket(bucket: CrushBucket): void {
    const slot = slotOf(bucket.id);
    if (bucketOf(this, bucket.id) !== undefined) {
      throw new CrushError("DUPLICATE", `bucket id ${bucket.id} is already used`);
    }
    let size = this.buckets.length;
    while (slot >= size) size = size === 0 ? 8 : size * 2;
    for (let index = this.buckets.length; index < size; index += 1) this.buckets.push(undefined);
    this.buckets[slot] = bucket;
  }

  /** The largest bucket id (-1, -2, ...) that no bucket has and that is not reserved either. */
  freeBucketId(isReserved: (id: number) => boolean = () => false, start = -1): number {
    let id = start;
    while (bucketOf(this, id) !== undefined || isReserved(id)) id -= 1;
    if (-id > BUCKET_COUNT_MAX)
      throw new CrushError("LIMIT", `a map has at most ${BUCKET_COUNT_MAX} buckets`);
    return id;
  }

  addRule(id: number, rule: Rule): void {
    while (id >= this.rules.length) this.rules.push(undefined);
    this.rules[id] = rule;
  }

  /** The id of a class, which gets the next number if it is new. */
  classIdOf(name: string): number {
    const known = idOf(this.classNames, name);
    if (known !== undefined) return known;
    if (this.classNames.size >= CLASS_COUNT_MAX) {
      throw new CrushError("LIMIT", `there are more than ${CLASS_COUNT_MAX} device classes`);
    }
    const id = Math.max(-1, ...this.classNames.keys()) + 1;
    this.classNames.set(id, name);
    return id;
  }

  setClassBucket(originalId: number, classId: number, shadowId: number): void {
    const shadows = this.classBuckets.get(originalId) ?? new Map<number, number>();
    this.classBuckets.set(originalId, shadows.set(classId, shadowId));
  }

  /** The draft must not be changed any more. */
  finish(): CrushMap {
    const { maxDevices } = this;
    return { ...this, maxDevices };
  }
}

/** The id that has this name, in any of a map's tables of names. */
export function idOf(names: ReadonlyMap<number, string>, name: string): number | undefined {
  for (const [id, other] of names) if (other === name) return id;
  return undefined;
}
