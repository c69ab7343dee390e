import { expect, test } from "vitest";
import { osdId, poolId } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementMapOf } from "../../cluster/map/osd-map-placement.ts";
import { pgTable } from "../../cluster/map/pg-table.ts";
import { balanceUpmaps } from "../../cluster/map/upmap.ts";
import type { UpmapChanges } from "../../cluster/map/upmap-changes.ts";
import { WorkerPool } from "../../cluster/runtime/worker-pool.ts";
import {
  type BalanceTask,
  balanceTask,
  ROUND_CHANGES_MAX,
  work,
} from "../../monitor/balance-work.ts";
import { osdMapWorld } from "../cluster/map/osd-map-world.ts";

const DIST = new URL("../../dist/", import.meta.url);
const TREE = { racks: 3, hosts: 3, osds: 2 };

/** With upmaps of both kinds, and OSDs that are away, out and lighter. */
function unevenMap(): OsdMap {
  const map = osdMapWorld(TREE, {
    pools: [
      { pgNum: 128, size: 3 },
      { pgNum: 32, size: 2, type: "erasure" },
    ],
    osd: (id) => ({ 3: { up: false }, 5: { weight: 0 }, 7: { weight: 0x8000 } })[id] ?? {},
  });
  const at = (seed: number) => ({ pool: poolId(1), seed });
  return {
    ...map,
    pgUpmap: pgTable([[at(1), [osdId(0), osdId(8), osdId(14)]]]),
    pgUpmapItems: pgTable([[at(2), [{ from: osdId(1), to: osdId(9) }]]]),
  };
}

test("a task has all that the balancer looks at", () => {
  const map = unevenMap();
  const plan = balanceUpmaps(placementMapOf(map), {
    misplacedRatioMax: 1,
    changesMax: ROUND_CHANGES_MAX,
  });
  expect(plan.changes.set.length).toBeGreaterThan(10);
  expect(work(balanceTask(map, 1))).toEqual(plan.changes);
});

test("the brake is handed on", () => {
  const map = unevenMap();
  const braked = work(balanceTask(map, 0.01)).set.length;
  expect(braked).toBeLessThan(work(balanceTask(map, 1)).set.length);
});

test("another thread does the same", async () => {
  const pool = new WorkerPool<BalanceTask, UpmapChanges>({
    module: new URL("monitor/balance-work.js", DIST),
    threadCount: 1,
    waitingMax: 1,
    entry: new URL("cluster/runtime/worker-thread.js", DIST),
  });
  const task = balanceTask(unevenMap(), 1);
  expect(await pool.run(task)).toEqual(work(task));
  await pool.close();
});
