/**
 * `kelp crush`: maps as files. Options that crushtool has too have its names, and their output is
 * the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { type Command, InvalidArgumentError, Option } from "commander";
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { CrushError } from "../../crush/error.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import type { CrushMap } from "../../crush/types.ts";
import { deviceWeights } from "../crush/device-weights.ts";
import { diffLines, movedLines } from "../crush/diff.ts";
import { type Range, type TestOptions, testReport, weightsLine } from "../crush/test-report.ts";
import { treeLines } from "../crush/tree.ts";
import { VectorServer } from "../crush/vector-server.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { writeOut } from "../write-out.ts";
import { registerCrushMap } from "./crush-map.ts";

const DEFAULT_X: Range = { min: 0, max: 1023 };
const MAP_FILE = "a map, as text or binary; - for standard input";

export function registerCrush(program: Command): void {
  const crush = program
    .command("crush")
    .summary("CRUSH maps: the cluster's own, and those in files")
    .description(
      "Shows and edits the cluster's CRUSH map. compile, decompile, diff, test and tree work on maps in files, in the " +
        "forms that Ceph's crushtool reads and writes.",
    );
  registerCrushMap(crush);
  registerForms(crush);
  registerTest(crush);
  registerViews(crush);
  crush
    .command("serve-vectors")
    .summary("answer requests for recorded results")
    .description("Answers JSON requests, one a line, on standard input, until it ends.")
    .action(serveVectors);
}

function registerForms(crush: Command): void {
  crush
    .command("compile")
    .summary("make a binary map from a text")
    .description("Makes a binary map from a text.")
    .argument("<text>", "the text; - for standard input")
    .requiredOption("-o, --outfn <file>", "where the map goes")
    .action((file: string, { outfn }: { outfn: string }) => {
      const text = readInput(file).toString("utf8");
      writeFile(
        outfn,
        explained(file, () => encodeBinary(compileText(text))),
      );
    });
  crush
    .command("decompile")
    .summary("print a map as text")
    .description("Prints a map as text.")
    .argument("<map>", MAP_FILE)
    .option("-o, --outfn <file>", "where the text goes, instead of to standard output")
    .action(async (file: string, { outfn }: { outfn?: string }) => {
      const map = readMap(file);
      if (outfn === undefined) await writeOut(process.stdout, [printText(map)]);
      else writeFile(outfn, Buffer.from(printText(map)));
    });
}

interface TestFlags {
  readonly infn: string;
  readonly minX?: number;
  readonly maxX?: number;
  readonly x?: number;
  readonly minRule?: number;
  readonly maxRule?: number;
  readonly rule?: number;
  readonly ruleset?: number;
  readonly numRep?: number;
  readonly poolId?: number;
  readonly weight?: readonly number[];
  readonly showMappings?: true;
  readonly showBadMappings?: true;
  readonly showStatistics?: true;
  readonly showUtilization?: true;
  readonly showUtilizationAll?: true;
}

function registerTest(crush: Command): void {
  crush
    .command("test")
    .summary("map a range of x with a map's rules")
    .description("Maps a range of x with a map's rules and prints what `crushtool --test` prints.")
    .requiredOption("-i, --infn <map>", MAP_FILE)
    .addOption(new Option("--test", "as crushtool wants it").hideHelp())
    .option("--min-x <x>", "first x; only with --max-x (0)", integer)
    .option("--max-x <x>", "last x; only with --min-x (1023)", integer)
    .option("--x <x>", "the only x", integer)
    .option("--min-rule <id>", "first rule; only with --max-rule", integer)
    .option("--max-rule <id>", "last rule; only with --min-rule", integer)
    .option("--rule <id>", "the only rule", integer)
    .option("--ruleset <id>", "only rules of this ruleset", integer)
    .option("--num-rep <n>", "number of replicas (all that the rule allows)", replicaCount)
    .option("--pool-id <id>", "map as for this pool", integer)
    .option("-w, --weight <device weight...>", "let a device take 0 to 1 of its data", numbers)
    .option("--show-mappings", "print where each x is mapped")
    .option("--show-bad-mappings", "print mappings with too few devices")
    .option("--show-statistics", "count mappings by their size")
    .option("--show-utilization", "count what each device holds")
    .option("--show-utilization-all", "and show devices that hold nothing")
    .action(async (flags: TestFlags) => {
      const map = readMap(flags.infn);
      const weights = deviceWeights(map, pairs(flags.weight ?? []));
      const options = testOptions(flags);
      if (options.showUtilizationAll) process.stderr.write(weightsLine(weights));
      await writeOut(process.stdout, testReport(map, weights, options));
    });
}

function testOptions(flags: TestFlags): TestOptions {
  const show = {
    showMappings: flags.showMappings ?? false,
    showBadMappings: flags.showBadMappings ?? false,
    showStatistics: flags.showStatistics ?? false,
    showUtilization: flags.showUtilization ?? false,
    showUtilizationAll: flags.showUtilizationAll ?? false,
  };
  if (!Object.values(show).includes(true)) {
    throw new CommandError(EXIT_CODE.usage, "say what to print: give one of the --show- options");
  }
  return {
    ...show,
    x: rangeOf(flags.x, flags.minX, flags.maxX) ?? DEFAULT_X,
    rules: rangeOf(flags.rule, flags.minRule, flags.maxRule),
    ruleset: flags.ruleset,
    numRep: flags.numRep === undefined || flags.numRep < 0 ? undefined : flags.numRep,
    poolId: flags.poolId,
  };
}

/** As in crushtool, a range with one end, or with an end below 0, is as good as none. */
function rangeOf(only = -1, min = -1, max = -1): Range | undefined {
  if (only >= 0) return { min: only, max: only };
  return min >= 0 && max >= 0 ? { min, max } : undefined;
}

