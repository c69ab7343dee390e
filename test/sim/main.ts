/**
 * npm run sim -- [--scenario NAME] [--seed N] [--seeds COUNT] [--trace] [--minutes M]
 *
 * Replays one seed, or hunts over many until one fails or the time is over. A failure prints all
 * that is needed to understand it and the command that replays it. Exit codes: 0 passed, 1
 * correctness, 2 usage, 3 crash, 4 liveness.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ensemble } from "./consensus/ensemble.ts";
import { DISK_PLANTS, PLANTS as ENSEMBLE_PLANTS } from "./consensus/plant.ts";
import { controllers } from "./controller/controllers.ts";
import { PLANTS as CONTROLLER_PLANTS } from "./controller/plant.ts";
import { PLANTS } from "./demo/plant.ts";
import { replicatedCounter } from "./demo/replicated-counter.ts";
import { monitors } from "./monitor/monitors.ts";
import { PLANTS as MONITOR_PLANTS } from "./monitor/plant.ts";
import { type Outcome, runSimulation, type Scenario, type SimulationResult } from "./simulation.ts";
import { talkingMembers } from "./transport/talking-members.ts";

const COUNTER = replicatedCounter();
const SCENARIOS: readonly Scenario[] = [
  COUNTER,
  ...PLANTS.map((plant) => replicatedCounter(plant)),
  talkingMembers(),
  ensemble(),
  ...ENSEMBLE_PLANTS.map((plant) => ensemble({ plant })),
  ensemble({ losesDisks: true }),
  ...DISK_PLANTS.map((plant) => ensemble({ plant, losesDisks: true })),
  monitors(),
  ...MONITOR_PLANTS.map((plant) => monitors(plant)),
  controllers(),
  ...CONTROLLER_PLANTS.map((plant) => controllers(plant)),
];

const EXIT_CODES: Readonly<Record<Outcome, number>> = {
  passed: 0,
  correctness: 1,
  crash: 3,
  liveness: 4,
};
const USAGE_EXIT_CODE = 2;
const SEED_BOUND = 2 ** 32;
const PROGRESS_MS = 200;
const PLAIN_PROGRESS_MS = 10_000;

interface Arguments {
  readonly scenario: Scenario;
  readonly seed?: number;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly trace?: true;
}

async function main(argv: readonly string[]): Promise<number> {
  const command = new Command("npm run sim --")
    .description("Simulates a cluster from a seed: replays one, or hunts over many.")
    .addOption(
      new Option("--scenario <name>", scenarioNames())
        .argParser(parseScenario)
        .default(COUNTER, COUNTER.name),
    )
    .option("--seed <n>", "the seed to replay, or the first one of --seeds", parseCount)
    .option("--seeds <count>", "so many seeds (default: 1 with --seed, else 100)", parseCount)
    .option("--minutes <m>", "seeds until so much time is over", parseMinutes)
    .option("--trace", "print every line of the trace")
    .exitOverride();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    throw error;
  }
  const failed = await hunt(command.opts<Arguments>());
  return failed === undefined ? 0 : EXIT_CODES[failed.outcome];
}

/** Runs seed after seed; answers with the first that fails. */
async function hunt({
  scenario,
  trace,
  ...wanted
}: Arguments): Promise<SimulationResult | undefined> {
  const first = wanted.seed ?? Math.floor(Math.random() * SEED_BOUND);
  const endMs = performance.now() + (wanted.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const isTimed = wanted.minutes !== undefined && wanted.seeds === undefined;
  const count = wanted.seeds ?? (isTimed ? SEED_BOUND : wanted.seed === undefined ? 100 : 1);
  const options = trace ? { sink: (line: string) => print(`${line}\n`) } : {};
  const progress = new Progress(scenario, isTimed ? undefined : count);
  for (let index = 0; index < count && performance.now() < endMs; index++) {
    const result = await runSimulation(first + index, scenario, options);
    if (result.outcome !== "passed") {
      progress.clear();
      if (!trace) print(`${result.tail.join("\n")}\n`);
      print(describeFailure(result));
      return result;
    }
    progress.passed(result);
  }
  progress.finish();
  return undefined;
}

/** On a terminal one line that is written over; elsewhere a line now and then. */
class Progress {
  readonly #scenario: Scenario;
  readonly #total: number | undefined;
  readonly #startMs = performance.now();
  readonly #isTerminal = process.stdout.isTTY;
  #shownMs = this.#startMs;
  #seedCount = 0;
  #eventCount = 0;
  #last: SimulationResult | undefined;

  constructor(scenario: Scenario, total: number | undefined) {
    this.#scenario = scenario;
    this.#total = total;
  }

  passed(result: SimulationResult): void {
    this.#seedCount += 1;
    this.#eventCount += result.eventCount;
    this.#last = result;
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < (this.#isTerminal ? PROGRESS_MS : PLAIN_PROGRESS_MS)) return;
    this.#shownMs = nowMs;
    this.clear();
    print(this.#line() + (this.#isTerminal ? "" : "\n"));
  }

  clear(): void {
    if (this.#isTerminal) print("\r\x1b[K");
  }

  finish(): void {
    this.clear();
    const digest = this.#seedCount === 1 ? `, digest ${this.#last?.digest}` : "";
    print(`${this.#line()}, all passed${digest}\n`);
  }

  #line(): string {
    const of = this.#total === undefined ? "" : ` of ${this.#total}`;
    const seconds = (performance.now() - this.#startMs) / 1000;
    const rate = Math.round(this.#eventCount / seconds);
    const done = `${this.#scenario.name}: ${this.#seedCount}${of} seeds`;
    return `${done}, latest ${this.#last?.seed}, ${rate} events/s`;
  }
}

function describeFailure(result: SimulationResult): string {
  const { outcome, reason, scenario, seed, choices, digest } = result;
  const replay = `npm run sim -- --scenario ${scenario} --seed ${seed} --trace`;
  return [
    "",
    `${outcome.toUpperCase()} in scenario ${scenario}, seed ${seed}: ${reason}`,
    "",
    ...choices.map((choice) => `  ${choice}`),
    `  digest   ${digest}`,
    "",
    `replay with   ${replay}`,
    "",
  ].join("\n");
}

function scenarioNames(): string {
  return SCENARIOS.map(({ name, about }) => `${name}: ${about}`).join("; ");
}

function parseScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario !== undefined) return scenario;
  throw new InvalidArgumentError(`There are: ${SCENARIOS.map((each) => each.name).join(", ")}.`);
}

function parseCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 up.");
}

function parseMinutes(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main(process.argv.slice(2));
