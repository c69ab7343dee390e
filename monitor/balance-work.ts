/**
 * The balancer's work as a thread does it. What goes there is copied by the thread that is not to be held up, so it is what
 * placement needs and no more, and what there is much of goes as arrays of numbers.
 */

import { type OsdId, osdId, poolId } from "../cluster/base/ids.ts";
import { CrushMapper } from "../cluster/map/crush-mapper.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import { placementMapOf } from "../cluster/map/osd-map-placement.ts";
import type { PgId } from "../cluster/map/pg-id.ts";
import { pgEntries, pgTable } from "../cluster/map/pg-table.ts";
import type { PlacementOsd, UpmapPair } from "../cluster/map/placement-map.ts";
import type { PlacementPool } from "../cluster/map/pool.ts";
import { balanceUpmaps } from "../cluster/map/upmap.ts";
import type { UpmapChanges } from "../cluster/map/upmap-changes.ts";
import type { CrushMap } from "../crush/types.ts";

export interface BalanceTask {
  readonly crush: CrushMap;
  /** Four numbers of each: exists, up, weight, primary affinity. */
  readonly osds: Uint32Array;
  readonly pools: readonly PlacementPool[];
  /** By PG: pool, seed, number of OSDs, and these. */
  readonly upmaps: Float64Array;
  /** By PG: pool, seed, number of pairs, and these. */
  readonly items: Float64Array;
  readonly misplacedRatioMax: number;
}

const OSD_FIELDS = 4;
/** What a round changes at most: each is looked at once more before it is published, and moves data when it is. */
export const ROUND_CHANGES_MAX = 1_000;

export function balanceTask(map: OsdMap, misplacedRatioMax: number): BalanceTask {
  const { crush, osds, pools, pgUpmap, pgUpmapItems } = placementMapOf(map);
  const columns = new Uint32Array(osds.length * OSD_FIELDS);
  for (const [id, { exists, up, weight, primaryAffinity }] of osds.entries()) {
    columns.set([Number(exists), Number(up), weight, primaryAffinity], id * OSD_FIELDS);
  }
  const none = new Map();
  return {
    crush: { ...crush.map, itemNames: none, ruleNames: none },
    osds: columns,
    pools: [...pools.values()],
    upmaps: packed(pgEntries(pgUpmap), (row) => row),
    items: packed(pgEntries(pgUpmapItems), (pairs) => pairs.flatMap(({ from, to }) => [from, to])),
    misplacedRatioMax,
  };
}

export function work(task: BalanceTask): UpmapChanges {
  const { crush, osds: columns, pools, misplacedRatioMax } = task;
  const osds: PlacementOsd[] = [];
  for (let at = 0; at < columns.length; at += OSD_FIELDS) {
    const [exists, up, weight = 0, primaryAffinity = 0] = columns.subarray(at, at + OSD_FIELDS);
    osds.push({ exists: exists === 1, up: up === 1, weight, primaryAffinity });
  }
  const map = {
    crush: new CrushMapper(crush),
    osds,
    pools: new Map(pools.map((pool) => [pool.id, pool])),
    pgUpmap: pgTable(unpacked(task.upmaps, (numbers) => numbers.map(osdId))),
    pgUpmapItems: pgTable(unpacked(task.items, pairsOf)),
    pgTemp: pgTable<readonly OsdId[]>(),
    primaryTemp: pgTable<OsdId>(),
  };
  return balanceUpmaps(map, { misplacedRatioMax, changesMax: ROUND_CHANGES_MAX }).changes;
}

function packed<T>(
  entries: Iterable<readonly [PgId, T]>,
  numbersOf: (value: T) => readonly number[],
): Float64Array {
  const numbers: number[] = [];
  for (const [{ pool, seed }, value] of entries) {
    const own = numbersOf(value);
    numbers.push(pool, seed, own.length, ...own);
  }
  return Float64Array.from(numbers);
}

function* unpacked<T>(
  numbers: Float64Array,
  valueFrom: (numbers: number[]) => T,
): Generator<readonly [PgId, T]> {
  for (let at = 0; at < numbers.length; ) {
    const [pool = 0, seed = 0, count = 0] = numbers.subarray(at, at + 3);
    yield [{ pool: poolId(pool), seed }, valueFrom([...numbers.subarray(at + 3, at + 3 + count)])];
    at += 3 + count;
  }
}

function pairsOf(numbers: readonly number[]): UpmapPair[] {
  const pairs: UpmapPair[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    pairs.push({ from: osdId(numbers[at] ?? 0), to: osdId(numbers[at + 1] ?? 0) });
  }
  return pairs;
}
