/** Changes of a pool that exists: its name and its settings. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { PoolSettings } from "../../../cluster/map/pool-info.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandContext, CommandResult } from "./command-context.ts";
import { pgsPerOsd, sizeProblem } from "./pool-create.ts";
import {
  applicationProblem,
  defaultMinSize,
  nameProblem,
  type Pool,
  placedAs,
  poolNamed,
  rulesetNamed,
  withSettings,
} from "./pool-table.ts";
import { isRefusal, unconfirmed } from "./sentence.ts";

type PoolSet = CommandOf<"poolSet">;

export function poolRename(draft: OsdMap, { from, to }: CommandOf<"poolRename">): CommandResult {
  const pool = poolNamed(draft, from);
  if (isRefusal(pool)) return pool;
  if (from === to) return edit(draft, `pool "${from}" has that name already`);
  const wrong = nameProblem(draft, to);
  if (wrong !== undefined) return wrong;
  const settings = { ...pool.settings, name: to };
  return edit(withSettings(draft, pool.id, settings), `rename pool "${from}" to "${to}"`);
}

export function poolSet(
  draft: OsdMap,
  command: PoolSet,
  { settings: central }: CommandContext,
): CommandResult {
  const pool = poolNamed(draft, command.name);
  if (isRefusal(pool)) return pool;
  const given = SETTABLE.filter((field) => command[field] !== undefined);
  if (given.length === 0) {
    return refused("INVALID", `no setting is named; there are ${SETTABLE.map(nameOf).join(", ")}`);
  }
  const settings = settingsAfter(draft, pool, command);
  if (isRefusal(settings)) return settings;
  const map = withSettings(draft, pool.id, settings);
  if (settings.size > pool.settings.size && pgsPerOsd(map) > central.pgsPerOsdMax) {
    const would = `size ${settings.size} would make ${Math.ceil(pgsPerOsd(map))} PGs on each OSD`;
    return refused("INVALID", `${would}, and ${central.pgsPerOsdMax} are allowed`);
  }
  const values = given.map((field) => `${nameOf(field)} ${String(command[field])}`).join(", ");
  return isSame(settings, pool.settings)
    ? edit(draft, `pool "${command.name}" has ${values} already`)
    : edit(map, `set ${values} of pool "${command.name}"`);
}

const SETTABLE = [
  "size",
  "minSize",
  "rule",
  "application",
  "nodelete",
  "quotaBytes",
  "quotaObjects",
] as const satisfies readonly (keyof PoolSet)[];

/** As operators know them. */
function nameOf(field: (typeof SETTABLE)[number]): string {
  return field.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`);
}

function settingsAfter(draft: OsdMap, pool: Pool, command: PoolSet): PoolSettings | Refusal {
  const { settings: now } = pool;
  const { size = now.size, application = now.application, confirm } = command;
  const { nodelete = now.nodelete, quotaBytes = now.quotaBytes } = command;
  const { quotaObjects = now.quotaObjects } = command;
  const wrong =
    (size === now.size ? undefined : sizeProblem(size, confirm)) ??
    applicationProblem(application) ??
    changeOfUse(now, application, confirm);
  if (wrong !== undefined) return wrong;
  const rule =
    command.rule === undefined
      ? now.rule
      : rulesetNamed(draft.crush, command.rule, { ...placedAs(pool), size });
  if (typeof rule !== "number") return rule;
  const minSize = command.minSize ?? minSizeAfter(now, size);
  return { ...now, size, minSize, rule, application, nodelete, quotaBytes, quotaObjects };
}

/** One that was the default follows the size; another one is the operator's. */
function minSizeAfter(now: PoolSettings, size: number): number {
  if (size === now.size) return now.minSize;
  if (now.minSize === defaultMinSize(now.size)) return defaultMinSize(size);
  return Math.min(now.minSize, size);
}

function changeOfUse(
  { name, application: now }: PoolSettings,
  application: string,
  confirm: boolean,
): Refusal | undefined {
  if (now === "" || application === now || confirm) return undefined;
  return unconfirmed(`pool "${name}" is for "${now}"; what uses it may no longer find it`);
}

function isSame(left: PoolSettings, right: PoolSettings): boolean {
  return Object.entries(left).every(
    ([field, value]) => right[field as keyof PoolSettings] === value,
  );
}
