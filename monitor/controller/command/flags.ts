/** The flags of the cluster, and the ratios from which on an OSD counts as full. */
import { MAP_FLAGS, type OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { are } from "./sentence.ts";

export function flagSet(draft: OsdMap, { flags }: CommandOf<"flagSet">): CommandResult {
  if (flags.length === 0) return noFlag();
  const added = [...new Set(flags)].filter((flag) => !draft.flags.has(flag));
  if (added.length === 0)
    return edit(draft, `${flags.join(", ")} ${are(flags.length)} set already`);
  const map = { ...draft, flags: new Set([...draft.flags, ...added]) };
  return edit(map, `set ${added.join(", ")}`);
}

export function flagUnset(draft: OsdMap, { flags }: CommandOf<"flagUnset">): CommandResult {
  if (flags.length === 0) return noFlag();
  const removed = [...new Set(flags)].filter((flag) => draft.flags.has(flag));
  if (removed.length === 0) return edit(draft, `${flags.join(", ")} ${are(flags.length)} not set`);
  const kept = [...draft.flags].filter((flag) => !removed.includes(flag));
  return edit({ ...draft, flags: new Set(kept) }, `unset ${removed.join(", ")}`);
}

function noFlag(): CommandResult {
  return refused("INVALID", `no flag is named; flags: ${MAP_FLAGS.join(", ")}`);
}

/** What is not given stays, so that each can be set for itself as long as their order holds. */
export function ratiosSet(draft: OsdMap, command: CommandOf<"ratiosSet">): CommandResult {
  const now = draft.ratios;
  const { nearfull = now.nearfull, backfillfull = now.backfillfull, full = now.full } = command;
  const shown = `nearfull ${nearfull}, backfillfull ${backfillfull}, full ${full}`;
  // Each is compared so that what is no number fails too.
  if (!(nearfull > 0 && nearfull < backfillfull && backfillfull < full && full <= 1)) {
    const rule = "it must be 0 < nearfull < backfillfull < full <= 1";
    return refused("INVALID", `the ratios would be ${shown}; ${rule}`);
  }
  const isSame =
    nearfull === now.nearfull && backfillfull === now.backfillfull && full === now.full;
  if (isSame) return edit(draft, `the ratios are ${shown} already`);
  return edit({ ...draft, ratios: { nearfull, backfillfull, full } }, `set the ratios to ${shown}`);
}
