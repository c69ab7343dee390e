/**
 * What a CRUSH rule demands of the OSDs of a PG, apart from which ones it picks: for
 *
 *   take root · choose firstn 2 type rack · chooseleaf firstn 2 type host · emit
 *
 * that they stand in two racks below `root`, in two hosts in each, one device in a host. An upmap
 * may put any other OSD at a position as long as that stays true.
 */
import { itemWeightsOf } from "../../crush/make-bucket.ts";
import { bucketOf, type CrushBucket, type CrushMap, NONE, OPCODE } from "../../crush/types.ts";

export interface RuleShape {
  /** In the order of the positions that they fill. */
  readonly blocks: readonly RuleBlock[];
  /** By position. */
  readonly blockAt: readonly RuleBlock[];
}

/** The steps from a take to its emit: they fill the positions from `start` to before `end`. */
export interface RuleBlock {
  readonly start: number;
  readonly end: number;
  /** From the top down; on the last one the items are devices. */
  readonly levels: readonly RuleLevel[];
  /** By device, its CRUSH weight times its reweight; 0 where the block cannot choose it. */
  readonly weights: Float64Array;
}

export interface RuleLevel {
  /** The most items of this level that stand in one item of the level above. */
  readonly itemsMax: number;
  /** The most positions that stand in one item of this level. */
  readonly positionsMax: number;
  /** By device, the item of this level that it is or stands in; NONE if it cannot be chosen. */
  readonly itemOf: Int32Array;
}

export interface ShapeOptions {
  readonly size: number;
  /** By device, what its CRUSH weight is multiplied by; 0 beyond the end. */
  readonly reweights: ArrayLike<number>;
}

/** Undefined of a rule whose results have no such shape, such as one that emits buckets. */
export function ruleShape(
  map: CrushMap,
  ruleId: number,
  { size, reweights }: ShapeOptions,
): RuleShape | undefined {
  const blocks: RuleBlock[] = [];
  let taken: number | undefined;
  let choices: Choice[] = [];
  let start = 0;
  for (const { op, arg1, arg2 } of map.rules[ruleId]?.steps ?? []) {
    if (op === OPCODE.take) {
      taken = arg1;
      choices = [];
    } else if (op === OPCODE.emit) {
      const root = taken === undefined ? undefined : bucketOf(map, taken);
      if (root === undefined || choices.at(-1)?.type !== 0) return undefined;
      const block = blockOf(map, root, choices, { start, size, reweights });
      blocks.push(block);
      start = block.end;
      taken = undefined;
    } else if (isChoice(op)) {
      const count = arg1 > 0 ? arg1 : Math.max(arg1 + size, 0);
      choices.push({ type: arg2, count });
      if (isLeafChoice(op) && arg2 !== 0) choices.push({ type: 0, count: 1 });
    }
  }
  const blockAt = blocks.flatMap((block) =>
    new Array<RuleBlock>(block.end - block.start).fill(block),
  );
  return { blocks, blockAt };
}

interface Choice {
  readonly type: number;
  readonly count: number;
}

function isLeafChoice(op: number): boolean {
  return op === OPCODE.chooseleafFirstn || op === OPCODE.chooseleafIndep;
}

function isChoice(op: number): boolean {
  return isLeafChoice(op) || op === OPCODE.chooseFirstn || op === OPCODE.chooseIndep;
}

function blockOf(
  map: CrushMap,
  root: CrushBucket,
  choices: readonly Choice[],
  { start, size, reweights }: ShapeOptions & { readonly start: number },
): RuleBlock {
  const levels: RuleLevel[] = [];
  let positions = 1;
  for (const { count } of choices.toReversed()) {
    const itemOf = new Int32Array(map.maxDevices).fill(NONE);
    levels.unshift({ itemsMax: count, positionsMax: positions, itemOf });
    positions = Math.min(positions * count, size);
  }
  const weights = new Float64Array(map.maxDevices);
  new Survey(map, choices, levels, weights).walk(root, []);
  const products = weights.map((weight, device) => weight * (reweights[device] ?? 0));
  return { start, end: Math.min(start + positions, size), levels, weights: products };
}

/** Finds the devices that a block can choose. */
class Survey {
  readonly #map: CrushMap;
  readonly #choices: readonly Choice[];
  readonly #levels: readonly RuleLevel[];
  readonly #weights: Float64Array;
  /**
   * Items that were met. One that stands in several places is left out with all that it holds: it
   * cannot be said in which of them a position has it.
   */
  readonly #met = new Set<number>();
  readonly #leftOut = new Set<number>();

  constructor(
    map: CrushMap,
    choices: readonly Choice[],
    levels: readonly RuleLevel[],
    weights: Float64Array,
  ) {
    this.#map = map;
    this.#choices = choices;
    this.#levels = levels;
    this.#weights = weights;
  }

  /** `path` has the items of the levels above, which the rule has chosen on its way down. */
  walk(bucket: CrushBucket, path: readonly number[]): void {
    const weights = itemWeightsOf(bucket);
    for (const [index, item] of bucket.items.entries()) {
      if (this.#met.has(item)) {
        this.#leaveOut(item);
        continue;
      }
      this.#met.add(item);
      const child = bucketOf(this.#map, item);
      const isChosen = (child?.type ?? 0) === this.#choices[path.length]?.type;
      const below = isChosen ? [...path, item] : path;
      if (child !== undefined) this.walk(child, below);
      else if (below.length === this.#choices.length) this.#add(item, below, weights[index] ?? 0);
    }
  }

  #add(device: number, path: readonly number[], weight: number): void {
    for (const [depth, { itemOf }] of this.#levels.entries()) itemOf[device] = path[depth] ?? NONE;
    this.#weights[device] = weight;
  }

  #leaveOut(item: number): void {
    if (this.#leftOut.has(item)) return;
    this.#leftOut.add(item);
    for (const below of bucketOf(this.#map, item)?.items ?? []) this.#leaveOut(below);
    if (item >= 0) this.#add(item, [], 0);
  }
}

/** Devices by the item that a column has for them; their order stays. */
export function groupByItem(
  itemOf: ArrayLike<number>,
  devices: readonly number[],
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const device of devices) {
    const item = itemOf[device] ?? NONE;
    const group = groups.get(item);
    if (group === undefined) groups.set(item, [device]);
    else group.push(device);
  }
  return groups;
}

/** Whether the rule could have chosen the row, holes aside. */
export function fitsRule({ blocks }: RuleShape, row: readonly number[]): boolean {
  const osds = row.filter((osd) => osd !== NONE);
  if (new Set(osds).size !== osds.length) return false;
  return blocks.every((block) => {
    const held = row.slice(block.start, block.end).filter((osd) => osd !== NONE);
    return block.levels.every((level, depth) => fitsLevel(level, block.levels[depth - 1], held));
  });
}

function fitsLevel(
  level: RuleLevel,
  above: RuleLevel | undefined,
  osds: readonly number[],
): boolean {
  const positions = new Map<number, number>();
  const items = new Map<number | undefined, Set<number>>();
  for (const osd of osds) {
    const item = level.itemOf[osd] ?? NONE;
    if (item === NONE) return false;
    const count = (positions.get(item) ?? 0) + 1;
    if (count > level.positionsMax) return false;
    positions.set(item, count);
    const parent = above?.itemOf[osd];
    const siblings = items.get(parent) ?? new Set();
    items.set(parent, siblings.add(item));
    if (siblings.size > level.itemsMax) return false;
  }
  return true;
}
