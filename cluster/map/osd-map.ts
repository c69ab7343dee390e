/**
 * The cluster map of one epoch, as plain data that is never changed in place. An edit is a function from a map to a map
 * that shares what stayed the same; what was edited is found by comparing (osd-map-delta.ts).
 *
 * What people ask for (weights, pool settings, CRUSH, upmaps, flags) is kept apart from what is so (who is up, which
 * pools exist): only the former can be undone, and no edit of one touches the other by accident.
 */
import type { CrushMap } from "../../crush/types.ts";
import type { Epoch, OsdId, PoolId } from "../base/ids.ts";
import type { OsdInfo, OsdShare } from "./osd-info.ts";
import type { PgTable } from "./pg-table.ts";
import type { OsdOrNone, UpmapPair } from "./placement-map.ts";
import type { PoolFacts, PoolSettings } from "./pool-info.ts";

/** Each stops a part of what goes on by itself, or clients' work, in the whole cluster. */
export const MAP_FLAGS = [
  "pause",
  "noup",
  "nodown",
  "noin",
  "noout",
  "nobackfill",
  "norebalance",
  "norecover",
  "noscrub",
  "nodeep-scrub",
] as const;
export type MapFlag = (typeof MAP_FLAGS)[number];

/** From which share of its disk on an OSD counts as that full. */
export interface FullRatios {
  readonly nearfull: number;
  readonly backfillfull: number;
  readonly full: number;
}

export interface OsdMap {
  readonly epoch: Epoch;
  /** The sum of its rows' hashes (osd-map-delta.ts): equal maps have equal ones, however they came about. */
  readonly digest: bigint;

  // What people ask for.
  readonly crush: CrushMap;
  readonly shares: ReadonlyMap<OsdId, OsdShare>;
  readonly poolSettings: ReadonlyMap<PoolId, PoolSettings>;
  readonly pgUpmap: PgTable<readonly OsdId[]>;
  readonly pgUpmapItems: PgTable<readonly UpmapPair[]>;
  readonly flags: ReadonlySet<MapFlag>;
  readonly ratios: FullRatios;

  // What is so.
  readonly osds: ReadonlyMap<OsdId, OsdInfo>;
  readonly pools: ReadonlyMap<PoolId, PoolFacts>;
  /** Pool ids up to here are used or were. */
  readonly poolIdMax: number;
  readonly pgTemp: PgTable<readonly OsdOrNone[]>;
  readonly primaryTemp: PgTable<OsdId>;
  /** PGs that nobody has yet, and the epoch in which they were created (C7). */
  readonly creating: PgTable<Epoch>;
  /** Addresses of clients that must not be served any more, and until when, by the wall clock. */
  readonly blocklist: ReadonlyMap<string, number>;
}
