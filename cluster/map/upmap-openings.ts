/**
 * Tells quickly of most pairs of OSDs that no slot can go from the one to the other. The search asks
 * about very many pairs, and to look through all slots for each would take minutes in a large
 * cluster. Its no is certain, its yes is a maybe.
 */
import { NONE } from "../../crush/types.ts";
import { groupByItem } from "./rule-shape.ts";
import type { Opening, UpmapRows } from "./upmap-rows.ts";
import type { UpmapSlots } from "./upmap-slots.ts";

/** One that several slots of an OSD have. */
interface SharedOpening extends Opening {
  slotCount: number;
  /** By item of the level, how many of the slots cannot go there because their PGs are there. */
  readonly closed: Map<number, number>;
}

export class UpmapOpenings {
  readonly #rows: UpmapRows;
  readonly #slots: UpmapSlots;
  /** By OSD, as long as nothing moved that matters to it. */
  readonly #openings: (readonly SharedOpening[] | undefined)[];
  /**
   * By OSD, the item in which the rule wants several positions, such as a rack: most slots can go
   * nowhere else. A rule without such a level, or of several blocks, makes one neighbourhood of all
   * OSDs.
   */
  readonly #neighbourhoods: Int32Array;
  readonly #neighbours: ReadonlyMap<number, readonly number[]>;
  /** By OSD, 1 if it is known that no slot can leave the neighbourhood. */
  readonly #isConfined: Uint8Array;

  constructor(rows: UpmapRows, slots: UpmapSlots, osds: readonly number[]) {
    const osdCount = 1 + (osds.at(-1) ?? -1);
    const [block, ...others] = rows.shape.blocks;
    const level = block?.levels.findLast(({ positionsMax }) => positionsMax > 1);
    this.#rows = rows;
    this.#slots = slots;
    this.#openings = new Array(osdCount).fill(undefined);
    this.#neighbourhoods = new Int32Array(osdCount);
    if (level !== undefined && others.length === 0) {
      this.#neighbourhoods.set(level.itemOf.subarray(0, osdCount));
    }
    this.#neighbours = groupByItem(this.#neighbourhoods, osds);
    this.#isConfined = new Uint8Array(osdCount);
  }

  /** The OSDs of the same neighbourhood. */
  nearTo(osd: number): readonly number[] {
    return this.#neighbours.get(this.#neighbourhoods[osd] as number) ?? [];
  }

  mayGive(from: number, to: number): boolean {
    const isNear = this.#neighbourhoods[from] === this.#neighbourhoods[to];
    if (!isNear && this.#isConfined[from] === 1) return false;
    for (const { block, level, above, slotCount, closed } of this.#openingsOf(from)) {
      if (above !== undefined && above.itemOf[to] !== above.itemOf[from]) continue;
      if ((closed.get(level.itemOf[to] ?? NONE) ?? 0) === slotCount) continue;
      if ((block.weights[to] ?? 0) > 0) return true;
    }
    return false;
  }

  /**
   * To be called before and after the slot moves: where it is decides where others of its PG may
   * go.
   */
  forget(slot: number): void {
    const first = this.#rows.firstOf(slot);
    for (let other = first; other < first + this.#rows.size; other++) {
      const osd = this.#rows.osdAt(other);
      if (osd >= this.#openings.length) continue;
      this.#openings[osd] = undefined;
      this.#isConfined[osd] = 0;
    }
  }

  #openingsOf(osd: number): readonly SharedOpening[] {
    const known = this.#openings[osd];
    if (known !== undefined) return known;
    const openings: SharedOpening[] = [];
    for (const slot of this.#slots.on(osd)) {
      const opening = this.#rows.openingOf(slot);
      let shared = openings.find(({ level }) => level === opening.level);
      if (shared === undefined) {
        shared = { ...opening, slotCount: 0, closed: new Map() };
        openings.push(shared);
      }
      this.#add(shared, slot);
    }
    const home = this.#neighbourhoods[osd];
    this.#isConfined[osd] = Number(openings.every(({ above }) => above?.itemOf[osd] === home));
    this.#openings[osd] = openings;
    return openings;
  }

  #add(opening: SharedOpening, slot: number): void {
    opening.slotCount++;
    const { block, level, closed } = opening;
    const items = this.#rows.neighboursOf(slot, block).map((osd) => level.itemOf[osd] ?? NONE);
    for (const item of new Set(items)) closed.set(item, (closed.get(item) ?? 0) + 1);
  }
}
