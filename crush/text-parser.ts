/**
 * The grammar of the map text:
 *
 *   map         = { tunable | device | type } { bucket | rule } { choose_args }
 *   tunable     = "tunable" name number
 *   device      = "device" number name [ "class" name ]
 *   type        = "type" number name
 *   bucket      = typename name "{" { "id" negative [ "class" name ] } "alg" name
 *                 { "hash" ( integer | "rjenkins1" ) }
 *                 { "item" name [ "weight" real ] [ "pos" number ] } "}"
 *   rule        = "rule" [ name ] "{" ( "id" | "ruleset" ) number
 *                 "type" ( "replicated" | "erasure" )
 *                 "min_size" number "max_size" number step { step } "}"
 *   step        = "step" ( "take" name [ "class" name ] | "emit" | ( set_... ) number
 *                 | ( "choose" | "chooseleaf" ) ( "firstn" | "indep" ) integer "type" typename )
 *   choose_args = "choose_args" number "{" { "{" "bucket_id" negative
 *                 [ "weight_set" "[" { "[" { real } "]" } "]" ]
 *                 [ "ids" "[" { integer } "]" ] "}" } "}"
 *
 * Keywords are words of the grammar only where it expects them: a device may be named `item`, and a
 * type `rule`.
 */
import {
  BUCKET_COUNT_MAX,
  BUCKET_ID_RANGE,
  BYTE_RANGE,
  CHOOSE_ARGS_COUNT_MAX,
  CLASS_COUNT_MAX,
  COUNT_RANGE,
  DEVICE_COUNT_MAX,
  DEVICE_ID_RANGE,
  INT32_RANGE,
  POSITION_COUNT_MAX,
  RULE_COUNT_MAX,
  RULE_ID_RANGE,
  STEP_COUNT_MAX,
  TUNABLE_LINE_COUNT_MAX,
  TYPE_MAX,
  U32_MAX,
} from "./limits.ts";
import { ITEM_COUNT_MAX } from "./make-bucket.ts";
import { TextScanner, type Word } from "./text-scanner.ts";
import type {
  BucketArgsBlock,
  BucketBlock,
  BucketIdLine,
  ChooseArgsBlock,
  DeviceLine,
  ItemLine,
  NumberedName,
  RuleBlock,
  StepLine,
  TextTree,
  TunableLine,
} from "./text-tree.ts";
import { OPCODE, RULE_TYPE } from "./types.ts";

/** Throws CrushError at the first place where the text leaves the grammar. */
export function parseText(text: string): TextTree {
  const scanner = new TextScanner(text);
  const tunables = new Listing<TunableLine>(TUNABLE_LINE_COUNT_MAX, "lines about tunables");
  const devices = new Listing<DeviceLine>(DEVICE_COUNT_MAX, "devices");
  const types = new Listing<NumberedName>(TYPE_MAX + 1, "types");
  for (;;) {
    if (startsBucket(scanner)) break;
    if (scanner.maybeKeyword("tunable")) tunables.add(scanner, parseTunable);
    else if (scanner.maybeKeyword("device")) devices.add(scanner, parseDevice);
    else if (scanner.maybeKeyword("type")) types.add(scanner, parseType);
    else break;
  }
  const buckets = new Listing<BucketBlock>(BUCKET_COUNT_MAX, "buckets");
  const rules = new Listing<RuleBlock>(RULE_COUNT_MAX, "rules");
  for (;;) {
    const { at } = scanner;
    if (startsBucket(scanner)) {
      if (rules.list.length > 0) throw scanner.errors.at(at, "SYNTAX", BUCKET_AFTER_RULE);
      buckets.add(scanner, parseBucket);
    } else if (scanner.maybeKeyword("rule")) rules.add(scanner, () => parseRule(scanner, at));
    else break;
  }
  const chooseArgs = new Listing<ChooseArgsBlock>(CHOOSE_ARGS_COUNT_MAX, "sets of choose_args");
  while (scanner.maybeKeyword("choose_args")) chooseArgs.add(scanner, parseChooseArgs);
  const tree: TextTree = {
    tunables: tunables.list,
    devices: devices.list,
    types: types.list,
    buckets: buckets.list,
    rules: rules.list,
    chooseArgs: chooseArgs.list,
  };
  if (!scanner.isAtEnd) scanner.fail(whatFollows(tree));
  return tree;
}

/**
 * Ends where there is more of something than a map can hold, and not when all of an endless text
 * has been read into memory.
 */
class Listing<T> {
  readonly list: T[] = [];
  readonly #countMax: number;
  readonly #what: string;

