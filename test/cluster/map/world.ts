/** Small regular clusters: racks of hosts of OSDs, all numbered through, and one or more pools. */
import { type OsdId, osdId, poolId } from "../../../cluster/base/ids.ts";
import { CrushMapper } from "../../../cluster/map/crush-mapper.ts";
import { pgTable } from "../../../cluster/map/pg-table.ts";
import { Placement, type PlacementStage } from "../../../cluster/map/placement.ts";
import type { PlacementMap, PlacementOsd } from "../../../cluster/map/placement-map.ts";
import type { PlacementPool } from "../../../cluster/map/pool.ts";
import { STRING_HASH } from "../../../crush/hash.ts";
import { compileText } from "../../../crush/text.ts";
import { NONE } from "../../../crush/types.ts";
import { WEIGHT_ONE } from "../../../crush/weight.ts";

export interface Tree {
  readonly racks: number;
  /** In each rack. */
  readonly hosts: number;
  /** In each host. */
  readonly osds: number;
  readonly weightOf?: (osd: number) => number;
  readonly classOf?: (osd: number) => string;
}

export const RULES = {
  host: ["take default", "chooseleaf firstn 0 type host", "emit"],
  rack: ["take default", "chooseleaf firstn 0 type rack", "emit"],
  osd: ["take default", "choose firstn 0 type osd", "emit"],
  twoByTwo: ["take default", "choose firstn 2 type rack", "chooseleaf firstn 2 type host", "emit"],
} as const;

/** The first needs OSDs of that class, the second two racks. */
export const NARROW_RULES = {
  ssd: ["take default class ssd", "chooseleaf firstn 0 type host", "emit"],
  twoTakes: [
    "take rack0",
    "chooseleaf firstn 1 type host",
    "emit",
    "take rack1",
    "chooseleaf firstn -1 type host",
    "emit",
  ],
} as const;

export function osdCountOf({ racks, hosts, osds }: Tree): number {
  return racks * hosts * osds;
}

export function hostOf(tree: Tree, osd: number): number {
  return Math.floor(osd / tree.osds);
}

export function rackOf(tree: Tree, osd: number): number {
  return Math.floor(osd / (tree.osds * tree.hosts));
}

/** Rule 0 has these steps; it serves both types of pools. */
export function crushText(tree: Tree, steps: readonly string[] = RULES.host): string {
  const { weightOf = () => 1, classOf } = tree;
  const devices = Array.from({ length: osdCountOf(tree) }, (_, osd) => {
    return `device ${osd} osd.${osd}${classOf === undefined ? "" : ` class ${classOf(osd)}`}`;
  });
  const hosts = Array.from({ length: tree.racks * tree.hosts }, (_, host) => {
    const osds = Array.from({ length: tree.osds }, (_, index) => host * tree.osds + index);
    const items = osds.map((osd) => `item osd.${osd} weight ${weightOf(osd).toFixed(3)}`);
    return bucketText("host", `host${host}`, items);
  });
  const racks = Array.from({ length: tree.racks }, (_, rack) => {
    const items = Array.from({ length: tree.hosts }, (_, i) => `item host${rack * tree.hosts + i}`);
    return bucketText("rack", `rack${rack}`, items);
  });
  const items = Array.from({ length: tree.racks }, (_, rack) => `item rack${rack}`);
  return [
    "tunable choose_local_tries 0",
    "tunable choose_local_fallback_tries 0",
    "tunable choose_total_tries 50",
    "tunable chooseleaf_descend_once 1",
    "tunable chooseleaf_vary_r 1",
    "tunable chooseleaf_stable 1",
    "tunable straw_calc_version 1",
    ...devices,
    "type 0 osd",
    "type 1 host",
    "type 2 rack",
    "type 3 root",
    ...hosts,
    ...racks,
    bucketText("root", "default", items),
    ...["replicated", "erasure"].map((type, id) => ruleText(id, type, steps)),
    "",
  ].join("\n");
}

function bucketText(type: string, name: string, items: readonly string[]): string {
  return `${type} ${name} {\n alg straw2\n hash 0\n ${items.join("\n ")}\n}`;
}

function ruleText(id: number, type: string, steps: readonly string[]): string {
  const head = `id ${id}\n type ${type}\n min_size 1\n max_size 20`;
  return `rule ${type} {\n ${head}\n${steps.map((step) => ` step ${step}`).join("\n")}\n}`;
}

export function pool(given: Partial<PlacementPool> & { pgNum: number }): PlacementPool {
  const type = given.type ?? "replicated";
  return {
    id: poolId(1),
    type,
    size: 3,
    pgpNum: given.pgNum,
    rule: type === "replicated" ? 0 : 1,
    hashpspool: true,
    objectHash: STRING_HASH.rjenkins,
    ...given,
  };
}

export interface WorldOptions {
  readonly steps?: readonly string[];
  readonly pools: readonly PlacementPool[];
  /** What is different about an OSD; others are up and in. */
  readonly osd?: (osd: number) => Partial<PlacementOsd>;
}

export function world(tree: Tree, { steps, pools, osd = () => ({}) }: WorldOptions): PlacementMap {
  const osds = Array.from({ length: osdCountOf(tree) }, (_, id) => ({
    exists: true,
    up: true,
    weight: WEIGHT_ONE,
    primaryAffinity: WEIGHT_ONE,
    ...osd(id),
  }));
  return {
    crush: new CrushMapper(compileText(crushText(tree, steps))),
    osds,
    pools: new Map(pools.map((one) => [one.id, one])),
    pgUpmap: pgTable(),
    pgUpmapItems: pgTable(),
    pgTemp: pgTable(),
    primaryTemp: pgTable(),
  };
}

export function osdIds(ids: readonly number[]): OsdId[] {
  return ids.map(osdId);
}

/** How many PGs of the pool each OSD has. */
export function countsOf(map: PlacementMap, id: number, stage: PlacementStage = "upmap"): number[] {
  const counts = new Array<number>(map.osds.length).fill(0);
  for (const osd of new Placement(map).mapPool(poolId(id), stage).osds) {
    if (osd !== NONE) counts[osd] = (counts[osd] ?? 0) + 1;
  }
  return counts;
}
