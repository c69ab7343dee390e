import { describe, expect, test } from "vitest";
import type { Device } from "../../../bench/placement/cluster.ts";
import { mix, unitInterval } from "../../../bench/placement/mix.ts";
import { rendezvousScheme } from "../../../bench/placement/rendezvous.ts";
import { flatCluster } from "./flat-cluster.ts";
import { leastMovementSuite, rowsOf, schemeSuite } from "./scheme-suite.ts";

const DEVICES: readonly Device[] = Array.from({ length: 40 }, (_, id) => ({
  id,
  weight: 0x10000 * (1 + (id % 3)),
  domain: -1 - (id % 9),
}));

/** All draws, sorted. */
function twin(x: number, devices: readonly Device[], replicas: number): number[] {
  const draws = devices.map(({ id, weight, domain }) => {
    const drawn = unitInterval(mix(mix(x) ^ mix(id + 1)));
    return { id, domain, draw: -Math.log(drawn) / weight };
  });
  draws.sort((left, right) => left.draw - right.draw);
  const best = draws.filter(
    ({ domain }, index) => draws.findIndex((other) => other.domain === domain) === index,
  );
  return best.slice(0, replicas).map(({ id }) => id);
}

describe("rendezvous hashing", () => {
  schemeSuite(rendezvousScheme);
  leastMovementSuite(rendezvousScheme);

  test.each([1, 2, 3, 9, 12])("with %d replicas is what sorting all draws gives", (replicas) => {
    const placement = rendezvousScheme.place(flatCluster(DEVICES, replicas));
    const row = new Int32Array(replicas);
    for (let x = 0; x < 500; x++) {
      const found = [...row.subarray(0, placement.mapInto(x, row, 0))];
      expect(found).toEqual(twin(x, DEVICES, replicas));
    }
  });

  test("gives each device data in proportion to its weight", () => {
    const devices = [1, 2, 5].map((weight, id) => ({ id, weight, domain: -1 - id }));
    const counts = [0, 0, 0];
    for (const [id = 0] of rowsOf(rendezvousScheme.place(flatCluster(devices, 1)), 1, 16_000)) {
      counts[id] = (counts[id] ?? 0) + 1;
    }
    // Four standard deviations of a binomial count are less than 250.
    for (const [id, share] of [2000, 4000, 10_000].entries()) {
      expect(Math.abs((counts[id] ?? 0) - share)).toBeLessThan(250);
    }
  });
});
