/** What `crushtool --test` prints, line by line and byte for byte. */
import { type CompiledMap, compile } from "../../crush/compiled.ts";
import { hash2 } from "../../crush/hash.ts";
import { type CrushMap, chooseArgsFor, NONE, OPCODE, type Rule } from "../../crush/types.ts";

/** Both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface TestOptions {
  /** Without it, all of them. */
  readonly rules: Range | undefined;
  /** Only rules of this ruleset. */
  readonly ruleset: number | undefined;
  readonly x: Range;
  /** Without it, every size from the rule's least to its greatest. */
  readonly numRep: number | undefined;
  /** Maps x as the placement seed of this pool would be. */
  readonly poolId: number | undefined;
  readonly showMappings: boolean;
  readonly showBadMappings: boolean;
  readonly showStatistics: boolean;
  readonly showUtilization: boolean;
  /** Also devices that hold nothing, but not if both are asked for. */
  readonly showUtilizationAll: boolean;
}

/** Every line ends with a line feed. `weights` are those of `deviceWeights`. */
export function* testReport(
  map: CrushMap,
  weights: Uint32Array,
  options: TestOptions,
): Generator<string> {
  const compiled = compile(map, chooseArgsFor(map, 0));
  const { min, max } = options.rules ?? { min: 0, max: map.rules.length };
  for (let id = min; id <= Math.min(max, map.rules.length - 1); id += 1) {
    const rule = map.rules[id];
    if (rule === undefined) {
      if (showsStatistics(options)) yield `rule ${id} dne\n`;
    } else if (options.ruleset === undefined || options.ruleset === rule.ruleset) {
      yield* new RuleTest(map, compiled, weights, options, id, rule).report();
    }
  }
}

/** The line about weights that `--show-utilization-all` puts on stderr. */
export function weightsLine(weights: Uint32Array): string {
  const list = Array.from(weights, (weight) => weight.toString(16)).join(",");
  return `devices weights (hex): [${list}]\n`;
}

function showsStatistics(options: TestOptions): boolean {
  return options.showStatistics || options.showUtilization || options.showUtilizationAll;
}

class RuleTest {
  readonly #map: CrushMap;
  readonly #compiled: CompiledMap;
  readonly #weights: Uint32Array;
  readonly #options: TestOptions;
  readonly #id: number;
  readonly #rule: Rule;
  readonly #title: string;

  constructor(
    map: CrushMap,
    compiled: CompiledMap,
    weights: Uint32Array,
    options: TestOptions,
    id: number,
    rule: Rule,
  ) {
    this.#map = map;
    this.#compiled = compiled;
    this.#weights = weights;
    this.#options = options;
    this.#id = id;
    this.#rule = rule;
    this.#title = `rule ${id} (${map.ruleNames.get(id) ?? ""})`;
  }

