/** How a PG comes to be on its OSDs, stage by stage, by the map alone; and how an object comes to its PG. */
import { osdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import { formatPgId, type PgId } from "../../cluster/map/pg-id.ts";
import { pgEntry } from "../../cluster/map/pg-table.ts";
import { isOsd, type OsdSet } from "../../cluster/map/placement.ts";
import type { OsdOrNone } from "../../cluster/map/placement-map.ts";
import { type ObjectLocator, objectToPg } from "../../cluster/map/pool.ts";
import { placementPool } from "../../cluster/map/pool-info.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { poolNamed } from "../pool/pool-list.ts";
import { type Cell, fieldLines, type TableOptions } from "../table.ts";

export interface Stage {
  /** Null stands for a hole: nobody is at that position. */
  readonly osds: readonly (number | null)[];
  readonly primary: number | null;
  /** What makes it other than the stage before. */
  readonly remarks: readonly string[];
}

export interface PgMapping {
  readonly epoch: number;
  readonly pg: string;
  readonly pool: string;
  readonly rule: string | null;
  readonly object?: string;
  readonly hash?: number;
  readonly raw: Stage;
  readonly upmap: Stage;
  readonly up: Stage;
  readonly acting: Stage;
}

export interface NamedObject extends ObjectLocator {
  readonly pool: string;
  readonly name: string;
}

export interface FoundObject {
  readonly name: string;
  /** Of its name, or of what stands for it; its PG is the rest of that by the number of PGs. */
  readonly hash: number;
  readonly pg: PgId;
}

/** As many PGs as there are hashes. */
const ALL_HASHES = 2 ** 32;

/** Throws what a person can do something about. */
export function findObject(map: OsdMap, { pool, name, ...locator }: NamedObject): FoundObject {
  const { pool: id } = poolNamed(map, pool);
  const facts = map.pools.get(id);
  const settings = map.poolSettings.get(id);
  if (facts === undefined || settings === undefined) throw unknownPg(map, { pool: id, seed: 0 });
  const placed = placementPool(id, facts, settings);
  const { seed: hash } = objectToPg({ ...placed, pgNum: ALL_HASHES }, name, locator);
  return { name, hash, pg: objectToPg(placed, name, locator) };
}

export function pgMapping(
  map: OsdMap,
  pg: PgId,
  { name: object, hash }: Partial<FoundObject> = {},
): PgMapping {
  const settings = map.poolSettings.get(pg.pool);
  if (settings === undefined || pg.seed >= (map.pools.get(pg.pool)?.pgNum ?? 0)) {
    throw unknownPg(map, pg);
  }
  const placement = placementOf(map);
  const ruleId = placement.ruleIdOf(pg.pool);
  const [raw, upmap] = [placement.pgToRaw(pg), placement.pgToUpmap(pg)];
  const [up, acting] = [placement.pgToUp(pg), placement.pgToActing(pg)];
  return {
    epoch: map.epoch,
    pg: formatPgId(pg),
    pool: settings.name,
    rule: ruleId === undefined ? null : (map.crush.ruleNames.get(ruleId) ?? String(ruleId)),
    ...(object !== undefined && { object }),
    ...(hash !== undefined && { hash }),
    raw: stage(raw, raw.osds.length === 0 ? ["no rule fits the pool, or it finds nothing"] : []),
    upmap: stage(upmap, upmapRemarks(map, pg)),
    up: stage(up, [...downRemarks(map, upmap.osds), ...leaderRemarks(map, upmap, up)]),
    acting: stage(acting, actingRemarks(map, pg)),
  };
}

function stage({ osds, primary }: OsdSet, remarks: readonly string[]): Stage {
  return {
    osds: osds.map((osd) => (isOsd(osd) ? osd : null)),
    primary: primary ?? null,
    remarks,
  };
}

function upmapRemarks(map: OsdMap, pg: PgId): string[] {
  const whole = pgEntry(map.pgUpmap, pg);
  const items = pgEntry(map.pgUpmapItems, pg) ?? [];
  const outs = [...(whole ?? []), ...items.map(({ to }) => to)].filter(
    (osd) => map.shares.get(osd)?.weight === 0,
  );
  return [
    ...(whole === undefined ? [] : [`pg_upmap ${setText(whole)}`]),
    ...items.map(({ from, to }) => `pg_upmap_items osd.${from} -> osd.${to}`),
    ...outs.map((osd) => `osd.${osd} is out: its upmap has no effect`),
  ];
}

function downRemarks({ osds }: OsdMap, row: readonly OsdOrNone[]): string[] {
  return row.filter(isOsd).flatMap((osd) => {
    const info = osds.get(osd);
    if (info === undefined) return [`osd.${osd} does not exist`];
    return info.up ? [] : [`osd.${osd} is down`];
  });
}

function leaderRemarks({ osds }: OsdMap, upmap: OsdSet, up: OsdSet): string[] {
  const first = upmap.osds.find((osd) => isOsd(osd) && osds.get(osd)?.up === true);
  if (first === undefined || first === up.primary || up.primary === undefined) return [];
  return [`osd.${first} declines to lead: its primary affinity`];
}

function actingRemarks(map: OsdMap, pg: PgId): string[] {
  const temporary = pgEntry(map.pgTemp, pg);
  const primary = pgEntry(map.primaryTemp, pg);
  return [
    ...(temporary === undefined ? [] : [`pg_temp ${setText(temporary)}`]),
    ...(primary === undefined ? [] : [`primary_temp osd.${primary}`]),
  ];
}

export function mappingLines(mapping: PgMapping, options: TableOptions = {}): string[] {
  const { epoch, pg, pool, rule, object, hash = 0 } = mapping;
  const isSame = (left: Stage, right: Stage): boolean =>
    left.osds.join() === right.osds.join() && left.primary === right.primary;
  const stageOf = (name: string, { osds, primary, remarks }: Stage): [string, Cell][] => {
    const first = `${rowText(osds)}${primary === null ? "" : `, osd.${primary} leads`}`;
    return [[name, first], ...remarks.map((remark): [string, Cell] => ["", `  ${remark}`])];
  };
  const isRemapped = !isSame(mapping.up, mapping.acting);
  const fields: [string, Cell][] = [
    ["epoch", String(epoch)],
    ...(object === undefined ? [] : objectFields(object, hash)),
    ["pg", `${pg} of pool ${pool}`],
    ["rule", rule ?? { text: "none fits", style: "bad" }],
    ...stageOf("crush", mapping.raw),
    ...stageOf("upmap", mapping.upmap),
    ...stageOf("up", mapping.up),
    ...stageOf("acting", mapping.acting),
    ...(isRemapped ? [REMAPPED] : []),
  ];
  return fieldLines(fields, options);
}

function objectFields(object: string, hash: number): [string, Cell][] {
  return [
    ["object", object],
    ["hash", `0x${hash.toString(16).padStart(8, "0")}`],
  ];
}

const REMAPPED: [string, Cell] = [
  "",
  { text: "  others than up serve it until those have its data", style: "warning" },
];

/** "[3,7,1]", with a hole as "-". */
export function rowText(osds: readonly (number | null)[]): string {
  return `[${osds.map((osd) => osd ?? "-").join(",")}]`;
}

function setText(osds: readonly OsdOrNone[]): string {
  return rowText(osds.map((osd) => (isOsd(osd) ? osdId(osd) : null)));
}

function unknownPg({ pools, poolSettings }: OsdMap, { pool, seed }: PgId): CommandError {
  const pgNum = pools.get(pool)?.pgNum;
  const name = formatPgId({ pool, seed });
  const known = [...poolSettings].map(([id, settings]) => `${id} (${settings.name})`);
  const why =
    pgNum === undefined
      ? `there is no pool ${pool}; pools: ${known.length === 0 ? "none" : known.join(", ")}`
      : `the last PG of its pool is ${formatPgId({ pool, seed: pgNum - 1 })}`;
  return new CommandError(EXIT_CODE.refused, `there is no PG ${name}; ${why}`);
}
