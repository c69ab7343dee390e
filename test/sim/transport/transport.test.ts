import { describe, expect, test } from "vitest";
import { runSimulation, type SimulationResult } from "../simulation.ts";
import { PLANTS, type Plant } from "./plant.ts";
import { talkingMembers } from "./talking-members.ts";

const SEEDS = 60;
/** Printed in the name of its test. */
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);

async function firstFailure(plant: Plant): Promise<SimulationResult | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSimulation(seed, talkingMembers(plant));
    if (result.outcome !== "passed") return result;
  }
  return undefined;
}

describe("the production transport under the swarm", () => {
  test(`passes seeds 1 to ${SEEDS}`, async () => {
    const failure = await firstFailure("none");
    expect(failure && `seed ${failure.seed}: ${failure.reason}`).toBeUndefined();
  });

  test(`passes a random seed: ${RANDOM_SEED}`, async () => {
    const { outcome, reason } = await runSimulation(RANDOM_SEED, talkingMembers());
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
  });

  test.each(PLANTS)("fails one of them with %s", async (plant) => {
    expect((await firstFailure(plant))?.outcome).toBe("correctness");
  });
});
