/** What differs between two maps, in sentences, and what that does to placement. */
import { shadowIdsOf } from "../../crush/classes.ts";
import { compile } from "../../crush/compiled.ts";
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { TUNABLE_NAMES } from "../../crush/text.ts";
import { ruleLines } from "../../crush/text-printer.ts";
import {
  bucketOf,
  type CrushBucket,
  type CrushMap,
  chooseArgsFor,
  DEFAULT_CHOOSE_ARGS,
  NONE,
  RULE_TYPE,
} from "../../crush/types.ts";
import { formatWeight } from "../../crush/weight.ts";
import { deviceWeights } from "./device-weights.ts";
import type { Range } from "./test-report.ts";

/**
 * One difference a line. Items are compared by id. Shadow trees only follow others and are left
 * out.
 */
export function diffLines(before: CrushMap, after: CrushMap): string[] {
  return [
    ...tunableDifferences(before, after),
    ...nameDifferences("type", before.typeNames, after.typeNames),
    ...itemDifferences(before, after),
    ...ruleDifferences(before, after),
    ...chooseArgsDifferences(before, after),
  ].map((line) => `${line}\n`);
}

function tunableDifferences(before: CrushMap, after: CrushMap): string[] {
  return Object.entries(TUNABLE_NAMES).flatMap(([name, tunable]) => {
    const [left, right] = [before.tunables[tunable], after.tunables[tunable]];
    return left === right ? [] : [`tunable ${name}: ${left} -> ${right}`];
  });
}

function nameDifferences(
  what: string,
  before: ReadonlyMap<number, string>,
  after: ReadonlyMap<number, string>,
): string[] {
  return idsOf(before, after).flatMap((id) => {
    const [left, right] = [before.get(id), after.get(id)];
    if (left === right) return [];
    if (left === undefined) return [`${what} ${id} ${right}: added`];
    if (right === undefined) return [`${what} ${id} ${left}: removed`];
    return [`${what} ${id} ${left}: renamed to ${right}`];
  });
}

function itemDifferences(before: CrushMap, after: CrushMap): string[] {
  const shadows = new Set([...shadowIdsOf(before), ...shadowIdsOf(after)]);
  return idsOf(before.itemNames, after.itemNames)
    .filter((id) => !shadows.has(id))
    .flatMap((id) => {
      const what = id < 0 ? "bucket" : "device";
      const name = `${what} ${id} ${before.itemNames.get(id) ?? after.itemNames.get(id)}`;
      return [
        ...nameDifferences(what, only(before.itemNames, id), only(after.itemNames, id)),
        ...classDifference(before, after, id).map((line) => `${name}: ${line}`),
        ...bucketDifferences(before, after, id).map((line) => `${name}: ${line}`),
      ];
    });
}

function classDifference(before: CrushMap, after: CrushMap, id: number): string[] {
  const classOf = (map: CrushMap): string =>
    map.classNames.get(map.itemClasses.get(id) ?? -1) ?? "none";
  const [left, right] = [classOf(before), classOf(after)];
  return left === right ? [] : [`class ${left} -> ${right}`];
}

function bucketDifferences(before: CrushMap, after: CrushMap, id: number): string[] {
  const [left, right] = [bucketOf(before, id), bucketOf(after, id)];
  const lines: string[] = [];
  if (left !== undefined && right !== undefined) {
    if (left.alg !== right.alg) lines.push(`alg ${left.alg} -> ${right.alg}`);
    if (left.hash !== right.hash) lines.push(`hash ${left.hash} -> ${right.hash}`);
    if (left.type !== right.type) {
      lines.push(`type ${typeName(before, left.type)} -> ${typeName(after, right.type)}`);
    }
  }
  const [leftItems, rightItems] = [itemsOf(left), itemsOf(right)];
  for (const item of idsOf(leftItems, rightItems)) {
    const name = before.itemNames.get(item) ?? after.itemNames.get(item) ?? item;
    const [from, to] = [leftItems.get(item), rightItems.get(item)];
    if (from === to) continue;
    if (from === undefined) lines.push(`+ ${name} weight ${to}`);
    else if (to === undefined) lines.push(`- ${name} weight ${from}`);
    else lines.push(`${name} weight ${from} -> ${to}`);
  }
  return lines;
}

