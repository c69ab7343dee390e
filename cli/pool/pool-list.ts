/** Pools as the map has them. */
import type { PoolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import type { PoolFacts, PoolSettings } from "../../cluster/map/pool-info.ts";
import { formatBytes, formatCount } from "../amount.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "../table.ts";

export interface PoolEntry
  extends Omit<PoolFacts, "hashpspool" | "objectHash">,
    Omit<PoolSettings, "rule"> {
  readonly pool: PoolId;
  /** By its name; undefined if no rule fits. */
  readonly rule: string | undefined;
}

/** By id. */
export function poolList(map: OsdMap): PoolEntry[] {
  const ids = [...map.pools.keys()].sort((left, right) => left - right);
  return ids.flatMap((id) => {
    const facts = map.pools.get(id);
    const settings = map.poolSettings.get(id);
    return facts === undefined || settings === undefined
      ? []
      : [entryOf(map, { id, facts, settings })];
  });
}

/** Throws what a person can do something about. */
export function poolNamed(map: OsdMap, name: string): PoolEntry {
  const pools = poolList(map);
  const found = pools.find((pool) => pool.name === name);
  if (found !== undefined) return found;
  const names = pools.map((pool) => pool.name);
  throw new CommandError(EXIT_CODE.refused, unknownName({ kind: "pool" }, name, names));
}

interface Pool {
  readonly id: PoolId;
  readonly facts: PoolFacts;
  readonly settings: PoolSettings;
}

function entryOf(map: OsdMap, { id, facts, settings }: Pool): PoolEntry {
  const { hashpspool: _, objectHash: __, ...kept } = facts;
  const ruleId = placementOf(map).ruleIdOf(id);
  const rule = ruleId === undefined ? undefined : (map.crush.ruleNames.get(ruleId) ?? `${ruleId}`);
  return { pool: id, ...settings, ...kept, rule };
}

const RIGHT = { align: "right" } as const;
const COLUMNS: readonly Column[] = [
  { title: "ID", ...RIGHT },
  { title: "NAME" },
  { title: "SIZE", ...RIGHT },
  { title: "MIN", ...RIGHT },
  { title: "PGS", ...RIGHT },
  { title: "RULE" },
  { title: "APPLICATION" },
  { title: "FLAGS" },
  { title: "QUOTA" },
];

export function poolLines(pools: readonly PoolEntry[], options: TableOptions = {}): string[] {
  return tableLines(COLUMNS, pools.map(rowOf), options);
}

function rowOf(pool: PoolEntry): Cell[] {
  const { size, minSize, pgNum, rule, application } = pool;
  return [
    String(pool.pool),
    pool.name,
    String(size),
    String(minSize),
    String(pgNum),
    rule ?? { text: "none fits", style: "bad" },
    application === "" ? "-" : application,
    flagsOf(pool),
    quotaText(pool),
  ];
}

function flagsOf({ nodelete, isQuotaFull, type }: PoolEntry): string {
  const flags = [
    ...(type === "erasure" ? ["erasure"] : []),
    ...(nodelete ? ["nodelete"] : []),
    ...(isQuotaFull ? ["full"] : []),
  ];
  return flags.length === 0 ? "-" : flags.join(",");
}

export function quotaText({
  quotaBytes,
  quotaObjects,
}: Pick<PoolSettings, "quotaBytes" | "quotaObjects">): string {
  const parts = [
    ...(quotaBytes > 0 ? [formatBytes(quotaBytes)] : []),
    ...(quotaObjects > 0 ? [`${formatCount(quotaObjects)} objects`] : []),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}
