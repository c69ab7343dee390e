/**
 * The map text and what it means: the form in which people write maps, as `crushtool -c` reads it.
 */
import { growShadowTrees, shadowIdOf } from "./classes.ts";
import { effortProblemOf, largestItemCount } from "./effort.ts";
import { MapDraft } from "./map-draft.ts";
import { defineBuckets, type TextNames } from "./text-buckets.ts";
import { TextErrors } from "./text-errors.ts";
import { parseText } from "./text-parser.ts";
import type {
  BucketArgsBlock,
  ChooseArgsBlock,
  DeviceLine,
  NumberedName,
  RuleBlock,
  StepLine,
  TextTree,
  TunableLine,
} from "./text-tree.ts";
import {
  type BucketArgs,
  bucketOf,
  type CrushMap,
  OPCODE,
  type RuleStep,
  type Tunables,
} from "./types.ts";
import { parseWeight } from "./weight.ts";

/** Throws CrushError with the line and column of the first thing that is wrong. */
export function compileText(text: string): CrushMap {
  const tree = parseText(text);
  const compiler = new TextCompiler(new TextErrors(text));
  return compiler.compile(tree);
}

/** The tunables by their names in a text, in the order in which they are printed. */
export const TUNABLE_NAMES = {
  choose_local_tries: "chooseLocalTries",
  choose_local_fallback_tries: "chooseLocalFallbackTries",
  choose_total_tries: "chooseTotalTries",
  chooseleaf_descend_once: "chooseleafDescendOnce",
  chooseleaf_vary_r: "chooseleafVaryR",
  chooseleaf_stable: "chooseleafStable",
  straw_calc_version: "strawCalcVersion",
  allowed_bucket_algs: "allowedBucketAlgs",
} as const satisfies Record<string, keyof Tunables>;

/** Of these the lowest byte is kept. */
const BYTE_TUNABLES: ReadonlySet<keyof Tunables> = new Set([
  "chooseleafVaryR",
  "chooseleafStable",
  "strawCalcVersion",
]);

class TextCompiler {
  readonly #errors: TextErrors;
  readonly #draft = new MapDraft();
  readonly #items = new Map<string, number>();
  readonly #types = new Map<string, number>();
  readonly #ruleNames = new Set<string>();
  /** Of the largest bucket; rules stand behind all of them. */
  #itemCount: number | undefined;

  constructor(errors: TextErrors) {
    this.#errors = errors;
  }

