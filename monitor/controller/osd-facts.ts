/**
 * What OSDs that are up ask to have in the map: that they were alive in an epoch, who serves a PG meanwhile, that a PG
 * exists, how full they are, that they stop. Only the process that the map shows up is listened to (C5): what a
 * predecessor still had under way is no fact any more. Entries about what is gone by now, a deleted pool say, are passed
 * over: the map was ahead of who asked.
 */
import type { OsdId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementOf } from "../../cluster/map/osd-map-placement.ts";
import type { PgId } from "../../cluster/map/pg-id.ts";
import { changedPgTable, pgEntry } from "../../cluster/map/pg-table.ts";
import type { OsdOrNone } from "../../cluster/map/placement-map.ts";
import type { OSD_REPORTS, OsdStat } from "../../cluster/message/osd-report.ts";
import type { TypeOf } from "../../cluster/wire/codec.ts";
import { NONE } from "../../crush/types.ts";
import { type EditResult, edit, type Refusal, refused } from "./edit.ts";
import { fullnessAt } from "./fullness.ts";
import type { Membership } from "./membership-state.ts";
import { changesState, downIn, type EpochDraft, type Later, later, withOsds } from "./osd-rows.ts";

export type UpThruMessage = TypeOf<typeof OSD_REPORTS.upThru.body>;
export type PgTempMessage = TypeOf<typeof OSD_REPORTS.pgTemp.body>;
export type PgsCreatedMessage = TypeOf<typeof OSD_REPORTS.pgsCreated.body>;
export type StoppingMessage = TypeOf<typeof OSD_REPORTS.stopping.body>;

type Row = readonly OsdOrNone[];

interface Sender {
  readonly osd: OsdId;
  readonly nonce: number;
}

export interface FullnessReport extends Sender {
  readonly stat: Pick<OsdStat, "totalBytes" | "usedBytes">;
}

export function upThruRequested(draft: OsdMap, message: UpThruMessage): EditResult {
  const { osd, epoch } = message;
  const problem = senderProblem(draft, message);
  if (problem !== undefined) return problem;
  if (epoch > draft.epoch) {
    return refused("INVALID", `osd.${osd} cannot have been up in epoch ${epoch}: it is yet to be`);
  }
  const known = draft.osds.get(osd)?.upThru ?? 0;
  const map = epoch > known ? withOsds(draft, [[osd, { upThru: epoch }]]) : draft;
  return edit(map, `osd.${osd} is up through epoch ${epoch}`);
}

export function pgTempRequested({ base, draft }: EpochDraft, message: PgTempMessage): EditResult {
  const { osd, entries } = message;
  const problem = senderProblem(draft, message);
  if (problem !== undefined) return problem;
  const changes: (readonly [PgId, Row | undefined])[] = [];
  for (const { pg, osds } of entries) {
    if (!isPossibleRow(draft, pg, osds)) continue;
    const row = osds.length === 0 || isUpSet(base, pg, osds) ? undefined : osds;
    if (!isSameRow(pgEntry(draft.pgTemp, pg), row)) changes.push([pg, row]);
  }
  const map =
    changes.length === 0 ? draft : { ...draft, pgTemp: changedPgTable(draft.pgTemp, changes) };
  return edit(map, `pg_temp of ${changes.length} PGs, by osd.${osd}`);
}

export function pgsCreated(draft: OsdMap, message: PgsCreatedMessage): EditResult {
  const { osd, pgs } = message;
  const problem = senderProblem(draft, message);
  if (problem !== undefined) return problem;
  const created = pgs.filter((pg) => pgEntry(draft.creating, pg) !== undefined);
  const gone = created.map((pg) => [pg, undefined] as const);
  const map =
    gone.length === 0 ? draft : { ...draft, creating: changedPgTable(draft.creating, gone) };
  return edit(map, `${created.length} PGs are created, says osd.${osd}`);
}

/** Deliberate, so it waits for no witness; under `nodown` nobody goes down, and it is told so. */
export function stoppingAnnounced(
  state: Membership,
  drafting: EpochDraft,
  message: StoppingMessage,
): EditResult | Later {
  const { draft } = drafting;
  const { osd, nonce } = message;
  const info = draft.osds.get(osd);
  if (info?.nonce === nonce && !info.up) return edit(draft, `osd.${osd} is down already`);
  const problem = senderProblem(draft, message);
  if (problem !== undefined) return problem;
  if (changesState(drafting, osd)) return later(`osd.${osd} changes in this epoch already (C5)`);
  if (draft.flags.has("nodown")) {
    return refused("FORBIDDEN", `nodown is set, so osd.${osd} counts as up until that is unset`);
  }
  if (info !== undefined) state.stopped.set(osd, info.upFrom);
  return edit(withOsds(draft, [[osd, downIn(draft)]]), `mark osd.${osd} down: it stops`);
}

export function fullnessReported(draft: OsdMap, report: FullnessReport): EditResult {
  const { osd, stat } = report;
  const problem = senderProblem(draft, report);
  if (problem !== undefined) return problem;
  const before = draft.osds.get(osd)?.fullness ?? "ok";
  // Without a size nothing is known of it.
  const fullness =
    stat.totalBytes > 0
      ? fullnessAt(stat.usedBytes / stat.totalBytes, draft.ratios, before)
      : before;
  return edit(withOsds(draft, [[osd, { fullness }]]), `osd.${osd} is ${fullness}`);
}

function senderProblem({ osds }: OsdMap, { osd, nonce }: Sender): Refusal | undefined {
  const info = osds.get(osd);
  if (info?.up === true && info.nonce === nonce) return undefined;
  const what = info?.up === true ? "up as another process" : "not up";
  return refused("MISMATCH", `osd.${osd} is ${what} in the map; it has to boot first`);
}

function isPossibleRow(
  { osds, pools, poolSettings }: OsdMap,
  pg: PgId,
  row: readonly OsdOrNone[],
): boolean {
  const facts = pools.get(pg.pool);
  const size = poolSettings.get(pg.pool)?.size ?? 0;
  if (facts === undefined || pg.seed >= facts.pgNum || row.length > size) return false;
  // Only shards have positions, so only their rows have holes.
  const named = facts.type === "erasure" ? row.filter((osd) => osd !== NONE) : row;
  return new Set(named).size === named.length && named.every((osd) => osds.has(osd as OsdId));
}

/** By the map that the asker can have; what the draft has changed by now begins another interval anyway. */
function isUpSet(base: OsdMap, pg: PgId, row: readonly OsdOrNone[]): boolean {
  return isSameRow(placementOf(base).pgToUp(pg).osds, row);
}

function isSameRow(left: Row | undefined, right: Row | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((osd, index) => osd === right[index]);
}
