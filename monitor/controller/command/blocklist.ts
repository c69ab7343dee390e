/** Clients that must not be served any more, until a time by the wall clock. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { instead } from "./sentence.ts";

const DEFAULT_DURATION_MS = 3_600_000;
const DURATION_MS_MAX = 10 * 365 * 86_400_000;
/** Every OSD looks at each entry with each client that comes. */
export const BLOCKLIST_LENGTH_MAX = 10_000;

export function blocklistAdd(
  draft: OsdMap,
  { address, durationMs = DEFAULT_DURATION_MS }: CommandOf<"blocklistAdd">,
  { wallMs }: CommandContext,
): CommandResult {
  if (!/^\S{1,128}$/.test(address)) {
    return refused("INVALID", `${JSON.stringify(address)} is no address of a client`);
  }
  if (durationMs < 1 || durationMs > DURATION_MS_MAX) {
    return refused("INVALID", `a client is blocked for 1 ms to ten years, not ${durationMs} ms`);
  }
  const untilMs = wallMs + durationMs;
  if ((draft.blocklist.get(address) ?? 0) >= untilMs) {
    return edit(draft, `${address} is blocked for that long already`);
  }
  const current = [...draft.blocklist].filter(([, endMs]) => endMs > wallMs);
  const blocklist = new Map(current).set(address, untilMs);
  if (blocklist.size > BLOCKLIST_LENGTH_MAX) {
    const full = `${BLOCKLIST_LENGTH_MAX} clients are blocked, which is the most`;
    return refused(
      "LATER",
      `${full}; take some off the blocklist, or wait until their time is over`,
    );
  }
  return edit({ ...draft, blocklist }, `block ${address} for ${Math.ceil(durationMs / 1_000)} s`);
}

export function blocklistRemove(
  draft: OsdMap,
  { address }: CommandOf<"blocklistRemove">,
): CommandResult {
  if (!draft.blocklist.has(address)) {
    const others = instead("blocked clients", [...draft.blocklist.keys()]);
    return edit(draft, `${address} is not blocked${others}`);
  }
  const blocklist = new Map(draft.blocklist);
  blocklist.delete(address);
  return edit({ ...draft, blocklist }, `take ${address} off the blocklist`);
}