  constructor(countMax: number, what: string) {
    this.#countMax = countMax;
    this.#what = what;
  }

  add(scanner: TextScanner, parse: (scanner: TextScanner) => T): void {
    if (this.list.length === this.#countMax) {
      const message = `there are more than ${this.#countMax} ${this.#what}`;
      throw scanner.errors.at(scanner.at, "LIMIT", message);
    }
    this.list.push(parse(scanner));
  }
}

const BUCKET_AFTER_RULE = "a bucket stands after a rule; move it above the first rule";

function whatFollows({ buckets, rules, chooseArgs }: TextTree): string {
  if (chooseArgs.length > 0) return '"choose_args" or the end';
  if (rules.length > 0) return '"rule", "choose_args" or the end';
  if (buckets.length > 0) return 'a bucket ("<type> <name> {"), "rule", "choose_args" or the end';
  return '"tunable", "device", "type", a bucket ("<type> <name> {") or "rule"';
}

const NAME = /^[A-Za-z0-9_.-]+/;
const BLOCK_START = [NAME, NAME, /^\{/];
const KEYWORD = /^(?:tunable|device|type|rule|choose_args)(?![A-Za-z0-9_.-])/;

/**
 * A type may have the name of a keyword; what tells its buckets from such a line is how they go on.
 */
function startsBucket(scanner: TextScanner): boolean {
  if (!scanner.looksLike(...BLOCK_START)) return false;
  return (
    !scanner.looksLike(KEYWORD) ||
    scanner.looksLike(...BLOCK_START, /^alg/) ||
    scanner.looksLike(...BLOCK_START, /^id/, /^-/)
  );
}

function parseTunable(scanner: TextScanner): TunableLine {
  const name = scanner.name("the name of a tunable");
  return { name, value: scanner.integer(`tunable ${name.text}`, { min: 0, max: U32_MAX }) };
}

function parseDevice(scanner: TextScanner): DeviceLine {
  const id = scanner.integer("the id of a device", DEVICE_ID_RANGE);
  const name = scanner.name("the name of a device");
  return { id, name, deviceClass: parseClass(scanner) };
}

function parseClass(scanner: TextScanner): Word | undefined {
  return scanner.maybeKeyword("class") ? scanner.name("the name of a device class") : undefined;
}

function parseType(scanner: TextScanner): NumberedName {
  const id = scanner.integer("the number of a type", { min: 0, max: TYPE_MAX });
  return { id, name: scanner.name("the name of a type") };
}

function parseBucket(scanner: TextScanner): BucketBlock {
  const type = scanner.name("a bucket's type");
  const name = scanner.name("a bucket's name");
  scanner.mark("{");
  const ids = new Listing<BucketIdLine>(1 + CLASS_COUNT_MAX, "ids of a bucket");
  while (scanner.maybeKeyword("id")) ids.add(scanner, parseBucketId);
  if (!scanner.maybeKeyword("alg")) scanner.fail('"id" or "alg"');
  const alg = scanner.name("an algorithm");
  let hash = 0;
  while (scanner.maybeKeyword("hash")) hash = parseHash(scanner);
  const items = new Listing<ItemLine>(ITEM_COUNT_MAX, "items in a bucket");
  while (scanner.maybeKeyword("item")) items.add(scanner, parseItem);
  if (!scanner.maybeMark("}"))
    scanner.fail(items.list.length > 0 ? '"item" or "}"' : '"hash", "item" or "}"');
  return { type, name, ids: ids.list, alg, hash, items: items.list };
}

function parseBucketId(scanner: TextScanner): BucketIdLine {
  const id = scanner.integer("a bucket's id", BUCKET_ID_RANGE);
  return { id, deviceClass: parseClass(scanner) };
}

function parseHash(scanner: TextScanner): number {
  if (scanner.maybeKeyword("rjenkins1")) return 0;
  return scanner.integer('the number of a hash (0, or "rjenkins1")', BYTE_RANGE).value;
}

function parseItem(scanner: TextScanner): ItemLine {
  const name = scanner.name("the name of an item");
  const weight = scanner.maybeKeyword("weight") ? scanner.real("a weight") : undefined;
  const position = scanner.maybeKeyword("pos")
    ? scanner.integer("the position of an item", COUNT_RANGE)
    : undefined;
  return { name, weight, position };
}

function parseRule(scanner: TextScanner, at: number): RuleBlock {
  const name = scanner.maybeName();
  scanner.mark("{");
  scanner.keyword("id", "ruleset");
  const id = scanner.integer("the id of a rule", RULE_ID_RANGE);
  scanner.keyword("type");
  const type = scanner.keyword("replicated", "erasure") as keyof typeof RULE_TYPE;
  scanner.keyword("min_size");
  const minSize = scanner.integer("min_size", BYTE_RANGE).value;
  scanner.keyword("max_size");
  const maxSize = scanner.integer("max_size", BYTE_RANGE).value;
  const steps = new Listing<StepLine>(STEP_COUNT_MAX, "steps in a rule");
  do {
    scanner.keyword("step");
    steps.add(scanner, parseStep);
  } while (!scanner.maybeMark("}"));
  return { at, name, id, type: RULE_TYPE[type], minSize, maxSize, steps: steps.list };
}

const SETTINGS: Readonly<Record<string, number>> = {
  set_choose_tries: OPCODE.setChooseTries,
  set_choose_local_tries: OPCODE.setChooseLocalTries,
  set_choose_local_fallback_tries: OPCODE.setChooseLocalFallbackTries,
  set_chooseleaf_tries: OPCODE.setChooseleafTries,
  set_chooseleaf_vary_r: OPCODE.setChooseleafVaryR,
  set_chooseleaf_stable: OPCODE.setChooseleafStable,
};

const CHOICES: Readonly<Record<string, number>> = {
  "choose firstn": OPCODE.chooseFirstn,
  "choose indep": OPCODE.chooseIndep,
  "chooseleaf firstn": OPCODE.chooseleafFirstn,
  "chooseleaf indep": OPCODE.chooseleafIndep,
};

function parseStep(scanner: TextScanner): StepLine {
  const { at } = scanner;
  const word = scanner.keyword("take", "choose", "chooseleaf", "emit", ...Object.keys(SETTINGS));
  switch (word) {
    case "take": {
      const item = scanner.name("the name of a device or bucket");
      return { kind: "take", item, deviceClass: parseClass(scanner) };
    }
    case "emit":
      return { kind: "plain", op: OPCODE.emit, argument: 0 };
    case "choose":
    case "chooseleaf": {
      const op = CHOICES[`${word} ${scanner.keyword("firstn", "indep")}`] ?? OPCODE.noop;
      const count = scanner.integer("the number of items", INT32_RANGE).value;
      scanner.keyword("type");
      return { kind: "choose", at, op, count, type: scanner.name("the name of a type") };
    }
    default: {
      const argument = scanner.integer(word, COUNT_RANGE).value;
      return { kind: "plain", op: SETTINGS[word] ?? OPCODE.noop, argument };
    }
  }
}

function parseChooseArgs(scanner: TextScanner): ChooseArgsBlock {
  const key = scanner.digits("the id of a pool");
  scanner.mark("{");
  const buckets = new Listing<BucketArgsBlock>(2 * BUCKET_COUNT_MAX, "blocks in a set");
  while (scanner.maybeMark("{")) buckets.add(scanner, parseBucketArgs);
  if (!scanner.maybeMark("}")) scanner.fail('"{" or "}"');
  return { key, buckets: buckets.list };
}

function parseBucketArgs(scanner: TextScanner): BucketArgsBlock {
  scanner.keyword("bucket_id");
  const bucketId = scanner.integer("a bucket's id", BUCKET_ID_RANGE);
  const weightSets = scanner.maybeKeyword("weight_set")
    ? parseList(scanner, { countMax: POSITION_COUNT_MAX, what: '"["' }, maybeWeights)
    : [];
  const ids = scanner.maybeKeyword("ids")
    ? parseList(
        scanner,
        { countMax: ITEM_COUNT_MAX, what: "an id" },
        () => scanner.maybeInteger("an id", INT32_RANGE)?.value,
      )
    : undefined;
  scanner.mark("}");
  return { bucketId, weightSets, ids };
}

function maybeWeights(scanner: TextScanner): readonly Word[] | undefined {
  if (!scanner.looksLike(/^\[/)) return undefined;
  const content = { countMax: ITEM_COUNT_MAX, what: "a weight" };
  return parseList(scanner, content, () => scanner.maybeReal());
}

interface ListContent {
  readonly countMax: number;
  readonly what: string;
}

function parseList<T>(
  scanner: TextScanner,
  { countMax, what }: ListContent,
  maybeItem: (scanner: TextScanner) => T | undefined,
): readonly T[] {
  scanner.mark("[");
  const content = new Listing<T>(countMax, "entries in a list");
  while (!scanner.maybeMark("]")) {
    content.add(scanner, () => maybeItem(scanner) ?? scanner.fail(`${what} or "]"`));
  }
  return content.list;
}
