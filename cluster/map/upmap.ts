/**
 * The balancer: evens out how many PGs each OSD has, by upmap items. CRUSH places PGs by chance, so
 * their number on an OSD spreads around its share as any random count does, and the cluster is full
 * when its fullest OSD is.
 *
 * Each pool is evened out for itself, because a PG of one may hold much more than a PG of another.
 * The same map gives the same plan.
 */
import { NONE } from "../../crush/types.ts";
import { assert, present } from "../base/assert.ts";
import type { PoolId } from "../base/ids.ts";
import { Placement } from "./placement.ts";
import type { OsdOrNone, PlacementMap } from "./placement-map.ts";
import type { PlacementPool } from "./pool.ts";
import { ruleShape } from "./rule-shape.ts";
import { UpmapBoard } from "./upmap-board.ts";
import {
  type ItemsEntry,
  type UpmapChanges,
  withEntries,
  withUpmapChanges,
} from "./upmap-changes.ts";
import { cleanedUpmaps, hasWeights, shapeOf } from "./upmap-cleaning.ts";
import { UpmapGroups } from "./upmap-groups.ts";
import { UpmapRows } from "./upmap-rows.ts";
import { UpmapSearch } from "./upmap-search.ts";

export interface BalanceOptions {
  /** Without it, all of them. */
  readonly pools?: readonly PoolId[];
  /**
   * Every OSD is to end with a number of PGs of each pool that is less than this away from its
   * share. 1 is the best that whole numbers can do; more moves less.
   */
  readonly range?: number;
  /** The most PGs that get other upmap items. */
  readonly changesMax?: number;
  /** The most replicas that are to move, as a share of those of the pools. */
  readonly misplacedRatioMax?: number;
}

export interface UpmapPlan {
  /** Those of the cleaning are among them, and count towards no limit. */
  readonly changes: UpmapChanges;
  /** Replicas that move beyond those of the cleaning. */
  readonly movedCount: number;
}

export function balanceUpmaps(map: PlacementMap, options: BalanceOptions = {}): UpmapPlan {
  const { range = 1, changesMax = Number.POSITIVE_INFINITY, misplacedRatioMax = 1 } = options;
  assert(Number.isInteger(range) && range >= 1, `a range is a whole number from 1 up: ${range}`);
  const pools = (options.pools ?? [...map.pools.keys()]).map((id) =>
    present(map.pools.get(id), `pool ${id}`),
  );
  const replicaCount = pools.reduce((sum, { size, pgNum }) => sum + size * pgNum, 0);
  const cleaning = cleanedUpmaps(new Placement(map));
  const placement = new Placement(withUpmapChanges(map, cleaning));
  const surpluses = new Float64Array(map.osds.length);
  const entries: ItemsEntry[] = [];
  let movedCount = 0;
  for (const pool of pools) {
    const board = boardOf(placement, pool, surpluses);
    if (board === undefined) continue;
    const changes = changesMax - entries.length;
    const moves = misplacedRatioMax * replicaCount - movedCount;
    new PoolBalancer(board, range, { changes, moves }).run();
    for (const osd of board.osds) {
      surpluses[osd] = (surpluses[osd] as number) + board.surplusOf(osd);
    }
    for (const { seed, items } of board.rows.changes()) {
      entries.push([{ pool: pool.id, seed }, items]);
    }
    movedCount += board.rows.movedCount;
  }
  return { changes: withEntries(cleaning, entries), movedCount };
}

/** Undefined where no rule fits the pool, or none that says where else a PG could be. */
function boardOf(
  placement: Placement,
  pool: PlacementPool,
  surpluses: Float64Array,
): UpmapBoard | undefined {
  const { crush, osds, pgUpmap, pgUpmapItems } = placement.map;
  const { id, size } = pool;
  const ruleId = placement.ruleIdOf(id);
  const reweights = osds.map(({ exists, up, weight }) => (exists && up ? weight : 0));
  const shape =
    ruleId === undefined ? undefined : ruleShape(crush.map, ruleId, { size, reweights });
  if (shape === undefined) return undefined;
  const raw = placement.mapPool(id, "raw").osds;
  const upmapped = raw.slice();
  const whole = pgUpmap.get(id) ?? new Map();
  for (const seed of [...whole.keys(), ...(pgUpmapItems.get(id)?.keys() ?? [])]) {
    upmapped.fill(NONE, seed * size, (seed + 1) * size);
    upmapped.set(placement.pgToUpmap({ pool: id, seed }).osds, seed * size);
  }
  const rows = new UpmapRows({ shape, size, raw, upmapped });
  const pinned = new Set([...whole.keys(), ...weightlessSeeds(placement, id, upmapped)]);
  return new UpmapBoard({ rows, surpluses, isPinned: (seed) => pinned.has(seed) });
}

/**
 * PGs with an OSD that weighs nothing, because nothing below some bucket weighs anything. The cleaning takes every upmap of
 * such a PG away, so one that is made is made again and again.
 */
function* weightlessSeeds(
  placement: Placement,
  id: PoolId,
  upmapped: Int32Array,
): Generator<number> {
  const shape = shapeOf(placement, id);
  const { size = 1, pgNum = 0 } = placement.map.pools.get(id) ?? {};
  for (let seed = 0; shape !== undefined && seed < pgNum; seed++) {
    const row = [...upmapped.subarray(seed * size, (seed + 1) * size)] as OsdOrNone[];
    if (!hasWeights(shape, row)) yield seed;
  }
}

/** What is left of them for a pool. */
interface Limits {
  readonly changes: number;
  readonly moves: number;
}

class PoolBalancer {
  readonly #board: UpmapBoard;
  readonly #range: number;
  readonly #limits: Limits;

  constructor(board: UpmapBoard, range: number, limits: Limits) {
    this.#board = board;
    this.#range = range;
    this.#limits = limits;
  }

  run(): void {
    // Moves of single slots are cheaper; when groups have moved, there are new ones.
    do this.#moveSlots();
    while (this.#moveGroups());
  }

  #moveSlots(): void {
    const search = new UpmapSearch(this.#board, this.#range);
    for (let chain = search.next(); chain !== undefined; chain = search.next()) {
      if (!this.#affords(chain.length - 1)) return;
      if (!this.#board.pass(chain)) search.skip();
    }
  }

  #moveGroups(): boolean {
    let hasMoved = false;
    for (const { slots, targets } of new UpmapGroups(this.#board, this.#range).moves()) {
      if (!this.#affords(slots.length)) break;
      for (const [index, slot] of slots.entries()) this.#board.move(slot, targets[index] as number);
      hasMoved = true;
    }
    return hasMoved;
  }

  /** Each move could be the first one of its PG. */
  #affords(moveCount: number): boolean {
    const { changedCount, movedCount } = this.#board.rows;
    const { changes, moves } = this.#limits;
    return changedCount + moveCount <= changes && movedCount + moveCount <= moves;
  }
}
