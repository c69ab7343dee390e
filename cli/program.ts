import { Command, type OutputConfiguration } from "commander";
import { registerBalancer } from "./command/balancer.ts";
import { registerBench } from "./command/bench.ts";
import { registerBlocklist } from "./command/blocklist.ts";
import { registerCluster } from "./command/cluster.ts";
import { registerCompletion } from "./command/completion.ts";
import { registerConfig } from "./command/config.ts";
import { registerController } from "./command/controller.ts";
import { registerCrush } from "./command/crush.ts";
import { registerEpochs } from "./command/epochs.ts";
import { registerFlag } from "./command/flag.ts";
import { registerMap } from "./command/map.ts";
import { registerMonitor } from "./command/monitor.ts";
import { registerOsd } from "./command/osd.ts";
import { registerPg } from "./command/pg.ts";
import { registerPool } from "./command/pool.ts";
import { registerQuorum } from "./command/quorum.ts";
import { registerStatus } from "./command/status.ts";
import { registerUp } from "./command/up.ts";
import { registerUpmap } from "./command/upmap.ts";
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
    // Flags behind the name of a command are that command's, also where its parent has the same.
    .enablePositionalOptions()
    .configureOutput({
      ...output,
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
      outputError: (text, write) => write(text.replace(/^error: /, "kelp: ")),
    })
    .configureHelp({
      sortSubcommands: true,
      sortOptions: true,
      // What a command takes stands in its own help; here it would leave no room for what it does.
      subcommandTerm: (command) => command.name(),
    })
    .description("Kelp, an object store whose cluster map lives in a ZooKeeper-compatible tree.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", `\n${EXIT_CODE_HELP}`);
  registerBalancer(program);
  registerBench(program);
  registerBlocklist(program);
  registerCluster(program);
  registerCompletion(program);
  registerConfig(program);
  registerController(program);
  registerCrush(program);
  registerEpochs(program);
  registerFlag(program);
  registerMap(program);
  registerMonitor(program);
  registerOsd(program);
  registerPg(program);
  registerPool(program);
  registerQuorum(program);
  registerStatus(program);
  registerUp(program);
  registerUpmap(program);
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
