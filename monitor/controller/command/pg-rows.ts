/**
 * Rows that say where a single PG is: upmaps by hand, and the way back from a temporary acting set. An upmap is taken only
 * where it has an effect and the pool's rule could have chosen what it gives: any other one the balancer would remove.
 */
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { formatPgId, type PgId } from "../../../cluster/map/pg-id.ts";
import { changedPgTable, type PgTable, pgEntry } from "../../../cluster/map/pg-table.ts";
import { isOsd } from "../../../cluster/map/placement.ts";
import type { OsdOrNone } from "../../../cluster/map/placement-map.ts";
import { fitsRule, ruleShape } from "../../../cluster/map/rule-shape.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, type Refusal, refused } from "../edit.ts";
import type { CommandResult } from "./command-context.ts";
import { osdOf } from "./osd-table.ts";
import { instead, isRefusal, listed, osdNames } from "./sentence.ts";

export function upmapSet(draft: OsdMap, { pg, osds }: CommandOf<"upmapSet">): CommandResult {
  const wrong = unknownPg(draft, pg);
  if (wrong !== undefined) return wrong;
  const size = draft.poolSettings.get(pg.pool)?.size;
  if (osds.length !== size) {
    return refused("INVALID", `PG ${formatPgId(pg)} is on ${size} OSDs; ${osds.length} are named`);
  }
  const misfit = misfitOf(draft, pg, osds);
  if (misfit !== undefined) return misfit;
  const row = pgEntry(draft.pgUpmap, pg);
  if (row !== undefined && row.join() === osds.join()) {
    return edit(draft, `PG ${formatPgId(pg)} is upmapped to ${osdNames(osds)} already`);
  }
  const pgUpmap = changedPgTable(draft.pgUpmap, [[pg, osds]]);
  return edit({ ...draft, pgUpmap }, `upmap PG ${formatPgId(pg)} to ${osdNames(osds)}`);
}

export function upmapItemsSet(
  draft: OsdMap,
  { pg, items }: CommandOf<"upmapItemsSet">,
): CommandResult {
  const wrong = unknownPg(draft, pg);
  if (wrong !== undefined) return wrong;
  if (items.length === 0) return refused("INVALID", "no pair of OSDs is named");
  const name = `PG ${formatPgId(pg)}`;
  const row = rowWithoutItems(draft, pg);
  for (const { from, to } of items) {
    const place = row.indexOf(from);
    if (place < 0) {
      return refused("INVALID", `${name} is not on osd.${from}; it is on ${rowNames(row)}`);
    }
    if (row.includes(to)) return refused("INVALID", `${name} is on osd.${to} as it is`);
    row[place] = to;
  }
  const misfit = misfitOf(draft, pg, row);
  if (misfit !== undefined) return misfit;
  const pairs = items.map(({ from, to }) => `osd.${from} to osd.${to}`);
  const now = pgEntry(draft.pgUpmapItems, pg) ?? [];
  const isSame = now.map(({ from, to }) => `osd.${from} to osd.${to}`).join() === pairs.join();
  if (isSame) return edit(draft, `${name} is upmapped from ${listed(pairs)} already`);
  const pgUpmapItems = changedPgTable(draft.pgUpmapItems, [[pg, items]]);
  return edit({ ...draft, pgUpmapItems }, `upmap ${name} from ${listed(pairs)}`);
}

export function upmapRemove(draft: OsdMap, { pg }: CommandOf<"upmapRemove">): CommandResult {
  const wrong = unknownPg(draft, pg);
  if (wrong !== undefined) return wrong;
  const pgUpmap = without(draft.pgUpmap, pg);
  if (pgUpmap === draft.pgUpmap) return edit(draft, `PG ${formatPgId(pg)} has no upmap`);
  return edit({ ...draft, pgUpmap }, `remove the upmap of PG ${formatPgId(pg)}`);
}

