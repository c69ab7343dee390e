/** How evenly the PGs of a pool lie on its OSDs, as CRUSH throws them and as upmaps put them right. */
import type { PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import type { PlacementStage } from "../../cluster/map/placement.ts";
import { type RuleBlock, type RuleShape, ruleShape } from "../../cluster/map/rule-shape.ts";
import { addShares } from "../../cluster/map/upmap-share.ts";
import { type Column, type TableOptions, tableLines } from "../table.ts";

export interface Spread {
  /** In PGs: the most that an OSD has above its share, below it, and the standard deviation. */
  readonly above: number;
  readonly below: number;
  readonly deviation: number;
}

export interface PoolSpread {
  readonly pool: PoolId;
  readonly name: string;
  readonly pgNum: number;
  /** That take PGs of the pool. */
  readonly osdCount: number;
  readonly upmapCount: number;
  /** Undefined where the rule is none of which it is known what else it could choose. */
  readonly crush?: Spread;
  readonly upmapped?: Spread;
}

export function poolSpreads(map: OsdMap): PoolSpread[] {
  const ids = [...map.pools.keys()].sort((left, right) => left - right);
  return ids.flatMap((id) => spreadOf(map, id) ?? []);
}

function spreadOf(map: OsdMap, id: PoolId): PoolSpread | undefined {
  const facts = map.pools.get(id);
  const settings = map.poolSettings.get(id);
  if (facts === undefined || settings === undefined) return undefined;
  const placement = placementOf(map);
  const ruleId = placement.ruleIdOf(id);
  const reweights = placement.map.osds.map(({ exists, up, weight }) => (exists && up ? weight : 0));
  const { size } = settings;
  const shape =
    ruleId === undefined ? undefined : ruleShape(map.crush, ruleId, { size, reweights });
  const upmapCount = (map.pgUpmap.get(id)?.size ?? 0) + (map.pgUpmapItems.get(id)?.size ?? 0);
  const base = { pool: id, name: settings.name, pgNum: facts.pgNum, upmapCount };
  if (shape === undefined) return { ...base, osdCount: 0 };
  const takesPart = reweights.map((_, osd) => isWeighed(shape, osd));
  return {
    ...base,
    osdCount: takesPart.filter(Boolean).length,
    crush: stageSpread(map, id, { shape, takesPart, stage: "raw" }),
    upmapped: stageSpread(map, id, { shape, takesPart, stage: "upmap" }),
  };
}

function isWeighed({ blocks }: RuleShape, osd: number): boolean {
  return blocks.some(({ weights }) => (weights[osd] ?? 0) > 0);
}

interface StageOptions {
  readonly shape: RuleShape;
  /** By OSD. One that is down keeps what it has, which is nobody else's share. */
  readonly takesPart: readonly boolean[];
  readonly stage: PlacementStage;
}

/** Against the shares of what lies on those that take part, as the balancer counts. */
function stageSpread(map: OsdMap, id: PoolId, { shape, takesPart, stage }: StageOptions): Spread {
  const { osds, size, primaries } = placementOf(map).mapPool(id, stage);
  const counts = new Float64Array(takesPart.length);
  const positions = new Map<RuleBlock, number>();
  for (const [slot, osd] of osds.entries()) {
    const block = shape.blockAt[slot % size];
    if (block === undefined || takesPart[osd] !== true) continue;
    counts[osd] = (counts[osd] ?? 0) + 1;
    positions.set(block, (positions.get(block) ?? 0) + 1);
  }
  const shares = new Float64Array(takesPart.length);
  for (const [block, count] of positions) {
    addShares(shares, block, { pgCount: primaries.length, positions: count });
  }
  return compared(shares, counts, takesPart);
}

function compared(
  shares: Float64Array,
  counts: Float64Array,
  takesPart: readonly boolean[],
): Spread {
  let [above, below, squares, osds] = [0, 0, 0, 0];
  for (const [osd, takes] of takesPart.entries()) {
    if (!takes) continue;
    const off = (counts[osd] ?? 0) - (shares[osd] ?? 0);
    above = Math.max(above, off);
    below = Math.max(below, -off);
    squares += off * off;
    osds += 1;
  }
  return { above, below, deviation: osds === 0 ? 0 : Math.sqrt(squares / osds) };
}

const RIGHT = { align: "right" } as const;
const COLUMNS: readonly Column[] = [
  { title: "POOL" },
  { title: "PGS", ...RIGHT },
  { title: "OSDS", ...RIGHT },
  { title: "UPMAPS", ...RIGHT },
  { title: "BY CRUSH", ...RIGHT },
  { title: "STDDEV", ...RIGHT },
  { title: "WITH UPMAPS", ...RIGHT },
  { title: "STDDEV", ...RIGHT },
];

/** Whole lines. How far the OSDs at both ends are from their share, in PGs. */
export function spreadLines(spreads: readonly PoolSpread[], options: TableOptions = {}): string[] {
  const rows = spreads.map(({ name, pgNum, osdCount, upmapCount, crush, upmapped }) => [
    name,
    String(pgNum),
    String(osdCount),
    String(upmapCount),
    ...cellsOf(crush),
    ...cellsOf(upmapped),
  ]);
  return tableLines(COLUMNS, rows, options);
}

function cellsOf(spread: Spread | undefined): [string, string] {
  if (spread === undefined) return ["?", "?"];
  const { above, below, deviation } = spread;
  return [`-${below.toFixed(1)}..+${above.toFixed(1)}`, deviation.toFixed(2)];
}
