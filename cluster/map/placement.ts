/**
 * From a PG to the OSDs that hold it, the same as Ceph computes it (release 16), in four stages:
 *
 *   raw      what CRUSH gives, without OSDs that are not there
 *   upmap    with the PG's upmaps applied: where its data belongs
 *   up       without OSDs that are down; led by the first one that its primary affinity lets lead
 *   acting   who serves the PG: as up, unless pg_temp and primary_temp say otherwise
 */
import { hash2 } from "../../crush/hash.ts";
import { NONE } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";
import { assert, present } from "../base/assert.ts";
import type { OsdId, PoolId } from "../base/ids.ts";
import type { PgId } from "./pg-id.ts";
import { pgEntry } from "./pg-table.ts";
import type { OsdOrNone, PlacementMap, UpmapPair } from "./placement-map.ts";
import { type PlacementPool, placementSeed, ruleIdOf } from "./pool.ts";

export interface OsdSet {
  readonly osds: readonly OsdOrNone[];
  readonly primary: OsdId | undefined;
}

const NOWHERE: OsdSet = { osds: [], primary: undefined };

/** All PGs of a pool, each with a row of as many entries as the pool's size. */
export interface PgRows {
  readonly size: number;
  /** The row of seed s starts at s * size and ends with NONE where fewer OSDs were found. */
  readonly osds: Int32Array;
  /** By seed; NONE where there is none. */
  readonly primaries: Int32Array;
}

export type PlacementStage = "raw" | "upmap" | "up" | "acting";

/** One epoch's map, made ready. PGs that the map does not have are nowhere. */
export class Placement {
  readonly map: PlacementMap;
  readonly #weights: Uint32Array;
  readonly #affinities: Uint32Array;
  readonly #exists: Uint8Array;
  readonly #isUp: Uint8Array;
  readonly #ruleIds: ReadonlyMap<PoolId, number | undefined>;

  constructor(map: PlacementMap) {
    const { osds, pools, crush } = map;
    this.map = map;
    this.#weights = new Uint32Array(osds.length);
    this.#affinities = new Uint32Array(osds.length);
    this.#exists = new Uint8Array(osds.length);
    this.#isUp = new Uint8Array(osds.length);
    // Every epoch with ten thousand OSDs comes by here, and typed arrays of mapped ones are slow to make.
    for (const [id, { exists, up, weight, primaryAffinity }] of osds.entries()) {
      this.#weights[id] = weight;
      this.#affinities[id] = primaryAffinity;
      this.#exists[id] = Number(exists);
      this.#isUp[id] = Number(exists && up);
    }
    this.#ruleIds = new Map([...pools].map(([id, pool]) => [id, ruleIdOf(crush.map, pool)]));
  }

  /** The rule that places the pool; undefined if none fits it, and then its PGs are nowhere. */
  ruleIdOf(pool: PoolId): number | undefined {
    return this.#ruleIds.get(pool);
  }

