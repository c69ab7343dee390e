/** Small cluster maps and reports for tests of what the controller knows of PGs and OSDs. */

import { present } from "../../../cluster/base/assert.ts";
import {
  type Epoch,
  epoch,
  type OsdId,
  osdId,
  type PoolId,
  poolId,
} from "../../../cluster/base/ids.ts";
import { FULL_SHARE, NEW_OSD, type OsdInfo, type OsdShare } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { type PgId, parsePgId } from "../../../cluster/map/pg-id.ts";
import { type PgStateName, pgState } from "../../../cluster/map/pg-state.ts";
import type { PoolFacts, PoolSettings } from "../../../cluster/map/pool-info.ts";
import type { OsdStat, PgStat } from "../../../cluster/message/osd-report.ts";
import { STRING_HASH } from "../../../crush/hash.ts";
import { compileText } from "../../../crush/text.ts";
import type { CrushMap } from "../../../crush/types.ts";
import type { StatsReport } from "../../../monitor/controller/pg-board.ts";
import { crushText, osdCountOf, RULES, type Tree } from "../../cluster/map/world.ts";

/** One rack. */
export const FOUR_HOSTS: Tree = { racks: 1, hosts: 4, osds: 1 };

export interface GivenPool extends Partial<PoolFacts>, Partial<PoolSettings> {}

export interface GivenMap {
  readonly tree?: Tree;
  readonly steps?: readonly string[];
  /** By id. */
  readonly pools?: Readonly<Record<number, GivenPool>>;
}

const FACTS: PoolFacts = {
  created: epoch(1),
  type: "replicated",
  pgNum: 8,
  pgpNum: 8,
  hashpspool: true,
  objectHash: STRING_HASH.rjenkins,
  isQuotaFull: false,
};

const SETTINGS: PoolSettings = {
  name: "",
  size: 3,
  minSize: 2,
  rule: 0,
  application: "s3",
  nodelete: false,
  quotaBytes: 0,
  quotaObjects: 0,
};

const crushes = new Map<string, CrushMap>();

/** Epoch 10; all OSDs are up and in, each with a nonce of 100 more than its id. */
export function osdMap({
  tree = FOUR_HOSTS,
  steps = RULES.host,
  pools = {},
}: GivenMap = {}): OsdMap {
  const text = crushText(tree, steps);
  const crush = crushes.get(text) ?? compileText(text);
  crushes.set(text, crush);
  const ids = Array.from({ length: osdCountOf(tree) }, (_, id) => osdId(id));
  const map: OsdMap = {
    ...EMPTY_MAP,
    epoch: epoch(10),
    crush,
    osds: new Map(ids.map((id) => [id, { ...NEW_OSD, up: true, nonce: 100 + id, isNew: false }])),
    shares: new Map(ids.map((id) => [id, FULL_SHARE])),
  };
  return Object.entries(pools).reduce((so, [id, given]) => withPool(so, Number(id), given), map);
}

/** With these settings and else those of a new pool, also if it was there. */
export function withPool(map: OsdMap, id: number, given: GivenPool = {}): OsdMap {
  const pool = poolId(id);
  const facts = { ...FACTS, pgpNum: given.pgNum ?? FACTS.pgpNum };
  const settings = { ...SETTINGS, name: `pool${id}` };
  return {
    ...map,
    pools: new Map([...map.pools, [pool, picked(facts, given)]]),
    poolSettings: new Map([...map.poolSettings, [pool, picked(settings, given)]]),
  };
}

function picked<T extends object>(defaults: T, given: object): T {
  const own = Object.entries(given).filter(([name]) => name in defaults);
  return { ...defaults, ...Object.fromEntries(own) };
}

export function withoutPool(map: OsdMap, id: number): OsdMap {
  const others = <T>(table: ReadonlyMap<PoolId, T>): Map<PoolId, T> =>
    new Map([...table].filter(([pool]) => pool !== id));
  return { ...map, pools: others(map.pools), poolSettings: others(map.poolSettings) };
}

