/** What placement needs of the cluster map, as plain data. */
import type { NONE } from "../../crush/types.ts";
import type { OsdId, PoolId } from "../base/ids.ts";
import type { CrushMapper } from "./crush-mapper.ts";
import type { PgTable } from "./pg-table.ts";
import type { PlacementPool } from "./pool.ts";

export interface PlacementOsd {
  readonly exists: boolean;
  readonly up: boolean;
  /** The share of its data that the OSD takes, 16.16; at 0 it is out. */
  readonly weight: number;
  /** The share of its PGs that it may lead, 16.16. */
  readonly primaryAffinity: number;
}

/** An entry of a row of OSDs; NONE is a hole, which only rows that keep positions have. */
export type OsdOrNone = OsdId | typeof NONE;

/** Where a PG is told to be instead of on `from`. */
export interface UpmapPair {
  readonly from: OsdId;
  readonly to: OsdId;
}

export interface PlacementMap {
  readonly crush: CrushMapper;
  /** By id. */
  readonly osds: readonly PlacementOsd[];
  readonly pools: ReadonlyMap<PoolId, PlacementPool>;
  /** Takes the place of all that CRUSH gives. */
  readonly pgUpmap: PgTable<readonly OsdId[]>;
  /** Applied after that, one after the other. */
  readonly pgUpmapItems: PgTable<readonly UpmapPair[]>;
  /** Who serves a PG while those that should are not ready. */
  readonly pgTemp: PgTable<readonly OsdOrNone[]>;
  readonly primaryTemp: PgTable<OsdId>;
}
