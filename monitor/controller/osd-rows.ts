/** Small edits of what the map says of OSDs, and what one epoch may say of them (C5). */
import { assert, present } from "../../cluster/base/assert.ts";
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdInfo, OsdShare } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../cluster/map/osd-map-delta.ts";

/** The next epoch in the making. */
export interface EpochDraft {
  /** The newest that is published or about to be. */
  readonly base: OsdMap;
  /** What is to become the next one, so far; of the same epoch as its base. */
  readonly draft: OsdMap;
}

/** Cannot be in the epoch in the making; asked again after it, perhaps. */
export interface Later {
  readonly type: "later";
  /** A sentence. */
  readonly why: string;
  /** What has to be published first, as an edit of the draft; undefined if nothing has. */
  readonly first: { readonly map: OsdMap; readonly what: string } | undefined;
  /** Not before that time; undefined: after the next publish. */
  readonly retryMs: number | undefined;
}

export function later(why: string, when: Partial<Pick<Later, "first" | "retryMs">> = {}): Later {
  return { type: "later", why, first: when.first, retryMs: when.retryMs };
}

export type OsdChange = readonly [OsdId, Partial<OsdInfo>];

/** The map itself if nothing of it changes. */
export function withOsds(map: OsdMap, changes: Iterable<OsdChange>): OsdMap {
  let osds: Map<OsdId, OsdInfo> | undefined;
  for (const [id, change] of changes) {
    const info = present(map.osds.get(id), `osd.${id}`);
    if (isWithin(change, info)) continue;
    osds ??= new Map(map.osds);
    osds.set(id, { ...info, ...change });
  }
  return osds === undefined ? map : { ...map, osds };
}

export function withWeights(
  map: OsdMap,
  weights: Iterable<readonly [OsdId, OsdShare["weight"]]>,
): OsdMap {
  const shares = new Map(map.shares);
  for (const [id, weight] of weights) {
    shares.set(id, { ...present(shares.get(id), `weight of osd.${id}`), weight });
  }
  return { ...map, shares };
}

/** What changes of one that goes down in the next epoch. */
export function downIn(draft: OsdMap): Partial<OsdInfo> {
  return { up: false, downAt: nextEpoch(draft) };
}

/** Whether the draft already brings another incarnation or an end of one: an epoch holds one state of an OSD (C5). */
export function changesState({ base, draft }: EpochDraft, id: OsdId): boolean {
  assert(base.epoch === draft.epoch, "a draft is one of the epoch that it changes");
  const before = base.osds.get(id);
  const after = draft.osds.get(id);
  const isUp = (info: OsdInfo | undefined): boolean => info?.up ?? false;
  return isUp(before) !== isUp(after) || (before?.nonce ?? 0) !== (after?.nonce ?? 0);
}

function isWithin(change: Partial<OsdInfo>, info: OsdInfo): boolean {
  const fields = Object.keys(change) as (keyof OsdInfo)[];
  return fields.every((field) => change[field] === info[field]);
}
