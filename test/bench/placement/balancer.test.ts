import { describe, expect, test } from "vitest";
import { balancedPool } from "../../../bench/placement/balancer.ts";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { crushSchemes } from "../../../bench/placement/crush-scheme.ts";
import {
  emptyMapping,
  mapRange,
  movedReplicas,
  pgInputs,
  replicaCounts,
} from "../../../bench/placement/mapping.ts";
import { buildMap, RULE_ID } from "../../../bench/placement/topology.ts";

const MAP = buildMap({ racks: 2, hosts: 3, osds: 2, weights: "equal", domain: "host", seed: 1 });
const CLUSTER = clusterOf(MAP, { ruleId: RULE_ID, replicas: 3 });
const POOL = { id: 7, pgCount: 400 };

describe("the balancer", () => {
  test("starts from where the scheme places the same pool, and moves what it says", () => {
    const [straw2] = crushSchemes(MAP);
    const before = emptyMapping(POOL.pgCount, 3);
    const placement = straw2?.place(CLUSTER);
    expect(placement).toBeDefined();
    if (placement !== undefined) mapRange(placement, pgInputs(POOL.pgCount, POOL.id), before);
    const after = balancedPool(CLUSTER, POOL);
    expect(after?.movedCount).toBeGreaterThan(0);
    expect(after && movedReplicas(before, after.mapping, { isPositional: false })).toBe(
      after?.movedCount,
    );
  });

  test("evens out what chance made uneven, without two replicas in a host", () => {
    const devices = balancedPool(CLUSTER, POOL)?.mapping.devices ?? new Int32Array();
    const counts = [...replicaCounts({ devices, replicas: 3 }).values()];
    expect(counts).toEqual(Array(12).fill(100));
    const hostOf = new Map(CLUSTER.devices.map(({ id, domain }) => [id, domain]));
    for (let pg = 0; pg < POOL.pgCount; pg++) {
      const hosts = [...devices.subarray(3 * pg, 3 * pg + 3)].map((id) => hostOf.get(id));
      expect(new Set(hosts).size).toBe(3);
    }
  });

  test("leaves a rule alone that no such pool would get", () => {
    expect(balancedPool({ ...CLUSTER, replicas: 11 }, POOL)).toBeUndefined();
    expect(balancedPool({ ...CLUSTER, ruleId: 5 }, POOL)).toBeUndefined();
  });
});
