/**
 * A starting OSD asks to be shown up (C5, C6). What it says of itself is checked against what the map knows of its id: the
 * store must be the one that belongs there. An earlier incarnation that still counts as up goes down in an epoch before.
 * The first boot marks it in, and so does one after it was marked out for being away.
 */
import { assert, present } from "../../cluster/base/assert.ts";
import { epoch } from "../../cluster/base/ids.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../cluster/map/osd-map-delta.ts";
import type { OSD_REPORTS } from "../../cluster/message/osd-report.ts";
import type { TypeOf } from "../../cluster/wire/codec.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { isPlaced, settle } from "./crush-home.ts";
import { type EditResult, edit, type Refusal, refused } from "./edit.ts";
import { pauseEnd } from "./flapping.ts";
import { lengthenGrace } from "./grace.ts";
import { heard, type Membership, observe, ownTime } from "./membership-state.ts";
import { claimProblem, osdOfStore } from "./osd-claims.ts";
import {
  changesState,
  downIn,
  type EpochDraft,
  type Later,
  later,
  withOsds,
  withWeights,
} from "./osd-rows.ts";

export type BootMessage = TypeOf<typeof OSD_REPORTS.boot.body>;

/** `later`: asked again as it says, unless the process that asks is gone. */
export function bootRequested(
  state: Membership,
  drafting: EpochDraft,
  boot: BootMessage,
  nowMs: number,
): EditResult | Later {
  const ownMs = ownTime(state, nowMs);
  observe(state, drafting.base, ownMs);
  const { draft } = drafting;
  const problem = claimProblem(boot) ?? storeProblem(draft, boot) ?? historyProblem(draft, boot);
  if (problem !== undefined) return problem;
  heard(state, ownMs);
  const info = present(draft.osds.get(boot.osd), `osd.${boot.osd}`);
  if (info.up && info.nonce === boot.nonce) return edit(draft, `osd.${boot.osd} is up already`);
  const wait = waitOf(state, drafting, boot, ownMs);
  if (wait !== undefined) return wait;
  const settled = withPlace(draft, boot, info, state.options.crushUpdateOnStart);
  if (settled.type === "refused") return settled;
  noteWrongVerdict(state, boot, info, ownMs);
  return bootEdit(settled.map, boot, info);
}

/** Why the store does not belong under that id (C6). */
function storeProblem(draft: OsdMap, { osd, uuid }: BootMessage): Refusal | undefined {
  const info = draft.osds.get(osd);
  if (info === undefined) {
    const what = `there is no osd.${osd} in the map`;
    return refused("NOT_FOUND", `${what}; start an empty directory without an id to get one`);
  }
  if (info.uuid === uuid) return undefined;
  if (info.uuid !== "" && !info.destroyed) {
    const what = `osd.${osd} has the store ${info.uuid}, and this is ${uuid}`;
    const how = `"kelp osd destroy ${osd}" frees the id if that store is lost for good`;
    return refused("MISMATCH", `${what}; ${how}, an empty directory without an id gets a new one`);
  }
  const owner = osdOfStore(draft, uuid);
  if (owner === undefined) return undefined;
  return refused("MISMATCH", `the store ${uuid} is that of osd.${owner}; start it under that id`);
}

function historyProblem(draft: OsdMap, boot: BootMessage): Refusal | undefined {
  const { osd, cleanFrom, cleanTo } = boot;
  if (boot.epoch > draft.epoch) {
    const what = `osd.${osd} has the map of epoch ${boot.epoch}, and the newest is ${draft.epoch}`;
    return refused("MISMATCH", `${what}; it may belong to another cluster`);
  }
  if (cleanFrom <= cleanTo && cleanTo <= draft.epoch) return undefined;
  const what = `osd.${osd} ended cleanly in epochs ${cleanFrom} to ${cleanTo}`;
  return refused("INVALID", `${what}, which cannot be at epoch ${draft.epoch}`);
}

