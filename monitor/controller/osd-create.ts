/**
 * An id for an empty directory. Asked again with the same uuid, which happens when the answer is lost, it is the same one.
 * Ids of destroyed OSDs are not given away: somebody who replaces a disk asks for that id by name, and everybody else would
 * get its place in CRUSH and its PGs without wanting them.
 */
import { type OsdId, osdId } from "../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { OSD_REPORTS } from "../../cluster/message/osd-report.ts";
import type { TypeOf } from "../../cluster/wire/codec.ts";
import { type Edit, edit, type Refusal, refused } from "./edit.ts";
import { claimProblem, osdOfStore } from "./osd-claims.ts";

/** More are not in a map: every daemon holds all of them. */
export const OSD_COUNT_MAX = 16_384;

export type OsdCreateMessage = TypeOf<typeof OSD_REPORTS.osdCreate.body>;

export interface Created extends Edit {
  readonly osd: OsdId;
}

export function osdCreateRequested(draft: OsdMap, message: OsdCreateMessage): Created | Refusal {
  const { uuid, host } = message;
  const problem = claimProblem(message);
  if (problem !== undefined) return problem;
  const known = osdOfStore(draft, uuid);
  if (known !== undefined) return { ...edit(draft, `osd.${known} is there already`), osd: known };
  if (draft.osds.size >= OSD_COUNT_MAX) {
    const most = `the map has ${OSD_COUNT_MAX} OSDs, the most that it can hold`;
    return refused("IN_USE", `${most}; purge those that are gone for good`);
  }
  const osd = lowestFreeId(draft);
  const map: OsdMap = {
    ...draft,
    osds: new Map(draft.osds).set(osd, { ...NEW_OSD, uuid, host }),
    // It weighs nothing before its first boot marks it in.
    shares: new Map(draft.shares).set(osd, { ...FULL_SHARE, weight: 0 }),
  };
  return { ...edit(map, `create osd.${osd} for ${host}`), osd };
}

function lowestFreeId({ osds }: OsdMap): OsdId {
  let id = 0;
  while (osds.has(osdId(id))) id += 1;
  return osdId(id);
}
