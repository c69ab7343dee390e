/** Pools of the draft by their names, and what a name and a rule of theirs may be. */
import type { PoolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { type PlacementPool, ruleIdOf } from "../../../cluster/map/pool.ts";
import {
  type PoolFacts,
  type PoolSettings,
  placementPool,
} from "../../../cluster/map/pool-info.ts";
import { idOf } from "../../../crush/map-draft.ts";
import { type CrushMap, RULE_TYPE } from "../../../crush/types.ts";
import { type Refusal, refused } from "../edit.ts";
import { instead } from "./sentence.ts";

export const POOL_NAME_LENGTH_MAX = 128;

export interface Pool {
  readonly id: PoolId;
  readonly facts: PoolFacts;
  readonly settings: PoolSettings;
}

export function poolNamed(map: OsdMap, name: string): Pool | Refusal {
  for (const [id, settings] of map.poolSettings) {
    const facts = map.pools.get(id);
    if (settings.name === name && facts !== undefined) return { id, facts, settings };
  }
  const names = [...map.poolSettings.values()].map((settings) => settings.name);
  return refused("NOT_FOUND", `there is no pool "${name}"${instead("pools", names)}`);
}

export function withSettings(map: OsdMap, id: PoolId, settings: PoolSettings): OsdMap {
  return { ...map, poolSettings: new Map(map.poolSettings).set(id, settings) };
}

/** Undefined if no pool has the name and one may have it. */
export function nameProblem(map: OsdMap, name: string): Refusal | undefined {
  if (!/^[\w.][\w.-]*$/.test(name) || name.length > POOL_NAME_LENGTH_MAX) {
    const allowed = `up to ${POOL_NAME_LENGTH_MAX} letters, digits, "-", "_" and "."`;
    return refused("INVALID", `a pool's name is ${allowed}, unlike ${JSON.stringify(name)}`);
  }
  const isTaken = [...map.poolSettings.values()].some((settings) => settings.name === name);
  return isTaken ? refused("EXISTS", `there is a pool "${name}" already`) : undefined;
}

/** Undefined if a pool may be for that; nothing is what a pool is for of which nobody said. */
export function applicationProblem(application: string): Refusal | undefined {
  if (/^[\w.-]*$/.test(application) && application.length <= POOL_NAME_LENGTH_MAX) return undefined;
  const found = JSON.stringify(application);
  return refused("INVALID", `an application is a name such as "s3", unlike ${found}`);
}

/** The ruleset by which the pool is placed by that very rule. */
export function rulesetNamed(
  crush: CrushMap,
  name: string,
  pool: Omit<PlacementPool, "rule">,
): number | Refusal {
  const id = idOf(crush.ruleNames, name);
  const rule = id === undefined ? undefined : crush.rules[id];
  if (rule === undefined) {
    const names = [...crush.ruleNames.values()];
    return refused("NOT_FOUND", `there is no CRUSH rule "${name}"${instead("rules", names)}`);
  }
  const { ruleset } = rule;
  if (ruleIdOf(crush, { ...pool, rule: ruleset }) === id) return ruleset;
  const { minSize, maxSize } = rule;
  const type =
    Object.entries(RULE_TYPE).find(([, number]) => number === rule.type)?.[0] ?? rule.type;
  return refused(
    "INVALID",
    `rule "${name}" is for ${type} pools of size ${minSize} to ${maxSize}, or another of its ` +
      `ruleset comes before it; the pool is ${pool.type} and of size ${pool.size}`,
  );
}

/** The ruleset of the first rule that fits; undefined if none does. */
export function firstRuleset(
  crush: CrushMap,
  pool: Omit<PlacementPool, "rule">,
): number | undefined {
  return crush.rules.find(
    (rule) => rule !== undefined && ruleIdOf(crush, { ...pool, rule: rule.ruleset }) !== undefined,
  )?.ruleset;
}

/** For which a rule is looked for: its settings but for the rule, which does not matter there. */
export function placedAs({ id, facts, settings }: Pool): PlacementPool {
  return placementPool(id, facts, settings);
}

/** As Ceph: a pool goes on with half of its copies and one more, or just half where that is safe. */
export function defaultMinSize(size: number): number {
  return size - Math.floor(size / 2);
}
