/**
 * Random OSD maps that have some of everything, given to Ceph's own osdmaptool: every PG and some
 * objects must be at the same place at every stage.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
  randomShuffle,
} from "../../../cluster/base/prng.ts";
import { CrushMapper } from "../../../cluster/map/crush-mapper.ts";
import { formatPgId, type PgId } from "../../../cluster/map/pg-id.ts";
import { type PgTable, pgTable } from "../../../cluster/map/pg-table.ts";
import { type OsdSet, Placement } from "../../../cluster/map/placement.ts";
import type { OsdOrNone, PlacementMap, PlacementOsd } from "../../../cluster/map/placement-map.ts";
import { objectToPg, type PlacementPool } from "../../../cluster/map/pool.ts";
import { STRING_HASH } from "../../../crush/hash.ts";
import { type CrushMap, NONE, RULE_TYPE } from "../../../crush/types.ts";
import { compiledOrNot, randomMapText } from "../../crush/random-text.ts";
import { interopTool } from "../../support/interop.ts";
import { Osdmaptool } from "../../support/osdmaptool.ts";

const FIXED_SEEDS = 24;
const OBJECTS_PER_MAP = 3;
const WHOLE = 0x10000;

let tool: Osdmaptool;
beforeAll(() => {
  tool = new Osdmaptool();
});
afterAll(() => {
  tool.close();
});

function randomMap(prng: Prng): PlacementMap {
  const crush = randomCrush(prng);
  // OSDs may be fewer than the CRUSH map has, or more.
  const count = Math.max(
    1,
    crush.maxDevices + (randomChance(prng, 0.2) ? randomBetween(prng, -2, 3) : 0),
  );
  const someAffinity = randomChance(prng, 0.5);
  const osds = Array.from({ length: count }, () => randomOsd(prng, someAffinity));
  const pools = Array.from({ length: randomBetween(prng, 1, 4) }, (_, i) =>
    randomPool(prng, crush, i),
  );
  const osd = (): number => randomInt(prng, count);
  const several = (): number[] => {
    const ids = randomShuffle(
      prng,
      osds.map((_, id) => id),
    );
    return ids.slice(0, randomBetween(prng, 1, 4));
  };
  const some = <T>(share: number, make: () => T): PgTable<T> => entries(prng, pools, share, make);
  return {
    crush: new CrushMapper(crush),
    osds,
    pools: new Map(pools.map((pool) => [pool.id, pool])),
    pgUpmap: some(0.1, () => several().map(osdId)),
    pgUpmapItems: some(0.4, () => several().map((to) => ({ from: osdId(osd()), to: osdId(to) }))),
    pgTemp: some(0.2, () =>
      several().map((id): OsdOrNone => (randomChance(prng, 0.1) ? NONE : osdId(id))),
    ),
    primaryTemp: some(0.1, () => osdId(osd())),
  };
}

function randomCrush(prng: Prng): CrushMap {
  for (;;) {
    const map = compiledOrNot(randomMapText(prng));
    if (map !== undefined && map.rules.length > 0) return map;
  }
}

function randomOsd(prng: Prng, someAffinity: boolean): PlacementOsd {
  return {
    exists: randomChance(prng, 0.93),
    up: randomChance(prng, 0.9),
    weight: randomPick(prng, [WHOLE, WHOLE, WHOLE, WHOLE / 2, 0, randomInt(prng, WHOLE)]),
    primaryAffinity: someAffinity ? randomPick(prng, [WHOLE, WHOLE, 0, 0x8000, 0x2000]) : WHOLE,
  };
}

function randomPool(prng: Prng, crush: CrushMap, index: number): PlacementPool {
  const ids = [...crush.rules.keys()].filter((id) => crush.rules[id] !== undefined);
  const id = randomPick(prng, ids);
  const rule = crush.rules[id];
  const isErasure = rule?.type === RULE_TYPE.erasure;
  // A pool that no rule fits is nowhere.
  const fits = randomChance(prng, 0.9);
  const pgNum = randomBetween(prng, 1, 40);
  const { minSize = 1, maxSize = 1 } = rule ?? {};
  const size = randomBetween(prng, minSize, maxSize);
  return {
    id: poolId(1 + 5 * index + randomInt(prng, 5)),
    type: isErasure === fits ? "erasure" : "replicated",
    size,
    pgNum,
    pgpNum: randomChance(prng, 0.7) ? pgNum : randomBetween(prng, 1, pgNum),
    rule: id,
    hashpspool: randomChance(prng, 0.7),
    objectHash: randomPick(prng, Object.values(STRING_HASH)),
  };
}

function entries<T>(
  prng: Prng,
  pools: readonly PlacementPool[],
  share: number,
  make: () => T,
): PgTable<T> {
  const chosen: [PgId, T][] = [];
  for (const { id, pgNum } of pools) {
    for (let seed = 0; seed < pgNum; seed += 1) {
      if (randomChance(prng, share)) chosen.push([{ pool: id, seed }, make()]);
    }
  }
  return pgTable(chosen);
}

interface Dumps {
  readonly stages: string[];
  readonly acting: string[];
}

/** As `--test-map-pgs-dump-all` and `--test-map-pgs-dump` print them. */
function ourDumps(placement: Placement): Dumps {
  const dumps: Dumps = { stages: [], acting: [] };
  const pools = [...placement.map.pools.values()].sort((left, right) => left.id - right.id);
  for (const { id: pool, pgNum } of pools) {
    for (let seed = 0; seed < pgNum; seed += 1) {
      const pg = { pool, seed };
      const acting = placement.pgToActing(pg);
      const [raw, up] = [placement.pgToRaw(pg), placement.pgToUp(pg)].map(shown);
      dumps.stages.push(`${formatPgId(pg)} raw ${raw} up ${up} acting ${shown(acting)}`);
      dumps.acting.push(`${formatPgId(pg)}\t[${acting.osds}]\t${acting.primary ?? -1}`);
    }
  }
  return dumps;
}

function shown({ osds, primary }: OsdSet): string {
  return `([${osds}], p${primary ?? -1})`;
}

function compare(seed: number): void {
  const prng = createPrng(seed);
  const map = randomMap(prng);
  tool.givePlacement(map);
  const placement = new Placement(map);
  const { stages, acting } = ourDumps(placement);
  const printed = (option: string, row: RegExp): string[] =>
    tool
      .run(option)
      .split("\n")
      .filter((line) => row.test(line));
  expect(stages).toEqual(printed("--test-map-pgs-dump-all", /^\d+\.[0-9a-f]+ raw /));
  expect(acting).toEqual(printed("--test-map-pgs-dump", /^\d+\.[0-9a-f]+\t/));
  for (let index = 0; index < OBJECTS_PER_MAP; index += 1) {
    const pool = randomPick(prng, [...map.pools.values()]);
    const name = randomPick(prng, ["a", "rbd_data.1234.00000000", "ÿ ü", `object-${index}`]);
    const pg = objectToPg(pool, name);
    const { osds } = placement.pgToActing(pg);
    const answer = tool.run("--test-map-object", name, "--pool", String(pool.id));
    expect(answer).toContain(` object '${name}' -> ${formatPgId(pg)} -> [${osds}]`);
  }
}

const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);

interopTool({ command: "osdmaptool", debianPackage: "ceph-base" })("with osdmaptool", () => {
  test.each([...Array(FIXED_SEEDS).keys(), RANDOM_SEED])(
    "PGs and objects of the map of seed %i are at the same place",
    compare,
  );
});
