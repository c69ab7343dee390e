/**
 * Edits of a map's tree. Each takes a map and returns a new one that shares with it what stayed the
 * same; one that cannot be done throws CrushError. Items go by their names. Weights are 16.16, as
 * everywhere in a map.
 *
 * The weight of a bucket is the sum of its items, and an edit keeps that up to the roots.
 */
import { shadowIdsOf } from "./classes.ts";
import { type Edit, editMap } from "./edit.ts";
import { CrushError } from "./error.ts";
import { DEVICE_COUNT_MAX } from "./limits.ts";
import { itemWeightsOf, makeBucket } from "./make-bucket.ts";
import {
  ALGORITHM,
  type Algorithm,
  bucketOf,
  type CrushBucket,
  type CrushMap,
  slotOf,
} from "./types.ts";
import { DEVICE_WEIGHT_MAX, formatWeight } from "./weight.ts";

export interface NewDevice {
  readonly id: number;
  readonly name: string;
  readonly weight: number;
  /** The name of a bucket. */
  readonly parent: string;
  readonly deviceClass?: string;
}

export function addDevice(map: CrushMap, device: NewDevice): CrushMap {
  const { id, name, weight, parent, deviceClass } = device;
  return editMap(map, (edit) => {
    if (!Number.isInteger(id) || id < 0 || id >= DEVICE_COUNT_MAX) {
      const range = `0 to ${DEVICE_COUNT_MAX - 1}`;
      throw new CrushError("LIMIT", `the id of a device is from ${range}, not ${id}`);
    }
    if (edit.draft.itemNames.has(id)) {
      throw new CrushError("DUPLICATE", `device ${id} is already there`);
    }
    requireDeviceWeight(weight);
    requireNewName(edit, name);
    edit.draft.itemNames.set(id, name);
    if (deviceClass !== undefined) classify(edit, id, deviceClass);
    edit.addTo(edit.bucket(parent), id, weight);
  });
}

export interface NewBucket {
  readonly name: string;
  /** The name of a type. */
  readonly type: string;
  /** By default the best one that the map's tunables allow. */
  readonly alg?: Algorithm;
  /** Without a parent it is a new root. */
  readonly parent?: string;
}

/** Adds an empty bucket. */
export function addBucket(map: CrushMap, bucket: NewBucket): CrushMap {
  const { name, type, alg, parent } = bucket;
  return editMap(map, (edit) => {
    requireNewName(edit, name);
    const { draft } = edit;
    const shadowIds = shadowIdsOf(map);
    const id = draft.freeBucketId((free) => shadowIds.has(free));
    const content = { items: [], weights: [], hash: 0, alg: alg ?? preferredAlgorithm(map) };
    const { strawCalcVersion } = draft.tunables;
    draft.addBucket(makeBucket({ id, type: edit.typeId(type), ...content }, strawCalcVersion));
    draft.itemNames.set(id, name);
    if (parent !== undefined) edit.addTo(edit.bucket(parent), id, 0);
  });
}

/**
 * Takes an item out of all buckets that hold it and puts it, with all that is below it, into
 * another one.
 */
export function moveItem(
  map: CrushMap,
  { item, parent }: { item: string; parent: string },
): CrushMap {
  return editMap(map, (edit) => {
    const id = edit.itemId(item);
    const holders = edit.parentsOf(id);
    const target = edit.bucket(parent).id;
    // To take it out and put it back in would change its position, and that can move data.
    if (holders.length === 1 && holders[0]?.id === target) return;
    const weight = ownWeight(edit, id);
    requireNoLoop(edit, { item, parent });
    for (const holder of holders) edit.removeFrom(holder, id);
    edit.addTo(edit.bucket(parent), id, weight);
  });
}

/** Puts an item into one more bucket. */
export function linkItem(
  map: CrushMap,
  { item, parent }: { item: string; parent: string },
): CrushMap {
  return editMap(map, (edit) => {
    const id = edit.itemId(item);
    const bucket = edit.bucket(parent);
    if (bucket.items.includes(id)) {
      throw new CrushError("DUPLICATE", `"${parent}" already holds "${item}"`);
    }
    requireNoLoop(edit, { item, parent });
    edit.addTo(bucket, id, ownWeight(edit, id));
  });
}

/** Gives a device its weight wherever it stands; of a bucket, all devices below it. */
export function reweightItem(
  map: CrushMap,
  { item, weight }: { item: string; weight: number },
): CrushMap {
  return editMap(map, (edit) => {
    requireDeviceWeight(weight);
    const top = edit.itemId(item);
    const devices = edit.devicesBelow(top);
    if (top < 0 && devices.size === 0) {
      throw new CrushError("MISPLACED", `no device is below "${item}"`);
    }
    for (const bucket of edit.draft.buckets) {
      if (bucket === undefined || !bucket.items.some((id) => devices.has(id))) continue;
      const weights = itemWeightsOf(bucket);
      edit.setContent(bucket, {
        items: bucket.items,
        weights: bucket.items.map((id, index) =>
          devices.has(id) ? weight : (weights[index] ?? 0),
        ),
      });
    }
  });
}

