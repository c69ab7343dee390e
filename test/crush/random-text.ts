/**
 * Random map texts that have some of everything that the text can say, written in every way in
 * which it may be written: comments, odd white space, names with dots and dashes, numbers of all
 * forms, ids given or not, classes, choose_args, rules of several takes. One generator state makes
 * one text. Some of them are wrong, and then both sides must refuse them.
 *
 * Left out is what the original does not define: trees of weight 0, classes below trees, rules that
 * emit buckets, weights that come out negative.
 */
import {
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
  randomShuffle,
} from "../../cluster/base/prng.ts";
import { CrushError } from "../../crush/error.ts";
import { compileText } from "../../crush/text.ts";
import { ALGORITHM, type Algorithm, type CrushMap } from "../../crush/types.ts";

interface Item {
  readonly name: string;
  readonly isDevice: boolean;
}

interface Drawn {
  readonly prng: Prng;
  readonly algorithms: readonly Algorithm[];
  readonly classes: readonly string[];
  /** From the lowest up; the first one is that of devices. */
  readonly types: readonly string[];
  readonly words: string[];
}

export function randomMapText(prng: Prng): string {
  const hasTrees = randomChance(prng, 0.3);
  const names = Object.keys(ALGORITHM) as Algorithm[];
  const drawn: Drawn = {
    prng,
    algorithms: randomChance(prng, 0.4)
      ? ["straw2"]
      : names.filter(
          (name) =>
            (name !== "tree" || hasTrees) && (name !== "uniform" || hasTrees || oneIn(prng, 8)),
        ),
    classes: hasTrees || oneIn(prng, 4) ? [] : ["hdd", "ssd", "nv-me.2"].slice(randomInt(prng, 3)),
    types: randomTypes(prng),
    words: [],
  };
  writeTunables(drawn);
  const devices = writeDevices(drawn);
  writeTypes(drawn);
  const buckets = writeBuckets(drawn, devices);
  writeRules(drawn, devices, buckets);
  const plain = spaced(prng, drawn.words);
  return randomChance(prng, 0.5) ? plain : withChooseArgs(prng, plain);
}

function oneIn(prng: Prng, count: number): boolean {
  return randomInt(prng, count) === 0;
}

/** Some names are words of the grammar, which they may be. */
function randomTypes(prng: Prng): string[] {
  const lowest = randomPick(prng, ["osd", "device", "d.0"]);
  return [lowest, ...["host", "chassis-1", "rack_A", "root"].slice(randomInt(prng, 3))];
}

function writeTunables({ prng, words }: Drawn): void {
  const most = {
    choose_local_tries: 3,
    choose_local_fallback_tries: 6,
    choose_total_tries: 60,
    chooseleaf_descend_once: 1,
    chooseleaf_vary_r: 5,
    chooseleaf_stable: 1,
    straw_calc_version: 1,
    allowed_bucket_algs: 62,
  };
  for (const [name, max] of Object.entries(most)) {
    if (randomChance(prng, 0.6)) words.push("tunable", name, `${randomInt(prng, max + 1)}`);
  }
}

function writeDevices({ prng, words, classes }: Drawn): Item[] {
  const ids = Array.from({ length: randomBetween(prng, 3, 40) }, (_, id) => id);
  const kept = ids.filter(() => !oneIn(prng, 8));
  return randomShuffle(prng, kept.length === 0 ? [0] : kept).map((id) => {
    const name = oneIn(prng, 6)
      ? randomPick(prng, [`${id}`, `x-${id}`, `a.${id}_B-`])
      : `osd.${id}`;
    words.push("device", `${id}`, name);
    if (classes.length > 0 && !oneIn(prng, 5)) words.push("class", randomPick(prng, classes));
    return { name, isDevice: true };
  });
}

function writeTypes({ prng, words, types }: Drawn): void {
  let id = 0;
  for (const [index, name] of types.entries()) {
    words.push("type", `${id}`, name);
    id += index === 0 || !oneIn(prng, 4) ? 1 : randomBetween(prng, 2, 9);
  }
}

