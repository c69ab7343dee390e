/**
 * Moves all slots together that a PG has in an item. Where a rule wants two hosts in each of two
 * racks, no slot can leave its rack alone, so single moves leave the racks as uneven as chance made
 * them; but both slots in a rack can go to another rack that the PG does not use.
 */
import { NONE } from "../../crush/types.ts";
import { present } from "../base/assert.ts";
import { fitsRule, groupByItem, type RuleLevel } from "./rule-shape.ts";
import { TOLERANCE, type UpmapBoard } from "./upmap-board.ts";

/**
 * By how much, for each slot of a move, the sum of the squared deviations must fall. The moves that
 * help most are looked for first, because every slot that moves is data to be copied.
 */
const GAINS = [2, 1, 0];

export interface GroupMove {
  readonly slots: readonly number[];
  /** Where each of them goes. */
  readonly targets: readonly number[];
}

interface Group {
  readonly slots: readonly number[];
  readonly level: RuleLevel;
  readonly above: RuleLevel | undefined;
}

export class UpmapGroups {
  readonly #board: UpmapBoard;
  readonly #range: number;
  /**
   * By level, the OSDs of each of its items, emptiest first, and first the item that has the
   * emptiest.
   */
  readonly #items = new Map<RuleLevel, number[][]>();

  constructor(board: UpmapBoard, range: number) {
    this.#board = board;
    this.#range = range - TOLERANCE;
  }

  /** Each move must have been made on the board before the next one is asked for. */
  *moves(): Generator<GroupMove> {
    const { osds, rows } = this.#board;
    const levels = rows.shape.blocks.flatMap((block) => block.levels);
    if (levels.every(({ positionsMax }) => positionsMax === 1)) return;
    if (!osds.some((osd) => this.#isOutOfRange(osd))) return;
    const fullest = this.#byDeviation(osds.filter((osd) => this.#deviation(osd) > 0)).reverse();
    for (const gain of GAINS) {
      for (const osd of fullest) {
        for (const slot of [...this.#board.slotsOn(osd)]) {
          const move = rows.osdAt(slot) === osd ? this.#moveFor(slot, gain) : undefined;
          if (move === undefined) continue;
          const left = move.slots.map((member) => rows.osdAt(member));
          yield move;
          this.#reorder([...left, ...move.targets]);
        }
      }
    }
  }

  #moveFor(slot: number, gain: number): GroupMove | undefined {
    for (const group of this.#groupsOf(slot)) {
      const targets = this.#targetsFor(group, gain);
      if (targets !== undefined) return { slots: group.slots, targets };
    }
    return undefined;
  }

  /**
   * The slot with those that stand in the same item; from the lowest level on which there are any.
   */
  #groupsOf(slot: number): Group[] {
    const { rows } = this.#board;
    const block = rows.blockOf(slot);
    const first = rows.firstOf(slot) + block.start;
    const slots = Array.from({ length: block.end - block.start }, (_, index) => first + index);
    const groups = block.levels.map((level, depth) => {
      const item = level.itemOf[rows.osdAt(slot)];
      const members = slots.filter((other) => level.itemOf[rows.osdAt(other)] === item);
      return { slots: members, level, above: block.levels[depth - 1] };
    });
    const takesPart = (member: number): boolean => (block.weights[rows.osdAt(member)] ?? 0) > 0;
    return groups
      .filter((group) => group.slots.length > 1 && group.slots.every(takesPart))
      .reverse();
  }

  #targetsFor(group: Group, gain: number): readonly number[] | undefined {
    const { rows } = this.#board;
    const { slots, level, above } = group;
    const sources = slots.map((slot) => rows.osdAt(slot));
    const [source = NONE] = sources;
    const isPressing = sources.some((osd) => this.#deviation(osd) > this.#range);
    // Each slot that moves changes the sum of squares by twice the difference of the deviations,
    // less 2.
    const limit = this.#sum(sources) - slots.length * (1 + gain / 2) - TOLERANCE;
    for (const osds of this.#itemsOf(level)) {
      const emptiest = present(osds[0], "the first OSD of an item");
      const least = this.#deviation(emptiest);
      if (slots.length * least >= limit || !(isPressing || least < -this.#range)) return undefined;
      if (level.itemOf[emptiest] === level.itemOf[source]) continue;
      if (above !== undefined && above.itemOf[emptiest] !== above.itemOf[source]) continue;
      const targets = this.#fittingTargets(slots, osds);
      if (targets !== undefined && this.#sum(targets) < limit) return targets;
    }
    return undefined;
  }

  /** The emptiest of these OSDs that can together take the place of the slots. */
  #fittingTargets(slots: readonly number[], osds: readonly number[]): number[] | undefined {
    const { rows } = this.#board;
    const first = rows.firstOf(present(slots[0], "the first slot of a group"));
    const row = Array.from({ length: rows.size }, (_, position) => rows.osdAt(first + position));
    for (const slot of slots) row[slot - first] = NONE;
    const targets: number[] = [];
    for (const slot of slots) {
      const target = osds.find((osd) => {
        row[slot - first] = osd;
        return !rows.isTaken(slot, osd) && fitsRule(rows.shape, row);
      });
      if (target === undefined) return undefined;
      row[slot - first] = target;
      targets.push(target);
    }
    return targets;
  }

  #itemsOf(level: RuleLevel): number[][] {
    const known = this.#items.get(level);
    if (known !== undefined) return known;
    const takers = this.#board.takersOf(level);
    const items = [...groupByItem(level.itemOf, this.#byDeviation(takers)).values()];
    this.#items.set(level, this.#byEmptiest(items));
    return items;
  }

  #reorder(changed: readonly number[]): void {
    for (const [level, items] of this.#items) {
      const touched = new Set(changed.map((osd) => level.itemOf[osd]));
      for (const osds of items) {
        const item = level.itemOf[present(osds[0], "the first OSD of an item")];
        if (touched.has(item)) this.#byDeviation(osds);
      }
      this.#byEmptiest(items);
    }
  }

  #byDeviation(osds: number[]): number[] {
    return osds.sort((left, right) => this.#deviation(left) - this.#deviation(right));
  }

  #byEmptiest(items: number[][]): number[][] {
    const least = ([osd = NONE]: readonly number[]): number => this.#deviation(osd);
    return items.sort((left, right) => least(left) - least(right));
  }

  #deviation(osd: number): number {
    return this.#board.deviations[osd] as number;
  }

  #isOutOfRange(osd: number): boolean {
    return Math.abs(this.#deviation(osd)) > this.#range;
  }

  #sum(osds: readonly number[]): number {
    return osds.reduce((sum, osd) => sum + this.#deviation(osd), 0);
  }
}
