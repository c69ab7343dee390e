/**
 * Where the map places each PG, remembered from epoch to epoch: placing 100,000 PGs takes most of a second, and most epochs
 * move few of them. An epoch makes those due that it can have moved; they are placed when somebody asks for one, and a few
 * at each tick. Until then the counts by OSD are those of a moment ago.
 *
 * What is kept of a PG is where it belongs, up or not: then an OSD that goes down or comes back concerns its own PGs alone.
 */
import { assert } from "../../cluster/base/assert.ts";
import { type OsdId, osdId, type PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import type { PgId } from "../../cluster/map/pg-id.ts";
import { type PgTable, pgEntry } from "../../cluster/map/pg-table.ts";
import { isOsd } from "../../cluster/map/placement.ts";
import type { PlacementPool } from "../../cluster/map/pool.ts";
import { placementPool } from "../../cluster/map/pool-info.ts";
import { NONE } from "../../crush/types.ts";

interface PoolPlaces {
  readonly pool: PlacementPool;
  /** `size` of each PG, in no order, the rest NONE. */
  readonly belongs: Int32Array;
  /** Of the acting set; NONE if it has none. */
  readonly primaries: Int32Array;
  readonly isPlaced: Uint8Array;
}

export interface Places {
  map: OsdMap | undefined;
  readonly pools: Map<PoolId, PoolPlaces>;
  /** By OSD, how many PGs belong to it. */
  readonly pgCounts: Map<number, number>;
  dueCount: number;
  /** Where the last `placeSome` stopped, in the order of all PGs. */
  cursor: number;
}

export function createPlaces(): Places {
  return { map: undefined, pools: new Map(), pgCounts: new Map(), dueCount: 0, cursor: 0 };
}

/** The map must be the newest that this was given. */
export function followPlaces(places: Places, map: OsdMap): void {
  const before = places.map;
  if (before === map) return;
  places.map = map;
  followPools(places, map);
  if (before === undefined) return;
  const flipped = flippedOsds(before, map);
  if (flipped === "all" || before.crush !== map.crush || before.shares !== map.shares) {
    for (const pool of places.pools.values()) forgetPool(places, pool);
    return;
  }
  if (flipped.size > 0) forgetOf(places, map, flipped);
  forgetChanged(places, before.pgUpmap, map.pgUpmap);
  forgetChanged(places, before.pgUpmapItems, map.pgUpmapItems);
  forgetChanged(places, before.pgTemp, map.pgTemp);
  forgetChanged(places, before.primaryTemp, map.primaryTemp);
}

/** Who leads the PG by the map; undefined if nobody does. */
export function primaryOf(places: Places, { pool: id, seed }: PgId): OsdId | undefined {
  const pool = places.pools.get(id);
  if (pool === undefined || seed >= pool.pool.pgNum) return undefined;
  if (pool.isPlaced[seed] === 0) place(places, pool, seed);
  const primary = pool.primaries[seed] as number;
  return primary === NONE ? undefined : osdId(primary);
}

/** By seed, who leads each PG of the pool, as far as that is known without placing one. */
export function knownPrimaries(
  places: Places,
  id: PoolId,
): ((seed: number) => number | undefined) | undefined {
  const pool = places.pools.get(id);
  if (pool === undefined) return undefined;
  const { primaries, isPlaced } = pool;
  return (seed) => (isPlaced[seed] === 1 ? primaries[seed] : undefined);
}

/** Whether the PG belongs to the OSD, up or not, or did when it was last placed. */
export function belongsTo(places: Places, { pool: id, seed }: PgId, osd: OsdId): boolean {
  const known = places.pools.get(id);
  if (known === undefined) return false;
  const { pool, belongs } = known;
  const end = Math.min(seed + 1, pool.pgNum) * pool.size;
  for (let at = seed * pool.size; at < end; at++) if (belongs[at] === osd) return true;
  return false;
}

/** The PGs that it serves, as `osd df` shows them: none while it is down. */
export function pgCountOf(places: Places, osd: OsdId): number {
  return places.map?.osds.get(osd)?.up === true ? (places.pgCounts.get(osd) ?? 0) : 0;
}

/** Places up to so many of the PGs that are due. */
export function placeSome(places: Places, count: number): void {
  let budget = count;
  let passed = 0;
  const pools = [...places.pools.values()];
  const total = pools.reduce((sum, { pool }) => sum + pool.pgNum, 0);
  let index = 0;
  let first = 0;
  if (places.cursor >= total) places.cursor = 0;
  while (places.dueCount > 0 && budget > 0 && passed <= total) {
    const pool = pools[index % pools.length];
    assert(pool !== undefined, "what is due is of a pool");
    const { pgNum } = pool.pool;
    let seed = Math.max(0, places.cursor - first);
    for (; seed < pgNum && budget > 0; seed++, passed++) {
      if (pool.isPlaced[seed] === 1) continue;
      place(places, pool, seed);
      budget -= 1;
    }
    places.cursor = first + seed;
    if (seed < pgNum) continue;
    first += pgNum;
    index += 1;
    if (index === pools.length) {
      index = 0;
      first = 0;
      places.cursor = 0;
    }
  }
}

function place(
  places: Places,
  { pool, belongs, primaries, isPlaced }: PoolPlaces,
  seed: number,
): void {
  assert(places.map !== undefined, "pools come with a map");
  const map = places.map;
  const placement = placementOf(map);
  const pg = { pool: pool.id, seed };
  const up = placement.pgToUp(pg);
  const isTemporary =
    pgEntry(map.pgTemp, pg) !== undefined || pgEntry(map.primaryTemp, pg) !== undefined;
  const acting = isTemporary ? placement.pgToActing(pg) : up;
  const isWhole = up.osds.length === pool.size && up.osds.every(isOsd);
  const osds = isWhole ? up.osds : placement.pgToUpmap(pg).osds;
  const row = belongs.subarray(seed * pool.size, (seed + 1) * pool.size);
  for (const osd of row) addCount(places, osd, -1);
  row.fill(NONE);
  row.set(osds);
  for (const osd of row) addCount(places, osd, 1);
  primaries[seed] = acting.primary ?? NONE;
  isPlaced[seed] = 1;
  places.dueCount -= 1;
}

function addCount({ pgCounts }: Places, osd: number, change: number): void {
  if (osd === NONE) return;
  const count = (pgCounts.get(osd) ?? 0) + change;
  assert(count >= 0, `osd.${osd} loses only PGs that it has`);
  if (count === 0) pgCounts.delete(osd);
  else pgCounts.set(osd, count);
}

function followPools(places: Places, map: OsdMap): void {
  for (const [id, known] of places.pools) {
    const pool = poolOf(map, id);
    if (pool !== undefined && isAlike(known.pool, pool)) continue;
    for (const osd of known.belongs) addCount(places, osd, -1);
    for (const isPlaced of known.isPlaced) places.dueCount -= 1 - isPlaced;
    places.pools.delete(id);
  }
  for (const id of map.pools.keys()) {
    const pool = poolOf(map, id);
    if (pool === undefined || places.pools.has(id)) continue;
    const { pgNum, size } = pool;
    places.pools.set(id, {
      pool,
      belongs: new Int32Array(pgNum * size).fill(NONE),
      primaries: new Int32Array(pgNum).fill(NONE),
      isPlaced: new Uint8Array(pgNum),
    });
    places.dueCount += pgNum;
  }
}

function poolOf({ pools, poolSettings }: OsdMap, id: PoolId): PlacementPool | undefined {
  const facts = pools.get(id);
  const settings = poolSettings.get(id);
  return facts === undefined || settings === undefined
    ? undefined
    : placementPool(id, facts, settings);
}

function isAlike(left: PlacementPool, right: PlacementPool): boolean {
  const names = Object.keys(left) as (keyof PlacementPool)[];
  return names.every((name) => left[name] === right[name]);
}

/** OSDs that went up or down; "all" if some came to be or are gone, which moves any PG. */
function flippedOsds(before: OsdMap, after: OsdMap): ReadonlySet<number> | "all" {
  const flipped = new Set<number>();
  if (before.osds === after.osds) return flipped;
  if (before.osds.size !== after.osds.size) return "all";
  for (const [id, { up }] of after.osds) {
    const known = before.osds.get(id);
    if (known === undefined) return "all";
    if (known.up !== up) flipped.add(id);
  }
  return flipped;
}

function forgetOf(places: Places, map: OsdMap, osds: ReadonlySet<number>): void {
  for (const known of places.pools.values()) {
    const { pool, belongs, isPlaced } = known;
    for (let seed = 0; seed < pool.pgNum; seed++) {
      if (isPlaced[seed] === 0) continue;
      for (let at = seed * pool.size; at < (seed + 1) * pool.size; at++) {
        if (osds.has(belongs[at] as number)) forget(places, known, seed);
      }
    }
    // Others may serve these, and they are few.
    for (const table of [map.pgTemp, map.primaryTemp]) {
      for (const seed of table.get(pool.id)?.keys() ?? []) forget(places, known, seed);
    }
  }
}

function forgetChanged<T>(places: Places, before: PgTable<T>, after: PgTable<T>): void {
  if (before === after) return;
  for (const [id, pool] of places.pools) {
    const old = before.get(id);
    const now = after.get(id);
    if (old === now) continue;
    for (const [seed, value] of old ?? []) if (now?.get(seed) !== value) forget(places, pool, seed);
    for (const seed of now?.keys() ?? []) if (old?.has(seed) !== true) forget(places, pool, seed);
  }
}

function forgetPool(places: Places, pool: PoolPlaces): void {
  for (let seed = 0; seed < pool.pool.pgNum; seed++) forget(places, pool, seed);
}

function forget(places: Places, { pool, isPlaced }: PoolPlaces, seed: number): void {
  if (seed >= pool.pgNum || isPlaced[seed] === 0) return;
  isPlaced[seed] = 0;
  places.dueCount += 1;
}
