import { describe, expect, test } from "vitest";
import { createPrng } from "../../cluster/base/prng.ts";
import { NO_DISK_FAULTS } from "./disk-faults.ts";
import { NO_NETWORK_FAULTS } from "./lane.ts";
import { describeSwarm, drawSwarm, FAULTS, STRIKES, type SwarmConfig } from "./swarm.ts";

const SEEDS = 400;

function draw(seed: number, tolerated = FAULTS as readonly (typeof FAULTS)[number][]): SwarmConfig {
  return drawSwarm(createPrng(seed), tolerated);
}

const configs = Array.from({ length: SEEDS }, (_, seed) => draw(seed));

describe("a swarm configuration", () => {
  test.each(FAULTS)("has %s in about half of the seeds", (fault) => {
    const share = configs.filter(({ faults }) => faults.has(fault)).length / SEEDS;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });

  test("is a function of its seed, and another for another one", () => {
    expect(draw(7)).toEqual(draw(7));
    const texts = new Set(configs.map((config) => describeSwarm(config).join("\n")));
    expect(texts.size).toBe(SEEDS);
  });

  test("has an interval for exactly the strikes that occur", () => {
    for (const { faults, intervalMs } of configs) {
      expect([...intervalMs.keys()]).toEqual(STRIKES.filter((strike) => faults.has(strike)));
    }
  });

  test("has nothing that its scenario does not tolerate", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { faults, network, disk, driftPpmMax, intervalMs } = draw(seed, ["crash", "bit-rot"]);
      expect([...faults].every((fault) => fault === "crash" || fault === "bit-rot")).toBe(true);
      expect(network).toEqual(NO_NETWORK_FAULTS);
      expect({ ...disk, bitRotChance: 0 }).toEqual(NO_DISK_FAULTS);
      expect(driftPpmMax).toBe(0);
      expect(intervalMs.size).toBeLessThanOrEqual(1);
    }
  });

  test.each<{ fault: (typeof FAULTS)[number]; shows: (config: SwarmConfig) => boolean }>([
    { fault: "loss", shows: ({ network }) => network.lossChance > 0 },
    { fault: "duplication", shows: ({ network }) => network.duplicateChance > 0 },
    { fault: "reordering", shows: ({ network }) => !network.inOrder },
    { fault: "slow-network", shows: ({ network }) => network.tailChance > 0 },
    { fault: "slow-disk", shows: ({ disk }) => disk.stallChance > 0 },
    { fault: "disk-errors", shows: ({ disk }) => disk.syncErrorChance > 0 },
    { fault: "bit-flips", shows: ({ disk }) => disk.bitFlipChance > 0 },
    { fault: "bit-rot", shows: ({ disk }) => disk.bitRotChance > 0 },
    { fault: "clock-drift", shows: ({ driftPpmMax }) => driftPpmMax > 0 },
  ])("shows $fault where it is drawn and nowhere else", ({ fault, shows }) => {
    for (const config of configs) expect(shows(config)).toBe(config.faults.has(fault));
  });
});

test("the description names every fault and every number", () => {
  for (const config of configs.slice(0, 20)) {
    const text = describeSwarm(config).join("\n");
    for (const fault of config.faults) expect(text).toContain(fault);
    expect(text).toContain(String(config.network.lossChance));
    expect(text).toContain(String(config.disk.slowSyncMsMean));
    expect(text).toContain(String(config.faultyMs));
  }
});