/** As the next epoch. */
export function next(map: OsdMap): OsdMap {
  return { ...map, epoch: epoch(map.epoch + 1) };
}

export function withOsd(map: OsdMap, id: number, change: Partial<OsdInfo>): OsdMap {
  const info = map.osds.get(osdId(id)) ?? NEW_OSD;
  return { ...map, osds: new Map([...map.osds, [osdId(id), { ...info, ...change }]]) };
}

export function withShare(map: OsdMap, id: number, change: Partial<OsdShare>): OsdMap {
  const share = map.shares.get(osdId(id)) ?? FULL_SHARE;
  return { ...map, shares: new Map([...map.shares, [osdId(id), { ...share, ...change }]]) };
}

export function withDown(map: OsdMap, ...ids: readonly number[]): OsdMap {
  return ids.reduce((so, id) => withOsd(so, id, { up: false }), map);
}

export function withOut(map: OsdMap, ...ids: readonly number[]): OsdMap {
  return ids.reduce((so, id) => withShare(so, id, { weight: 0 }), map);
}

export function pg(text: string): PgId {
  return present(parsePgId(text), `the PG ${text}`);
}

export function primary(map: OsdMap, of: PgId): OsdId {
  return present(placementOf(map).pgToActing(of).primary, "a primary");
}

export const CLEAN: readonly PgStateName[] = ["active", "clean"];

export interface GivenStat extends Partial<Omit<PgStat, "pg" | "state">> {
  readonly states?: readonly PgStateName[];
}

export function pgStat(of: PgId, { states = CLEAN, ...given }: GivenStat = {}): PgStat {
  return {
    pg: of,
    state: pgState(...states),
    sequence: 1,
    up: [],
    acting: [],
    lastClean: epoch(5),
    objects: 0,
    bytes: 0,
    degraded: 0,
    misplaced: 0,
    unfound: 0,
    scrubErrors: 0,
    ...given,
  };
}

export function osdStat(given: Partial<OsdStat> = {}): OsdStat {
  return {
    totalBytes: 1000,
    usedBytes: 0,
    slowOps: 0,
    oldestSlowMs: 0,
    readOps: 0,
    writeOps: 0,
    readBytes: 0,
    writtenBytes: 0,
    recoveredObjects: 0,
    recoveredBytes: 0,
    commitMs: 0,
    ...given,
  };
}

/** By the incarnation that the map shows, with its map of now. */
export function report(map: OsdMap, osd: number, given: Partial<StatsReport> = {}): StatsReport {
  return {
    osd: osdId(osd),
    nonce: map.osds.get(osdId(osd))?.nonce ?? 0,
    epoch: map.epoch,
    stat: osdStat(),
    pgs: [],
    ...given,
  };
}

/** What primaries say of their PGs, nothing where it is undefined, in one report for each OSD that says something. */
export function fullReports(
  map: OsdMap,
  statOf: (of: PgId) => GivenStat | undefined = () => ({}),
): StatsReport[] {
  const byOsd = new Map<OsdId, PgStat[]>();
  for (const [pool, { pgNum }] of map.pools) {
    for (let seed = 0; seed < pgNum; seed++) {
      const leader = placementOf(map).pgToActing({ pool, seed }).primary;
      const stat = statOf({ pool, seed });
      if (leader === undefined || stat === undefined) continue;
      const stats = byOsd.get(leader) ?? [];
      byOsd.set(leader, stats);
      stats.push(pgStat({ pool, seed }, stat));
    }
  }
  return [...byOsd].map(([osd, pgs]) => report(map, osd, { pgs }));
}

export function creatingAt(entries: Readonly<Record<string, number>>): OsdMap["creating"] {
  const table = new Map<PoolId, Map<number, Epoch>>();
  for (const [text, at] of Object.entries(entries)) {
    const { pool, seed } = pg(text);
    table.set(pool, (table.get(pool) ?? new Map<number, Epoch>()).set(seed, epoch(at)));
  }
  return table;
}
