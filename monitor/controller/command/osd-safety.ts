/**
 * Whether OSDs can be destroyed or stopped, by what the PGs' primaries said last. What is not known counts as a danger: a
 * PG that nobody has spoken of may have its last copy there, and what was said before the OSD last came or went is not
 * about how things are.
 */
import type { OsdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { formatPgId } from "../../../cluster/map/pg-id.ts";
import { isInState } from "../../../cluster/map/pg-state.ts";
import type { CommandOf } from "../../../cluster/message/command.ts";
import { edit, refused } from "../edit.ts";
import type { CommandContext, CommandResult, PgReport, PgReports } from "./command-context.ts";
import { osdsOf } from "./osd-table.ts";
import { are, isRefusal, listed, osdNames } from "./sentence.ts";

export function osdSafeToDestroy(
  draft: OsdMap,
  command: CommandOf<"osdSafeToDestroy">,
  { stats }: CommandContext,
): CommandResult {
  const found = osdsOf(draft, command.osds);
  if (isRefusal(found)) return found;
  const osds = [...found.keys()];
  const names = `${osdNames(osds)} ${are(osds.length)}`;
  const danger = dangerOfDestroying(draft, osds, stats);
  if (danger !== undefined) return refused("UNSAFE", `${names} not safe to destroy: ${danger}`);
  return { ...edit(draft, `${names} safe to destroy`), reply: { safeToDestroy: osds } };
}

export function osdOkToStop(
  draft: OsdMap,
  command: CommandOf<"osdOkToStop">,
  { stats }: CommandContext,
): CommandResult {
  const found = osdsOf(draft, command.osds);
  if (isRefusal(found)) return found;
  const osds = [...found.keys()];
  const names = `${osdNames(osds)} ${are(osds.length)}`;
  const danger = dangerOfStopping(draft, osds, stats);
  if (danger !== undefined) return refused("UNSAFE", `${names} not ok to stop: ${danger}`);
  return { ...edit(draft, `${names} ok to stop`), reply: { okToStop: osds } };
}

/** A sentence, or undefined if nothing of them is needed. */
export function dangerOfDestroying(
  draft: OsdMap,
  osds: readonly OsdId[],
  stats: PgReports,
): string | undefined {
  const asked = new Set(osds);
  const known = currentReports(draft, osds, stats);
  if (typeof known === "string") return known;
  const holding = known.filter(({ up, acting }) =>
    [...up, ...acting].some((osd) => asked.has(osd)),
  );
  if (holding.length > 0) return `${pgNames(holding)} ${are(holding.length)} on ${osdNames(osds)}`;
  // While a PG is on its way, a copy that nobody names any more may be the one that it is made from.
  const unclean = known.filter(
    ({ state }) => !isInState(state, "active") || !isInState(state, "clean"),
  );
  if (unclean.length === 0) return undefined;
  return `${pgNames(unclean)} ${are(unclean.length)} not active+clean`;
}

/** A sentence, or undefined if every PG would go on without them. */
export function dangerOfStopping(
  draft: OsdMap,
  osds: readonly OsdId[],
  stats: PgReports,
): string | undefined {
  const asked = new Set(osds);
  const known = currentReports(draft, osds, stats);
  if (typeof known === "string") return known;
  const touched = known.filter(({ acting }) => acting.some((osd) => asked.has(osd)));
  // Which copies a degraded PG lacks is not known here, so none of it can be spared.
  const troubled = touched.filter(
    ({ state }) => !isInState(state, "active") || isInState(state, "degraded"),
  );
  if (troubled.length > 0) {
    return `${pgNames(troubled)} ${are(troubled.length)} degraded or not active already`;
  }
  const short = touched.filter(({ pg, acting }) => {
    const left = acting.filter((osd) => !asked.has(osd) && draft.osds.get(osd)?.up === true);
    const minSize = draft.poolSettings.get(pg.pool)?.minSize ?? Number.POSITIVE_INFINITY;
    return left.length < minSize;
  });
  return short.length === 0 ? undefined : `${pgNames(short)} would be below min_size`;
}

/** Of every PG, or a sentence on what is missing. */
function currentReports(
  draft: OsdMap,
  osds: readonly OsdId[],
  stats: PgReports,
): readonly PgReport[] | string {
  const since = Math.max(...osds.map((osd) => lastChangeOf(draft, osd)));
  const known: PgReport[] = [];
  for (const report of stats.reports()) {
    const { pg, state, epoch } = report;
    const isThere = pg.seed < (draft.pools.get(pg.pool)?.pgNum ?? 0);
    if (isThere && state !== 0 && !isInState(state, "stale") && epoch >= since) known.push(report);
  }
  const pgCount = [...draft.pools.values()].reduce((sum, { pgNum }) => sum + pgNum, 0);
  if (known.length >= pgCount) return known;
  return `of ${pgCount - known.length} of ${pgCount} PGs nothing is known yet`;
}

function lastChangeOf({ osds }: OsdMap, osd: OsdId): number {
  const info = osds.get(osd);
  return Math.max(info?.upFrom ?? 0, info?.downAt ?? 0);
}

function pgNames(reports: readonly PgReport[]): string {
  return `PG ${listed(reports.map(({ pg }) => formatPgId(pg)))}`;
}
