import { describe, expect, test } from "vitest";
import { type Outcome, runSimulation, type SimulationResult } from "../simulation.ts";
import { CounterHistory } from "./counter-history.ts";
import { PLANTS, type Plant } from "./plant.ts";
import { replicatedCounter } from "./replicated-counter.ts";

const SEEDS = 200;
/** Printed in the name of its test. */
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);

async function firstFailure(plant: Plant): Promise<SimulationResult | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSimulation(seed, replicatedCounter(plant));
    if (result.outcome !== "passed") return result;
  }
  return undefined;
}

describe("the replicated counter", () => {
  test(`passes seeds 1 to ${SEEDS}`, async () => {
    const failure = await firstFailure("none");
    expect(failure && `seed ${failure.seed}: ${failure.reason}`).toBeUndefined();
  });

  test("answers increments, whatever is done to it", async () => {
    let answered = 0;
    const sink = (line: string): void => {
      if (line.includes("increment count=")) answered += 1;
    };
    for (let seed = 1; seed <= 10; seed++) await runSimulation(seed, replicatedCounter(), { sink });
    expect(answered).toBeGreaterThan(500);
  });

  test(`passes a random seed: ${RANDOM_SEED}`, async () => {
    const { outcome, reason } = await runSimulation(RANDOM_SEED, replicatedCounter());
    expect({ outcome, reason }).toEqual({ outcome: "passed", reason: "" });
  });

  // What is replicated early is still answered late, so what a crash of the primary loses was
  // promised to no client. The history has nothing to object to then; it is the replicas whose
  // assertions see that their logs differ.
  const caused: readonly {
    plant: Exclude<Plant, "none">;
    outcome: Outcome;
    reason: RegExp;
  }[] = [
    {
      plant: "primary-answers-early",
      outcome: "correctness",
      reason: /^counter\.\d kept \d+ entries after \d+ was answered$/,
    },
    {
      plant: "primary-replicates-early",
      outcome: "crash",
      reason: /counter\.\d has entries that the primary lost/,
    },
    {
      plant: "backup-acks-early",
      outcome: "correctness",
      reason: /^counter\.[1-3] kept \d+ entries after \d+ was answered$/,
    },
    { plant: "primary-never-resends", outcome: "liveness", reason: /^not converged/ },
  ];

  test("has a test of every plant", () => {
    expect(caused.map(({ plant }) => plant)).toEqual(PLANTS);
  });

  test.each(caused)("fails of $outcome with $plant, and passes without", async (expected) => {
    const failure = await firstFailure(expected.plant);
    expect(failure?.outcome).toBe(expected.outcome);
    expect(failure?.reason).toMatch(expected.reason);
    const without = await runSimulation(failure?.seed ?? 0, replicatedCounter());
    expect(without.outcome).toBe("passed");
    expect(without.choices).toEqual(failure?.choices);
  });
});

describe("the counter's history", () => {
  const one = { session: 1, request: 1 };
  const two = { session: 2, request: 1 };

  function violationsOf(use: (history: CounterHistory) => void): string[] {
    const violations: string[] = [];
    use(new CounterHistory((reason) => violations.push(reason)));
    return violations;
  }

  test("is fine with operations that overlap in any order", () => {
    const violations = violationsOf((history) => {
      const first = history.begin(one);
      const second = history.begin(two);
      const read = history.begin(undefined);
      history.end(second, 1);
      history.end(read, 0);
      history.end(first, 2);
      history.end(history.begin(undefined), 2);
      history.recovered("counter.1", [two, one]);
      history.check("counter.1", [two, one]);
    });
    expect(violations).toEqual([]);
  });

  test.each<{ what: string; use: (history: CounterHistory) => void; says: string }>([
    {
      what: "a place given twice",
      use(history) {
        const [first, second] = [history.begin(one), history.begin(two)];
        history.end(first, 1);
        history.end(second, 1);
      },
      says: "increment 2/1 and 1/1 are both 1",
    },
    {
      what: "an increment that goes back",
      use(history) {
        const first = history.begin(one);
        history.begin({ session: 1, request: 2 });
        history.end(first, 2);
        history.end(history.begin(two), 1);
      },
      says: "increment 2/1 answered 1 after 2 was answered",
    },
    {
      what: "a read that goes back",
      use(history) {
        history.end(history.begin(one), 1);
        history.end(history.begin(undefined), 0);
      },
      says: "a read answered 0 after 1 was answered",
    },
    {
      what: "a count that nobody asked for",
      use: (history) => history.end(history.begin(undefined), 1),
      says: "a read answered 1 after 0 increments",
    },
    {
      what: "a replica that forgot",
      use(history) {
        history.end(history.begin(one), 1);
        history.recovered("counter.1", []);
      },
      says: "counter.1 kept 0 entries after 1 was answered",
    },
    {
      what: "an increment that was lost",
      use(history) {
        history.end(history.begin(one), 1);
        history.check("counter.0", []);
      },
      says: "counter.0 lost increment 1",
    },
    {
      what: "an increment that was replaced",
      use(history) {
        history.end(history.begin(one), 1);
        history.check("counter.0", [two]);
      },
      says: "counter.0 has 2/1 at 1, where 1/1 was",
    },
    {
      what: "an increment that was counted twice",
      use: (history) => history.check("counter.0", [one, two, one]),
      says: "counter.0 counted 1/1 twice",
    },
  ])("notices $what", ({ use, says }) => {
    expect(violationsOf(use)).toContain(says);
  });
});
