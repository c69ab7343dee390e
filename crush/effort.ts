/**
 * How many tries a rule may make. Numbers of tries multiply: each try of a choose step may take all
 * the tries of a leaf, and each of those all retries within a bucket. Maps that ask for billions are
 * legal to the original, which then maps practically for ever where no device fits; so a rule has a
 * bound here. It is hundreds of times as much as any release's tunables and any manual come to.
 */
import { type CrushMap, OPCODE, type RuleStep, type Tunables } from "./types.ts";

/** In one mapping, for each replica that is asked for: a few seconds. */
export const TRY_COUNT_MAX = 2 ** 24;
/** A try looks at every item of a bucket, so that large ones make it dearer. */
export const DRAW_COUNT_MAX = 2 ** 32;

export interface EffortProblem {
  readonly message: string;
  /** The index of the step with which the rule passes the bound. */
  readonly step: number;
}

export interface EffortInput {
  readonly steps: readonly RuleStep[];
  readonly tunables: Tunables;
  /** Of the map's largest bucket. */
  readonly itemCount: number;
}

export function effortProblemOf(input: EffortInput): EffortProblem | undefined {
  const { steps, tunables, itemCount } = input;
  const meter = new Meter(tunables);
  for (const [step, line] of steps.entries()) {
    meter.add(line);
    const { tryCount } = meter;
    if (tryCount > TRY_COUNT_MAX) {
      const most = `the ${TRY_COUNT_MAX} that are allowed`;
      return { message: `up to ${tryCount} tries for a replica are more than ${most}`, step };
    }
    if (tryCount * itemCount > DRAW_COUNT_MAX) {
      const most = `the ${DRAW_COUNT_MAX} draws that are allowed`;
      const tries = `up to ${tryCount} tries for a replica in a bucket of ${itemCount} items`;
      return { message: `${tries} are more than ${most}`, step };
    }
  }
  return undefined;
}

export function largestItemCount(map: Pick<CrushMap, "buckets">): number {
  return map.buckets.reduce((most, bucket) => Math.max(most, bucket?.items.length ?? 0), 0);
}

/** Follows the settings of a rule as the mapper does. */
class Meter {
  tryCount = 0;
  readonly #descendOnce: boolean;
  #tries: number;
  #leafTries = 0;
  #localTries: number;
  #fallbackTries: number;
  /** How many buckets the next choose step works on at most. */
  #roots = 0;

  constructor(tunables: Tunables) {
    this.#tries = tunables.chooseTotalTries + 1;
    this.#localTries = tunables.chooseLocalTries;
    this.#fallbackTries = tunables.chooseLocalFallbackTries;
    this.#descendOnce = tunables.chooseleafDescendOnce !== 0;
  }

  add(step: RuleStep): void {
    const { op, arg1 } = step;
    switch (op) {
      case OPCODE.take:
        this.#roots = 1;
        return;
      case OPCODE.setChooseTries:
        if (arg1 > 0) this.#tries = arg1;
        return;
      case OPCODE.setChooseleafTries:
        if (arg1 > 0) this.#leafTries = arg1;
        return;
      case OPCODE.setChooseLocalTries:
        if (arg1 >= 0) this.#localTries = arg1;
        return;
      case OPCODE.setChooseLocalFallbackTries:
        if (arg1 >= 0) this.#fallbackTries = arg1;
        return;
      case OPCODE.chooseFirstn:
      case OPCODE.chooseleafFirstn:
        this.#choose(arg1, this.#triesOfFirstn(op === OPCODE.chooseleafFirstn));
        return;
      case OPCODE.chooseIndep:
      case OPCODE.chooseleafIndep:
        this.#choose(arg1, this.#triesOfIndep(op === OPCODE.chooseleafIndep));
        return;
    }
  }

  #triesOfFirstn(toLeaf: boolean): number {
    const local = 1 + Math.max(this.#localTries, this.#fallbackTries);
    const leafTries = this.#leafTries || (this.#descendOnce ? 1 : this.#tries);
    return this.#tries * local * (toLeaf ? leafTries * local : 1);
  }

  #triesOfIndep(toLeaf: boolean): number {
    return this.#tries * (toLeaf ? this.#leafTries || 1 : 1);
  }

  /** A count of 0 or less depends on how many replicas are asked for. */
  #choose(count: number, tries: number): void {
    const replicas = Math.max(count, 1);
    this.tryCount += this.#roots * replicas * tries;
    this.#roots = Math.min(this.#roots * replicas, ROOTS_MAX);
  }
}

/** A step works on no more buckets than replicas are asked for, and a pool has at most so many. */
const ROOTS_MAX = 255;
