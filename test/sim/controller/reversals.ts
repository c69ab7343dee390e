/**
 * C8: a change of intent that is taken back before anything else changes leaves placement as it was. Facts may change
 * meanwhile: then nothing is said of it.
 */
import { isDeepStrictEqual } from "node:util";
import type { Epoch } from "../../../cluster/base/ids.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { sectionOf } from "../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";

export interface Reversal {
  /** That was taken back, and that took it back. */
  readonly done: Epoch;
  readonly undone: Epoch;
}

/** Undefined if nothing can be said; then how many PGs are elsewhere. By epoch, from 0. */
export function movedBy(
  { done, undone }: Reversal,
  maps: readonly OsdMap[],
  records: readonly EpochRecord[],
): number | undefined {
  const before = maps[done - 1];
  const after = maps[undone];
  const undoing = records[undone - 1];
  if (before === undefined || after === undefined || undoing?.causes.length !== 1) return undefined;
  const between = records.slice(done, undone - 1);
  const isIntent = between.some(({ rows }) =>
    rows.some(({ section }) => sectionOf(section).isIntent),
  );
  if (isIntent || !haveSameFacts(before, after)) return undefined;
  let moved = 0;
  for (const [pool, { pgNum }] of after.pools) {
    for (let seed = 0; seed < pgNum; seed++) {
      const pg = { pool, seed };
      const was = placementOf(before).pgToActing(pg);
      const is = placementOf(after).pgToActing(pg);
      if (!isDeepStrictEqual(was, is)) moved += 1;
    }
  }
  return moved;
}

/** That placement depends on. */
function haveSameFacts(left: OsdMap, right: OsdMap): boolean {
  const factsOf = ({ osds, pools, pgTemp, primaryTemp }: OsdMap) => ({
    up: [...osds].map(([osd, { up }]) => [osd, up]),
    pools,
    pgTemp,
    primaryTemp,
  });
  return isDeepStrictEqual(factsOf(left), factsOf(right));
}
