/**
 * What becomes of the draft by a command. Whichever it is, a map that must not be published is refused with what is wrong
 * about it, a refusal leaves everything as it was, and one that changes no row of the map gives the draft itself.
 */
import { mapProblems } from "../../../cluster/map/map-problems.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { Command, CommandName, CommandOf } from "../../../cluster/message/command.ts";
import { refused } from "../edit.ts";
import { blocklistAdd, blocklistRemove } from "./blocklist.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { crushRemoveDeviceClass, crushSetDeviceClass } from "./crush-class.ts";
import { crushCreateRule, crushRemoveRule } from "./crush-rule.ts";
import {
  crushAdd,
  crushAddBucket,
  crushLink,
  crushMove,
  crushRemove,
  crushRename,
  crushReweight,
  crushSwap,
  crushUnlink,
} from "./crush-tree.ts";
import { crushSetMap, crushTunables } from "./crush-whole.ts";
import { flagSet, flagUnset, ratiosSet } from "./flags.ts";
import { osdDestroy, osdLost, osdNew, osdPurge } from "./osd-life.ts";
import { osdDown, osdIn, osdOut, osdPrimaryAffinity, osdReweight } from "./osd-marks.ts";
import { osdOkToStop, osdSafeToDestroy } from "./osd-safety.ts";
import { pgTempClear, upmapItemsRemove, upmapItemsSet, upmapRemove, upmapSet } from "./pg-rows.ts";
import { poolCreate } from "./pool-create.ts";
import { poolDelete } from "./pool-delete.ts";
import { poolRename, poolSet } from "./pool-settings.ts";
import { withoutLongRows } from "./row-lengths.ts";
import { hasSameRows } from "./same-rows.ts";
import { listed } from "./sentence.ts";
import { undoEpoch } from "./undo-epoch.ts";

type Carry<Name extends CommandName> = (
  draft: OsdMap,
  command: CommandOf<Name>,
  context: CommandContext,
) => CommandResult;

const COMMANDS: { readonly [Name in CommandName]: Carry<Name> } = {
  osdNew,
  osdIn,
  osdOut,
  osdDown,
  osdReweight,
  osdPrimaryAffinity,
  osdDestroy,
  osdPurge,
  osdLost,
  osdSafeToDestroy,
  osdOkToStop,
  poolCreate,
  poolDelete,
  poolRename,
  poolSet,
  crushAddBucket,
  crushAdd,
  crushMove,
  crushLink,
  crushUnlink,
  crushRemove,
  crushRename,
  crushSwap,
  crushReweight,
  crushSetDeviceClass,
  crushRemoveDeviceClass,
  crushCreateRule,
  crushRemoveRule,
  crushTunables,
  crushSetMap,
  flagSet,
  flagUnset,
  ratiosSet,
  blocklistAdd,
  blocklistRemove,
  upmapSet,
  upmapRemove,
  upmapItemsSet,
  upmapItemsRemove,
  pgTempClear,
  undo: undoEpoch,
};

export function applyCommand(
  draft: OsdMap,
  command: Command,
  context: CommandContext,
): CommandResult {
  // The table has for each name a function that takes the command of that name.
  const carryOut = COMMANDS[command.type] as Carry<CommandName>;
  const result = carryOut(draft, command, context);
  if (result.type === "refused" || result.map === draft) return result;
  const map = withoutLongRows(result.map);
  const problems = newProblems(draft, map);
  if (problems.length > 0) return refused("INVALID", `it cannot be so: ${listed(problems)}`);
  return { ...result, map: hasSameRows(draft, map) ? draft : map };
}

/** What was wrong before is not the fault of the command, which may be one to repair it. */
function newProblems(draft: OsdMap, map: OsdMap): string[] {
  const problems = mapProblems(map);
  if (problems.length === 0) return problems;
  const before = new Set(mapProblems(draft));
  return problems.filter((problem) => !before.has(problem));
}
