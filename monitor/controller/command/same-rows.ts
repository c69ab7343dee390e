/** Whether an edit changed anything that is ever published: a copy that holds the same is no change. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { SECTIONS } from "../../../cluster/map/osd-map-sections.ts";

/** Looks no further than to the first difference: an edit may change a hundred thousand rows. */
export function hasSameRows(before: OsdMap, after: OsdMap): boolean {
  if (before === after) return true;
  return SECTIONS.every((section) => {
    for (const _ of section.changes(before, after)) return false;
    return true;
  });
}
