/**
 * New rules for the common case: replicas below one root, no two of them in the same failure
 * domain.
 */
import { requireValidName } from "./builder.ts";
import { shadowIdOf } from "./classes.ts";
import { editMap } from "./edit.ts";
import { CrushError } from "./error.ts";
import { RULE_COUNT_MAX } from "./limits.ts";
import { idOf } from "./map-draft.ts";
import { type CrushMap, OPCODE, RULE_TYPE, type RuleStep } from "./types.ts";

export interface NewRule {
  readonly name: string;
  /** The name of a bucket below which all replicas stand. */
  readonly root: string;
  /** The name of a type, also of devices. */
  readonly failureDomain: string;
  readonly deviceClass?: string;
  readonly type: keyof typeof RULE_TYPE;
}

/** Sizes and numbers of tries are those that Ceph gives to such rules. */
const SIZES = {
  replicated: { minSize: 1, maxSize: 10 },
  erasure: { minSize: 3, maxSize: 20 },
} as const;
const ERASURE_TRIES: readonly RuleStep[] = [
  { op: OPCODE.setChooseleafTries, arg1: 5, arg2: 0 },
  { op: OPCODE.setChooseTries, arg1: 100, arg2: 0 },
];

export function addRule(map: CrushMap, rule: NewRule): CrushMap {
  const id = freeRuleId(map);
  const { name, root, failureDomain, deviceClass, type } = rule;
  requireValidName(name);
  if (idOf(map.ruleNames, name) !== undefined) {
    throw new CrushError("DUPLICATE", `a rule is already named "${name}"`);
  }
  const head = { ruleset: id, type: RULE_TYPE[type], ...SIZES[type] };
  // The compiler makes shadow trees only for maps with rules, but an edit makes them always.
  const withShadows = editMap(map, () => {});
  return editMap(withShadows, (edit) => {
    const item = edit.bucket(root).id;
    const taken =
      deviceClass === undefined ? item : shadowIdOf(withShadows, { item, className: deviceClass });
    const domain = edit.typeId(failureDomain);
    const steps: RuleStep[] = [
      ...(type === "erasure" ? ERASURE_TRIES : []),
      { op: OPCODE.take, arg1: taken, arg2: 0 },
      { op: choiceOf(type, domain), arg1: 0, arg2: domain },
      { op: OPCODE.emit, arg1: 0, arg2: 0 },
    ];
    edit.draft.addRule(id, { ...head, steps });
    edit.draft.ruleNames.set(id, name);
  });
}

export function removeRule(map: CrushMap, name: string): CrushMap {
  return editMap(map, ({ draft }) => {
    const id = idOf(draft.ruleNames, name);
    if (id === undefined) throw new CrushError("UNKNOWN", `no rule is named "${name}"`);
    draft.rules[id] = undefined;
    draft.ruleNames.delete(id);
  });
}

function freeRuleId(map: CrushMap): number {
  const gap = map.rules.indexOf(undefined);
  const id = gap < 0 ? map.rules.length : gap;
  if (id < RULE_COUNT_MAX) return id;
  throw new CrushError("LIMIT", `there are already ${RULE_COUNT_MAX} rules; remove one first`);
}

/** A rule over devices chooses them directly; any other one goes on to a device in each domain. */
function choiceOf(type: keyof typeof RULE_TYPE, domain: number): number {
  if (type === "replicated") return domain === 0 ? OPCODE.chooseFirstn : OPCODE.chooseleafFirstn;
  return domain === 0 ? OPCODE.chooseIndep : OPCODE.chooseleafIndep;
}