function typeName(map: CrushMap, type: number): string {
  return map.typeNames.get(type) ?? String(type);
}

/** Item ids to their weights, of an item that is there several times all of them. */
function itemsOf(bucket: CrushBucket | undefined): Map<number, string> {
  const items = new Map<number, string>();
  if (bucket === undefined) return items;
  for (const [index, weight] of itemWeightsOf(bucket).entries()) {
    const item = bucket.items[index] ?? 0;
    const others = items.get(item);
    items.set(item, `${others === undefined ? "" : `${others} and `}${formatWeight(weight)}`);
  }
  return items;
}

function ruleDifferences(before: CrushMap, after: CrushMap): string[] {
  return idsOf(new Map(before.rules.entries()), new Map(after.rules.entries())).flatMap((id) => {
    const [left, right] = [ruleLines(before, id), ruleLines(after, id)];
    if (left.join() === right.join()) return [];
    if (left.length === 0) return [`rule ${id} ${after.ruleNames.get(id) ?? ""}: added`];
    const title = `rule ${id} ${before.ruleNames.get(id) ?? ""}`;
    if (right.length === 0) return [`${title}: removed`];
    return [
      `${title}: changed`,
      ...left.map((line) => `  - ${line.trim()}`),
      ...right.map((line) => `  + ${line.trim()}`),
    ];
  });
}

function chooseArgsDifferences(before: CrushMap, after: CrushMap): string[] {
  return idsOf(before.chooseArgs, after.chooseArgs).flatMap((key) => {
    const name = key === DEFAULT_CHOOSE_ARGS ? "choose_args (default)" : `choose_args ${key}`;
    const [left, right] = [before.chooseArgs.get(key), after.chooseArgs.get(key)];
    if (left === undefined) return [`${name}: added`];
    if (right === undefined) return [`${name}: removed`];
    return idsOf(left, right)
      .filter((id) => JSON.stringify(left.get(id)) !== JSON.stringify(right.get(id)))
      .map((id) => `${name}: bucket ${before.itemNames.get(id) ?? id} changed`);
  });
}

function only<T>(table: ReadonlyMap<number, T>, id: number): Map<number, T> {
  const value = table.get(id);
  return new Map(value === undefined ? [] : [[id, value]]);
}

/** Devices and positive keys first, each side from the one nearest to 0 on. */
function idsOf(
  before: ReadonlyMap<number, unknown>,
  after: ReadonlyMap<number, unknown>,
): number[] {
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  return ids.sort((left, right) =>
    left < 0 && right < 0 ? right - left : left < 0 ? 1 : right < 0 ? -1 : left - right,
  );
}

export interface MovedOptions {
  readonly x: Range;
  readonly numRep: number;
}

/** For each rule of both maps, how many of the replicas of these x are placed elsewhere. */
export function* movedLines(
  before: CrushMap,
  after: CrushMap,
  { x: range, numRep }: MovedOptions,
): Generator<string> {
  const left = placer(before);
  const right = placer(after);
  for (const [id, rule] of before.rules.entries()) {
    if (rule === undefined || after.rules[id] === undefined) continue;
    const keepsPositions = rule.type === RULE_TYPE.erasure;
    let total = 0;
    let moved = 0;
    for (let x = range.min; x <= range.max; x += 1) {
      const [from, to] = [left(id, x, numRep), right(id, x, numRep)];
      const placed = [...to.entries()].filter(([, device]) => device !== NONE);
      total += placed.length;
      moved += placed.filter(([position, device]) =>
        keepsPositions ? from[position] !== device : !from.includes(device),
      ).length;
    }
    const share = total === 0 ? 0 : (100 * moved) / total;
    const name = before.ruleNames.get(id) ?? "";
    yield `rule ${id} (${name}): ${moved} of ${total} replicas move (${share.toFixed(2)} %)\n`;
  }
}

function placer(map: CrushMap): (ruleId: number, x: number, numRep: number) => number[] {
  const compiled = compile(map, chooseArgsFor(map, 0));
  const weights = deviceWeights(map, []);
  return (ruleId, x, numRep) => compiled.doRule(ruleId, x, numRep, weights);
}
