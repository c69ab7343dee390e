/** Rules: short programs that take a bucket, choose items below it and emit them. */
import { chooseByPermutation, chooseItem } from "./bucket.ts";
import {
  chooseFirstn,
  chooseIndep,
  type Hierarchy,
  type Level,
  NO_ITEM,
  type Search,
} from "./choose.ts";
import {
  bucketOf,
  type ChooseArgs,
  type CrushBucket,
  type CrushMap,
  OPCODE,
  type RuleStep,
} from "./types.ts";

/**
 * The ids that the rule emits for x, at most `resultMax`; nothing if there is no such rule.
 * `deviceWeights` has by device id the share of its data (16.16) that each device takes; devices
 * beyond its end take none. The map must be valid: a loop of buckets would be walked forever.
 */
export function doRule(
  map: CrushMap,
  ruleId: number,
  x: number,
  resultMax: number,
  deviceWeights: ArrayLike<number>,
  chooseArgs?: ChooseArgs,
): number[] {
  const machine = new RuleMachine(map, plainHierarchy(map, chooseArgs));
  return machine.run(ruleId, x, resultMax, deviceWeights);
}

function plainHierarchy(map: CrushMap, chooseArgs: ChooseArgs | undefined): Hierarchy {
  const bucket = (id: number) => bucketOf(map, id) as CrushBucket;
  return {
    typeOf(item) {
      if (item >= 0) return item < map.maxDevices ? 0 : NO_ITEM;
      return bucketOf(map, item)?.type ?? NO_ITEM;
    },
    sizeOf: (id) => bucket(id).items.length,
    isUniform: (id) => bucket(id).alg === "uniform",
    choose: (id, x, r, place) => chooseItem(bucket(id), x, r, chooseArgs?.get(id), place),
    permute: (id, x, r) => chooseByPermutation(bucket(id), x, r),
  };
}

/** Executes a map's rules over any form of its hierarchy, and keeps its lists between runs. */
export class RuleMachine {
  readonly #map: CrushMap;
  readonly #search: Search;
  #working: Int32Array = new Int32Array(0);
  #workingSize = 0;
  readonly #level = emptyLevel();
  readonly #leaf = emptyLevel();
  #tries = 0;
  /** 0 while the rule has not set it. */
  #leafTries = 0;

  constructor(map: CrushMap, hierarchy: Hierarchy) {
    this.#map = map;
    this.#search = {
      hierarchy,
      x: 0,
      deviceWeights: [],
      localTries: 0,
      fallbackTries: 0,
      varyR: 0,
      stable: false,
    };
  }

  run(ruleId: number, x: number, resultMax: number, deviceWeights: ArrayLike<number>): number[] {
    const result = new Int32Array(Math.max(resultMax, 0));
    const count = this.runInto(ruleId, x, resultMax, deviceWeights, result, 0);
    return [...result.subarray(0, count)];
  }

  /** Writes the ids to `result` from index `at` and returns their number. */
  runInto(
    ruleId: number,
    x: number,
    resultMax: number,
    deviceWeights: ArrayLike<number>,
    result: Int32Array,
    at: number,
  ): number {
    const rule = this.#map.rules[ruleId];
    if (rule === undefined || resultMax <= 0) return 0;
    this.#reset(x, resultMax, deviceWeights);
    let count = 0;
    for (const step of rule.steps) {
      if (step.op !== OPCODE.emit) {
        this.#execute(step, resultMax);
        continue;
      }
      const room = Math.min(this.#workingSize, resultMax - count);
      for (let i = 0; i < room; i++) result[at + count++] = this.#working[i] as number;
      this.#workingSize = 0;
    }
    return count;
  }

  #reset(x: number, resultMax: number, deviceWeights: ArrayLike<number>): void {
    const { tunables } = this.#map;
    this.#search.x = x;
    this.#search.deviceWeights = deviceWeights;
    this.#search.localTries = tunables.chooseLocalTries;
    this.#search.fallbackTries = tunables.chooseLocalFallbackTries;
    this.#search.varyR = tunables.chooseleafVaryR;
    this.#search.stable = tunables.chooseleafStable !== 0;
    // The tunable counts retries, the step that overrides it counts tries.
    this.#tries = tunables.chooseTotalTries + 1;
    this.#leafTries = 0;
    this.#workingSize = 0;
    if (this.#working.length < resultMax) {
      this.#working = new Int32Array(resultMax);
      this.#level.out = new Int32Array(resultMax);
      this.#leaf.out = new Int32Array(resultMax);
    }
  }

  #execute(step: RuleStep, resultMax: number): void {
    const { op, arg1 } = step;
    const search = this.#search;
    switch (op) {
      case OPCODE.take:
        if (search.hierarchy.typeOf(arg1) === NO_ITEM) return;
        this.#working[0] = arg1;
        this.#workingSize = 1;
        return;
      case OPCODE.chooseFirstn:
      case OPCODE.chooseIndep:
      case OPCODE.chooseleafFirstn:
      case OPCODE.chooseleafIndep:
        this.#choose(step, resultMax);
        return;
      case OPCODE.setChooseTries:
        if (arg1 > 0) this.#tries = arg1;
        return;
      case OPCODE.setChooseleafTries:
        if (arg1 > 0) this.#leafTries = arg1;
        return;
      case OPCODE.setChooseLocalTries:
        if (arg1 >= 0) search.localTries = arg1;
        return;
      case OPCODE.setChooseLocalFallbackTries:
        if (arg1 >= 0) search.fallbackTries = arg1;
        return;
      case OPCODE.setChooseleafVaryR:
        if (arg1 >= 0) search.varyR = arg1;
        return;
      case OPCODE.setChooseleafStable:
        if (arg1 >= 0) search.stable = arg1 !== 0;
        return;
    }
  }

  /** Replaces each bucket worked on by what is chosen below it; the rest is dropped. */
  #choose(step: RuleStep, resultMax: number): void {
    const { op, arg1, arg2 } = step;
    const firstn = op === OPCODE.chooseFirstn || op === OPCODE.chooseleafFirstn;
    const toLeaf = op === OPCODE.chooseleafFirstn || op === OPCODE.chooseleafIndep;
    const replicas = arg1 > 0 ? arg1 : arg1 + resultMax;
    const [level, leaf] = [this.#level, this.#leaf];
    level.type = arg2;
    level.tries = this.#tries;
    level.replicas = replicas;
    level.leaf = toLeaf ? leaf : undefined;
    leaf.tries = this.#triesOfLeaf(firstn);
    let filled = 0;
    for (let i = 0; i < this.#workingSize && replicas > 0; i++) {
      const root = this.#working[i] as number;
      if (this.#search.hierarchy.typeOf(root) <= 0) continue;
      level.start = filled;
      leaf.start = filled;
      level.from = 0;
      level.end = Math.min(replicas, resultMax - filled);
      filled += firstn
        ? chooseFirstn(this.#search, level, root)
        : chooseIndep(this.#search, level, root, 0);
    }
    const chosen = toLeaf ? leaf : level;
    const spare = this.#working;
    this.#working = chosen.out;
    chosen.out = spare;
    this.#workingSize = filled;
  }

  #triesOfLeaf(firstn: boolean): number {
    if (this.#leafTries > 0) return this.#leafTries;
    return firstn && this.#map.tunables.chooseleafDescendOnce === 0 ? this.#tries : 1;
  }
}

function emptyLevel(): Level {
  return {
    type: 0,
    tries: 0,
    out: new Int32Array(0),
    start: 0,
    from: 0,
    end: 0,
    replicas: 0,
    leaf: undefined,
  };
}
