/** Rules of the CRUSH map: by which of its devices a pool's PGs are placed. */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { ruleIdOf } from "../../../cluster/map/pool.ts";
import { placementPool } from "../../../cluster/map/pool-info.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { CrushError } from "../../../crush/error.ts";
import { idOf } from "../../../crush/map-draft.ts";
import { addRule, type NewRule, removeRule } from "../../../crush/rule-builder.ts";
import { type CrushMap, RULE_TYPE, type Rule } from "../../../crush/types.ts";
import { edit, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { changedCrush } from "./crush-change.ts";
import { bucketNamed } from "./crush-names.ts";
import { are, instead, isRefusal, listed } from "./sentence.ts";

export function crushCreateRule(
  draft: OsdMap,
  { name, ruleType, root, failureDomain, deviceClass }: CommandOf<"crushCreateRule">,
): CommandResult {
  const { crush } = draft;
  const bucket = bucketNamed(crush, root);
  if (isRefusal(bucket)) return bucket;
  const types = [...crush.typeNames.values()];
  if (!types.includes(failureDomain)) {
    return refused("NOT_FOUND", `there is no type "${failureDomain}"${instead("types", types)}`);
  }
  const classes = [...crush.classNames.values()];
  if (deviceClass !== undefined && !classes.includes(deviceClass)) {
    const others = instead("classes", classes);
    return refused("NOT_FOUND", `no device is of class "${deviceClass}"${others}`);
  }
  const rule: NewRule = {
    name,
    type: ruleType,
    root,
    failureDomain,
    ...(deviceClass !== undefined && { deviceClass }),
  };
  const existing = idOf(crush.ruleNames, name);
  if (existing !== undefined) {
    return isLike(crush, crush.rules[existing], rule)
      ? edit(draft, `rule "${name}" is there already`)
      : refused(
          "EXISTS",
          `there is another rule "${name}" already; remove it or take another name`,
        );
  }
  const what = `create rule "${name}"`;
  return changedCrush(draft, { what, already: what, change: (map) => addRule(map, rule) });
}

export function crushRemoveRule(
  draft: OsdMap,
  { name }: CommandOf<"crushRemoveRule">,
): CommandResult {
  const { crush } = draft;
  const id = idOf(crush.ruleNames, name);
  if (id === undefined) {
    const names = [...crush.ruleNames.values()];
    return refused("NOT_FOUND", `there is no CRUSH rule "${name}"${instead("rules", names)}`);
  }
  const users = poolsOf(draft, id);
  if (users.length > 0) {
    const pools = `${users.length === 1 ? "pool" : "pools"} ${listed(users)}`;
    return refused("IN_USE", `rule "${name}" ${are(1)} that of ${pools}; give them another first`);
  }
  const what = `remove rule "${name}"`;
  return changedCrush(draft, { what, already: what, change: (map) => removeRule(map, name) });
}

/** Names of the pools that this rule places. */
function poolsOf({ crush, pools, poolSettings }: OsdMap, ruleId: number): string[] {
  return [...poolSettings].flatMap(([id, settings]) => {
    const facts = pools.get(id);
    const isPlaced =
      facts !== undefined && ruleIdOf(crush, placementPool(id, facts, settings)) === ruleId;
    return isPlaced ? [settings.name] : [];
  });
}

/** Whether the rule is what would be made now. */
function isLike(crush: CrushMap, existing: Rule | undefined, rule: NewRule): boolean {
  try {
    const made = addRule(removeRule(crush, rule.name), rule);
    const steps = made.rules[idOf(made.ruleNames, rule.name) ?? -1]?.steps;
    const isSameType = existing?.type === RULE_TYPE[rule.type];
    return isSameType && JSON.stringify(existing?.steps) === JSON.stringify(steps);
  } catch (error) {
    if (error instanceof CrushError) return false;
    throw error;
  }
}
