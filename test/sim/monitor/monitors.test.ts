import { describe, expect, test } from "vitest";
import { type Outcome, runSimulation, type SimulationResult } from "../simulation.ts";
import { monitors } from "./monitors.ts";
import { PLANTS, type Plant } from "./plant.ts";

const SEEDS = 50;
/** Printed in the name of its test. */
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);
/** Within what `npm test` takes anyway, on a machine that has other things to do. */
const TIMEOUT_MS = 120_000;

async function firstFailure(
  plant: Plant | undefined,
  { from = 1, seeds = SEEDS } = {},
): Promise<SimulationResult | undefined> {
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await runSimulation(seed, monitors(plant));
    if (result.outcome !== "passed") return result;
  }
  return undefined;
}

describe("whole monitors under the swarm", () => {
  test(`pass seeds 1 to ${SEEDS}`, { timeout: TIMEOUT_MS }, async () => {
    const failure = await firstFailure(undefined);
    expect(failure && `seed ${failure.seed}: ${failure.reason}`).toBeUndefined();
  });

  test(`pass a random seed: ${RANDOM_SEED}`, { timeout: TIMEOUT_MS }, async () => {
    const { outcome, reason } = await runSimulation(RANDOM_SEED, monitors());
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
  });

  test("do what the checkers judge", { timeout: TIMEOUT_MS }, async () => {
    const counts = { slots: 0, writes: 0, events: 0, locks: 0, expired: 0, closed: 0 };
    const others = { "disk replaced": 0, "took the rows": 0, "leads round": 0 };
    const sink = (line: string): void => {
      for (const what of Object.keys(others) as (keyof typeof others)[]) {
        if (line.includes(what)) others[what] += 1;
      }
      if (!/^ *[\d.]+ sim +done /.test(line)) return;
      for (const what of Object.keys(counts) as (keyof typeof counts)[]) {
        counts[what] += Number(new RegExp(`(\\d+) ${what}`).exec(line)?.[1] ?? 0);
      }
    };
    for (let seed = 1; seed <= 10; seed++) await runSimulation(seed, monitors(), { sink });
    expect(counts.slots).toBeGreaterThan(2_000);
    expect(counts.writes).toBeGreaterThan(1_000);
    expect(counts.events).toBeGreaterThan(200);
    expect(counts.locks).toBeGreaterThan(10);
    expect(counts.expired).toBeGreaterThan(5);
    expect(counts.closed).toBeGreaterThan(5);
    expect(others["disk replaced"]).toBeGreaterThan(3);
    expect(others["took the rows"]).toBeGreaterThan(3);
    expect(others["leads round"]).toBeGreaterThan(10);
  });
});

describe("a planted bug", () => {
  const planted: readonly {
    plant: Plant;
    from: number;
    seeds: number;
    outcomes: readonly Outcome[];
    reason: RegExp;
  }[] = [
    {
      plant: "accepts-early",
      from: 1,
      seeds: 20,
      outcomes: ["correctness"],
      reason: /accepted up to slot \d+ and has \d+|promised round|chosen with two values/,
    },
    {
      plant: "forgets-accepted",
      from: 1,
      seeds: 100,
      outcomes: ["correctness", "crash"],
      reason: /chosen with two values/,
    },
    {
      plant: "tells-late",
      from: 1,
      seeds: 5,
      outcomes: ["correctness"],
      reason: /showed 0x[0-9a-f]+ before it told of node/,
    },
    {
      plant: "applies-twice",
      from: 1,
      seeds: 100,
      outcomes: ["correctness"],
      reason: /took effect twice/,
    },
    {
      plant: "applies-early",
      from: 1,
      seeds: 50,
      outcomes: ["correctness"],
      reason: /took effect as \d+, and <[^>]+> before it as/,
    },
    {
      plant: "ends-sessions-early",
      from: 1,
      seeds: 100,
      outcomes: ["correctness"],
      reason: /was ended [\d.]+ ms after a serving member heard it|holds the lock, and/,
    },
  ];

  test("is tested, every one", () => {
    expect(planted.map(({ plant }) => plant)).toEqual(PLANTS);
  });

  test.each(planted)("is found: $plant", { timeout: TIMEOUT_MS }, async (bug) => {
    const failure = await firstFailure(bug.plant, bug);
    expect(bug.outcomes).toContain(failure?.outcome);
    expect(failure?.reason).toMatch(bug.reason);
    const without = await runSimulation(failure?.seed ?? 0, monitors());
    expect(without.outcome).toBe("passed");
    expect(without.choices).toEqual(failure?.choices);
  });
});
