/**
 * An OSD's place in CRUSH, found when it boots: below the bucket of its host, which is made below the root if there is none.
 * Only who has no place yet, or runs on another host than before, is moved: where people put an OSD it stays.
 */

import type { OsdId } from "../../cluster/base/ids.ts";
import { addBucket, addDevice, moveItem, setDeviceClass } from "../../crush/builder.ts";
import { CrushError } from "../../crush/error.ts";
import { idOf } from "../../crush/map-draft.ts";
import { bucketOf, type CrushMap } from "../../crush/types.ts";
import { DEVICE_WEIGHT_MAX, parseWeight, WEIGHT_ONE } from "../../crush/weight.ts";
import { parentsOf } from "./crush-ancestry.ts";

/** Where hosts go that nobody has placed. */
export const ROOT = "default";

/** Ceph's; a map without any gets these. */
const TYPE_NAMES = [
  "osd",
  "host",
  "chassis",
  "rack",
  "row",
  "pdu",
  "pod",
  "room",
  "datacenter",
  "zone",
  "region",
  "root",
] as const;

const TEBIBYTE = 2 ** 40;
/** An OSD of the smallest disk weighs something: at 0 it would take no data and nobody would see why. */
const WEIGHT_LEAST = 0.0001;

export interface Home {
  readonly osd: OsdId;
  readonly host: string;
  /** Empty if it has none. */
  readonly deviceClass: string;
  readonly bytes: number;
  /** It said before that it runs elsewhere. */
  readonly isHostNew: boolean;
}

export type HomeResult =
  | { readonly type: "placed"; readonly crush: CrushMap }
  /** A sentence. */
  | { readonly type: "impossible"; readonly why: string };

/** The map itself if the OSD stands where it should. */
export function settle(crush: CrushMap, home: Home): HomeResult {
  try {
    return { type: "placed", crush: classified(placed(crush, home), home) };
  } catch (error) {
    if (!(error instanceof CrushError)) throw error;
    return { type: "impossible", why: error.message };
  }
}

export function isPlaced(crush: CrushMap, osd: OsdId): boolean {
  return parentsOf(crush, osd).length > 0;
}

/** In TiB with four digits, as Ceph gives it, and as 16.16. */
export function weightOf(bytes: number): number {
  const tebibytes = Math.min(
    Math.max(bytes / TEBIBYTE, WEIGHT_LEAST),
    DEVICE_WEIGHT_MAX / WEIGHT_ONE,
  );
  return parseWeight(tebibytes.toFixed(4), "device");
}

function placed(crush: CrushMap, home: Home): CrushMap {
  const { osd, host, bytes, deviceClass, isHostNew } = home;
  if (isPlaced(crush, osd) && (!isHostNew || isBelow(crush, osd, host))) return crush;
  const withBucket = withHost(crush, host);
  // A device that was taken out of every bucket keeps its name and has lost its weight.
  const item = withBucket.itemNames.get(osd);
  if (item !== undefined && isPlaced(crush, osd))
    return moveItem(withBucket, { item, parent: host });
  const name = item ?? `osd.${osd}`;
  return addDevice(withoutName(withBucket, osd), {
    id: osd,
    name,
    weight: weightOf(bytes),
    parent: host,
    ...(deviceClass === "" ? {} : { deviceClass }),
  });
}

function isBelow(crush: CrushMap, osd: OsdId, host: string): boolean {
  return parentsOf(crush, osd).some((id) => crush.itemNames.get(id) === host);
}

/** What people gave it stays; a class of its own is only for who has none. */
function classified(crush: CrushMap, { osd, deviceClass }: Home): CrushMap {
  const device = crush.itemNames.get(osd);
  if (deviceClass === "" || device === undefined || crush.itemClasses.has(osd)) return crush;
  return setDeviceClass(crush, { device, deviceClass });
}

function withHost(crush: CrushMap, host: string): CrushMap {
  const id = idOf(crush.itemNames, host);
  if (id === undefined)
    return addBucket(withRoot(crush), { name: host, type: "host", parent: ROOT });
  const type = crush.typeNames.get(bucketOf(crush, id)?.type ?? 0);
  if (type === "host") return crush;
  throw new CrushError("MISPLACED", `"${host}" is a ${type} in the CRUSH map and no host`);
}

export function withRoot(crush: CrushMap): CrushMap {
  if (idOf(crush.itemNames, ROOT) !== undefined) return crush;
  const typeNames = crush.typeNames.size > 0 ? crush.typeNames : new Map(TYPE_NAMES.entries());
  return addBucket({ ...crush, typeNames }, { name: ROOT, type: "root" });
}

function withoutName(crush: CrushMap, osd: OsdId): CrushMap {
  if (!crush.itemNames.has(osd)) return crush;
  const itemNames = new Map(crush.itemNames);
  itemNames.delete(osd);
  return { ...crush, itemNames };
}