  compile(tree: TextTree): CrushMap {
    for (const line of tree.tunables) this.#tunable(line);
    for (const line of tree.devices) this.#device(line);
    for (const line of tree.types) this.#type(line);
    const names: TextNames = { items: this.#items, types: this.#types };
    const shadowIds = defineBuckets(this.#draft, tree.buckets, names, this.#errors);
    const [firstRule] = tree.rules;
    if (firstRule !== undefined) {
      this.#errors.locate(firstRule.at, () => growShadowTrees(this.#draft, shadowIds));
    }
    for (const block of tree.rules) this.#rule(block);
    for (const block of tree.chooseArgs) this.#chooseArgs(block);
    return this.#draft.finish();
  }

  #tunable({ name, value }: TunableLine): void {
    const known: Readonly<Record<string, keyof Tunables>> = TUNABLE_NAMES;
    const tunable = Object.hasOwn(known, name.text) ? known[name.text] : undefined;
    if (tunable === undefined) {
      const all = Object.keys(TUNABLE_NAMES).join(", ");
      const message = `no tunable is named "${name.text}"; there are ${all}`;
      throw this.#errors.at(name.at, "UNKNOWN", message);
    }
    let kept = value.value;
    if (BYTE_TUNABLES.has(tunable)) kept &= 0xff;
    if (tunable === "chooseleafDescendOnce") kept = kept === 0 ? 0 : 1;
    this.#draft.tunables = { ...this.#draft.tunables, [tunable]: kept };
  }

  #device({ id, name, deviceClass }: DeviceLine): void {
    if (this.#draft.itemNames.has(id.value)) {
      throw this.#errors.at(id.at, "DUPLICATE", `device ${id.value} is already defined`);
    }
    if (this.#items.has(name.text)) {
      throw this.#errors.at(name.at, "DUPLICATE", `a device is already named "${name.text}"`);
    }
    this.#draft.itemNames.set(id.value, name.text);
    this.#items.set(name.text, id.value);
    if (deviceClass === undefined) return;
    const classId = this.#errors.locate(deviceClass.at, () =>
      this.#draft.classIdOf(deviceClass.text),
    );
    this.#draft.itemClasses.set(id.value, classId);
  }

  #type({ id, name }: NumberedName): void {
    if (this.#draft.typeNames.has(id.value)) {
      throw this.#errors.at(id.at, "DUPLICATE", `type ${id.value} is already defined`);
    }
    if (this.#types.has(name.text)) {
      throw this.#errors.at(name.at, "DUPLICATE", `a type is already named "${name.text}"`);
    }
    this.#draft.typeNames.set(id.value, name.text);
    this.#types.set(name.text, id.value);
  }

  #rule({ id, name, type, minSize, maxSize, steps: lines }: RuleBlock): void {
    if (this.#draft.rules[id.value] !== undefined) {
      throw this.#errors.at(id.at, "DUPLICATE", `rule ${id.value} is already defined`);
    }
    if (name !== undefined) {
      if (this.#ruleNames.has(name.text)) {
        throw this.#errors.at(name.at, "DUPLICATE", `a rule is already named "${name.text}"`);
      }
      this.#ruleNames.add(name.text);
      this.#draft.ruleNames.set(id.value, name.text);
    }
    const steps = lines.map((line) => this.#step(line));
    this.#requireEffort(lines, steps);
    this.#draft.addRule(id.value, { ruleset: id.value, type, minSize, maxSize, steps });
  }

  #requireEffort(lines: readonly StepLine[], steps: readonly RuleStep[]): void {
    const { tunables } = this.#draft;
    this.#itemCount ??= largestItemCount(this.#draft);
    const problem = effortProblemOf({ steps, tunables, itemCount: this.#itemCount });
    if (problem === undefined) return;
    const line = lines[problem.step];
    // Only choose steps try.
    const at = line?.kind === "choose" ? line.at : 0;
    throw this.#errors.at(at, "LIMIT", problem.message);
  }

  #step(line: StepLine): RuleStep {
    switch (line.kind) {
      case "take":
        return { op: OPCODE.take, arg1: this.#takenItem(line), arg2: 0 };
      case "choose": {
        const type = this.#types.get(line.type.text);
        if (type === undefined) {
          throw this.#errors.at(line.type.at, "UNKNOWN", `no type is named "${line.type.text}"`);
        }
        return { op: line.op, arg1: line.count, arg2: type };
      }
      case "plain":
        return { op: line.op, arg1: line.argument, arg2: 0 };
    }
  }

  #takenItem({ item, deviceClass }: StepLine & { kind: "take" }): number {
    const id = this.#items.get(item.text);
    if (id === undefined) {
      throw this.#errors.at(item.at, "UNKNOWN", `no device or bucket is named "${item.text}"`);
    }
    if (deviceClass === undefined) return id;
    const { at, text: className } = deviceClass;
    return this.#errors.locate(at, () => shadowIdOf(this.#draft, { item: id, className }));
  }

  #chooseArgs({ key, buckets }: ChooseArgsBlock): void {
    const id = chooseArgsKey(key.text);
    if (this.#draft.chooseArgs.has(id)) {
      throw this.#errors.at(key.at, "DUPLICATE", `choose_args ${key.text} is already defined`);
    }
    const args = new Map<number, BucketArgs>();
    for (const block of buckets) {
      const previous = args.get(block.bucketId.value) ?? NO_ARGS;
      args.set(block.bucketId.value, { ...previous, ...this.#bucketArgs(block) });
    }
    this.#draft.chooseArgs.set(id, args);
  }

  /**
   * What the block gives; a bucket may have one block for its weights and another one for its ids.
   */
  #bucketArgs({ bucketId, weightSets, ids }: BucketArgsBlock): Partial<BucketArgs> {
    const bucket = bucketOf(this.#draft, bucketId.value);
    if (bucket === undefined) {
      throw this.#errors.at(bucketId.at, "UNKNOWN", `there is no bucket ${bucketId.value}`);
    }
    const size = bucket.items.length;
    const lists = ids === undefined ? weightSets : [...weightSets, ids];
    if (lists.some(({ length }) => length !== size)) {
      const message = `bucket ${bucketId.value} has ${size} items; give a weight or id for each`;
      throw this.#errors.at(bucketId.at, "LIMIT", message);
    }
    const weights = weightSets.map((words) =>
      words.map(({ at, text }) => this.#errors.locate(at, () => parseWeight(text, "bucket"))),
    );
    return { ...(weights.length > 0 && { weightSets: weights }), ...(ids && { ids }) };
  }
}

const NO_ARGS: BucketArgs = { weightSets: [], ids: [] };

/**
 * Keys are 64 bits wide and the original keeps 32 of them, so that the default set is 2^64 - 1 in a
 * text.
 */
function chooseArgsKey(digits: string): number {
  const key = BigInt(digits);
  const most = 2n ** 63n - 1n;
  return Number(BigInt.asIntN(32, key > most ? most : key));
}
