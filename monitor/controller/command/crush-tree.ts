/** Commands on the tree of the CRUSH map: what stands where, and how much it weighs. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import {
  addBucket,
  addDevice,
  linkItem,
  moveItem,
  removeItem,
  renameItem,
  reweightItem,
  swapBuckets,
  unlinkItem,
} from "../../../crush/builder.ts";
import { itemWeightsOf } from "../../../crush/make-bucket.ts";
import { idOf } from "../../../crush/map-draft.ts";
import type { CrushMap } from "../../../crush/types.ts";
import { DEVICE_WEIGHT_MAX, formatWeight, WEIGHT_ONE } from "../../../crush/weight.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { changedCrush } from "./crush-change.ts";
import { bucketNamed, itemName, itemNamed, parentsOf } from "./crush-names.ts";
import { osdOf } from "./osd-table.ts";
import { instead, isRefusal } from "./sentence.ts";

export function crushAddBucket(
  draft: OsdMap,
  { name, bucketType, parent }: CommandOf<"crushAddBucket">,
): CommandResult {
  const { crush } = draft;
  const type = idOf(crush.typeNames, bucketType);
  if (type === undefined || type === 0) {
    const names = [...crush.typeNames].filter(([id]) => id > 0).map(([, other]) => other);
    return refused(
      "NOT_FOUND",
      `there is no type "${bucketType}" of buckets${instead("types", names)}`,
    );
  }
  const holder = parent === undefined ? undefined : bucketNamed(crush, parent);
  if (holder !== undefined && isRefusal(holder)) return holder;
  const what = `add ${bucketType} "${name}"${parent === undefined ? "" : ` to "${parent}"`}`;
  const existing = bucketNamed(crush, name);
  if (!isRefusal(existing)) {
    const isThere = holder === undefined ? true : holder.items.includes(existing.id);
    if (existing.type === type && isThere) {
      return edit(draft, `${bucketType} "${name}" is there already`);
    }
  }
  const bucket = { name, type: bucketType, ...(parent !== undefined && { parent }) };
  return changedCrush(draft, { what, already: what, change: (map) => addBucket(map, bucket) });
}

/** Only for OSDs that the map has. One that stands nowhere, because it was unlinked, is put back. */
export function crushAdd(
  draft: OsdMap,
  { osd, weight: given, parent, deviceClass }: CommandOf<"crushAdd">,
): CommandResult {
  const { crush } = draft;
  const state = osdOf(draft, osd);
  if (isRefusal(state)) return state;
  const weight = deviceWeightOf(given);
  if (typeof weight !== "number") return weight;
  const holder = bucketNamed(crush, parent);
  if (isRefusal(holder)) return holder;
  const what = `add osd.${osd} to "${parent}" with weight ${formatWeight(weight)}`;
  const name = crush.itemNames.get(osd);
  if (name === undefined) {
    const device = { id: osd, name: `osd.${osd}`, weight, parent };
    const classed = deviceClass === undefined ? device : { ...device, deviceClass };
    return changedCrush(draft, { what, already: what, change: (map) => addDevice(map, classed) });
  }
  const [stands] = parentsOf(crush, osd);
  if (stands === undefined) {
    const put = (map: CrushMap): CrushMap =>
      reweightItem(moveItem(map, { item: name, parent }), { item: name, weight });
    return changedCrush(draft, { what, already: what, change: put });
  }
  if (stands.id === holder.id && weightIn(crush, osd) === weight) {
    return edit(draft, `osd.${osd} is in "${parent}" with that weight already`);
  }
  const where = itemName(crush, stands.id);
  return refused("EXISTS", `osd.${osd} stands in "${where}" already; move or reweight it`);
}

export function crushMove(draft: OsdMap, { item, parent }: CommandOf<"crushMove">): CommandResult {
  const wrong = unknownItem(draft.crush, item) ?? unknownBucket(draft.crush, parent);
  if (wrong !== undefined) return wrong;
  return changedCrush(draft, {
    what: `move "${item}" to "${parent}"`,
    already: `"${item}" is in "${parent}" already`,
    change: (map) => moveItem(map, { item, parent }),
  });
}

