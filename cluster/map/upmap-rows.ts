/**
 * A pool's PGs as the balancer changes them: where each slot, that is one position of one PG, is
 * and may go. It may go to any OSD with which the PG keeps the shape that its rule demands.
 *
 * What comes out must be expressible as upmap items that do not depend on their order. So nothing
 * goes to an OSD that CRUSH gives to another position of the PG.
 */
import { NONE } from "../../crush/types.ts";
import { assert, present } from "../base/assert.ts";
import { osdId } from "../base/ids.ts";
import type { UpmapPair } from "./placement-map.ts";
import { fitsRule, type RuleBlock, type RuleLevel, type RuleShape } from "./rule-shape.ts";

export interface UpmapRowsInput {
  readonly shape: RuleShape;
  readonly size: number;
  /** As CRUSH gives them, and as they are with the upmaps that the map has. */
  readonly raw: Int32Array;
  readonly upmapped: Int32Array;
}

/** Where a slot is free to go: to other items of a level, in the same item of the level above. */
export interface Opening {
  readonly block: RuleBlock;
  readonly level: RuleLevel;
  readonly above: RuleLevel | undefined;
}

export class UpmapRows {
  readonly shape: RuleShape;
  readonly size: number;
  readonly #raw: Int32Array;
  readonly #start: Int32Array;
  readonly #now: Int32Array;
  /** By seed, how many of its slots are not where they were at the start. */
  readonly #moved = new Map<number, number>();
  #movedCount = 0;

  constructor({ shape, size, raw, upmapped }: UpmapRowsInput) {
    assert(raw.length === upmapped.length, "rows before and after upmaps are equally many");
    this.shape = shape;
    this.size = size;
    this.#raw = raw;
    this.#start = upmapped;
    this.#now = upmapped.slice();
  }

  get pgCount(): number {
    return this.#raw.length / this.size;
  }

  /** Slots that are not where they were at the start. */
  get movedCount(): number {
    return this.#movedCount;
  }

  /** PGs of such slots. */
  get changedCount(): number {
    return this.#moved.size;
  }

  osdAt(slot: number): number {
    return this.#now[slot] as number;
  }

  /** Where the slot is without upmap items. */
  homeOf(slot: number): number {
    return this.#raw[slot] as number;
  }

  seedOf(slot: number): number {
    return Math.floor(slot / this.size);
  }

  /** Of all slots of the same PG, the first one. */
  firstOf(slot: number): number {
    return slot - (slot % this.size);
  }

  blockOf(slot: number): RuleBlock {
    return present(this.shape.blockAt[slot % this.size], `the part of the rule for slot ${slot}`);
  }

  /** Whether the PG fits its rule and is what independent upmap items make of it. */
  isPlain(seed: number): boolean {
    const first = seed * this.size;
    const raw = this.#raw.subarray(first, first + this.size);
    const now = this.#now.subarray(first, first + this.size);
    const isIndependent = now.every((osd, position) => {
      const home = raw[position];
      return osd === home || (osd !== NONE && home !== NONE && !raw.includes(osd));
    });
    return isIndependent && fitsRule(this.shape, [...now]);
  }

  canMove(slot: number, to: number): boolean {
    const { block, level, above } = this.openingOf(slot);
    if ((block.weights[to] ?? 0) === 0) return false;
    if (above !== undefined && above.itemOf[to] !== above.itemOf[this.osdAt(slot)]) return false;
    if (this.neighboursOf(slot, block).some((osd) => level.itemOf[osd] === level.itemOf[to])) {
      return false;
    }
    return !this.isTaken(slot, to);
  }

  /** Whether the OSD stands, or would stand without upmap items, at another position of the PG. */
  isTaken(slot: number, osd: number): boolean {
    const first = this.firstOf(slot);
    for (let other = first; other < first + this.size; other++) {
      if (other !== slot && (this.#raw[other] === osd || this.#now[other] === osd)) return true;
    }
    return false;
  }

  /** The widest one: on the first level on which the slot is alone in its item. */
  openingOf(slot: number): Opening {
    const osd = this.osdAt(slot);
    const block = this.blockOf(slot);
    const neighbours = this.neighboursOf(slot, block);
    const depth = block.levels.findIndex(
      ({ itemOf }) => !neighbours.some((other) => itemOf[other] === itemOf[osd]),
    );
    assert(depth >= 0, `osd.${osd} is in PG ${this.seedOf(slot)} twice`);
    return { block, level: block.levels[depth] as RuleLevel, above: block.levels[depth - 1] };
  }

  /** The OSDs at the other positions that the block fills. */
  neighboursOf(slot: number, { start, end }: RuleBlock): number[] {
    const first = this.firstOf(slot);
    const osds: number[] = [];
    for (let other = first + start; other < first + end; other++) {
      const osd = this.osdAt(other);
      if (other !== slot && osd !== NONE) osds.push(osd);
    }
    return osds;
  }

  /** Data that has to move counts most, then items to be remembered, then PGs that change. */
  costOf(slot: number, to: number): number {
    const [start, raw, now] = [this.#start[slot], this.#raw[slot], this.#now[slot]];
    const moves = Number(to !== start) - Number(now !== start);
    const items = Number(to !== raw) - Number(now !== raw);
    const changes = this.#moved.has(this.seedOf(slot)) ? 0 : 1;
    return 9 * moves + 3 * items + changes;
  }

  move(slot: number, to: number): void {
    const start = this.#start[slot];
    const change = Number(to !== start) - Number(this.#now[slot] !== start);
    this.#now[slot] = to;
    const seed = this.seedOf(slot);
    const moved = (this.#moved.get(seed) ?? 0) + change;
    if (moved === 0) this.#moved.delete(seed);
    else this.#moved.set(seed, moved);
    this.#movedCount += change;
  }

  /** The items that make PGs that changed what they are now; none where CRUSH alone does. */
  changes(): { seed: number; items: UpmapPair[] }[] {
    const seeds = [...this.#moved.keys()].sort((left, right) => left - right);
    return seeds.map((seed) => ({ seed, items: this.#itemsOf(seed) }));
  }

  #itemsOf(seed: number): UpmapPair[] {
    const items: UpmapPair[] = [];
    for (let slot = seed * this.size; slot < (seed + 1) * this.size; slot++) {
      const [from, to] = [this.homeOf(slot), this.osdAt(slot)];
      if (from !== to) items.push({ from: osdId(from), to: osdId(to) });
    }
    return items;
  }
}
