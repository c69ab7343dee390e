/**
 * Undo touches intent, never facts (C8). What an edit did to intent is kept as its inverse: rows with what they were and
 * what they became. Undoing it is a new edit of the present map, and refused where a row is no longer what that edit
 * made it, or where it would create or remove what a fact says to exist or not: OSDs and pools.
 */
import { equalBytes } from "../base/bytes.ts";
import type { OsdId } from "../base/ids.ts";
import { bytes, list, optional, record, type TypeOf, u8 } from "../wire/codec.ts";
import { mapProblems } from "./map-problems.ts";
import type { OsdMap } from "./osd-map.ts";
import { ROW_COUNT_MAX, sectionOf, withRows } from "./osd-map-delta.ts";
import { formatPgId, type PgId } from "./pg-id.ts";
import { pgEntries, pgEntry } from "./pg-table.ts";
import type { RowChange } from "./section.ts";

const intentRow = record({
  section: u8,
  key: bytes,
  before: optional(bytes),
  after: optional(bytes),
});
export const inverse = list(intentRow, { max: ROW_COUNT_MAX });
export type Inverse = TypeOf<typeof inverse>;

export function inverseOf(changes: readonly RowChange[]): Inverse {
  return changes.filter(({ section }) => sectionOf(section).isIntent);
}

export type UndoResult =
  | { readonly type: "undone"; readonly map: OsdMap }
  /** In whose way what stands, each as a sentence. */
  | { readonly type: "refused"; readonly conflicts: readonly string[] };

/** The map as it is, with that edit's intent taken back; of the same epoch, since it is yet to be published. */
export function undo(map: OsdMap, edit: Inverse): UndoResult {
  const conflicts: string[] = [];
  for (const { section: id, key, after } of edit) {
    const section = sectionOf(id);
    if (isSame(section.valueOf(map, key), after)) continue;
    const what = `${section.name} ${section.describe(key)}`.trimEnd();
    conflicts.push(`${what} was changed since`);
  }
  if (conflicts.length > 0) return { type: "refused", conflicts };
  const before = edit.map(({ section, key, before: value }) => ({ section, key, value }));
  const undone = withRows(map, before);
  const problems = [...mapProblems(undone), ...lostTargets(map, undone)];
  if (problems.length > 0) return { type: "refused", conflicts: problems };
  return { type: "undone", map: undone };
}

/** An upmap that would come back must not lead to an OSD that went away meanwhile. */
function* lostTargets(map: OsdMap, undone: OsdMap): Generator<string> {
  for (const [pg, row] of pgEntries(undone.pgUpmap)) {
    if (pgEntry(map.pgUpmap, pg) === row) continue;
    for (const osd of row) if (!map.osds.has(osd)) yield lostTarget(pg, osd);
  }
  for (const [pg, pairs] of pgEntries(undone.pgUpmapItems)) {
    if (pgEntry(map.pgUpmapItems, pg) === pairs) continue;
    for (const { to } of pairs) if (!map.osds.has(to)) yield lostTarget(pg, to);
  }
}

function lostTarget(pg: PgId, osd: OsdId): string {
  return `PG ${formatPgId(pg)} would be mapped to osd.${osd}, which is not there any more`;
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return equalBytes(left, right);
}
