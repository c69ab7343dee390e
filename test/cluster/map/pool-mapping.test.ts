import { afterAll, describe, expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { type PlacementPool, placementSeed } from "../../../cluster/map/pool.ts";
import { mapPool, type PoolMappingTask, work } from "../../../cluster/map/pool-mapping.ts";
import { WorkerPool } from "../../../cluster/runtime/worker-pool.ts";
import { doRule } from "../../../crush/rule.ts";
import { VACANT } from "../../../crush/simd.ts";
import type { ChooseArgs, CrushMap } from "../../../crush/types.ts";
import { flatMap } from "../../crush/flat-map.ts";

const ONE = 0x10000;
const map = flatMap([ONE, ONE, 2 * ONE, ONE, ONE, 0, ONE]);
const deviceWeights = new Uint32Array([ONE, ONE, ONE, 0, ONE / 2, ONE, ONE]);
const pool: PlacementPool = {
  id: poolId(3),
  type: "replicated",
  size: 3,
  pgNum: 100,
  pgpNum: 64,
  rule: 0,
  hashpspool: true,
  objectHash: 2,
};

function oneByOne(of: CrushMap, args?: ChooseArgs): number[] {
  return Array.from({ length: pool.pgNum }, (_, seed) => {
    const ids = doRule(of, 0, placementSeed(pool, seed), pool.size, deviceWeights, args);
    return [...ids, ...new Array<number>(pool.size - ids.length).fill(VACANT)];
  }).flat();
}

describe("mapping a pool", () => {
  test.each([1, 2, 3, 7, 99, 100, 101])(
    "in %i parts gives each PG what it has alone",
    async (parts) => {
      const tasks: PoolMappingTask[] = [];
      const mapped = await mapPool({ map, pool, deviceWeights }, parts, (task) => {
        tasks.push(task);
        return work(task);
      });
      expect([...mapped]).toEqual(oneByOne(map));
      expect(tasks.length).toBeLessThanOrEqual(parts);
    },
  );

  test("uses the choose_args of the pool", async () => {
    const args: ChooseArgs = new Map([
      [-1, { weightSets: [[0, 0, ONE, 0, 0, ONE, ONE]], ids: [] }],
    ]);
    const other: ChooseArgs = new Map();
    const chooseArgs = new Map([
      [pool.id, args],
      [-1, other],
    ]);
    const mapped = await mapPool({ map: { ...map, chooseArgs }, pool, deviceWeights }, 2, work);
    expect([...mapped]).toEqual(oneByOne(map, args));
  });

  test("leaves all places vacant where no rule is made for the pool", async () => {
    const mapped = await mapPool({ map, pool: { ...pool, rule: 5 }, deviceWeights }, 2, work);
    expect([...mapped]).toEqual(new Array(300).fill(VACANT));
  });

  describe("on other threads", () => {
    const DIST = new URL("../../../dist/cluster/", import.meta.url);
    const threads = new WorkerPool<PoolMappingTask, Int32Array>({
      module: new URL("map/pool-mapping.js", DIST),
      threadCount: 2,
      waitingMax: 8,
      entry: new URL("runtime/worker-thread.js", DIST),
    });
    afterAll(() => threads.close());

    test("gives the same", async () => {
      const run = (task: PoolMappingTask) => threads.run(task);
      const mapped = await mapPool({ map, pool, deviceWeights }, 4, run);
      expect([...mapped]).toEqual(oneByOne(map));
    });
  });
});
