/**
 * What CRUSH gives for all PGs of a pool, in parts that can be computed apart from each other: a
 * part is plain data, which another thread can be given, and `work` is what it does with it.
 */
import { type BulkRequest, bulkMapper } from "../../crush/simd.ts";
import { type CrushMap, chooseArgsFor } from "../../crush/types.ts";
import { type PlacementPool, placementSeed, ruleIdOf } from "./pool.ts";

export interface PoolMappingTask extends BulkRequest {
  readonly pool: PlacementPool;
  readonly firstSeed: number;
  readonly seedCount: number;
}

export interface PoolMappingRequest {
  readonly map: CrushMap;
  readonly pool: PlacementPool;
  /** By OSD, 16.16. */
  readonly deviceWeights: Uint32Array;
}

/** No map has it: by such a rule every mapping is empty. */
const NO_RULE = -1;

/**
 * The raw mapping of every PG, `pool.size` places for each in the order of their seeds, as a
 * BulkMapper gives them. `run` computes one of `partCount` parts, wherever it likes.
 */
export async function mapPool(
  { map, pool, deviceWeights }: PoolMappingRequest,
  partCount: number,
  run: (task: PoolMappingTask) => Int32Array | Promise<Int32Array>,
): Promise<Int32Array> {
  const request: BulkRequest = {
    map: withoutNames(map),
    chooseArgs: chooseArgsFor(map, pool.id),
    ruleId: ruleIdOf(map, pool) ?? NO_RULE,
    resultMax: pool.size,
    deviceWeights,
  };
  const partSize = Math.ceil(pool.pgNum / partCount);
  const parts: (Int32Array | Promise<Int32Array>)[] = [];
  for (let firstSeed = 0; firstSeed < pool.pgNum; firstSeed += partSize) {
    const seedCount = Math.min(partSize, pool.pgNum - firstSeed);
    parts.push(run({ ...request, pool, firstSeed, seedCount }));
  }
  const mapped = new Int32Array(pool.pgNum * pool.size);
  for (const [index, part] of (await Promise.all(parts)).entries()) {
    mapped.set(part, index * partSize * pool.size);
  }
  return mapped;
}

/** Every thread gets a copy of the map, of which names are the greater part. */
function withoutNames(map: CrushMap): CrushMap {
  const none = new Map();
  return { ...map, typeNames: none, itemNames: none, ruleNames: none, chooseArgs: none };
}

export function work({ pool, firstSeed, seedCount, ...request }: PoolMappingTask): Int32Array {
  const xs = Int32Array.from({ length: seedCount }, (_, i) => placementSeed(pool, firstSeed + i));
  return bulkMapper(request).mapMany(xs);
}
