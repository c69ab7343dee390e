/**
 * The binary map, as Ceph stores it and sends it.
 *
 *   u32 magic   s32 slots   u32 rules   s32 max_devices
 *   per slot    u32 alg (0: empty)
 *               s32 id  u16 type  u8 alg  u8 hash  u32 weight  u32 size  s32 items[size]
 *               uniform: u32 weight
 *               list:    (u32 weight, u32 sum)[size]
 *               tree:    u8 count  u32 nodes[count]
 *               straw:   (u32 weight, u32 straw)[size]
 *               straw2:  u32 weight[size]
 *   per rule    u32 exists (0: nothing follows)
 *               u32 count  u8 ruleset  u8 type  u8 min_size  u8 max_size
 *               (u32 op, s32 arg1, s32 arg2)[count]
 *   names       of types, items and rules: tables of s32 and text
 *   tunables    in groups, as releases added them
 *   classes     class of items: table of s32 · names: table of text · shadows: table of tables
 *   choose_args u32 count, per set
 *               s64 key  u32 count, per bucket
 *               u32 slot  u32 count  (u32 size  u32 weight[size])[count]  u32 size  s32 ids[size]
 *
 * A file of an older release ends after any group of tunables, or after the classes; what is
 * missing has the value that it had then. Newer releases append two more tunables, for rules that
 * this mapper does not run; they are read over.
 */
import { bucketForm } from "./binary-bucket.ts";
import {
  ByteReader,
  ByteWriter,
  type Form,
  list,
  nameAfterKey,
  record,
  row,
  s32,
  s64,
  table,
  text,
  u8,
  u32,
} from "./binary-form.ts";
import {
  BUCKET_COUNT_MAX,
  CHOOSE_ARGS_COUNT_MAX,
  POSITION_COUNT_MAX,
  RULE_COUNT_MAX,
  STEP_COUNT_MAX,
} from "./limits.ts";
import { ITEM_COUNT_MAX } from "./make-bucket.ts";
import { MapDraft } from "./map-draft.ts";
import {
  type BucketArgs,
  type ChooseArgs,
  type CrushMap,
  type Rule,
  type RuleStep,
  slotOf,
  type Tunables,
} from "./types.ts";
import { problemOf } from "./validate.ts";

const MAGIC = 0x00010000;

/** msr_descents and msr_collision_tries. */
const NEWER_TUNABLES_SIZE = 8;

const ruleHead = record<Omit<Rule, "steps">>({ ruleset: u8, type: u8, minSize: u8, maxSize: u8 });
const ruleStep = record<RuleStep>({ op: u32, arg1: s32, arg2: s32 });

/** The number of steps stands before the head, and the steps behind it. */
export const ruleForm: Form<Rule | undefined> = {
  read(input) {
    if (u32.read(input) === 0) return undefined;
    const count = u32.read(input);
    const head = ruleHead.read(input);
    input.requireRoom(count, 12, STEP_COUNT_MAX);
    return { ...head, steps: row(ruleStep, count).read(input) };
  },
  write(output, rule) {
    u32.write(output, rule === undefined ? 0 : 1);
    if (rule === undefined) return;
    u32.write(output, rule.steps.length);
    ruleHead.write(output, rule);
    row(ruleStep, rule.steps.length).write(output, rule.steps);
  },
};

const names = table(s32, nameAfterKey);
const classNames = table(s32, text);
const itemClasses = table(s32, s32);
const classBuckets = table(s32, table(s32, s32));

interface SlotArgs extends BucketArgs {
  readonly slot: number;
}

interface ChooseArgsSet {
  readonly key: number;
  readonly buckets: readonly SlotArgs[];
}

const weightSet = list(u32, u32, { sizeMin: 4, countMax: ITEM_COUNT_MAX });
const args = {
  weightSets: list(u32, weightSet, { sizeMin: 4, countMax: POSITION_COUNT_MAX }),
  ids: list(u32, s32, { sizeMin: 4, countMax: ITEM_COUNT_MAX }),
};
export const bucketArgsForm: Form<BucketArgs> = record<BucketArgs>(args);
const slotArgs = record<SlotArgs>({ slot: u32, ...args });
const chooseArgsSets = list<ChooseArgsSet>(
  u32,
  record({
    key: s64,
    buckets: list(u32, slotArgs, { sizeMin: 12, countMax: BUCKET_COUNT_MAX }),
  }),
  { sizeMin: 12, countMax: CHOOSE_ARGS_COUNT_MAX },
);

/** Each group came with one release: a file has all groups up to one of them. */
const TUNABLE_GROUPS: readonly (readonly [Form<number>, keyof Tunables])[][] = [
  [
    [u32, "chooseLocalTries"],
    [u32, "chooseLocalFallbackTries"],
    [u32, "chooseTotalTries"],
  ],
  [[u32, "chooseleafDescendOnce"]],
  [[u8, "chooseleafVaryR"]],
  [[u8, "strawCalcVersion"]],
  [[u32, "allowedBucketAlgs"]],
  [[u8, "chooseleafStable"]],
];

