/** What is in the cluster's CRUSH map: its buckets and what they hold, its rules, its tunables. */
import { shadowIdsOf } from "../../crush/classes.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { ruleLines } from "../../crush/text-printer.ts";
import { TUNABLES_PROFILES } from "../../crush/tunables.ts";
import {
  bucketOf,
  type CrushBucket,
  type CrushMap,
  RULE_TYPE,
  type Tunables,
} from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { weightText } from "../osd/osd-tree.ts";
import { type Column, type TableOptions, tableLines } from "../table.ts";

export interface CrushItem {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** 1 is one. */
  readonly weight: number;
  /** Of a bucket: how many items it holds. */
  readonly itemCount?: number;
}

/** All buckets, or what is in one. Shadow trees follow their originals and are left out. */
export function crushItems(crush: CrushMap, bucketName?: string): CrushItem[] {
  const shadows = shadowIdsOf(crush);
  const buckets = crush.buckets.filter(
    (bucket): bucket is CrushBucket => bucket !== undefined && !shadows.has(bucket.id),
  );
  if (bucketName === undefined)
    return buckets.map((bucket) => itemOf(crush, bucket.id, bucket.weight));
  const bucket = buckets.find(({ id }) => crush.itemNames.get(id) === bucketName);
  if (bucket === undefined) {
    const names = buckets.map(({ id }) => nameOf(crush, id));
    throw new CommandError(EXIT_CODE.refused, unknownName({ kind: "bucket" }, bucketName, names));
  }
  const weights = itemWeightsOf(bucket);
  return bucket.items.map((id, at) => itemOf(crush, id, weights[at] ?? 0));
}

function itemOf(crush: CrushMap, id: number, weight: number): CrushItem {
  const bucket = bucketOf(crush, id);
  const type = bucket?.type ?? 0;
  return {
    id,
    name: nameOf(crush, id),
    type: crush.typeNames.get(type) ?? (type === 0 ? "osd" : `type${type}`),
    weight: weight / WEIGHT_ONE,
    ...(bucket !== undefined && { itemCount: bucket.items.length }),
  };
}

function nameOf({ itemNames }: CrushMap, id: number): string {
  return itemNames.get(id) ?? (id < 0 ? `bucket${id}` : `osd.${id}`);
}

const RIGHT = { align: "right" } as const;
const ITEM_COLUMNS: readonly Column[] = [
  { title: "ID", ...RIGHT },
  { title: "TYPE" },
  { title: "NAME" },
  { title: "WEIGHT", ...RIGHT },
  { title: "ITEMS", ...RIGHT },
];

export function itemLines(items: readonly CrushItem[], options: TableOptions = {}): string[] {
  const rows = items.map(({ id, type, name, weight, itemCount }) => [
    String(id),
    type,
    name,
    weightText(weight),
    itemCount === undefined ? "" : String(itemCount),
  ]);
  return tableLines(ITEM_COLUMNS, rows, options);
}

export interface CrushRule {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly minSize: number;
  readonly maxSize: number;
  /** As they stand in the text of a map. */
  readonly steps: readonly string[];
}

/** All rules, or one. */
export function crushRules(crush: CrushMap, name?: string): CrushRule[] {
  const rules = crush.rules.flatMap((rule, id) => {
    if (rule === undefined) return [];
    const { type, minSize, maxSize } = rule;
    const typeName = Object.entries(RULE_TYPE).find(([, number]) => number === type)?.[0];
    const steps = ruleLines(crush, id).filter((line) => /^\s*step /.test(line));
    return [
      {
        id,
        name: crush.ruleNames.get(id) ?? `rule${id}`,
        type: typeName ?? `type${type}`,
        minSize,
        maxSize,
        steps: steps.map((line) => line.trim().replace(/^step /, "")),
      },
    ];
  });
  if (name === undefined) return rules;
  const found = rules.filter((rule) => rule.name === name);
  if (found.length > 0) return found;
  const names = rules.map((rule) => rule.name);
  throw new CommandError(EXIT_CODE.refused, unknownName({ kind: "rule" }, name, names));
}

export function ruleReportLines(rules: readonly CrushRule[]): string[] {
  return rules.flatMap(({ id, name, type, minSize, maxSize, steps }) => [
    `rule ${name} (${id}): ${type}, for pools of size ${minSize} to ${maxSize}\n`,
    ...steps.map((step) => `    ${step}\n`),
  ]);
}

/** Names of the profiles that these are of. */
export function profilesOf(tunables: Tunables): string[] {
  return [...TUNABLES_PROFILES].flatMap(([name, profile]) => {
    const isSame = Object.entries(profile).every(
      ([field, value]) => tunables[field as keyof Tunables] === value,
    );
    return isSame ? [name] : [];
  });
}