  pgToRaw(pg: PgId): OsdSet {
    const pool = this.#poolOf(pg);
    return pool === undefined ? NOWHERE : ledByFirst(this.#raw(pool, pg));
  }

  pgToUpmap(pg: PgId): OsdSet {
    const pool = this.#poolOf(pg);
    return pool === undefined ? NOWHERE : ledByFirst(this.#upmap(pool, pg));
  }

  pgToUp(pg: PgId): OsdSet {
    const pool = this.#poolOf(pg);
    return pool === undefined ? NOWHERE : this.#up(pool, pg);
  }

  pgToActing(pg: PgId): OsdSet {
    const pool = this.#poolOf(pg);
    return pool === undefined ? NOWHERE : this.#acting(pool, pg);
  }

  mapPool(id: PoolId, stage: PlacementStage): PgRows {
    const { size, pgNum } = present(this.map.pools.get(id), `pool ${id}`);
    const map = {
      raw: (pg: PgId) => this.pgToRaw(pg),
      upmap: (pg: PgId) => this.pgToUpmap(pg),
      up: (pg: PgId) => this.pgToUp(pg),
      acting: (pg: PgId) => this.pgToActing(pg),
    }[stage];
    const osds = new Int32Array(pgNum * size).fill(NONE);
    const primaries = new Int32Array(pgNum);
    for (let seed = 0; seed < pgNum; seed++) {
      const set = map({ pool: id, seed });
      assert(set.osds.length <= size, `PG ${id}.${seed} has more OSDs than its pool's size`);
      osds.set(set.osds, seed * size);
      primaries[seed] = set.primary ?? NONE;
    }
    return { size, osds, primaries };
  }

  #poolOf({ pool: id, seed }: PgId): PlacementPool | undefined {
    const pool = this.map.pools.get(id);
    return pool !== undefined && seed < pool.pgNum ? pool : undefined;
  }

  #raw(pool: PlacementPool, { seed }: PgId): OsdOrNone[] {
    const ruleId = this.#ruleIds.get(pool.id);
    if (ruleId === undefined) return [];
    const x = placementSeed(pool, seed);
    const mapper = this.map.crush.forPool(pool.id);
    const row = mapper.doRule(ruleId, x, pool.size, this.#weights) as OsdOrNone[];
    return without(pool, row, this.#exists);
  }

  #upmap(pool: PlacementPool, pg: PgId): OsdOrNone[] {
    const row = this.#raw(pool, pg);
    const whole = pgEntry(this.map.pgUpmap, pg);
    // One target that is out takes all of the PG's upmaps out of force.
    if (whole?.some((osd) => this.#isOut(osd))) return row;
    const upmapped = whole === undefined ? row : [...whole];
    for (const pair of pgEntry(this.map.pgUpmapItems, pg) ?? []) this.#applyPair(upmapped, pair);
    return upmapped;
  }

  #applyPair(row: OsdOrNone[], { from, to }: UpmapPair): void {
    if (row.includes(to) || this.#isOut(to)) return;
    const position = row.indexOf(from);
    if (position >= 0) row[position] = to;
  }

  #up(pool: PlacementPool, pg: PgId): OsdSet {
    const row = without(pool, this.#upmap(pool, pg), this.#isUp);
    const leader = this.#leaderOf(row, placementSeed(pool, pg.seed));
    const primary = row[leader];
    if (primary === undefined || !isOsd(primary)) return { osds: row, primary: undefined };
    // Whoever leads stands first where the order says nothing else.
    if (pool.type === "replicated" && leader > 0) row.unshift(...row.splice(leader, 1));
    return { osds: row, primary };
  }

  /**
   * The position of the primary. An OSD of affinity a/65536 declines in the rest of the cases,
   * always the same PGs; if all decline, the first one must.
   */
  #leaderOf(row: readonly OsdOrNone[], x: number): number {
    const accepts = (osd: OsdOrNone): boolean => {
      const affinity = this.#affinities[osd] ?? WEIGHT_ONE;
      return isOsd(osd) && (affinity >= WEIGHT_ONE || hash2(x, osd) >>> 16 < affinity);
    };
    const willing = row.findIndex(accepts);
    return willing >= 0 ? willing : row.findIndex(isOsd);
  }

  #acting(pool: PlacementPool, pg: PgId): OsdSet {
    const temporary = without(pool, pgEntry(this.map.pgTemp, pg) ?? [], this.#isUp);
    // Taken as it is even if that OSD is down: whoever set it takes it back.
    const chosen = pgEntry(this.map.primaryTemp, pg);
    if (temporary.length > 0) {
      return { osds: temporary, primary: chosen ?? temporary.find(isOsd) };
    }
    const up = this.#up(pool, pg);
    return { osds: up.osds, primary: chosen ?? up.primary };
  }

  /** OSDs beyond the end of the map are not out. */
  #isOut(osd: OsdId): boolean {
    return this.#weights[osd] === 0;
  }
}

export function isOsd(entry: OsdOrNone): entry is OsdId {
  return entry !== NONE;
}

function ledByFirst(osds: readonly OsdOrNone[]): OsdSet {
  return { osds, primary: osds.find(isOsd) };
}

/** Only those OSDs whose column says yes: the others leave holes where positions matter. */
function without(pool: PlacementPool, row: readonly OsdOrNone[], column: Uint8Array): OsdOrNone[] {
  if (pool.type === "replicated") return row.filter((osd) => column[osd] === 1);
  return row.map((osd) => (column[osd] === 1 ? osd : NONE));
}
