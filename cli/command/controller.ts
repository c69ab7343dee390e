/** `kelp controller`: runs a controller on its own, beside Kelp's monitors or any ZooKeeper. */
import { hostname } from "node:os";
import { type Command, Option } from "commander";
import { readClusterKey } from "../../cluster/coordination/key-file.ts";
import { createLog, LOG_LEVELS, type LogLevel } from "../../cluster/runtime/pino-log.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { endOnSignals, Shutdown } from "../../cluster/runtime/shutdown.ts";
import { CONTROLLER_SESSION_TIMEOUT_MS, runController } from "../../monitor/controller-process.ts";
import { type CoordinatorFlags, placeOf, takesCoordinator } from "../coordinator.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError, failureOf } from "../failure.ts";
import { parseDuration, parseLevel } from "../option.ts";

interface Flags extends CoordinatorFlags {
  readonly name: string;
  readonly listen: string;
  readonly advertise?: string;
  readonly sessionTimeout: number;
  readonly logLevel: LogLevel;
}

export function registerController(program: Command): void {
  takesCoordinator(program.command("controller"))
    .summary("run a controller, which keeps the cluster map")
    .description(
      "Runs a controller in the foreground. Of all that run one is elected, and it alone changes the cluster map: it boots " +
        "OSDs, marks them down and out, creates pools, balances, and answers operators' commands. Monitors can run it " +
        "themselves; on its own it works with any ZooKeeper, too. Prints a line when it can be asked, and logs to " +
        "standard error.",
    )
    .option("--name <name>", "what tells it from other controllers", defaultName())
    .option(
      "--listen <address>",
      "where OSDs and operators ask it; port 0: any that is free",
      "127.0.0.1:0",
    )
    .option("--advertise <address>", "where others reach it, if that is another address")
    .addOption(
      new Option("--session-timeout <duration>", "after which another one takes over if it is gone")
        .argParser(parseDuration)
        .default(CONTROLLER_SESSION_TIMEOUT_MS, `${CONTROLLER_SESSION_TIMEOUT_MS / 1000}s`),
    )
    .option("--log-level <level>", `how much to log: ${LOG_LEVELS.join(", ")}`, parseLevel, "info")
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { name, listen, advertise, sessionTimeout, logLevel } = flags;
  if (!/^[a-z0-9][a-z0-9._-]{0,40}$/.test(name)) {
    throw new CommandError(
      EXIT_CODE.usage,
      `--name: "${name}" is no name for a controller; use lower-case letters, digits, ".", "_" and "-"`,
    );
  }
  const place = placeOf(flags);
  const key = await readClusterKey(place.keyFile);
  const log = createLog({ name: `controller.${name}`, level: logLevel });
  const shutdown = new Shutdown(log);
  endOnSignals({ shutdown, process, clock: realClock, log });
  const fail = (error: unknown): void => {
    const { text, exitCode } = failureOf(error);
    log.error("the controller cannot go on", { error });
    log.flush();
    process.stderr.write(text);
    process.exit(exitCode);
  };
  try {
    const { address } = await runController({
      name,
      coordinator: place.coordinator,
      key,
      listen,
      ...(advertise !== undefined && { advertise }),
      sessionTimeoutMs: sessionTimeout,
      log,
      shutdown,
      fail,
    });
    process.stdout.write(`controller.${name}: asked at ${address}\n`);
  } catch (error) {
    await shutdown.close().catch(() => {});
    throw error;
  }
}

function defaultName(): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, "-")
    .slice(0, 24);
  return `${host === "" ? "host" : host}-${process.pid}`;
}
