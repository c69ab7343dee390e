/**
 * The same PGs seen from the OSDs: how many slots each has, how many it should have, and which it
 * can give to which other one. PGs that a pg_upmap names, or that are not as the rule wants them,
 * count but do not move. OSDs that take nothing, because they are down, out or of weight 0, are
 * left as they are.
 */
import type { RuleBlock, RuleLevel } from "./rule-shape.ts";
import { UpmapOpenings } from "./upmap-openings.ts";
import type { UpmapRows } from "./upmap-rows.ts";
import { addShares } from "./upmap-share.ts";
import { UpmapSlots } from "./upmap-slots.ts";

/** Deviations are sums of fractions. They are off by far less than this, and a slot is far more. */
export const TOLERANCE = 1e-6;

/** A leaning share stays at least this far from the whole numbers around it. */
const LEAN_MARGIN = 0.01;

export interface BoardInput {
  readonly rows: UpmapRows;
  /** By OSD, how many PGs other pools leave on it beyond its share. */
  readonly surpluses: Float64Array;
  readonly isPinned: (seed: number) => boolean;
}

export class UpmapBoard {
  readonly rows: UpmapRows;
  /** OSDs that take part, in ascending order. */
  readonly osds: readonly number[];
  /** By OSD, how many slots it has beyond its share, which leans as `leaningShare` says. */
  readonly deviations: Float64Array;
  /** By OSD, how far that share is from the true one. */
  readonly #leans: Float64Array;
  readonly #slots: UpmapSlots;
  readonly #openings: UpmapOpenings;

  constructor({ rows, surpluses, isPinned }: BoardInput) {
    const takesPart = (osd: number): boolean =>
      rows.shape.blocks.some(({ weights }) => (weights[osd] ?? 0) > 0);
    this.rows = rows;
    this.osds = [...surpluses.keys()].filter(takesPart);
    this.deviations = new Float64Array(surpluses.length);
    this.#leans = new Float64Array(surpluses.length);
    this.#slots = new UpmapSlots(rows, surpluses.length);
    this.#openings = new UpmapOpenings(rows, this.#slots, this.osds);
    this.#measure(this.#place(isPinned), surpluses);
  }

  /** Returns how many positions there are to share out, by the block that fills them. */
  #place(isPinned: (seed: number) => boolean): Map<RuleBlock, number> {
    const { pgCount, size, shape } = this.rows;
    const takesPart = new Set(this.osds);
    const positions = new Map<RuleBlock, number>();
    for (let seed = 0; seed < pgCount; seed++) {
      const isMovable = !isPinned(seed) && this.rows.isPlain(seed);
      for (const [position, block] of shape.blockAt.entries()) {
        const slot = seed * size + position;
        const osd = this.rows.osdAt(slot);
        if (!takesPart.has(osd)) continue;
        positions.set(block, (positions.get(block) ?? 0) + 1);
        this.#shift(osd, 1);
        if (isMovable) this.#slots.put(slot);
      }
    }
    return positions;
  }

  #measure(positions: ReadonlyMap<RuleBlock, number>, surpluses: Float64Array): void {
    const shares = new Float64Array(surpluses.length);
    for (const [block, count] of positions) {
      addShares(shares, block, { pgCount: this.rows.pgCount, positions: count });
    }
    for (const osd of this.osds) {
      const share = shares[osd] as number;
      const leaning = leaningShare(share, surpluses[osd] as number);
      this.#leans[osd] = leaning - share;
      this.#shift(osd, -leaning);
    }
  }

  #shift(osd: number, change: number): void {
    this.deviations[osd] = (this.deviations[osd] as number) + change;
  }

  /** By how much the OSD has more than its true share. */
  surplusOf(osd: number): number {
    return (this.deviations[osd] as number) + (this.#leans[osd] as number);
  }

  slotsOn(osd: number): readonly number[] {
    return this.#slots.on(osd);
  }

  /** OSDs among which most slots on this one must stay. */
  nearTo(osd: number): readonly number[] {
    return this.#openings.nearTo(osd);
  }

  /** OSDs that may stand where the rule has this level. */
  takersOf(level: RuleLevel): number[] {
    const block = this.rows.shape.blocks.find(({ levels }) => levels.includes(level));
    return this.osds.filter((osd) => (block?.weights[osd] ?? 0) > 0);
  }

  /** OSDs to which slots of this one would go back if their upmap items were given up. */
  homesOf(osd: number): number[] {
    const { rows } = this;
    return this.slotsOn(osd)
      .filter((slot) => rows.homeOf(slot) !== osd && rows.canMove(slot, rows.homeOf(slot)))
      .map((slot) => rows.homeOf(slot));
  }

  /** OSDs from which slots would come back to this one if their upmap items were given up. */
  guestsOf(osd: number): number[] {
    const { rows } = this;
    return [...this.#slots.awayFrom(osd)]
      .filter((slot) => rows.canMove(slot, osd))
      .map((slot) => rows.osdAt(slot));
  }

  canGive(from: number, to: number): boolean {
    if (!this.#openings.mayGive(from, to)) return false;
    return this.slotsOn(from).some((slot) => this.rows.canMove(slot, to));
  }

  /** Each OSD of the chain gives a slot to the next one. Does all of that or nothing. */
  pass(chain: readonly number[]): boolean {
    const done: { slot: number; from: number }[] = [];
    // From the end, so that no OSD passes on what it has just been given.
    for (let index = chain.length - 2; index >= 0; index--) {
      const from = chain[index] as number;
      const to = chain[index + 1] as number;
      const slot = this.#cheapest(from, to);
      if (slot === undefined) {
        for (const move of done.reverse()) this.move(move.slot, move.from);
        return false;
      }
      this.move(slot, to);
      done.push({ slot, from });
    }
    return true;
  }

  #cheapest(from: number, to: number): number | undefined {
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const slot of this.slotsOn(from)) {
      const cost = this.rows.costOf(slot, to);
      if (cost >= least || !this.rows.canMove(slot, to)) continue;
      best = slot;
      least = cost;
    }
    return best;
  }

  move(slot: number, to: number): void {
    const from = this.rows.osdAt(slot);
    this.#openings.forget(slot);
    this.#slots.take(slot);
    this.rows.move(slot, to);
    this.#slots.put(slot);
    this.#openings.forget(slot);
    this.#shift(from, -1);
    this.#shift(to, 1);
  }
}

/**
 * Where a share is no whole number, some OSDs get the one below and some the one above. The share
 * leans towards the one that makes good what other pools left, but never so far that another number
 * of PGs would be in range.
 */
function leaningShare(share: number, surplus: number): number {
  const below = Math.floor(share + TOLERANCE);
  if (share - below < TOLERANCE) return share;
  return Math.min(Math.max(share - surplus, below + LEAN_MARGIN), below + 1 - LEAN_MARGIN);
}