export function upmapItemsRemove(
  draft: OsdMap,
  { pg }: CommandOf<"upmapItemsRemove">,
): CommandResult {
  const wrong = unknownPg(draft, pg);
  if (wrong !== undefined) return wrong;
  const pgUpmapItems = without(draft.pgUpmapItems, pg);
  if (pgUpmapItems === draft.pgUpmapItems) {
    return edit(draft, `PG ${formatPgId(pg)} has no upmap items`);
  }
  return edit({ ...draft, pgUpmapItems }, `remove the upmap items of PG ${formatPgId(pg)}`);
}

export function pgTempClear(draft: OsdMap, { pg }: CommandOf<"pgTempClear">): CommandResult {
  const wrong = unknownPg(draft, pg);
  if (wrong !== undefined) return wrong;
  const pgTemp = without(draft.pgTemp, pg);
  const primaryTemp = without(draft.primaryTemp, pg);
  if (pgTemp === draft.pgTemp && primaryTemp === draft.primaryTemp) {
    return edit(draft, `PG ${formatPgId(pg)} has no temporary acting set`);
  }
  const what = `clear the temporary acting set of PG ${formatPgId(pg)}`;
  return edit({ ...draft, pgTemp, primaryTemp }, what);
}

function unknownPg({ pools, poolSettings }: OsdMap, pg: PgId): Refusal | undefined {
  const pgNum = pools.get(pg.pool)?.pgNum;
  if (pgNum === undefined) {
    const names = [...poolSettings].map(([id, { name }]) => `${id} (${name})`);
    const others = instead("pools", names);
    return refused(
      "NOT_FOUND",
      `there is no pool ${pg.pool} to have a PG ${formatPgId(pg)}${others}`,
    );
  }
  if (pg.seed < pgNum) return undefined;
  const last = formatPgId({ pool: pg.pool, seed: pgNum - 1 });
  return refused(
    "NOT_FOUND",
    `there is no PG ${formatPgId(pg)}; the last one of its pool is ${last}`,
  );
}

function rowWithoutItems(draft: OsdMap, pg: PgId): OsdOrNone[] {
  const bare = { ...draft, pgUpmapItems: without(draft.pgUpmapItems, pg) };
  return [...placementOf(bare).pgToUpmap(pg).osds];
}

/** Why the PG cannot be on that row of OSDs. */
function misfitOf(draft: OsdMap, pg: PgId, row: readonly OsdOrNone[]): Refusal | undefined {
  for (const osd of row) {
    if (!isOsd(osd)) continue;
    const state = osdOf(draft, osd);
    if (isRefusal(state)) return state;
    if (state.share.weight === 0) {
      return refused("INVALID", `osd.${osd} is out, so an upmap to it would have no effect`);
    }
  }
  const placement = placementOf(draft);
  const { osds, crush } = placement.map;
  const ruleId = placement.ruleIdOf(pg.pool);
  const size = draft.poolSettings.get(pg.pool)?.size;
  const reweights = osds.map(({ weight }) => weight);
  const shape =
    ruleId === undefined || size === undefined
      ? undefined
      : ruleShape(crush.map, ruleId, { size, reweights });
  // Of some rules it is not known what else they could choose; the word of the operator stands.
  if (ruleId === undefined || shape === undefined) return undefined;
  const isWeighed = row.every(
    (osd, place) => !isOsd(osd) || (shape.blockAt[place]?.weights[osd] ?? 0) > 0,
  );
  if (fitsRule(shape, row) && isWeighed) return undefined;
  const rule = crush.map.ruleNames.get(ruleId) ?? ruleId;
  return refused(
    "INVALID",
    `rule "${rule}" would not put PG ${formatPgId(pg)} on ${rowNames(row)}: they are not below ` +
      "what it takes, share a failure domain, or have no CRUSH weight",
  );
}

function rowNames(row: readonly OsdOrNone[]): string {
  return osdNames(row.filter(isOsd));
}

function without<T>(table: PgTable<T>, pg: PgId): PgTable<T> {
  if (pgEntry(table, pg) === undefined) return table;
  return changedPgTable(table, [[pg, undefined]]);
}
