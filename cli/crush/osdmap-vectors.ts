/** Recorded OSD maps in the form that JSON has of them, and where their PGs and objects are. */
import { type OsdId, osdId, type PoolId, poolId } from "../../cluster/base/ids.ts";
import { CrushMapper } from "../../cluster/map/crush-mapper.ts";
import type { PgId } from "../../cluster/map/pg-id.ts";
import { type PgTable, pgTable } from "../../cluster/map/pg-table.ts";
import { type OsdSet, Placement } from "../../cluster/map/placement.ts";
import type { OsdOrNone, PlacementMap } from "../../cluster/map/placement-map.ts";
import { objectToPg, type PlacementPool } from "../../cluster/map/pool.ts";
import { compileText } from "../../crush/text.ts";
import { NONE, RULE_TYPE } from "../../crush/types.ts";
import { WEIGHT_ONE } from "../../crush/weight.ts";

export interface OsdmapRequest {
  readonly mapText: string;
  readonly osdmap: OsdmapJson;
  readonly objects: readonly (readonly [pool: number, name: string])[];
}

export interface OsdmapJson {
  readonly osds: readonly { exists: boolean; up: boolean; weight: number }[];
  readonly pools: readonly PoolJson[];
  readonly pgTemp: readonly Entry<number[]>[];
  readonly primaryTemp: readonly Entry<number>[];
  /** By OSD, or empty if none was ever set. */
  readonly primaryAffinity: readonly number[];
  readonly pgUpmap: readonly Entry<number[]>[];
  readonly pgUpmapItems: readonly Entry<[from: number, to: number][]>[];
}

interface PoolJson {
  readonly id: number;
  readonly type: number;
  readonly size: number;
  readonly rule: number;
  readonly objectHash: number;
  readonly pgNum: number;
  readonly pgpNum: number;
  readonly flags: number;
}

type Entry<T> = readonly [pool: number, seed: number, value: T];

/** One for each stage: OSDs and primary of raw, up and acting. */
type PgRow = (readonly number[] | number)[];

export interface OsdmapAnswer {
  readonly pgs: Readonly<Record<string, PgRow[]>>;
  readonly objects: (readonly [
    pool: number,
    name: string,
    seed: number,
    acting: readonly number[],
  ])[];
}

export function answerOsdmap({ mapText, osdmap, objects }: OsdmapRequest): OsdmapAnswer {
  const placement = new Placement(placementMapOf(mapText, osdmap));
  const { pools } = placement.map;
  return {
    pgs: Object.fromEntries([...pools].map(([id, pool]) => [id, rowsOf(placement, pool)])),
    objects: objects.map(([poolNumber, name]) => {
      const pool = pools.get(poolIdOf(poolNumber));
      if (pool === undefined) throw new TypeError(`object "${name}" is in no pool`);
      const pg = objectToPg(pool, name);
      return [poolNumber, name, pg.seed, placement.pgToActing(pg).osds];
    }),
  };
}

/** The flag of a pool in the form in which Ceph numbers them. */
const HASHPSPOOL = 1;

export function placementMapOf(mapText: string, json: OsdmapJson): PlacementMap {
  const pools = json.pools.map(poolOf);
  return {
    crush: new CrushMapper(compileText(mapText)),
    osds: json.osds.map((osd, id) => ({
      ...osd,
      primaryAffinity: json.primaryAffinity[id] ?? WEIGHT_ONE,
    })),
    pools: new Map(pools.map((pool) => [pool.id, pool])),
    pgUpmap: tableOf(json.pgUpmap, (osds) => osds.map(osdOf)),
    pgUpmapItems: tableOf(json.pgUpmapItems, (pairs) =>
      pairs.map(([from, to]) => ({ from: osdOf(from), to: osdOf(to) })),
    ),
    pgTemp: tableOf(json.pgTemp, (osds) =>
      osds.map((osd): OsdOrNone => (osd === NONE ? NONE : osdOf(osd))),
    ),
    primaryTemp: tableOf(json.primaryTemp, osdOf),
  };
}

/** Every PG gets a row: an absurd count must not take all memory. */
const PG_COUNT_MAX = 2 ** 20;
/** Ceph stores it in a byte. */
const POOL_SIZE_MAX = 255;

function poolOf({ id, type, flags, ...pool }: PoolJson): PlacementPool {
  requireFrom1(pool.pgNum, "pgNum", PG_COUNT_MAX);
  requireFrom1(pool.pgpNum, "pgpNum", PG_COUNT_MAX);
  requireFrom1(pool.size, "size", POOL_SIZE_MAX);
  return {
    ...pool,
    id: poolIdOf(id),
    type: type === RULE_TYPE.erasure ? "erasure" : "replicated",
    hashpspool: (flags & HASHPSPOOL) !== 0,
  };
}

function tableOf<From, To>(entries: readonly Entry<From>[], to: (value: From) => To): PgTable<To> {
  return pgTable(
    entries.map(([pool, seed, value]): readonly [PgId, To] => [
      { pool: poolIdOf(pool), seed },
      to(value),
    ]),
  );
}

function rowsOf(placement: Placement, { id, pgNum }: PlacementPool): PgRow[] {
  return Array.from({ length: pgNum }, (_, seed) => rowOf(placement, id, seed));
}

function rowOf(placement: Placement, pool: PoolId, seed: number): PgRow {
  const pg = { pool, seed };
  const stages = [placement.pgToRaw(pg), placement.pgToUp(pg), placement.pgToActing(pg)];
  return stages.flatMap(({ osds, primary }: OsdSet) => [osds, primary ?? -1]);
}

/**
 * Ids come from whoever sends the request, so a wrong one is their error and not a broken
 * invariant.
 */
function osdOf(id: number): OsdId {
  return osdId(requireCount(id));
}

function poolIdOf(id: number): PoolId {
  return poolId(requireCount(id));
}

function requireCount(id: number): number {
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw new TypeError(`an id is a whole number from 0 up, not ${id}`);
}

function requireFrom1(value: number, name: string, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new TypeError(`${name} is a whole number from 1 to ${max}, not ${value}`);
}
