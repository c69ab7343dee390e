import { describe, expect, test } from "vitest";
import type { Device } from "../../../bench/placement/cluster.ts";
import { mix, mixPair } from "../../../bench/placement/mix.ts";
import { ringScheme } from "../../../bench/placement/ring.ts";
import { flatCluster } from "./flat-cluster.ts";
import { leastMovementSuite, rowsOf, schemeSuite } from "./scheme-suite.ts";

const DEVICES: readonly Device[] = Array.from({ length: 12 }, (_, id) => ({
  id,
  weight: 0x10000,
  domain: -1 - (id % 5),
}));

/** All points, sorted by how far clockwise from x they are. */
function twin(x: number, devices: readonly Device[], replicas: number): number[] {
  const start = mix(x);
  const points = devices.flatMap(({ id, domain }) =>
    Array.from({ length: 128 }, (_, number) => {
      const position = mixPair(id, number);
      return { id, domain, distance: position - start + (position < start ? 2 ** 32 : 0) };
    }),
  );
  points.sort((left, right) => left.distance - right.distance);
  const first = points.filter(
    ({ domain }, index) => points.findIndex((other) => other.domain === domain) === index,
  );
  return first.slice(0, replicas).map(({ id }) => id);
}

describe("the ring", () => {
  schemeSuite(ringScheme);
  leastMovementSuite(ringScheme);

  test.each([1, 3, 8])("with %d replicas is what walking over all points gives", (replicas) => {
    const placement = ringScheme.place(flatCluster(DEVICES, replicas));
    const row = new Int32Array(replicas);
    for (let x = 0; x < 60; x++) {
      const found = [...row.subarray(0, placement.mapInto(x, row, 0))];
      expect(found).toEqual(twin(x, DEVICES, replicas));
    }
  });

  test("has twice the points for twice the weight", () => {
    const devices = DEVICES.map((device) => ({ ...device, weight: device.id < 6 ? 1 : 2 }));
    const rows = rowsOf(ringScheme.place(flatCluster(devices, 1)), 1, 20_000);
    const heavy = rows.filter(([id = 0]) => id >= 6).length / rows.length;
    expect(Math.abs(heavy - 2 / 3)).toBeLessThan(0.05);
  });
});
