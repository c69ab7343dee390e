/** The device classes of OSDs, by which rules choose among them. */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { requireValidName } from "../../../crush/builder.ts";
import { editMap } from "../../../crush/edit.ts";
import { type Refusal, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { changedCrush } from "./crush-change.ts";
import { are, osdNames } from "./sentence.ts";

/** One that has another class keeps it: that may be what its rule goes by. */
export function crushSetDeviceClass(
  draft: OsdMap,
  { osds, deviceClass }: CommandOf<"crushSetDeviceClass">,
): CommandResult {
  const { crush } = draft;
  const wrong = unplaced(draft, osds);
  if (wrong !== undefined) return wrong;
  for (const osd of osds) {
    const classId = crush.itemClasses.get(osd);
    const now = classId === undefined ? undefined : crush.classNames.get(classId);
    if (now === undefined || now === deviceClass) continue;
    const first = "take it away first (crush rm-device-class)";
    return refused("IN_USE", `osd.${osd} has the class "${now}"; ${first}`);
  }
  return changedCrush(draft, {
    what: `set the class of ${osdNames(osds)} to "${deviceClass}"`,
    already: `${osdNames(osds)} ${are(osds.length)} of class "${deviceClass}" already`,
    // All in one edit: each makes the shadow trees anew.
    change: (map) =>
      editMap(map, ({ draft: made }) => {
        requireValidName(deviceClass);
        for (const osd of osds) made.itemClasses.set(osd, made.classIdOf(deviceClass));
      }),
  });
}

export function crushRemoveDeviceClass(
  draft: OsdMap,
  { osds }: CommandOf<"crushRemoveDeviceClass">,
): CommandResult {
  const wrong = unplaced(draft, osds);
  if (wrong !== undefined) return wrong;
  return changedCrush(draft, {
    what: `take the class of ${osdNames(osds)} away`,
    already: `${osdNames(osds)} ${are(osds.length)} of no class`,
    change: (map) =>
      editMap(map, ({ draft: made }) => {
        for (const osd of osds) made.itemClasses.delete(osd);
      }),
  });
}

function unplaced({ crush }: OsdMap, osds: readonly OsdId[]): Refusal | undefined {
  if (osds.length === 0) return refused("INVALID", "no OSD is named");
  const missing = osds.filter((osd) => !crush.itemNames.has(osd));
  if (missing.length === 0) return undefined;
  return refused("NOT_FOUND", `${osdNames(missing)} ${are(missing.length)} not in the CRUSH map`);
}