/** Each level holds what the level below left; now and then an item stands in two buckets. */
function writeBuckets(drawn: Drawn, devices: readonly Item[]): string[] {
  const { prng, types } = drawn;
  const blocks: string[][] = [];
  const names: string[] = [];
  let below = devices;
  for (let level = 1; level < types.length; level += 1) {
    const rest = [...below];
    const made: Item[] = [];
    const isTop = level === types.length - 1;
    while (rest.length > 0) {
      const items = rest.splice(0, isTop ? rest.length : randomBetween(prng, 1, 8));
      const again = randomPick(prng, below);
      if (oneIn(prng, 10) && !items.includes(again)) items.push(again);
      const name = `${randomPick(prng, ["b", "n-", "x.y."])}${level}${"_".repeat(randomInt(prng, 2))}${made.length}`;
      blocks.push(bucketWords(drawn, { type: types[level] ?? "", name, items }, blocks.length));
      made.push({ name, isDevice: false });
    }
    names.push(...made.map(({ name }) => name));
    below = made;
  }
  if (oneIn(prng, 6) && blocks.length > 1) {
    const [left, right] = [randomInt(prng, blocks.length), randomInt(prng, blocks.length)];
    [blocks[left], blocks[right]] = [blocks[right] ?? [], blocks[left] ?? []];
  }
  drawn.words.push(...blocks.flat());
  return names;
}

interface Block {
  readonly type: string;
  readonly name: string;
  readonly items: readonly Item[];
}

function bucketWords(drawn: Drawn, { type, name, items }: Block, index: number): string[] {
  const { prng, algorithms, classes } = drawn;
  const alg = randomPick(prng, algorithms);
  const words = [type, name, "{"];
  if (!oneIn(prng, 4)) words.push("id", `${-1 - index - (oneIn(prng, 9) ? 20 : 0)}`);
  for (const [at, className] of classes.entries()) {
    if (oneIn(prng, 5)) words.push("id", `${-50 - index * 3 - at}`, "class", className);
  }
  words.push("alg", alg);
  if (!oneIn(prng, 4)) words.push("hash", randomPick(prng, ["0", "rjenkins1", "0", "0", "2"]));
  const shared = weightText(prng, true);
  const style = randomInt(prng, 3);
  const places = randomShuffle(prng, [...items.keys()]);
  for (const [at, item] of items.entries()) {
    words.push("item", item.name);
    const mustSay = alg === "uniform" || alg === "tree";
    const ownWeight = style === 0 || alg === "uniform" ? shared : weightText(prng, alg === "tree");
    if (mustSay || !oneIn(prng, 3)) words.push("weight", ownWeight);
    if (style === 1 && oneIn(prng, 2)) words.push("pos", `${places[at]}`);
  }
  return [...words, "}"];
}

function weightText(prng: Prng, mustBePositive: boolean): string {
  const forms = ["1", "1.000", ".5", "2.", "1e-1", "0.99999", "2.3", "7.27699", "+3.25", "99.9"];
  if (oneIn(prng, 8) && !mustBePositive) return randomPick(prng, ["0", "0.000", ".0"]);
  if (oneIn(prng, 2)) return randomPick(prng, forms);
  return (randomBetween(prng, 50, 9999) / 1000).toFixed(randomBetween(prng, 1, 5));
}

function writeRules(drawn: Drawn, devices: readonly Item[], buckets: readonly string[]): void {
  const { prng, words } = drawn;
  const ids = randomShuffle(
    prng,
    Array.from({ length: 12 }, (_, id) => id),
  );
  for (const id of ids.slice(0, randomBetween(prng, 0, 4))) {
    const min = randomBetween(prng, 1, 3);
    words.push("rule", `r-${id}.x`, "{", randomPick(prng, ["id", "ruleset"]), `${id}`);
    words.push("type", randomPick(prng, ["replicated", "erasure"]));
    words.push("min_size", `${min}`, "max_size", `${min + randomInt(prng, 6)}`);
    const takes = randomBetween(prng, 1, 3);
    for (let take = 0; take < takes; take += 1) writeTake(drawn, devices, buckets);
    words.push("}");
  }
}

