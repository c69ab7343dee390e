/** Random changes of a small cluster map, one epoch each. */
import fc from "fast-check";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { changedPgTable } from "../../../cluster/map/pg-table.ts";
import { next, osdMap, withOsd, withoutPool, withPool, withShare } from "./board-world.ts";

export const OSD_COUNT = 6;
const POOLS = 3;
const PG_NUM = 6;

export const FIRST_MAP = osdMap({
  tree: { racks: 1, hosts: 3, osds: 2 },
  pools: { 1: { pgNum: PG_NUM }, 2: { pgNum: PG_NUM, size: 2 } },
});

const osd = fc.nat(OSD_COUNT - 1);
const pool = fc.integer({ min: 1, max: POOLS });
const seed = fc.nat(PG_NUM - 1);
export const pgOf = fc.record({ pool: pool.map(poolId), seed });

export const mapChange = fc.oneof(
  fc.record({ type: fc.constant("down"), osd }),
  fc.record({ type: fc.constant("up"), osd, isRestarted: fc.boolean() }),
  fc.record({ type: fc.constant("weigh"), osd, weight: fc.constantFrom(0, 0x8000, 0x10000) }),
  fc.record({ type: fc.constant("affinity"), osd, affinity: fc.constantFrom(0, 0x10000) }),
  fc.record({ type: fc.constant("pool"), pool, pgNum: fc.constantFrom(0, 3, PG_NUM) }),
  fc.record({ type: fc.constant("creating"), pg: pgOf, is: fc.boolean() }),
  fc.record({ type: fc.constant("pgTemp"), pg: pgOf, osds: fc.uniqueArray(osd, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("primaryTemp"), pg: pgOf, osd: fc.option(osd) }),
  fc.record({ type: fc.constant("upmap"), pg: pgOf, from: osd, to: osd, is: fc.boolean() }),
);
export type MapChange = typeof mapChange extends fc.Arbitrary<infer T> ? T : never;

export function changed(map: OsdMap, change: MapChange): OsdMap {
  switch (change.type) {
    case "down":
      return next(withOsd(map, change.osd, { up: false }));
    case "up": {
      const nonce = map.osds.get(osdId(change.osd))?.nonce ?? 0;
      return next(
        withOsd(map, change.osd, { up: true, nonce: nonce + Number(change.isRestarted) }),
      );
    }
    case "weigh":
      return next(withShare(map, change.osd, { weight: change.weight }));
    case "affinity":
      return next(withShare(map, change.osd, { primaryAffinity: change.affinity }));
    case "pool": {
      const { pool: id, pgNum } = change;
      if (pgNum === 0) return next(withoutPool(map, id));
      return next(withPool(map, id, { pgNum, pgpNum: pgNum, size: 1 + (id % 3) }));
    }
    case "creating": {
      const entry = [change.pg, change.is ? map.epoch : undefined] as const;
      return next({ ...map, creating: changedPgTable(map.creating, [entry]) });
    }
    case "pgTemp": {
      const osds = change.osds.length === 0 ? undefined : change.osds.map(osdId);
      return next({ ...map, pgTemp: changedPgTable(map.pgTemp, [[change.pg, osds]]) });
    }
    case "primaryTemp": {
      const id = change.osd === null ? undefined : osdId(change.osd);
      return next({ ...map, primaryTemp: changedPgTable(map.primaryTemp, [[change.pg, id]]) });
    }
    case "upmap": {
      const pairs = [{ from: osdId(change.from), to: osdId(change.to) }];
      const entry = [change.pg, change.is ? pairs : undefined] as const;
      return next({ ...map, pgUpmapItems: changedPgTable(map.pgUpmapItems, [entry]) });
    }
  }
}
