/** An edit of the CRUSH map as a command: its errors become refusals, and one that changes no row leaves the draft. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { CrushError, type CrushErrorCode } from "../../../crush/error.ts";
import type { CrushMap } from "../../../crush/types.ts";
import { type EditResult, edit, type RefusalCode, refused } from "../edit.ts";
import { hasSameRows } from "./same-rows.ts";

const REFUSAL_CODES: Partial<Record<CrushErrorCode, RefusalCode>> = {
  UNKNOWN: "NOT_FOUND",
  DUPLICATE: "EXISTS",
  IN_USE: "IN_USE",
};

export interface CrushChange {
  readonly what: string;
  /** Said where nothing was left to do. */
  readonly already: string;
  change(crush: CrushMap): CrushMap;
}

export function changedCrush(draft: OsdMap, { what, already, change }: CrushChange): EditResult {
  try {
    const map = { ...draft, crush: change(draft.crush) };
    return hasSameRows(draft, map) ? edit(draft, already) : edit(map, what);
  } catch (error) {
    if (!(error instanceof CrushError)) throw error;
    return refused(REFUSAL_CODES[error.code] ?? "INVALID", error.message);
  }
}