  get #xCount(): number {
    return this.#options.x.max - this.#options.x.min + 1;
  }

  *report(): Generator<string> {
    const { x, numRep } = this.#options;
    const least = numRep ?? this.#rule.minSize;
    const greatest = numRep ?? this.#rule.maxSize;
    if (showsStatistics(this.#options)) {
      yield `${this.#title}, x = ${x.min}..${x.max}, numrep = ${least}..${greatest}\n`;
    }
    if (this.#weights.every((weight) => weight === 0)) return;
    for (let size = least; size <= greatest; size += 1) yield* this.#reportSize(size);
  }

  *#reportSize(numRep: number): Generator<string> {
    const { poolId, showMappings, showBadMappings } = this.#options;
    const counts = new Map<number, number>();
    const stored = new Uint32Array(this.#map.maxDevices);
    for (let x = this.#options.x.min; x <= this.#options.x.max; x += 1) {
      const seed = poolId === undefined ? x : hash2(x, poolId);
      const result = this.#compiled.doRule(this.#id, seed, numRep, this.#weights);
      const list = `[${result.join(",")}]`;
      if (showMappings) yield `CRUSH rule ${this.#id} x ${x} ${list}\n`;
      if (showBadMappings && (result.length !== numRep || result.includes(NONE))) {
        yield `bad mapping rule ${this.#id} x ${x} num_rep ${numRep} result ${list}\n`;
      }
      counts.set(result.length, (counts.get(result.length) ?? 0) + 1);
      for (const device of result) if (device in stored) stored[device] = (stored[device] ?? 0) + 1;
    }
    yield* this.#statistics(numRep, counts);
    yield* this.#utilization(numRep, stored);
  }

  *#statistics(numRep: number, counts: ReadonlyMap<number, number>): Generator<string> {
    if (!showsStatistics(this.#options)) return;
    const total = this.#xCount;
    for (const [size, count] of [...counts].sort(([left], [right]) => left - right)) {
      const title = `${this.#title} num_rep ${numRep} result size == ${size}`;
      yield `${title}:\t${count}/${total}\n`;
    }
  }

  *#utilization(numRep: number, stored: Uint32Array): Generator<string> {
    const { showUtilization, showUtilizationAll } = this.#options;
    if (!showUtilization && !showUtilizationAll) return;
    const replicas = Math.min(numRep, replicasMax(this.#map, this.#rule)) * this.#xCount;
    const totalWeight = Math.fround(this.#weights.reduce((sum, weight) => sum + weight, 0));
    for (const [device, count] of stored.entries()) {
      // The original computes in 32-bit floats, and prints enough digits for it to be seen.
      const share = Math.fround((this.#weights[device] ?? 0) / totalWeight);
      const expected = Math.fround(share * Math.fround(replicas));
      // Asked for both, the original shows only devices that hold something.
      if (showUtilization && (count === 0 || expected === 0)) continue;
      yield `  device ${device}:\t\t stored : ${count}\t expected : ${shortFloat(expected)}\n`;
    }
  }
}

/**
 * An estimate of the number of replicas that the rule can find: as many as there are buckets of a
 * type that it chooses, or as it chooses of them. Where a type is chosen twice the original counts
 * its buckets twice, and so its shadow buckets.
 */
function replicasMax(map: CrushMap, { steps }: Rule): number {
  const wanted = new Map<number, number>();
  const available = new Map<number, number>();
  for (const { op, arg1, arg2: type } of steps) {
    if (!CHOICES.has(op) || type === 0) continue;
    const count = map.buckets.filter((bucket) => bucket?.type === type).length;
    wanted.set(type, arg1);
    available.set(type, (available.get(type) ?? 0) + count);
  }
  let most = Math.max(map.buckets.length, map.maxDevices);
  for (const [type, count] of available) {
    const wish = wanted.get(type) ?? 0;
    const found = wish > 0 ? Math.min(wish, count) : count;
    if (found > 0) most = Math.min(most, found);
  }
  return most;
}

const CHOICES: ReadonlySet<number> = new Set([
  OPCODE.chooseFirstn,
  OPCODE.chooseIndep,
  OPCODE.chooseleafFirstn,
  OPCODE.chooseleafIndep,
]);

/** Six digits without trailing zeros and with ties to even, as `%g` in C. */
export function shortFloat(value: number): string {
  if (value === 0) return "0";
  const [mantissa = "", exponent = "0"] = sixDigits(value).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(`${mantissa}e${exponent}`));
  const digits = String(Math.abs(power)).padStart(2, "0");
  return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${digits}`;
}

const EXACT_DIGITS = 100;
/** The sixth digit is even, and what follows is exactly half of its unit. */
const EVEN_TIE = /^(\d\.\d{4}[02468])50*(e.*)$/;

/** JavaScript rounds ties up. */
function sixDigits(value: number): string {
  const [, below = "", power = ""] = EVEN_TIE.exec(value.toExponential(EXACT_DIGITS)) ?? [];
  return below === "" ? value.toExponential(5) : `${below}${power}`;
}
