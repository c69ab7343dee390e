/**
 * A rule as the SIMD kernel executes it: its steps in a row of words, each with all the settings
 * that hold for it, so that the kernel needs to know neither tunables nor `set_` steps.
 */
import { NO_ITEM } from "./choose.ts";
import { type CrushMap, OPCODE, type RuleStep } from "./types.ts";

/** The first word of a step; then come argument, replicas, tries, leafTries, varyR, stable. */
const KIND = { take: 0, emit: 1, firstn: 2, indep: 3, end: 4 } as const;

interface Settings {
  tries: number;
  /** 0 while the rule has not set it. */
  leafTries: number;
  localTries: number;
  fallbackTries: number;
  varyR: number;
  stable: number;
}

/** Undefined if the rule retries within a bucket, which the kernel leaves to the scalar form. */
export function simdProgram(
  map: CrushMap,
  ruleId: number,
  resultMax: number,
  typeOf: (item: number) => number,
): Int32Array | undefined {
  const { tunables, rules } = map;
  const settings: Settings = {
    tries: tunables.chooseTotalTries + 1,
    leafTries: 0,
    localTries: tunables.chooseLocalTries,
    fallbackTries: tunables.chooseLocalFallbackTries,
    varyR: tunables.chooseleafVaryR,
    stable: tunables.chooseleafStable,
  };
  const words: number[] = [];
  for (const step of rules[ruleId]?.steps ?? []) {
    const { op, arg1 } = step;
    if (op === OPCODE.take) {
      if (typeOf(arg1) !== NO_ITEM) words.push(KIND.take, arg1, 0, 0, 0, 0, 0);
    } else if (op === OPCODE.emit) {
      words.push(KIND.emit, 0, 0, 0, 0, 0, 0);
    } else if (isChoice(op)) {
      if (settings.localTries > 0 || settings.fallbackTries > 0) return undefined;
      words.push(...choice(step, settings, resultMax, tunables.chooseleafDescendOnce));
    } else {
      set(settings, step);
    }
  }
  words.push(KIND.end, 0, 0, 0, 0, 0, 0);
  return Int32Array.from(words);
}

function isChoice(op: number): boolean {
  return (
    op === OPCODE.chooseFirstn ||
    op === OPCODE.chooseIndep ||
    op === OPCODE.chooseleafFirstn ||
    op === OPCODE.chooseleafIndep
  );
}

function choice(
  { op, arg1, arg2 }: RuleStep,
  settings: Settings,
  resultMax: number,
  descendOnce: number,
): number[] {
  const { tries, varyR, stable } = settings;
  const firstn = op === OPCODE.chooseFirstn || op === OPCODE.chooseleafFirstn;
  const toLeaf = op === OPCODE.chooseleafFirstn || op === OPCODE.chooseleafIndep;
  const triesIfUnset = firstn && descendOnce === 0 ? tries : 1;
  const leafTries = settings.leafTries > 0 ? settings.leafTries : triesIfUnset;
  const replicas = arg1 > 0 ? arg1 : arg1 + resultMax;
  return [
    firstn ? KIND.firstn : KIND.indep,
    arg2,
    replicas,
    tries,
    toLeaf ? leafTries : 0,
    varyR,
    stable,
  ];
}

function set(settings: Settings, { op, arg1 }: RuleStep): void {
  switch (op) {
    case OPCODE.setChooseTries:
      if (arg1 > 0) settings.tries = arg1;
      return;
    case OPCODE.setChooseleafTries:
      if (arg1 > 0) settings.leafTries = arg1;
      return;
    case OPCODE.setChooseLocalTries:
      if (arg1 >= 0) settings.localTries = arg1;
      return;
    case OPCODE.setChooseLocalFallbackTries:
      if (arg1 >= 0) settings.fallbackTries = arg1;
      return;
    case OPCODE.setChooseleafVaryR:
      if (arg1 >= 0) settings.varyR = arg1;
      return;
    case OPCODE.setChooseleafStable:
      if (arg1 >= 0) settings.stable = arg1;
      return;
  }
}