/** Takes an item out of one bucket. It stays in the map, if need be as a root. */
export function unlinkItem(
  map: CrushMap,
  { item, parent }: { item: string; parent: string },
): CrushMap {
  return editMap(map, (edit) => {
    const id = edit.itemId(item);
    const bucket = edit.bucket(parent);
    if (!bucket.items.includes(id)) {
      throw new CrushError("UNKNOWN", `"${parent}" does not hold "${item}"`);
    }
    edit.removeFrom(bucket, id);
  });
}

/** Removes a device, or a bucket that holds nothing any more. */
export function removeItem(map: CrushMap, item: string): CrushMap {
  return editMap(map, (edit) => {
    const id = edit.itemId(item);
    const held = bucketOf(edit.draft, id)?.items.length ?? 0;
    if (held > 0) {
      const message = `"${item}" still holds ${held} items; move or remove them first`;
      throw new CrushError("IN_USE", message);
    }
    for (const holder of edit.parentsOf(id)) edit.removeFrom(holder, id);
    if (id < 0) edit.draft.buckets[slotOf(id)] = undefined;
    edit.draft.itemNames.delete(id);
    edit.draft.itemClasses.delete(id);
  });
}

export function renameItem(map: CrushMap, { from, to }: { from: string; to: string }): CrushMap {
  return editMap(map, (edit) => {
    const id = edit.itemId(from);
    requireNewName(edit, to);
    edit.draft.itemNames.set(id, to);
  });
}

/**
 * Exchanges the names and the contents of two buckets, so that each stands with all it holds where
 * the other stood. Rules follow the place: one that took the first now takes what came there.
 */
export function swapBuckets(
  map: CrushMap,
  { first, second }: { first: string; second: string },
): CrushMap {
  return editMap(map, (edit) => {
    const left = edit.bucket(first);
    const right = edit.bucket(second);
    if (left.type !== right.type) {
      throw new CrushError("MISPLACED", `"${first}" and "${second}" are not of one type`);
    }
    if (edit.isWithin(left.id, right.id) || edit.isWithin(right.id, left.id)) {
      throw new CrushError("LOOP", `"${first}" and "${second}" are one above the other`);
    }
    edit.setContent({ ...right, id: left.id }, contentOf(right));
    edit.setContent({ ...left, id: right.id }, contentOf(left));
    edit.draft.itemNames.set(left.id, second).set(right.id, first);
  });
}

export function setDeviceClass(
  map: CrushMap,
  { device, deviceClass }: { device: string; deviceClass: string },
): CrushMap {
  return editMap(map, (edit) => classify(edit, deviceId(edit, device), deviceClass));
}

export function removeDeviceClass(map: CrushMap, device: string): CrushMap {
  return editMap(map, (edit) => {
    edit.draft.itemClasses.delete(deviceId(edit, device));
  });
}

function deviceId(edit: Edit, device: string): number {
  const id = edit.itemId(device);
  if (id >= 0) return id;
  throw new CrushError("MISPLACED", `"${device}" is a bucket; only devices have a class`);
}

function classify(edit: Edit, id: number, deviceClass: string): void {
  requireValidName(deviceClass);
  edit.draft.itemClasses.set(id, edit.draft.classIdOf(deviceClass));
}

function contentOf(bucket: CrushBucket): { items: readonly number[]; weights: readonly number[] } {
  return { items: bucket.items, weights: itemWeightsOf(bucket) };
}

/**
 * A bucket's is its sum. A device has one in each bucket that holds it, and of several the first
 * one counts.
 */
function ownWeight(edit: Edit, id: number): number {
  const bucket = bucketOf(edit.draft, id);
  if (bucket !== undefined) return bucket.weight;
  const [holder] = edit.parentsOf(id);
  return (holder && itemWeightsOf(holder)[holder.items.indexOf(id)]) ?? 0;
}

function preferredAlgorithm({ tunables }: CrushMap): Algorithm {
  const preference: readonly Algorithm[] = ["straw2", "straw", "tree", "list", "uniform"];
  const isAllowed = (alg: Algorithm): boolean =>
    (tunables.allowedBucketAlgs & (1 << ALGORITHM[alg])) !== 0;
  return preference.find(isAllowed) ?? "straw2";
}

function requireNoLoop(edit: Edit, { item, parent }: { item: string; parent: string }): void {
  if (edit.isWithin(edit.bucket(parent).id, edit.itemId(item))) {
    throw new CrushError("LOOP", `"${parent}" is "${item}" itself or stands below it`);
  }
}

function requireNewName(edit: Edit, name: string): void {
  requireValidName(name);
  for (const other of edit.draft.itemNames.values()) {
    if (other === name) {
      throw new CrushError("DUPLICATE", `a device or bucket is already named "${name}"`);
    }
  }
}

/** What the text form can hold. */
export function requireValidName(name: string): void {
  if (/^[A-Za-z0-9_.-]+$/.test(name)) return;
  const found = JSON.stringify(name);
  throw new CrushError("SYNTAX", `names are letters, digits, "-", "_" and ".", unlike ${found}`);
}

function requireDeviceWeight(weight: number): void {
  if (Number.isInteger(weight) && weight >= 0 && weight <= DEVICE_WEIGHT_MAX) return;
  const most = formatWeight(DEVICE_WEIGHT_MAX);
  const range = `a whole number of 1/65536 from 0 to ${most}`;
  throw new CrushError("WEIGHT", `the weight of a device is ${range}, not ${weight}`);
}
