/**
 * npm run zkdiff -- [--seed N] [--seeds COUNT] [--steps COUNT] [--size 1|3] [--subject NAME] [--all]
 *
 * The differential test for as long as one likes. It ends at the first disagreement, which it
 * prints in its smallest form, or with --all goes on and prints every one. Exit codes: 0 no
 * disagreement, 1 some, 2 usage.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { Differential } from "./differential.ts";
import { type Ensemble, startEnsemble } from "./reference-ensemble.ts";
import { type Target, targetOf } from "./script-run.ts";
import { APACHE, KELP, whyNot } from "./server-kind.ts";

const SUBJECTS = { kelp: KELP, apache: APACHE };
const SEED_BOUND = 2 ** 32;
const USAGE_EXIT_CODE = 2;

interface Arguments {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly size: "1" | "3";
  readonly subject: keyof typeof SUBJECTS;
  readonly all?: true;
}

async function main(argv: readonly string[]): Promise<number> {
  const command = new Command("npm run zkdiff --")
    .description("Does the same to Apache ZooKeeper and to Kelp, and compares what they do.")
    .option("--seed <n>", "the first seed", parseCount, Math.floor(Math.random() * SEED_BOUND))
    .option("--seeds <count>", "so many seeds", parseCount, 100)
    .option("--steps <count>", "so many steps for each", parseCount, 150)
    .addOption(new Option("--size <n>", "servers on each side").choices(["1", "3"]).default("1"))
    .addOption(
      new Option("--subject <name>", "what is compared with Apache ZooKeeper")
        .choices(Object.keys(SUBJECTS))
        .default("kelp"),
    )
    .option("--all", "go on after a disagreement")
    .exitOverride();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    throw error;
  }
  return (await compare(command.opts<Arguments>())) === 0 ? 0 : 1;
}

/** How many seeds show a disagreement. After one, both sides start anew: it left its mark on them. */
async function compare({ seed, seeds, all, ...options }: Arguments): Promise<number> {
  const end = seed + seeds;
  let failures = 0;
  for (let next = seed; next < end; ) {
    const { found, checked } = await compareUntil(next, end, options);
    next += checked;
    if (found) failures += 1;
    if (found && all !== true) break;
  }
  return failures;
}

/** From a fresh start to the first disagreement. */
async function compareUntil(
  from: number,
  end: number,
  { steps, size, subject }: Pick<Arguments, "steps" | "size" | "subject">,
): Promise<{ readonly found: boolean; readonly checked: number }> {
  const kinds = [APACHE, SUBJECTS[subject]];
  for (const reason of kinds.map(whyNot)) if (reason !== undefined) throw new Error(reason);
  const started: Ensemble[] = [];
  try {
    for (const kind of kinds) {
      started.push(await startEnsemble({ kind, size: size === "1" ? 1 : 3 }));
    }
    const [reference, other] = started.map(targetOf) as [Target, Target];
    const differential = new Differential({ reference, subject: other });
    for (let seed = from; seed < end; seed++) {
      const found = await differential.check(seed, { stepCount: steps });
      print(found === undefined ? `seed ${seed}: both agree\n` : `${found.text}\n\n`);
      if (found !== undefined) return { found: true, checked: seed + 1 - from };
    }
    return { found: false, checked: end - from };
  } catch (error) {
    for (const ensemble of started)
      print(`${ensemble.kind.name} (${ensemble.addresses}): ${await ensemble.logTails()}\n`);
    throw error;
  } finally {
    for (const ensemble of started) await ensemble.stop();
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError("a whole number, please");
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main(process.argv.slice(2));
