/** The Else of C4: "the coordinator pauses, and a healthy cluster goes down in one epoch". */
import { expect, test } from "vitest";
import { runSimulation, type SimulationResult } from "../simulation.ts";
import { LOSSES, type Loss, lostCoordinator, OSD_COUNT } from "./lost-coordinator.ts";
import type { Plant } from "./plant.ts";

const TIMEOUT_MS = 60_000;
const SEED = 1;

interface Course {
  readonly result: SimulationResult;
  readonly downs: number;
  readonly lost: number;
}

async function course(loss: Loss, plant?: Plant): Promise<Course> {
  let last = "";
  const sink = (line: string): void => {
    if (/^ *[\d.]+ sim +done /.test(line)) last = line;
  };
  const result = await runSimulation(SEED, lostCoordinator(loss, plant), { sink });
  const counted = (what: string) => Number(new RegExp(`(\\d+) ${what}`).exec(last)?.[1]);
  return { result, downs: counted("downs by"), lost: counted("registrations lost") };
}

test.each(LOSSES)(
  "while the coordinator %s, no OSD that is well goes down",
  {
    timeout: TIMEOUT_MS,
  },
  async (loss) => {
    const { result, downs, lost } = await course(loss);
    expect([result.outcome, result.reason]).toEqual(["passed", ""]);
    expect(downs).toBe(0);
    expect(lost).toBeGreaterThanOrEqual(loss === "stands still" ? 0 : OSD_COUNT);
  },
);

test.each(LOSSES.filter((loss) => loss !== "stands still"))(
  "with one witness's word being enough, all go down in one epoch while it %s",
  { timeout: TIMEOUT_MS },
  async (loss) => {
    const { result, downs } = await course(loss, "one-witness");
    expect(result.reason).toMatch(
      /^epoch 19 marks osd\.\d+ down on 1 witness's word .* and 4 more$/,
    );
    // Some come back before the coordinator does, and go down again.
    expect(downs).toBeGreaterThanOrEqual(OSD_COUNT);
  },
);
