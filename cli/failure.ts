/**
 * How a command that did not work ends: what it prints on stderr, and its exit code. What a person
 * can do something about is told without a stack; everything else is a bug and is told with all
 * that helps to find it.
 */
import { CommanderError, InvalidArgumentError } from "commander";
import { isClusterError } from "../cluster/base/error.ts";
import { isZooKeeperError } from "../cluster/zookeeper/zookeeper-error.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";

/** A command that says itself why it ends and with which code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Of what was written on the command line. Everything but an impossible value stays what it is. */
export function asWrongUsage(error: unknown): unknown {
  if (!isClusterError(error, "CONFIG_INVALID")) return error;
  return new CommandError(EXIT_CODE.usage, error.message, { cause: error });
}

export interface Failure {
  /** Whole lines, or nothing. */
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** Of a line on stderr, where no terminal says how wide it is. */
const COLUMNS = 80;

export function failureOf(error: unknown, columns = COLUMNS): Failure {
  const told = (lines: readonly string[]): string =>
    lines.map((line) => `${wrapped(line, columns)}\n`).join("");
  // From an action: of an argument commander would have told where it stands.
  if (error instanceof InvalidArgumentError) {
    return { text: told(linesOf(error.message)), exitCode: EXIT_CODE.usage };
  }
  // Commander throws after it has printed help, the version, or what is wrong with the usage.
  if (error instanceof CommanderError) {
    return { text: "", exitCode: error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage };
  }
  if (error instanceof CommandError) {
    return { text: told(linesOf(error.message)), exitCode: error.exitCode };
  }
  if (isClusterError(error)) {
    return {
      text: told([...linesOf(error.explain()), ...causesOf(error)]),
      exitCode: isClusterError(error, "INTERRUPTED") ? EXIT_CODE.interrupted : EXIT_CODE.failure,
    };
  }
  if (isZooKeeperError(error)) {
    return { text: told(linesOf(error.message)), exitCode: EXIT_CODE.failure };
  }
  return { text: bugReport(error), exitCode: EXIT_CODE.bug };
}

function linesOf(message: string): string[] {
  return `kelp: ${message}`.split("\n");
}

/** At its spaces, the rest further in. What has none, a path, stays whole: somebody will copy it. */
function wrapped(line: string, columns: number): string {
  const indent = " ".repeat(2 + line.search(/\S|$/));
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\S) /)) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current === "" || longer.length <= columns) {
      current = longer;
      continue;
    }
    lines.push(current);
    current = `${indent}${word}`;
  }
  return [...lines, current].join("\n");
}

/** A chain of causes is as long as whoever throws makes it; nobody reads more than this of it. */
const CAUSE_COUNT_MAX = 5;

/** Many a message ends with that of its cause: what has been said is left out. */
function causesOf(error: Error): string[] {
  const lines: string[] = [];
  let said = error.message;
  let { cause } = error;
  for (let count = 0; cause !== undefined && count < CAUSE_COUNT_MAX; count++) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (!said.includes(message)) lines.push(`  because: ${message}`);
    said = `${said}\n${message}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

function bugReport(error: unknown): string {
  const stack =
    error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`;
  return [
    stack,
    ...(error instanceof Error ? causesOf(error) : []),
    "",
    "kelp: this is a bug in Kelp. Please open an issue with the lines above, the command that",
    `you ran, and this one: Node ${process.version}, ${process.platform} ${process.arch}.`,
    "",
  ].join("\n");
}