/** The bytes that a tool of Ceph 16 writes for this map. */
export function encodeBinary(map: CrushMap): Uint8Array {
  const output = new ByteWriter();
  u32.write(output, MAGIC);
  s32.write(output, map.buckets.length);
  u32.write(output, map.rules.length);
  s32.write(output, map.maxDevices);
  for (const [slot, bucket] of map.buckets.entries()) bucketForm(slot).write(output, bucket);
  for (const rule of map.rules) ruleForm.write(output, rule);
  names.write(output, map.typeNames);
  names.write(output, map.itemNames);
  names.write(output, map.ruleNames);
  for (const [form, tunable] of TUNABLE_GROUPS.flat()) form.write(output, map.tunables[tunable]);
  itemClasses.write(output, map.itemClasses);
  classNames.write(output, map.classNames);
  classBuckets.write(output, map.classBuckets);
  chooseArgsSets.write(output, setsOf(map));
  return output.finish();
}

/** Throws CrushError with the offset of what is wrong. The map that it returns is valid. */
export function decodeBinary(bytes: Uint8Array): CrushMap {
  const input = new ByteReader(bytes);
  const draft = new MapDraft();
  if (u32.read(input) !== MAGIC) {
    throw input.error("MALFORMED", "a binary map starts with the bytes 00 00 01 00", 0);
  }
  const slotCount = u32.read(input);
  const ruleCount = u32.read(input);
  // The number of devices is computed from what the map holds, as every reader does.
  s32.read(input);
  const bucketOffsets = readBuckets(input, draft, slotCount);
  const ruleOffsets = readRules(input, draft, ruleCount);
  fill(draft.typeNames, names.read(input));
  fill(draft.itemNames, names.read(input));
  fill(draft.ruleNames, names.read(input));
  readLaterGroups(input, draft);
  const map = draft.finish();
  const problem = problemOf(map);
  if (problem === undefined) return map;
  const { code, message, place } = problem;
  const offset =
    "ruleId" in place ? ruleOffsets[place.ruleId] : bucketOffsets[slotOf(place.bucketId)];
  throw input.error(code, message, offset);
}

/**
 * Returns where each slot starts: what is wrong with a bucket may only be known when all are read.
 * The same holds for rules.
 */
function readBuckets(input: ByteReader, draft: MapDraft, slotCount: number): number[] {
  input.requireRoom(slotCount, 4, BUCKET_COUNT_MAX);
  const offsets: number[] = [];
  for (let slot = 0; slot < slotCount; slot += 1) {
    offsets.push(input.offset);
    draft.buckets.push(bucketForm(slot).read(input));
  }
  return offsets;
}

function readRules(input: ByteReader, draft: MapDraft, ruleCount: number): number[] {
  input.requireRoom(ruleCount, 4, RULE_COUNT_MAX);
  const offsets: number[] = [];
  for (let id = 0; id < ruleCount; id += 1) {
    offsets.push(input.offset);
    draft.rules.push(ruleForm.read(input));
  }
  return offsets;
}

function readLaterGroups(input: ByteReader, draft: MapDraft): void {
  const tunables: { -readonly [K in keyof Tunables]?: number } = {};
  for (const group of TUNABLE_GROUPS) {
    if (input.isAtEnd) break;
    for (const [form, tunable] of group) tunables[tunable] = form.read(input);
  }
  draft.tunables = { ...draft.tunables, ...tunables };
  if (input.isAtEnd) return;
  fill(draft.itemClasses, itemClasses.read(input));
  fill(draft.classNames, classNames.read(input));
  for (const [id, shadows] of classBuckets.read(input))
    draft.classBuckets.set(id, new Map(shadows));
  if (input.isAtEnd) return;
  const { offset } = input;
  for (const { key, buckets } of chooseArgsSets.read(input)) {
    draft.chooseArgs.set(key, argsOf(input, draft, buckets, offset));
  }
  if (input.isAtEnd) return;
  input.skip(NEWER_TUNABLES_SIZE, "the last group of tunables");
  if (!input.isAtEnd) throw input.error("MALFORMED", "the map has ended, but not the bytes");
}

/** Only straw2 buckets can use them. Those of others are not kept, as in the original. */
function argsOf(
  input: ByteReader,
  draft: MapDraft,
  slots: readonly SlotArgs[],
  offset: number,
): ChooseArgs {
  const args = new Map<number, BucketArgs>();
  for (const { slot, weightSets, ids } of slots) {
    const bucket = draft.buckets[slot];
    if (bucket?.alg !== "straw2") continue;
    const lists = ids.length > 0 ? [...weightSets, ids] : weightSets;
    if (lists.some(({ length }) => length !== bucket.items.length)) {
      const message = `the choose_args of bucket ${bucket.id} are not of its size`;
      throw input.error("MALFORMED", message, offset);
    }
    args.set(bucket.id, { weightSets, ids });
  }
  return args;
}

/**
 * By ascending key, and in each set those buckets in the order of their slots that have something.
 */
function setsOf(map: CrushMap): ChooseArgsSet[] {
  const sets = [...map.chooseArgs].sort(([left], [right]) => left - right);
  return sets.map(([key, args]) => {
    const buckets = [...args]
      .map(([id, { weightSets, ids }]) => ({ slot: slotOf(id), weightSets, ids }))
      .filter(({ weightSets, ids }) => weightSets.length > 0 || ids.length > 0)
      .sort((left, right) => left.slot - right.slot);
    return { key, buckets };
  });
}

function fill<T>(target: Map<number, T>, source: ReadonlyMap<number, T>): void {
  for (const [key, value] of source) target.set(key, value);
}
