/** In, out and down, and the shares of OSDs. Each may be asked for again: what is so already is left as it is. */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../../cluster/map/osd-map-delta.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { WEIGHT_ONE } from "../../../crush/weight.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { type OsdState, osdsOf, withOsds } from "./osd-table.ts";
import { are, isRefusal, osdNames } from "./sentence.ts";

interface Change {
  /** The OSD as it is to be: the same object if it is so already. */
  of(state: OsdState, osd: OsdId): OsdState | Refusal;
  readonly done: (names: string) => string;
  readonly already: (namesAre: string) => string;
}

/** Of all of them or none. */
function change(
  draft: OsdMap,
  osds: readonly OsdId[],
  { of, done, already }: Change,
): CommandResult {
  const found = osdsOf(draft, osds);
  if (isRefusal(found)) return found;
  const changed = new Map<OsdId, OsdState>();
  for (const [osd, state] of found) {
    const next = of(state, osd);
    if (isRefusal(next)) return next;
    if (next !== state) changed.set(osd, next);
  }
  if (changed.size > 0) return edit(withOsds(draft, changed), done(osdNames([...changed.keys()])));
  return edit(draft, already(`${osdNames([...found.keys()])} ${are(found.size)}`));
}

function marks(word: string): Omit<Change, "of"> {
  return {
    done: (names) => `mark ${names} ${word}`,
    already: (namesAre) => `${namesAre} ${word} already`,
  };
}

/** With the weight that it had before it was marked out for being down, else with the whole of it. */
export function osdIn(draft: OsdMap, { osds }: CommandOf<"osdIn">): CommandResult {
  return change(draft, osds, {
    ...marks("in"),
    of(state) {
      const { info, share } = state;
      return share.weight > 0 ? state : withWeight(state, info.weightBeforeOut ?? WEIGHT_ONE);
    },
  });
}

/** An operator's word outlasts a boot, which brings back in what was marked out for being down. */
export function osdOut(draft: OsdMap, { osds }: CommandOf<"osdOut">): CommandResult {
  return change(draft, osds, { ...marks("out"), of: (state) => withWeight(state, 0) });
}

export function osdDown(draft: OsdMap, { osds }: CommandOf<"osdDown">): CommandResult {
  const made = nextEpoch(draft);
  return change(draft, osds, {
    ...marks("down"),
    of(state, osd) {
      const { info } = state;
      if (!info.up) return state;
      // One increment never holds two states of one OSD (C5).
      if (info.upFrom === made) {
        return refused("LATER", `osd.${osd} comes up in the epoch that is being made; ask again`);
      }
      return { ...state, info: { ...info, up: false, downAt: made } };
    },
  });
}

export function osdReweight(
  draft: OsdMap,
  { osd, weight: given }: CommandOf<"osdReweight">,
): CommandResult {
  const weight = shareOf(given, "weight");
  if (typeof weight !== "number") return weight;
  return change(draft, [osd], {
    done: (name) => `reweight ${name} to ${given}`,
    already: (nameIs) => `${nameIs} of weight ${given} already`,
    of: (state) => withWeight(state, weight),
  });
}

export function osdPrimaryAffinity(
  draft: OsdMap,
  { osd, affinity }: CommandOf<"osdPrimaryAffinity">,
): CommandResult {
  const primaryAffinity = shareOf(affinity, "primary affinity");
  if (typeof primaryAffinity !== "number") return primaryAffinity;
  return change(draft, [osd], {
    done: (name) => `set the primary affinity of ${name} to ${affinity}`,
    already: (nameIs) => `${nameIs} of primary affinity ${affinity} already`,
    of: (state) =>
      state.share.primaryAffinity === primaryAffinity
        ? state
        : { ...state, share: { ...state.share, primaryAffinity } },
  });
}

/** What was kept for its next boot is forgotten: from now on its weight is the operator's. */
function withWeight(state: OsdState, weight: number): OsdState {
  const { info, share } = state;
  const isSettled = info.weightBeforeOut === undefined && !info.isNew;
  if (share.weight === weight && isSettled) return state;
  return {
    info: isSettled ? info : { ...info, weightBeforeOut: undefined, isNew: false },
    share: share.weight === weight ? share : { ...share, weight },
  };
}

/** As 16.16; cut off as Ceph does, so that the same command gives the same placement. */
function shareOf(value: number, what: string): number | Refusal {
  if (value >= 0 && value <= 1) return Math.trunc(value * WEIGHT_ONE);
  return refused("INVALID", `a ${what} is from 0 to 1, not ${value}`);
}
