/** What must hold of every map that is published, whoever edited it. */
import { problemOf } from "../../crush/validate.ts";
import { OSD_COUNT_MAX } from "./osd-info.ts";
import type { OsdMap } from "./osd-map.ts";
import { formatPgId } from "./pg-id.ts";
import type { PgTable } from "./pg-table.ts";
import { ruleIdOf } from "./pool.ts";
import { placementPool } from "./pool-info.ts";

/** A row of OSDs in the map is as long as a pool's size. */
export const POOL_SIZE_MAX = 64;
/** Of all pools together: each PG may have a row in several collections of the map. */
export const PG_COUNT_MAX = 1 << 18;

/** Sentences for people; none if all is well. */
export function mapProblems(map: OsdMap): string[] {
  return [...crushProblems(map), ...osdProblems(map), ...poolProblems(map), ...upmapProblems(map)];
}

function* crushProblems({ crush }: OsdMap): Generator<string> {
  const problem = problemOf(crush);
  if (problem !== undefined) yield `the CRUSH map is not valid: ${problem.message}`;
}

function* osdProblems({ osds, shares }: OsdMap): Generator<string> {
  for (const id of osds.keys()) {
    if (!shares.has(id)) yield `osd.${id} has no weight`;
    if (id >= OSD_COUNT_MAX) yield `osd.${id} is above the largest id, ${OSD_COUNT_MAX - 1}`;
  }
  for (const id of shares.keys()) if (!osds.has(id)) yield `there is no osd.${id} to have a weight`;
}

function* poolProblems(map: OsdMap): Generator<string> {
  const { pools, poolSettings, poolIdMax, crush } = map;
  let pgCount = 0;
  for (const [id, { pgNum, pgpNum }] of pools) {
    if (!poolSettings.has(id)) yield `pool ${id} has no settings`;
    if (id > poolIdMax) yield `pool ${id} is above the last id that was given, ${poolIdMax}`;
    if (pgNum < 1) yield `pool ${id} has no PGs`;
    if (pgpNum < 1 || pgpNum > pgNum) {
      yield `pool ${id} has pgp_num ${pgpNum}; it must be within 1..${pgNum}, its pg_num`;
    }
    pgCount += pgNum;
  }
  if (pgCount > PG_COUNT_MAX) {
    yield `all pools together have ${pgCount} PGs; there may be ${PG_COUNT_MAX}`;
  }
  const names = new Set<string>();
  for (const [id, settings] of poolSettings) {
    const facts = pools.get(id);
    const { name, size, minSize, rule } = settings;
    if (facts === undefined) {
      yield `there is no pool ${id} to have settings`;
      continue;
    }
    if (name === "") yield `pool ${id} has no name`;
    if (names.has(name)) yield `two pools are called "${name}"`;
    names.add(name);
    if (size < 1 || size > POOL_SIZE_MAX) {
      yield `pool "${name}" has the size ${size}; it must be within 1..${POOL_SIZE_MAX}`;
    }
    if (minSize < 1 || minSize > size) {
      yield `pool "${name}" has min_size ${minSize}; it must be within 1..${size}, its size`;
    }
    if (ruleIdOf(crush, placementPool(id, facts, settings)) === undefined) {
      yield `no CRUSH rule of ruleset ${rule} fits pool "${name}" of size ${size}`;
    }
  }
}

/** Only the first: there may be one for each PG. */
function* upmapProblems({ pools, pgUpmap, pgUpmapItems }: OsdMap): Generator<string> {
  for (const table of [pgUpmap, pgUpmapItems]) {
    const problem = upmapProblem(pools, table);
    if (problem === undefined) continue;
    yield problem;
    return;
  }
}

function upmapProblem(
  pools: OsdMap["pools"],
  table: PgTable<readonly unknown[]>,
): string | undefined {
  for (const [pool, rows] of table) {
    const pgNum = pools.get(pool)?.pgNum ?? 0;
    for (const [seed, { length }] of rows) {
      if (seed < pgNum && length <= POOL_SIZE_MAX) continue;
      const pg = formatPgId({ pool, seed });
      return seed < pgNum
        ? `the upmap of PG ${pg} has ${length} entries; it may have ${POOL_SIZE_MAX}`
        : `there is no PG ${pg} to have an upmap`;
    }
  }
  return undefined;
}
