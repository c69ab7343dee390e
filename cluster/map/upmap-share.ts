/**
 * How many positions each OSD should have: by weight, as far as the rule lets it. A host that
 * weighs as much as all others together still holds only one replica of each PG; what its weight
 * would give it beyond that falls to the others. Shares that no placement reaches would keep the
 * balancer busy for nothing.
 */
import { groupByItem, type RuleBlock } from "./rule-shape.ts";

export interface Demand {
  readonly pgCount: number;
  /** How many of the positions that the block fills there are to share out, in all PGs. */
  readonly positions: number;
}

/** An item of a level with what is below it. */
interface Branch {
  readonly osds: readonly number[];
  readonly weight: number;
  /** The most positions that fit below. */
  readonly room: number;
}

/** Adds what falls to each OSD of what the block fills. */
export function addShares(shares: Float64Array, block: RuleBlock, demand: Demand): void {
  const shareOut = (osds: readonly number[], depth: number, positions: number): void => {
    if (depth === block.levels.length) {
      for (const osd of osds) shares[osd] = (shares[osd] ?? 0) + positions;
      return;
    }
    const branches = branchesOf(block, depth, osds, demand.pgCount);
    let rest = positions;
    let weight = branches.reduce((sum, branch) => sum + branch.weight, 0);
    // Those that fill up soonest come first, so what they cannot hold is still there for the
    // others.
    for (const branch of branches.sort((a, b) => a.room / a.weight - b.room / b.weight)) {
      const amount = Math.min(branch.room, (rest * branch.weight) / weight);
      shareOut(branch.osds, depth + 1, amount);
      rest -= amount;
      weight -= branch.weight;
    }
  };
  const osds = [...block.weights.keys()].filter((osd) => (block.weights[osd] as number) > 0);
  shareOut(osds, 0, demand.positions);
}

function branchesOf(
  block: RuleBlock,
  depth: number,
  osds: readonly number[],
  pgCount: number,
): Branch[] {
  const level = block.levels[depth];
  if (level === undefined) return [];
  return [...groupByItem(level.itemOf, osds).values()].map((list) => {
    const weight = list.reduce((sum, osd) => sum + (block.weights[osd] as number), 0);
    const own = pgCount * level.positionsMax;
    const below = branchesOf(block, depth + 1, list, pgCount);
    const roomBelow = below.reduce((sum, { room }) => sum + room, 0);
    return { osds: list, weight, room: below.length === 0 ? own : Math.min(own, roomBelow) };
  });
}
