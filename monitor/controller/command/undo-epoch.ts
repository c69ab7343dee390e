/** Takes back what an epoch did to intent (C8), where nothing that came after it is in the way. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { formatPgId } from "../../../cluster/map/pg-id.ts";
import { pgEntries } from "../../../cluster/map/pg-table.ts";
import { type Inverse, type UndoResult, undo } from "../../../cluster/map/undo.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { edit, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { listed } from "./sentence.ts";

export function undoEpoch(
  draft: OsdMap,
  { epoch }: CommandOf<"undo">,
  { inverseOf }: CommandContext,
): CommandResult {
  if (epoch > draft.epoch) {
    return refused("NOT_FOUND", `there is no epoch ${epoch} yet; the newest is ${draft.epoch}`);
  }
  const inverse = inverseOf(epoch);
  if (inverse === undefined) {
    return refused(
      "NOT_FOUND",
      `what epoch ${epoch} changed is not kept any more; see "kelp epochs"`,
    );
  }
  if (inverse.length === 0) {
    return edit(draft, `epoch ${epoch} changed nothing that can be undone`);
  }
  const result = undone(draft, inverse);
  const conflicts = result.type === "refused" ? result.conflicts : newMisfits(draft, result.map);
  if (result.type === "undone" && conflicts.length === 0) {
    return edit(result.map, `undo epoch ${epoch}`);
  }
  return refused("IN_USE", `epoch ${epoch} cannot be undone any more: ${listed(conflicts)}`);
}

function newMisfits(draft: OsdMap, map: OsdMap): string[] {
  const before = new Set(misfits(draft));
  return [...misfits(map)].filter((misfit) => !before.has(misfit));
}

/** Upmaps that fitted when they were made: a pool is narrower by now, or becomes so by the undo. */
function* misfits({ poolSettings, pgUpmap }: OsdMap): Generator<string> {
  for (const [pg, { length }] of pgEntries(pgUpmap)) {
    const size = poolSettings.get(pg.pool)?.size ?? 0;
    if (length <= size) continue;
    yield `the upmap of PG ${formatPgId(pg)} names ${length} OSDs, and its pool would have size ${size}`;
  }
}

function undone(draft: OsdMap, inverse: Inverse): UndoResult {
  try {
    return undo(draft, inverse);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const conflicts = [`it was written by another version of this program (${error.message})`];
    return { type: "refused", conflicts };
  }
}
