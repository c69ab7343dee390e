/**
 * Finds out which OSDs should give slots to which. Those that are too full or too empty are taken
 * worst first. Mostly there is another one to which, or from which, a slot can go at once. Where
 * the rule is in the way, breadth-first search looks for a chain: osd.1 gives to osd.2 and that to
 * osd.3, so only the ends change.
 *
 * The sum of the squared deviations falls with every chain, so this comes to an end.
 */
import { TOLERANCE, type UpmapBoard } from "./upmap-board.ts";

/** The side from which deviations are looked at: 1 if more is worse, -1 if less is. */
type Side = 1 | -1;

export class UpmapSearch {
  readonly #board: UpmapBoard;
  /** An OSD is in range if its deviation is nearer to 0 than this. */
  readonly #range: number;
  /** By side, OSDs for which nothing can be done. */
  readonly #settled = { 1: new Set<number>(), [-1]: new Set<number>() };
  /** By side, OSDs whose chains end only at others that would get out of range by it. */
  readonly #cornered = { 1: new Set<number>(), [-1]: new Set<number>() };
  #current: { readonly osd: number; readonly side: Side } | undefined;

  constructor(board: UpmapBoard, range: number) {
    this.#board = board;
    this.#range = range - TOLERANCE;
  }

  /** OSDs each of which should give a slot to the next one; undefined if nothing helps any more. */
  next(): readonly number[] | undefined {
    for (;;) {
      const osd = this.#worst();
      if (osd === undefined) return undefined;
      const side = this.#sideOf(osd);
      const chain = this.#chainFrom(osd, side);
      this.#current = { osd, side };
      if (chain !== undefined) return side === 1 ? chain : chain.toReversed();
      this.skip();
    }
  }

  /** Nothing more is proposed for the OSD for whose sake the last chain was. */
  skip(): void {
    if (this.#current !== undefined) this.#settled[this.#current.side].add(this.#current.osd);
  }

  #sideOf(osd: number): Side {
    return (this.#board.deviations[osd] as number) > 0 ? 1 : -1;
  }

  #worst(): number | undefined {
    const { osds, deviations } = this.#board;
    let worst: number | undefined;
    let most = this.#range;
    for (const osd of osds) {
      const size = Math.abs(deviations[osd] as number);
      if (size <= most || this.#settled[this.#sideOf(osd)].has(osd)) continue;
      worst = osd;
      most = size;
    }
    return worst;
  }

  #chainFrom(osd: number, side: Side): number[] | undefined {
    const isCornered = this.#cornered[side].has(osd);
    const limit = isCornered ? this.#lessThan(osd, side) : this.#range - 1;
    const { osds } = this.#board;
    const near = this.#board.nearTo(osd);
    const partner =
      this.#returning(osd, side) ??
      this.#partner(osd, near, side, limit) ??
      (near.length === osds.length ? undefined : this.#partner(osd, osds, side, limit));
    return partner === undefined ? this.#longChainFrom(osd, side) : [osd, partner];
  }

  /** What a partner's deviation must be below for the sum of squares to fall. */
  #lessThan(osd: number, side: Side): number {
    return side * (this.#board.deviations[osd] as number) - 1 - TOLERANCE;
  }

  /**
   * A partner that saves an upmap item. It must be out of range itself: moving a slot to one that
   * does not need it would be a move more in the end.
   */
  #returning(osd: number, side: Side): number | undefined {
    const others = side === 1 ? this.#board.homesOf(osd) : this.#board.guestsOf(osd);
    return this.#least(others, side, -this.#range);
  }

  #partner(osd: number, among: readonly number[], side: Side, limit: number): number | undefined {
    return this.#least(among, side, limit, (other) => this.#canPass(osd, other, side));
  }

  #canPass(osd: number, other: number, side: Side): boolean {
    if (osd === other) return false;
    return side === 1 ? this.#board.canGive(osd, other) : this.#board.canGive(other, osd);
  }

  /** The one with the least deviation below the limit, seen from the side. */
  #least(
    osds: readonly number[],
    side: Side,
    limit: number,
    fits: (osd: number) => boolean = () => true,
  ): number | undefined {
    const { deviations } = this.#board;
    let best: number | undefined;
    let least = limit;
    for (const osd of osds) {
      const deviation = side * (deviations[osd] as number);
      if (deviation >= least || !fits(osd)) continue;
      best = osd;
      least = deviation;
    }
    return best;
  }

  #longChainFrom(start: number, side: Side): number[] | undefined {
    const before = new Map<number, number | undefined>([[start, undefined]]);
    let unseen = this.#board.osds.filter((osd) => osd !== start);
    let reached = [start];
    let fallback: number | undefined;
    let limit = this.#lessThan(start, side);
    while (reached.length > 0) {
      const edge: number[] = [];
      for (const osd of reached) {
        const found = unseen.filter((other) => this.#canPass(osd, other, side));
        if (found.length === 0) continue;
        for (const other of found) before.set(other, osd);
        unseen = unseen.filter((other) => !before.has(other));
        edge.push(...found);
      }
      const end = this.#least(edge, side, this.#range - 1);
      if (end !== undefined) return chainTo(end, before);
      const better = this.#least(edge, side, limit);
      if (better !== undefined) {
        fallback = better;
        limit = side * (this.#board.deviations[better] as number);
      }
      reached = edge;
    }
    for (const osd of before.keys()) this.#cornered[side].add(osd);
    if (fallback !== undefined) return chainTo(fallback, before);
    // From any of them no others can be reached than from the start, and none is worse than that.
    for (const osd of before.keys()) this.#settled[side].add(osd);
    return undefined;
  }
}

function chainTo(end: number, before: ReadonlyMap<number, number | undefined>): number[] {
  const chain: number[] = [];
  for (let osd: number | undefined = end; osd !== undefined; osd = before.get(osd)) {
    chain.unshift(osd);
  }
  return chain;
}
