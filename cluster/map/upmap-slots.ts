/** Which slots are on each OSD, and which ones CRUSH gives to it that are elsewhere. */
import { assert } from "../base/assert.ts";
import type { UpmapRows } from "./upmap-rows.ts";

export class UpmapSlots {
  readonly #rows: UpmapRows;
  readonly #byOsd: readonly number[][];
  /** By slot, where it is in its OSD's list: with that, a slot is taken out without a search. */
  readonly #indexes: Int32Array;
  readonly #awayByOsd: readonly Set<number>[];

  constructor(rows: UpmapRows, osdCount: number) {
    this.#rows = rows;
    this.#byOsd = Array.from({ length: osdCount }, () => []);
    this.#indexes = new Int32Array(rows.pgCount * rows.size);
    this.#awayByOsd = Array.from({ length: osdCount }, () => new Set());
  }

  on(osd: number): readonly number[] {
    return this.#byOsd[osd] ?? [];
  }

  awayFrom(osd: number): ReadonlySet<number> {
    return this.#awayByOsd[osd] ?? new Set();
  }

  /** To be called with the slot where the rows have it. */
  put(slot: number): void {
    const osd = this.#rows.osdAt(slot);
    const home = this.#rows.homeOf(slot);
    const slots = this.#byOsd[osd] as number[];
    this.#indexes[slot] = slots.length;
    slots.push(slot);
    if (home !== osd) this.#awayByOsd[home]?.add(slot);
  }

  take(slot: number): void {
    const osd = this.#rows.osdAt(slot);
    const slots = this.#byOsd[osd] as number[];
    const index = this.#indexes[slot] as number;
    assert(slots[index] === slot, `slot ${slot} can move and is on osd.${osd}`);
    const last = slots.pop() as number;
    if (last !== slot) {
      slots[index] = last;
      this.#indexes[last] = index;
    }
    this.#awayByOsd[this.#rows.homeOf(slot)]?.delete(slot);
  }
}
