/**
 * How a command that did not work ends: what it prints on stderr, and its exit code. What a person
 * can do something about is told without a stack; everything else is a bug and is told with all
 * that helps to find it.
 */
import { CommanderError } from "commander";
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

export interface Failure {
  /** Whole lines, or nothing. */
  readonly text: string;
  readonly exitCode: ExitCode;
}

export function failureOf(error: unknown): Failure {
  // Commander throws after it has printed help, the version, or what is wrong with the usage.
  if (error instanceof CommanderError) {
    return { text: "", exitCode: error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage };
  }
  if (error instanceof CommandError) {
    return { text: `kelp: ${error.message}\n`, exitCode: error.exitCode };
  }
  if (isClusterError(error)) {
    return {
      text: [`kelp: ${error.explain()}\n`, ...causesOf(error)].join(""),
      exitCode: isClusterError(error, "INTERRUPTED") ? EXIT_CODE.interrupted : EXIT_CODE.failure,
    };
  }
  if (isZooKeeperError(error)) {
    return { text: `kelp: ${error.message}\n`, exitCode: EXIT_CODE.failure };
  }
  return { text: bugReport(error), exitCode: EXIT_CODE.bug };
}

/** A chain of causes is as long as whoever throws makes it; nobody reads more than this of it. */
const CAUSE_COUNT_MAX = 5;

function causesOf(error: Error): string[] {
  const lines: string[] = [];
  let { cause } = error;
  while (cause !== undefined && lines.length < CAUSE_COUNT_MAX) {
    lines.push(`  because: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

function bugReport(error: unknown): string {
  const stack =
    error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`;
  return [
    stack,
    ...(error instanceof Error ? causesOf(error).map((line) => line.trimEnd()) : []),
    "",
    "kelp: this is a bug in Kelp. Please open an issue with the lines above, the command that",
    `you ran, and this one: Node ${process.version}, ${process.platform} ${process.arch}.`,
    "",
  ].join("\n");
}
