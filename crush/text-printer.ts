/** A map as text, byte for byte as `crushtool -d` of Ceph 16 prints it. */
import { itemWeightsOf } from "./make-bucket.ts";
import { TUNABLE_NAMES } from "./text.ts";
import { LEGACY_TUNABLES } from "./tunables.ts";
import {
  bucketOf,
  type ChooseArgs,
  type CrushBucket,
  type CrushMap,
  OPCODE,
  RULE_TYPE,
  type Rule,
  type RuleStep,
} from "./types.ts";
import { formatWeight } from "./weight.ts";

/** The map must be valid: a loop of buckets would be walked until the stack ends. */
export function printText(map: CrushMap): string {
  const printer = new TextPrinter(map);
  return printer.print();
}

/** One rule as it stands in the text; nothing if there is none. */
export function ruleLines(map: CrushMap, id: number): string[] {
  const printer = new TextPrinter(map);
  const rule = map.rules[id];
  return rule === undefined ? [] : printer.rule(id, rule);
}

const ALGORITHM_REMARKS = {
  uniform: (size: number) => `\t# do not change bucket size (${size}) unnecessarily`,
  list: () => "\t# add new items at the end; do not change order unnecessarily",
  tree: () => "\t# do not change pos for existing items unnecessarily",
  straw: () => "",
  straw2: () => "",
} as const;

const RULE_TYPE_NAMES = new Map<number, string>(
  Object.entries(RULE_TYPE).map(([name, type]) => [type, name]),
);

const CHOICE_NAMES = new Map<number, string>([
  [OPCODE.chooseFirstn, "choose firstn"],
  [OPCODE.chooseIndep, "choose indep"],
  [OPCODE.chooseleafFirstn, "chooseleaf firstn"],
  [OPCODE.chooseleafIndep, "chooseleaf indep"],
]);

const SETTING_NAMES = new Map<number, string>([
  [OPCODE.setChooseTries, "set_choose_tries"],
  [OPCODE.setChooseleafTries, "set_chooseleaf_tries"],
  [OPCODE.setChooseLocalTries, "set_choose_local_tries"],
  [OPCODE.setChooseLocalFallbackTries, "set_choose_local_fallback_tries"],
  [OPCODE.setChooseleafVaryR, "set_chooseleaf_vary_r"],
  [OPCODE.setChooseleafStable, "set_chooseleaf_stable"],
]);

/** Other names cannot be read back. Shadow buckets have such names on purpose. */
const VALID_NAME = /^[A-Za-z0-9_.-]+$/;

class TextPrinter {
  readonly #map: CrushMap;
  readonly #lines: string[] = [];
  readonly #printed = new Set<number>();
  /** What a rule says to take each shadow bucket; made when the first rule takes something. */
  #shadowTakes: ReadonlyMap<number, string> | undefined;

  constructor(map: CrushMap) {
    this.#map = map;
  }

