/**
 * From down to out: an OSD that stays away gives its data to others, unless that would make matters worse. It keeps its
 * share where people said `noout`, where too few would stay in, and where all of a rack (or whatever the limit is) is
 * down: that is one failure, of a switch or of power, and what is behind it comes back as a whole. What it weighed is
 * kept and given back when it boots.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { deadSubtrees } from "./crush-ancestry.ts";
import { type Edit, edit } from "./edit.ts";
import type { MembershipOptions } from "./membership-options.ts";
import { withOsds, withWeights } from "./osd-rows.ts";

type OutOptions = Pick<MembershipOptions, "downOutInterval" | "minInRatio" | "downOutSubtreeLimit">;

export interface DownFor {
  readonly osd: OsdId;
  readonly downForMs: number;
  /** Since it was last kept in because of its subtree; without an end if it never was. */
  readonly freeForMs: number;
}

/** Who would be out by now, and is kept in by which brake. */
export interface OutBrake {
  readonly noout: readonly OsdId[];
  readonly ratio: readonly OsdId[];
  readonly subtree: readonly OsdId[];
}

export interface Outs {
  /** Undefined: nobody is due. */
  readonly edit: Edit | undefined;
  readonly brake: OutBrake;
}

const NO_BRAKE: OutBrake = { noout: [], ratio: [], subtree: [] };
const NO_OUTS: Outs = { edit: undefined, brake: NO_BRAKE };

/**
 * `away` are those that are down; what the draft makes of them by now counts. When a part of a subtree comes back, the rest
 * of it has a whole interval to do so too.
 */
export function outsOf(draft: OsdMap, away: readonly DownFor[], options: OutOptions): Outs {
  const { downOutInterval: intervalMs, downOutSubtreeLimit } = options;
  const due = away
    .filter(({ osd, downForMs }) => {
      return intervalMs > 0 && downForMs >= intervalMs && isDownAndIn(draft, osd);
    })
    .sort((left, right) => right.downForMs - left.downForMs || left.osd - right.osd);
  if (due.length === 0) return NO_OUTS;
  if (draft.flags.has("noout")) {
    return { ...NO_OUTS, brake: { ...NO_BRAKE, noout: due.map(({ osd }) => osd) } };
  }
  const isHeld = deadSubtrees(draft, downOutSubtreeLimit);
  const subtree: OsdId[] = [];
  const movable: OsdId[] = [];
  for (const { osd, freeForMs } of due) {
    if (isHeld(osd)) subtree.push(osd);
    else if (freeForMs >= intervalMs) movable.push(osd);
  }
  const outs = movable.slice(0, allowedOuts(draft, options));
  const brake = { noout: [], ratio: movable.slice(outs.length), subtree };
  return { edit: outs.length === 0 ? undefined : outEdit(draft, outs, intervalMs), brake };
}

function isDownAndIn({ osds, shares }: OsdMap, osd: OsdId): boolean {
  const info = osds.get(osd);
  if (info === undefined || info.up || info.destroyed) return false;
  return (shares.get(osd)?.weight ?? 0) > 0;
}

/** Ids that no store has ever had, or has no more, are no part of the cluster's size. */
function allowedOuts({ osds, shares }: OsdMap, { minInRatio }: OutOptions): number {
  let count = 0;
  let inCount = 0;
  for (const [osd, { isNew, destroyed }] of osds) {
    if (isNew || destroyed) continue;
    count += 1;
    if ((shares.get(osd)?.weight ?? 0) > 0) inCount += 1;
  }
  return Math.max(0, inCount - Math.ceil(count * minInRatio));
}

function outEdit(draft: OsdMap, outs: readonly OsdId[], intervalMs: number): Edit {
  const kept = withOsds(
    draft,
    outs.map((osd) => [osd, { weightBeforeOut: draft.shares.get(osd)?.weight }]),
  );
  const map = withWeights(
    kept,
    outs.map((osd) => [osd, 0]),
  );
  const names = outs.map((osd) => `osd.${osd}`).join(", ");
  const minutes = Math.round(intervalMs / 6_000) / 10;
  return edit(map, `mark ${names} out: down for ${minutes} min`);
}
