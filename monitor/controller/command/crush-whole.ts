/** What concerns the CRUSH map as a whole: its tunables, and another map in its place. */
import { textOf } from "../../../cluster/base/bytes.ts";
import { poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { decodeBinary } from "../../../crush/binary.ts";
import { CrushError } from "../../../crush/error.ts";
import { compileText } from "../../../crush/text.ts";
import { TUNABLES_PROFILES } from "../../../crush/tunables.ts";
import { type CrushMap, DEFAULT_CHOOSE_ARGS } from "../../../crush/types.ts";
import { refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { changedCrush } from "./crush-change.ts";
import { OSD_ID_MAX } from "./osd-life.ts";
import { instead } from "./sentence.ts";

export function crushTunables(
  draft: OsdMap,
  { profile }: CommandOf<"crushTunables">,
): CommandResult {
  const tunables = TUNABLES_PROFILES.get(profile);
  if (tunables === undefined) {
    const others = instead("profiles", [...TUNABLES_PROFILES.keys()]);
    return refused("NOT_FOUND", `there are no tunables called "${profile}"${others}`);
  }
  return changedCrush(draft, {
    what: `set the CRUSH tunables to ${profile}`,
    already: `the CRUSH tunables are those of ${profile} already`,
    change: (map) => ({ ...map, tunables: { ...map.tunables, ...tunables } }),
  });
}

export function crushSetMap(draft: OsdMap, { map }: CommandOf<"crushSetMap">): CommandResult {
  return changedCrush(draft, {
    what: "replace the CRUSH map",
    already: "the CRUSH map is that one already",
    change: () => {
      const crush = readMap(map);
      requireUsable(draft, crush);
      return crush;
    },
  });
}

function readMap(map: Uint8Array): CrushMap {
  // A text of nothing is a map of nothing, but a file that was never written is no wish for that.
  if (map.byteLength === 0) throw new CrushError("MALFORMED", "the map is empty");
  if (isBinary(map)) return decodeBinary(map);
  const text = textIn(map);
  if (text !== undefined) return compileText(text);
  throw new CrushError("MALFORMED", "the map is neither in the binary form nor a text in UTF-8");
}

/** No text has such bytes. */
function isBinary(map: Uint8Array): boolean {
  return map[0] === 0 && map[1] === 0;
}

/** Undefined of bytes that are no text. */
function textIn(map: Uint8Array): string | undefined {
  try {
    return textOf(map);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What a map by itself may have, and the map of this cluster cannot. */
function requireUsable({ pools }: OsdMap, crush: CrushMap): void {
  if (crush.maxDevices > OSD_ID_MAX + 1) {
    const most = `OSDs have ids up to ${OSD_ID_MAX}`;
    throw new CrushError("LIMIT", `the map has the device ${crush.maxDevices - 1}; ${most}`);
  }
  for (const key of crush.chooseArgs.keys()) {
    if (key === DEFAULT_CHOOSE_ARGS || (key >= 0 && pools.has(poolId(key)))) continue;
    throw new CrushError("UNKNOWN", `the map has choose_args for pool ${key}, which is not there`);
  }
}