interface DiffFlags {
  readonly moved?: true;
  readonly minX: number;
  readonly maxX: number;
  readonly numRep: number;
}

function registerViews(crush: Command): void {
  crush
    .command("tree")
    .summary("show a map's tree")
    .description("Shows a map's tree as a table.")
    .argument("<map>", MAP_FILE)
    .option("--show-shadow", "also the trees of device classes")
    .action(async (file: string, { showShadow }: { showShadow?: true }) => {
      const lines = treeLines(readMap(file), { withShadows: showShadow ?? false });
      await writeOut(process.stdout, lines);
    });
  crush
    .command("diff")
    .summary("say what differs between two maps")
    .description("Says what differs between two maps. Prints nothing if they are equal.")
    .argument("<before>", MAP_FILE)
    .argument("<after>", MAP_FILE)
    .option("--moved", "also say how many replicas move, for each rule")
    .option("--min-x <x>", "first x that is mapped for it", integer, DEFAULT_X.min)
    .option("--max-x <x>", "last x that is mapped for it", integer, DEFAULT_X.max)
    .option("--num-rep <n>", "number of replicas that are mapped for it", replicaCount, 3)
    .action(async (before: string, after: string, { moved, minX, maxX, numRep }: DiffFlags) => {
      const [left, right] = [readMap(before), readMap(after)];
      await writeOut(process.stdout, diffLines(left, right));
      if (!moved) return;
      const x = { min: minX, max: maxX };
      await writeOut(process.stdout, movedLines(left, right, { x, numRep }));
    });
}

async function serveVectors(): Promise<void> {
  const server = new VectorServer();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== "") await writeOut(process.stdout, [`${server.answer(line)}\n`]);
  }
}

function readMap(file: string): CrushMap {
  const bytes = readInput(file);
  return explained(file, () =>
    looksBinary(bytes) ? decodeBinary(bytes) : compileText(bytes.toString("utf8")),
  );
}

/** A text never has a zero byte, and a binary map starts with two. */
function looksBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).includes(0);
}

function explained<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof CrushError ? fileFailure(file, error) : error;
  }
}

const STANDARD_INPUT = 0;

function readInput(file: string): Buffer {
  return attempted(file, () => readFileSync(file === "-" ? STANDARD_INPUT : file));
}

function writeFile(file: string, bytes: Uint8Array): void {
  attempted(file, () => writeFileSync(file, bytes));
}

function attempted<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw fileFailure(file, error as Error);
  }
}

function fileFailure(file: string, cause: Error): CommandError {
  return new CommandError(EXIT_CODE.failure, `${file}: ${cause.message}`, { cause });
}

function integer(text: string): number {
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError("A whole number is needed.");
}

/** Every mapping takes memory for so many. */
const REPLICA_COUNT_MAX = 4096;

function replicaCount(text: string): number {
  const count = integer(text);
  if (count <= REPLICA_COUNT_MAX) return count;
  throw new InvalidArgumentError(`A number of up to ${REPLICA_COUNT_MAX} is needed.`);
}

/** Commander hands over one number after the other, and what was collected so far. */
function numbers(text: string, previous: readonly number[] = []): number[] {
  if (text.trim() !== "" && Number.isFinite(Number(text))) return [...previous, Number(text)];
  throw new InvalidArgumentError("A number is needed.");
}

function pairs(list: readonly number[]): [device: number, weight: number][] {
  if (list.length % 2 !== 0) {
    throw new CommandError(
      EXIT_CODE.usage,
      "--weight takes a device and its weight, as in --weight 3 0.5",
    );
  }
  const result: [number, number][] = [];
  for (let index = 0; index < list.length; index += 2) {
    result.push([list[index] ?? 0, list[index + 1] ?? 0]);
  }
  return result;
}
