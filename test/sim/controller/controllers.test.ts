import { describe, expect, test } from "vitest";
import { type Outcome, runSimulation, type SimulationResult } from "../simulation.ts";
import { controllers } from "./controllers.ts";
import { PLANTS, type Plant } from "./plant.ts";

const SEEDS = 20;
/** Printed in the name of its test. */
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);
/** Within what `npm test` takes anyway, on a machine that has other things to do. */
const TIMEOUT_MS = 120_000;

/** As the last line of a run says them. */
const COUNTED = [
  "epochs",
  "elections",
  "boots",
  "downs by witnesses",
  "registrations lost",
  "orders",
  "asked again",
  "taken back",
] as const;

async function firstFailure(
  plant: Plant | undefined,
  { from = 1, seeds = SEEDS, sink = (_: string): void => {} } = {},
): Promise<SimulationResult | undefined> {
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await runSimulation(seed, controllers(plant), { sink });
    if (result.outcome !== "passed") return result;
  }
  return undefined;
}

describe("controllers under the swarm", () => {
  test(`pass seeds 1 to ${SEEDS}, and do what the checkers judge`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const counts = new Map<string, number>(COUNTED.map((what) => [what, 0]));
    const sink = (line: string): void => {
      if (!/^ *[\d.]+ sim +done /.test(line)) return;
      for (const what of COUNTED) {
        const count = Number(new RegExp(`(\\d+) ${what}`).exec(line)?.[1] ?? 0);
        counts.set(what, (counts.get(what) ?? 0) + count);
      }
    };
    const failure = await firstFailure(undefined, { sink });
    expect(failure && `seed ${failure.seed}: ${failure.reason}`).toBeUndefined();
    expect(counts.get("epochs")).toBeGreaterThan(500);
    expect(counts.get("elections")).toBeGreaterThan(25);
    expect(counts.get("boots")).toBeGreaterThan(150);
    expect(counts.get("downs by witnesses")).toBeGreaterThan(15);
    expect(counts.get("registrations lost")).toBeGreaterThan(40);
    expect(counts.get("orders")).toBeGreaterThan(500);
    expect(counts.get("asked again")).toBeGreaterThan(80);
    expect(counts.get("taken back")).toBeGreaterThan(50);
  });

  test.each([
    [5070, "an encoded map has the bytes of what monitors' clients write once"],
    [9117, "two operators took back each other's change before it was published"],
  ])("pass seed %i, in which %s", { timeout: TIMEOUT_MS }, async (seed) => {
    const { outcome, reason } = await runSimulation(seed, controllers());
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
  });

  test(`pass a random seed: ${RANDOM_SEED}`, { timeout: TIMEOUT_MS }, async () => {
    const { outcome, reason } = await runSimulation(RANDOM_SEED, controllers());
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
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
      plant: "one-witness",
      from: 1,
      seeds: 5,
      outcomes: ["correctness"],
      reason: /marks osd\.\d+ down on 1 witness's word/,
    },
    {
      plant: "publishes-deposed",
      from: 5,
      seeds: 40,
      outcomes: ["correctness"],
      reason: /epoch \d+ is controller\.\d's, while (controller\.\d|undefined) led/,
    },
    {
      plant: "answers-early",
      from: 1,
      seeds: 40,
      outcomes: ["correctness"],
      reason: /was acknowledged, and is in no epoch|its operator was told \d+/,
    },
    {
      plant: "forgets-requests",
      from: 1,
      seeds: 5,
      outcomes: ["correctness"],
      reason: /was done in epochs? \d+.* and (\d+|was refused)/,
    },
  ];

  test("is tested, every one", () => {
    expect(planted.map(({ plant }) => plant)).toEqual(PLANTS);
  });

  test.each(planted)("is found: $plant", { timeout: TIMEOUT_MS }, async (bug) => {
    const failure = await firstFailure(bug.plant, bug);
    expect(bug.outcomes).toContain(failure?.outcome);
    expect(failure?.reason).toMatch(bug.reason);
    const without = await runSimulation(failure?.seed ?? 0, controllers());
    expect(without.outcome).toBe("passed");
    expect(without.choices).toEqual(failure?.choices);
  });
});
