/** OSDs of the draft by their ids, and drafts in which some of them are otherwise. */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdInfo, OsdShare } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { type Refusal, refused } from "../edit.ts";
import { instead, isRefusal } from "./sentence.ts";

export interface OsdState {
  readonly info: OsdInfo;
  readonly share: OsdShare;
}

export function osdOf(map: OsdMap, osd: OsdId): OsdState | Refusal {
  const info = map.osds.get(osd);
  const share = map.shares.get(osd);
  if (info !== undefined && share !== undefined) return { info, share };
  const ids = [...map.osds.keys()].sort((left, right) => left - right);
  const others = instead(
    "OSDs",
    ids.map((id) => `osd.${id}`),
  );
  return refused("NOT_FOUND", `there is no osd.${osd}${others}`);
}

/** Each of them once; a refusal if none is named or one does not exist. */
export function osdsOf(
  map: OsdMap,
  osds: readonly OsdId[],
): ReadonlyMap<OsdId, OsdState> | Refusal {
  if (osds.length === 0) return refused("INVALID", "no OSD is named");
  const found = new Map<OsdId, OsdState>();
  for (const osd of osds) {
    const state = osdOf(map, osd);
    if (isRefusal(state)) return state;
    found.set(osd, state);
  }
  return found;
}

export function withOsds(map: OsdMap, changed: ReadonlyMap<OsdId, OsdState>): OsdMap {
  const osds = new Map(map.osds);
  const shares = new Map(map.shares);
  for (const [osd, { info, share }] of changed) {
    osds.set(osd, info);
    shares.set(osd, share);
  }
  return { ...map, osds, shares };
}