function waitOf(
  state: Membership,
  drafting: EpochDraft,
  { osd, nonce }: BootMessage,
  ownMs: number,
): Later | undefined {
  const { draft } = drafting;
  if (changesState(drafting, osd)) return later(`osd.${osd} changes in this epoch already (C5)`);
  if (draft.flags.has("noup")) return later(`noup is set, so osd.${osd} stays down`);
  const registered = state.presence.registered.get(osd);
  if (registered !== undefined && registered !== nonce) {
    // A late boot of an earlier process must not push out the one that holds the session now.
    return later(`another process of osd.${osd} holds the session`);
  }
  if (draft.osds.get(osd)?.up === true) {
    const map = withOsds(draft, [[osd, downIn(draft)]]);
    const what = `mark osd.${osd} down: it has started anew`;
    return later(what, { first: { map, what } });
  }
  const endMs = pauseEnd(state.flaps, osd, ownMs);
  if (endMs === undefined) return undefined;
  const seconds = Math.ceil((endMs - ownMs) / 1000);
  const why = `osd.${osd} went down too often and waits for ${seconds} s`;
  return later(why, { retryMs: endMs + state.missedMs });
}

type Placed = { readonly type: "placed"; readonly map: OsdMap } | Refusal;

/** One that has a place boots from there where it cannot be moved; one without any would get no data and nobody knew. */
function withPlace(
  draft: OsdMap,
  boot: BootMessage,
  info: OsdInfo,
  updateOnStart: boolean,
): Placed {
  if (!updateOnStart) return { type: "placed", map: draft };
  const { osd, host, deviceClass, bytes } = boot;
  const isHostNew = info.host !== "" && info.host !== host;
  const home = settle(draft.crush, { osd, host, deviceClass, bytes, isHostNew });
  if (home.type === "placed") {
    return {
      type: "placed",
      map: home.crush === draft.crush ? draft : { ...draft, crush: home.crush },
    };
  }
  if (isPlaced(draft.crush, osd)) return { type: "placed", map: draft };
  return refused("INVALID", `osd.${osd} cannot be placed in CRUSH: ${home.why}`);
}

/** It was alive all the time that it counted as down. */
function noteWrongVerdict(
  state: Membership,
  { osd, nonce, wasWronglyDown }: BootMessage,
  info: OsdInfo,
  ownMs: number,
): void {
  const wasJudged = state.judged.get(osd) === info.upFrom;
  if (!wasWronglyDown || info.nonce !== nonce || !wasJudged) return;
  // Once: the boot may be asked again.
  state.judged.delete(osd);
  lengthenGrace(state.graces, osd, state.options, ownMs);
}

function bootEdit(draft: OsdMap, boot: BootMessage, info: OsdInfo): EditResult {
  const { osd, uuid, nonce, address, heartbeatAddress, host, version } = boot;
  const next = nextEpoch(draft);
  const isFirstOfStore = info.uuid !== uuid || info.born === 0;
  const weight = present(draft.shares.get(osd), `weight of osd.${osd}`).weight;
  const isIn = weight > 0;
  const isToComeIn = !isIn && (isFirstOfStore || info.isNew || info.weightBeforeOut !== undefined);
  const comesIn = isToComeIn && !draft.flags.has("noin");
  const booted = withOsds(draft, [
    [
      osd,
      {
        ...(isFirstOfStore ? { uuid, born: next, upThru: epoch(0) } : {}),
        ...cleanIntervalOf(boot, info, isFirstOfStore),
        nonce,
        up: true,
        address,
        heartbeatAddress,
        host,
        version,
        upFrom: next,
        destroyed: false,
        isNew: false,
        weightBeforeOut: isIn || comesIn ? undefined : info.weightBeforeOut,
      },
    ],
  ]);
  const map = comesIn ? withWeights(booted, [[osd, info.weightBeforeOut ?? WEIGHT_ONE]]) : booted;
  assert(map.osds.get(osd)?.uuid === uuid, "an OSD boots with the store that the map gives it");
  return edit(map, `boot osd.${osd} on ${host}${comesIn ? " and mark it in" : ""}`);
}

/** The newest clean end that is known; a store of another uuid brings its own. */
function cleanIntervalOf(
  { cleanFrom, cleanTo }: BootMessage,
  info: OsdInfo,
  isFirstOfStore: boolean,
): Partial<OsdInfo> {
  const isNewer =
    cleanFrom > info.cleanFrom || (cleanFrom === info.cleanFrom && cleanTo > info.cleanTo);
  return isNewer || isFirstOfStore ? { cleanFrom, cleanTo } : {};
}
