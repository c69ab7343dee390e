import { Command, type OutputConfiguration } from "commander";
import { registerBench } from "./command/bench.ts";
import { registerCrush } from "./command/crush.ts";
import { registerMonitor } from "./command/monitor.ts";
import { registerQuorum } from "./command/quorum.ts";
import { registerUp } from "./command/up.ts";
import { registerZnode } from "./command/znode.ts";
import { EXIT_CODE_HELP } from "./exit-code.ts";

/** A wider terminal does not make prose easier to read. */
const HELP_WIDTH_MAX = 80;

/**
 * The whole command line. Throws instead of exiting, so that one place decides how the process
 * ends.
 */
export function createProgram(version: string, output: OutputConfiguration = {}): Command {
  const program = new Command("kelp");
  // Commands inherit these settings when they are made, so they come before the commands.
  program
    .exitOverride()
    .configureOutput({
      ...output,
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
      outputError: (text, write) => write(text.replace(/^error: /, "kelp: ")),
    })
    .configureHelp({ sortSubcommands: true, sortOptions: true })
    .description("Kelp, an object store whose cluster map lives in a ZooKeeper-compatible tree.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", `\n${EXIT_CODE_HELP}`);
  registerBench(program);
  registerCrush(program);
  registerMonitor(program);
  registerQuorum(program);
  registerUp(program);
  registerZnode(program);
  pointToHelp(program, program.name());
  return program;
}

/** What is wrong with the usage of a command is told with where that command's own usage stands. */
function pointToHelp(command: Command, words: string): void {
  const says = command.commands.length > 0 ? "lists the commands" : "says how to use it";
  command.showHelpAfterError(`(${words} --help ${says})`);
  for (const inner of command.commands) pointToHelp(inner, `${words} ${inner.name()}`);
}

function helpWidth(): number {
  return Math.min(process.stdout.columns ?? HELP_WIDTH_MAX, HELP_WIDTH_MAX);
}