const SETTINGS = {
  set_choose_tries: 60,
  set_chooseleaf_tries: 6,
  set_choose_local_tries: 3,
  set_choose_local_fallback_tries: 5,
  set_chooseleaf_vary_r: 4,
  set_chooseleaf_stable: 1,
};

function writeTake(drawn: Drawn, devices: readonly Item[], buckets: readonly string[]): void {
  const { prng, words, classes, types } = drawn;
  for (const [name, max] of Object.entries(SETTINGS)) {
    if (oneIn(prng, 5)) words.push("step", name, `${randomInt(prng, max + 1)}`);
  }
  if (oneIn(prng, 12)) {
    words.push("step", "take", randomPick(prng, devices).name, "step", "emit");
    return;
  }
  const root = oneIn(prng, 4) ? randomPick(prng, buckets) : (buckets.at(-1) ?? "");
  words.push("step", "take", root);
  if (classes.length > 0 && oneIn(prng, 2)) words.push("class", randomPick(prng, classes));
  const mode = randomPick(prng, ["firstn", "indep"]);
  const count = (): string => `${randomBetween(prng, -1, 4)}`;
  const between = types.slice(1);
  if (oneIn(prng, 3)) {
    words.push("step", "choose", mode, count(), "type", randomPick(prng, between));
  }
  if (oneIn(prng, 2)) words.push("step", "choose", mode, count(), "type", types[0] ?? "");
  else words.push("step", "chooseleaf", mode, count(), "type", randomPick(prng, types));
  words.push("step", "emit");
}

/** The ids are known only when the text without them is compiled. */
function withChooseArgs(prng: Prng, text: string): string {
  const map = compiledOrNot(text);
  if (map === undefined) return text;
  const words: string[] = [];
  for (const key of ["0", "3", "18446744073709551615"]) {
    if (!oneIn(prng, 3)) words.push("choose_args", key, "{", ...argsWords(prng, map), "}");
  }
  return `${text}${spaced(prng, words)}`;
}

function argsWords(prng: Prng, map: CrushMap): string[] {
  return map.buckets.flatMap((bucket) => {
    if (bucket === undefined || bucket.alg !== "straw2" || oneIn(prng, 3)) return [];
    const words = ["{", "bucket_id", `${bucket.id}`];
    if (!oneIn(prng, 3)) {
      const sets = Array.from({ length: randomBetween(prng, 1, 4) }, () => [
        "[",
        ...bucket.items.map(() => weightText(prng, false)),
        "]",
      ]);
      words.push("weight_set", "[", ...sets.flat(), "]");
    }
    if (oneIn(prng, 2)) {
      words.push("ids", "[", ...bucket.items.map(() => `${randomBetween(prng, -99, 99)}`), "]");
    }
    return [...words, "}"];
  });
}

export function compiledOrNot(text: string): CrushMap | undefined {
  try {
    return compileText(text);
  } catch (error) {
    if (error instanceof CrushError) return undefined;
    throw error;
  }
}

function spaced(prng: Prng, words: readonly string[]): string {
  const isPlain = oneIn(prng, 2);
  const parts = words.map((word, index) => {
    const next = words[index + 1] ?? "";
    if (!isPlain && /^[{}[\]]$/.test(next) && oneIn(prng, 2)) return word;
    if (isPlain || !oneIn(prng, 4)) return `${word}${oneIn(prng, 3) ? "\n" : " "}`;
    return `${word}${randomPick(prng, ["\t", "  \n\n", "\n# a } comment\n", " #\n", " \t "])}`;
  });
  return `${isPlain ? "" : "# begin\n\n"}${parts.join("")}\n`;
}