  print(): string {
    this.#tunables();
    this.#devices();
    this.#types();
    this.#line("", "# buckets");
    for (const bucket of this.#map.buckets) if (bucket !== undefined) this.#bucket(bucket);
    this.#line("", "# rules");
    for (const [id, rule] of this.#map.rules.entries())
      if (rule !== undefined) this.#line(...this.rule(id, rule));
    if (this.#map.chooseArgs.size > 0) this.#line("", "# choose_args");
    for (const [key, args] of inKeyOrder(this.#map.chooseArgs)) this.#chooseArgs(key, args);
    this.#line("", "# end crush map", "");
    return this.#lines.join("\n");
  }

  #line(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  #tunables(): void {
    this.#line("# begin crush map");
    for (const [name, tunable] of Object.entries(TUNABLE_NAMES)) {
      const value = this.#map.tunables[tunable];
      if (value !== LEGACY_TUNABLES[tunable]) this.#line(`tunable ${name} ${value}`);
    }
  }

  #devices(): void {
    this.#line("", "# devices");
    for (const [id, name] of inKeyOrder(this.#map.itemNames)) {
      if (id < 0) continue;
      const className = this.#map.classNames.get(this.#map.itemClasses.get(id) ?? -1);
      this.#line(`device ${id} ${name}${className === undefined ? "" : ` class ${className}`}`);
    }
  }

  #types(): void {
    this.#line("", "# types");
    const names = inKeyOrder(this.#map.typeNames);
    if (!this.#map.typeNames.has(0)) this.#line("type 0 osd");
    for (const [id, name] of names) this.#line(`type ${id} ${name}`);
  }

  /** What a bucket holds is printed above it, as the compiler wants to read it. */
  #bucket(bucket: CrushBucket): void {
    const { id, type, alg, hash, weight, items } = bucket;
    const name = this.#itemName(id);
    if (this.#printed.has(id) || !VALID_NAME.test(name)) return;
    this.#printed.add(id);
    for (const item of items) {
      const child = bucketOf(this.#map, item);
      if (child !== undefined) this.#bucket(child);
    }
    this.#line(`${this.#typeName(type)} ${name} {`, `\tid ${id}${KEEP}`);
    for (const [classId, shadowId] of inKeyOrder(this.#map.classBuckets.get(id) ?? [])) {
      this.#line(`\tid ${shadowId} class ${this.#className(classId)}${KEEP}`);
    }
    this.#line(
      `\t# weight ${formatWeight(weight)}`,
      `\talg ${alg}${ALGORITHM_REMARKS[alg](items.length)}`,
      `\thash ${hash}\t# ${hash === 0 ? "rjenkins1" : "unknown"}`,
    );
    const weights = itemWeightsOf(bucket);
    for (const [index, item] of items.entries()) {
      const position = alg === "uniform" || alg === "tree" ? ` pos ${index}` : "";
      const itemWeight = formatWeight(weights[index] ?? 0);
      this.#line(`\titem ${this.#itemName(item)} weight ${itemWeight}${position}`);
    }
    this.#line("}");
  }

  rule(id: number, { ruleset, type, minSize, maxSize, steps }: Rule): string[] {
    const mismatch = `ruleset ${ruleset} != id ${id}; this will not recompile to the same map`;
    return [
      `rule ${this.#map.ruleNames.get(id) ?? ""} {`,
      `\tid ${id}`,
      ...(ruleset === id ? [] : [`\t# WARNING: ${mismatch}`]),
      `\ttype ${RULE_TYPE_NAMES.get(type) ?? type}`,
      `\tmin_size ${minSize}`,
      `\tmax_size ${maxSize}`,
      ...steps.flatMap((step) => this.#step(step)).map((step) => `\tstep ${step}`),
      "}",
    ];
  }

  /** Nothing for steps of newer releases. */
  #step({ op, arg1, arg2 }: RuleStep): string[] {
    const choice = CHOICE_NAMES.get(op);
    if (choice !== undefined) return [`${choice} ${arg1} type ${this.#typeName(arg2)}`];
    const setting = SETTING_NAMES.get(op);
    if (setting !== undefined) return [`${setting} ${arg1}`];
    if (op === OPCODE.take) return [`take ${this.#takenItem(arg1)}`];
    if (op === OPCODE.emit) return ["emit"];
    return op === OPCODE.noop ? ["noop"] : [];
  }

  #takenItem(id: number): string {
    this.#shadowTakes ??= this.#namesOfShadows();
    return this.#shadowTakes.get(id) ?? this.#itemName(id);
  }

  #namesOfShadows(): Map<number, string> {
    const names = new Map<number, string>();
    for (const [bucketId, shadows] of this.#map.classBuckets) {
      for (const [classId, shadowId] of shadows) {
        names.set(shadowId, `${this.#itemName(bucketId)} class ${this.#className(classId)}`);
      }
    }
    return names;
  }

  #chooseArgs(key: number, args: ChooseArgs): void {
    this.#line(`choose_args ${BigInt.asUintN(64, BigInt(key))} {`);
    for (const [bucketId, { weightSets, ids }] of inSlotOrder(args)) {
      if (weightSets.length === 0 && ids.length === 0) continue;
      this.#line("  {", `    bucket_id ${bucketId}`);
      if (weightSets.length > 0) {
        const rows = weightSets.map((row) => `      ${listOf(row.map(formatWeight))}`);
        this.#line("    weight_set [", ...rows, "    ]");
      }
      if (ids.length > 0) this.#line(`    ids ${listOf(ids)}`);
      this.#line("  }");
    }
    this.#line("}");
  }

  #itemName(id: number): string {
    return this.#map.itemNames.get(id) ?? (id >= 0 ? `device${id}` : `bucket${-1 - id}`);
  }

  #typeName(type: number): string {
    return this.#map.typeNames.get(type) ?? (type === 0 ? "device" : `type${type}`);
  }

  #className(classId: number): string {
    return this.#map.classNames.get(classId) ?? String(classId);
  }
}

const KEEP = "\t\t# do not change unnecessarily";

function listOf(values: readonly (string | number)[]): string {
  return ["[", ...values, "]"].join(" ");
}

/** Ascending, as the tables stand in the binary form and are printed. */
export function inKeyOrder<T>(table: Iterable<readonly [number, T]>): (readonly [number, T])[] {
  return [...table].sort(([left], [right]) => left - right);
}

/** Bucket ids in the order of their slots: -1, -2, ... */
export function inSlotOrder<T>(table: Iterable<readonly [number, T]>): (readonly [number, T])[] {
  return [...table].sort(([left], [right]) => right - left);
}
