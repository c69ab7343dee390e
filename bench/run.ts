/**
 * npm run bench -- [name ...] [--json FILE] [--repeat N] [--list]
 *
 * Tables go to stdout, progress to stderr. A figure that is short of its target is a line to read,
 * not a failed command: it says as much of the machine and its neighbours as of the code.
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { Bench, Measurement } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import { combine, listing, type Machine, machineLine, table } from "./report.ts";

const USAGE = "usage: npm run bench -- [name ...] [--json FILE] [--repeat N] [--list]";
const REPEAT_COUNT_MAX = 100;
const EXIT_USAGE = 2;

interface Request {
  readonly benches: readonly Bench[];
  readonly repeatCount: number;
  readonly jsonFile: string | undefined;
  readonly listOnly: boolean;
}

class UsageError extends Error {}

function readRequest(words: string[]): Request {
  const { values, positionals } = parseWords(words);
  const repeatCount = Number(values.repeat);
  if (!Number.isInteger(repeatCount) || repeatCount < 1 || repeatCount > REPEAT_COUNT_MAX) {
    throw new UsageError(`--repeat takes a number from 1 to ${REPEAT_COUNT_MAX}`);
  }
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    throw new UsageError(`no such bench: ${unknown.join(", ")}. There are:\n${listing(BENCHES)}`);
  }
  const benches = BENCHES.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  return { benches, repeatCount, jsonFile: values.json, listOnly: values.list };
}

function parseWords(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        json: { type: "string" },
        repeat: { type: "string", default: "1" },
        list: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** One line that is written over again; a file or a pipe gets none of it. */
function showProgress(text: string): void {
  const { stderr } = process;
  if (stderr.isTTY) stderr.write(`\r\x1b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
}

async function measure(bench: Bench, repeatCount: number): Promise<Measurement[]> {
  const runs: Measurement[][] = [];
  for (let run = 1; run <= repeatCount; run++) {
    const prefix = repeatCount === 1 ? bench.name : `${bench.name} ${run} of ${repeatCount}`;
    showProgress(prefix);
    runs.push(await bench.run("full", (step) => showProgress(`${prefix}: ${step}`)));
  }
  showProgress("");
  return combine(runs);
}

async function run({ benches, repeatCount, jsonFile, listOnly }: Request): Promise<void> {
  console.log(listing(benches));
  if (listOnly) return;
  const machine = thisMachine();
  console.log(`\n${machineLine(machine)}`);
  const results: { name: string; measurements: Measurement[] }[] = [];
  for (const bench of benches) {
    const reason = bench.unavailable?.();
    if (reason !== undefined) {
      console.log(`\n${bench.name}\nnot measured: ${reason}`);
      continue;
    }
    const measurements = await measure(bench, repeatCount);
    results.push({ name: bench.name, measurements });
    console.log(`\n${bench.name}\n${table(measurements)}`);
  }
  if (jsonFile === undefined) return;
  await writeFile(jsonFile, `${JSON.stringify({ machine, benches: results }, undefined, 2)}\n`);
}

try {
  await run(readRequest(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = EXIT_USAGE;
}
