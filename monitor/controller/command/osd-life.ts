/**
 * The life of an OSD's id: new, destroyed, purged; and the word that what it had is lost. An id belongs to one store (C6):
 * another store gets it only after it was destroyed, or purged, which forgets it.
 *
 * What cannot be taken back asks for a confirmation, and tells before that whether data may hang on it.
 */
import { type OsdId, osdId } from "../../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD, type OsdInfo, type OsdShare } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../../cluster/map/osd-map-delta.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { removeItem } from "../../../crush/builder.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { changedCrush } from "./crush-change.ts";
import { dangerOfDestroying } from "./osd-safety.ts";
import { type OsdState, osdOf, withOsds } from "./osd-table.ts";
import { isRefusal, unconfirmed } from "./sentence.ts";
import { withoutOsd } from "./without-osd.ts";

/** Placement keeps an array entry for every id up to the largest. */
export const OSD_ID_MAX = 65_535;
const UUID_LENGTH_MAX = 64;

/** Out until its first boot: the id alone has no disk that could take data. */
const NEW_SHARE: OsdShare = { ...FULL_SHARE, weight: 0 };

export function osdNew(draft: OsdMap, { uuid, osd }: CommandOf<"osdNew">): CommandResult {
  if (!/^[0-9A-Za-z-]+$/.test(uuid) || uuid.length > UUID_LENGTH_MAX) {
    return refused("INVALID", `${JSON.stringify(uuid)} is no uuid of a store`);
  }
  const owned = [...draft.osds].find(([, info]) => info.uuid === uuid)?.[0];
  if (owned !== undefined) {
    if (osd === undefined || osd === owned) {
      return done(draft, `osd.${owned} has the uuid ${uuid} already`, owned);
    }
    return refused("MISMATCH", `the store with the uuid ${uuid} is osd.${owned}, not osd.${osd}`);
  }
  const id = osd ?? freeId(draft);
  if (id > OSD_ID_MAX) {
    return refused("INVALID", `the ids of OSDs are from 0 to ${OSD_ID_MAX}, not ${id}`);
  }
  const info = draft.osds.get(id);
  if (info === undefined) {
    const state = { info: { ...NEW_OSD, uuid }, share: NEW_SHARE };
    return done(withOsds(draft, new Map([[id, state]])), `add osd.${id}`, id);
  }
  if (!info.destroyed) {
    return refused("EXISTS", `osd.${id} belongs to another store; destroy it first`);
  }
  const given = new Map(draft.osds).set(id, { ...info, uuid, destroyed: false });
  return done({ ...draft, osds: given }, `give osd.${id} to a new store`, id);
}

/** Keeps the id and its place in the CRUSH map for another store. */
export function osdDestroy(
  draft: OsdMap,
  { osd, confirm }: CommandOf<"osdDestroy">,
  context: CommandContext,
): CommandResult {
  const state = downOsd(draft, osd, "destroyed");
  if (isRefusal(state)) return state;
  const { info, share } = state;
  if (info.destroyed) return edit(draft, `osd.${osd} is destroyed already`);
  if (!confirm) return warned(draft, { osd, context, word: "destroyed" });
  const destroyed: OsdInfo = {
    ...info,
    uuid: "",
    born: NEW_OSD.born,
    address: "",
    heartbeatAddress: "",
    fullness: "ok",
    destroyed: true,
  };
  return edit(withOsds(draft, new Map([[osd, { info: destroyed, share }]])), `destroy osd.${osd}`);
}

/** Forgets the OSD: its id is free. */
export function osdPurge(
  draft: OsdMap,
  { osd, confirm }: CommandOf<"osdPurge">,
  context: CommandContext,
): CommandResult {
  const state = downOsd(draft, osd, "purged");
  if (isRefusal(state)) return state;
  if (!confirm) return warned(draft, { osd, context, word: "purged" });
  const name = draft.crush.itemNames.get(osd);
  const what = `purge osd.${osd}`;
  const placed =
    name === undefined
      ? edit(draft, what)
      : changedCrush(draft, { what, already: what, change: (crush) => removeItem(crush, name) });
  return isRefusal(placed) ? placed : edit(withoutOsd(placed.map, osd), what);
}

export function osdLost(
  draft: OsdMap,
  { osd, confirm }: CommandOf<"osdLost">,
  context: CommandContext,
): CommandResult {
  const state = downOsd(draft, osd, "lost");
  if (isRefusal(state)) return state;
  const { info, share } = state;
  if (info.downAt === NEW_OSD.downAt) {
    return refused("INVALID", `osd.${osd} was never up, so it has nothing to lose`);
  }
  if (info.lostAt >= info.downAt) return edit(draft, `osd.${osd} is lost already`);
  if (!confirm) return warned(draft, { osd, context, word: "given up as lost" });
  const lost = { info: { ...info, lostAt: info.downAt }, share };
  return edit(withOsds(draft, new Map([[osd, lost]])), `give osd.${osd} up as lost`);
}

/** Down in a map that was published: one increment never holds two states of one OSD (C5). */
function downOsd(draft: OsdMap, osd: OsdId, word: string): OsdState | Refusal {
  const state = osdOf(draft, osd);
  if (isRefusal(state)) return state;
  const { up, downAt } = state.info;
  if (up)
    return refused("IN_USE", `osd.${osd} is up; it must be down to be ${word}: stop it first`);
  if (downAt === nextEpoch(draft)) {
    return refused("LATER", `osd.${osd} goes down in the epoch that is being made; ask again`);
  }
  return state;
}

interface Warning {
  readonly osd: OsdId;
  readonly context: CommandContext;
  readonly word: string;
}

function warned(draft: OsdMap, { osd, context, word }: Warning): Refusal {
  const danger = dangerOfDestroying(draft, [osd], context.stats);
  const safety = danger === undefined ? "no data depends on it" : `this is not safe: ${danger}`;
  return unconfirmed(`osd.${osd} would be ${word}, which cannot be undone; ${safety}`);
}

function freeId({ osds }: OsdMap): OsdId {
  let id = 0;
  while (osds.has(osdId(id))) id += 1;
  return osdId(id);
}

function done(map: OsdMap, what: string, osd: OsdId): CommandResult {
  return { ...edit(map, what), reply: { osd } };
}