export function crushLink(draft: OsdMap, { item, parent }: CommandOf<"crushLink">): CommandResult {
  const { crush } = draft;
  const id = itemNamed(crush, item);
  if (typeof id !== "number") return id;
  const holder = bucketNamed(crush, parent);
  if (isRefusal(holder)) return holder;
  if (holder.items.includes(id)) return edit(draft, `"${item}" is in "${parent}" already`);
  const what = `link "${item}" into "${parent}"`;
  return changedCrush(draft, {
    what,
    already: what,
    change: (map) => linkItem(map, { item, parent }),
  });
}

export function crushUnlink(
  draft: OsdMap,
  { item, parent }: CommandOf<"crushUnlink">,
): CommandResult {
  const { crush } = draft;
  const id = itemNamed(crush, item);
  if (typeof id !== "number") return id;
  const holder = bucketNamed(crush, parent);
  if (isRefusal(holder)) return holder;
  if (!holder.items.includes(id)) return edit(draft, `"${item}" is not in "${parent}"`);
  const what = `unlink "${item}" from "${parent}"`;
  return changedCrush(draft, {
    what,
    already: what,
    change: (map) => unlinkItem(map, { item, parent }),
  });
}

export function crushRemove(draft: OsdMap, { item }: CommandOf<"crushRemove">): CommandResult {
  const wrong = unknownItem(draft.crush, item);
  if (wrong !== undefined) return wrong;
  const what = `remove "${item}" from the CRUSH map`;
  return changedCrush(draft, { what, already: what, change: (map) => removeItem(map, item) });
}

export function crushRename(draft: OsdMap, { from, to }: CommandOf<"crushRename">): CommandResult {
  const wrong = unknownBucket(draft.crush, from);
  if (wrong !== undefined) return wrong;
  if (from === to) return edit(draft, `bucket "${from}" has that name already`);
  const what = `rename bucket "${from}" to "${to}"`;
  return changedCrush(draft, {
    what,
    already: what,
    change: (map) => renameItem(map, { from, to }),
  });
}

export function crushSwap(draft: OsdMap, { first, second }: CommandOf<"crushSwap">): CommandResult {
  const wrong = unknownBucket(draft.crush, first) ?? unknownBucket(draft.crush, second);
  if (wrong !== undefined) return wrong;
  return changedCrush(draft, {
    what: `swap the buckets "${first}" and "${second}"`,
    already: `"${first}" and "${second}" hold the same`,
    change: (map) => swapBuckets(map, { first, second }),
  });
}

export function crushReweight(
  draft: OsdMap,
  { item, weight: given }: CommandOf<"crushReweight">,
): CommandResult {
  const wrong = unknownItem(draft.crush, item);
  if (wrong !== undefined) return wrong;
  const weight = deviceWeightOf(given);
  if (typeof weight !== "number") return weight;
  return changedCrush(draft, {
    what: `give "${item}" the CRUSH weight ${formatWeight(weight)}`,
    already: `"${item}" has the CRUSH weight ${formatWeight(weight)} already`,
    change: (map) => reweightItem(map, { item, weight }),
  });
}

function unknownItem(crush: CrushMap, name: string): Refusal | undefined {
  const item = itemNamed(crush, name);
  return typeof item === "number" ? undefined : item;
}

function unknownBucket(crush: CrushMap, name: string): Refusal | undefined {
  const bucket = bucketNamed(crush, name);
  return isRefusal(bucket) ? bucket : undefined;
}

/** Through a 32-bit float and cut off, as Ceph's command line does. */
function deviceWeightOf(given: number): number | Refusal {
  const weight = Math.trunc(Math.fround(given) * WEIGHT_ONE);
  if (weight >= 0 && weight <= DEVICE_WEIGHT_MAX) return weight;
  const most = DEVICE_WEIGHT_MAX / WEIGHT_ONE;
  return refused("INVALID", `the CRUSH weight of a device is from 0 to ${most}, not ${given}`);
}

function weightIn(crush: CrushMap, device: number): number | undefined {
  const [holder] = parentsOf(crush, device);
  return holder && itemWeightsOf(holder)[holder.items.indexOf(device)];
}
