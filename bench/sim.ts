/**
 * How fast the simulator runs a real load: the replicated counter with whatever faults the seeds
 * draw. An event is one callback of the scheduler: a message delivered, a batch synced, a timer, a
 * round of a loop.
 */
import { assert } from "../cluster/base/assert.ts";
import { replicatedCounter } from "../test/sim/demo/replicated-counter.ts";
import { runSimulation } from "../test/sim/simulation.ts";
import type { Bench } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

export const simBench: Bench = {
  name: "sim",
  about: "events of the deterministic simulation, on one core",
  async run(scale, progress) {
    const seedCount = scale === "full" ? 200 : 2;
    const rounds = scale === "full" ? 5 : 1;
    const rates: number[] = [];
    if (scale === "full") {
      progress("warming up");
      await eventsPerSecond(seedCount);
    }
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      rates.push(await eventsPerSecond(seedCount));
    }
    return [
      {
        what: `replicated counter, seeds 1 to ${seedCount}`,
        value: median(rates),
        unit: "events/s",
        atLeast: 200_000,
        spread: spread(rates),
      },
    ];
  },
};

async function eventsPerSecond(seedCount: number): Promise<number> {
  const scenario = replicatedCounter();
  const startMs = performance.now();
  let eventCount = 0;
  for (let seed = 1; seed <= seedCount; seed++) {
    const result = await runSimulation(seed, scenario);
    assert(result.outcome === "passed", `seed ${seed}: ${result.reason}`);
    eventCount += result.eventCount;
  }
  return (eventCount * 1000) / (performance.now() - startMs);
}
