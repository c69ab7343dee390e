import { describe, expect, test } from "vitest";
import { type Outcome, runSimulation, type SimulationResult } from "../simulation.ts";
import { type EnsembleOptions, ensemble } from "./ensemble.ts";
import { DISK_PLANTS, PLANTS } from "./plant.ts";

const SEEDS = 50;
/** Printed in the name of its test. */
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);

async function firstFailure(
  options: EnsembleOptions,
  { from = 1, seeds = SEEDS } = {},
): Promise<SimulationResult | undefined> {
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await runSimulation(seed, ensemble(options));
    if (result.outcome !== "passed") return result;
  }
  return undefined;
}

describe.each([false, true])("an ensemble (disks are lost: %s)", (losesDisks) => {
  test(`passes seeds 1 to ${SEEDS}`, async () => {
    const failure = await firstFailure({ losesDisks });
    expect(failure && `seed ${failure.seed}: ${failure.reason}`).toBeUndefined();
  });

  test(`passes a random seed: ${RANDOM_SEED}`, async () => {
    const { outcome, reason } = await runSimulation(RANDOM_SEED, ensemble({ losesDisks }));
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
  });
});

describe("a simulation of an ensemble", () => {
  test("answers requests, loses disks, sends rows, and changes leaders", async () => {
    const counts = { entered: 0, "disk replaced": 0, "took the rows": 0, "leads round": 0 };
    const sink = (line: string): void => {
      for (const what of Object.keys(counts) as (keyof typeof counts)[]) {
        if (line.includes(what)) counts[what] += 1;
      }
    };
    for (let seed = 1; seed <= 10; seed++) {
      await runSimulation(seed, ensemble({ losesDisks: true }), { sink });
    }
    expect(counts.entered).toBeGreaterThan(500);
    expect(counts["disk replaced"]).toBeGreaterThan(5);
    expect(counts["leads round"]).toBeGreaterThan(20);
    expect(counts["took the rows"]).toBeGreaterThan(5);
  });
});

describe("a planted bug", () => {
  /** The rare ones are looked for where they are known to be. */
  const planted: readonly {
    plant: (typeof PLANTS)[number] | (typeof DISK_PLANTS)[number];
    from: number;
    seeds: number;
    outcomes: readonly Outcome[];
    reason: RegExp;
  }[] = [
    {
      plant: "accepts-early",
      from: 1,
      seeds: 50,
      outcomes: ["correctness"],
      reason: /^mon\.\d (accepted up to slot|promised round) \d+ and (has|remembers) \d+$/,
    },
    {
      plant: "forgets-accepted",
      from: 810,
      seeds: 20,
      outcomes: ["correctness", "crash"],
      reason: /chosen with two values/,
    },
    {
      plant: "leads-rounds-twice",
      from: 440,
      seeds: 20,
      outcomes: ["correctness", "crash"],
      reason: /chosen with two values/,
    },
    {
      plant: "trusts-empty-disks",
      from: 530,
      seeds: 20,
      outcomes: ["correctness", "crash"],
      reason: /chosen with two values/,
    },
  ];

  test("is tested, every one", () => {
    expect(planted.map(({ plant }) => plant)).toEqual([...PLANTS, ...DISK_PLANTS]);
  });

  test.each(planted)("is found: $plant", async ({ plant, from, seeds, outcomes, reason }) => {
    const losesDisks = DISK_PLANTS.some((each) => each === plant);
    const failure = await firstFailure({ plant, losesDisks }, { from, seeds });
    expect(outcomes).toContain(failure?.outcome);
    expect(failure?.reason).toMatch(reason);
    const without = await runSimulation(failure?.seed ?? 0, ensemble({ losesDisks }));
    expect(without.outcome).toBe("passed");
  });
});
