import { Argument, type Command } from "commander";
import { readClusterKey } from "../../cluster/coordination/key-file.ts";
import { createLog, LOG_LEVELS, type LogLevel } from "../../cluster/runtime/pino-log.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { endOnSignals, Shutdown } from "../../cluster/runtime/shutdown.ts";
import { formatAddress } from "../../cluster/runtime/tcp.ts";
import {
  CONTROLLER_SESSION_TIMEOUT_MS,
  type RunControllerOptions,
  runController as runControllerIn,
} from "../../monitor/controller-process.ts";
import { keepController } from "../../monitor/kept-controller.ts";
import {
  type MonitorConfig,
  readMonitorConfig,
  runMonitor,
} from "../../monitor/monitor-process.ts";
import { setStoreAside } from "../../monitor/set-aside.ts";
import { coordinatorOf } from "../../monitor/zookeeper/zoo-cfg.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError, failureOf } from "../failure.ts";
import { parseLevel } from "../option.ts";

const ACTIONS = ["run", "form", "rejoin"] as const;

interface Options {
  readonly config: string;
  readonly logLevel: LogLevel;
  readonly without?: readonly number[];
}

export function registerMonitor(program: Command): void {
  program
    .command("monitor")
    .summary("run a monitor, which any ZooKeeper client can use")
    .description(
      "Runs a monitor in the foreground, from an ordinary zoo.cfg: a replicated tree of znodes that any " +
        "ZooKeeper client can use. Prints a line when it takes clients, and logs to standard error. " +
        "`form --without 3` runs it too, but lets a new ensemble begin although member 3 is not there; " +
        "give it to every member that is. `rejoin` sets the store of a member aside (it is kept, under another name), so that the " +
        "next start fetches everything from the others.",
    )
    .addArgument(new Argument("[action]", "what to do").choices(ACTIONS).default("run"))
    .requiredOption("--config <file>", "a zoo.cfg")
    .option("--without <ids>", "for form: members to begin without, as 3 or 3,5", parseIds)
    .option("--log-level <level>", `how much to log: ${LOG_LEVELS.join(", ")}`, parseLevel, "info")
    .action(async (action: (typeof ACTIONS)[number], options: Options) => {
      checkWithout(action, options);
      if (action === "rejoin") await rejoin(options);
      else await run(program.version() ?? "", options);
    });
}

async function run(version: string, options: Options): Promise<void> {
  const { config: path, logLevel, without: absent = [] } = options;
  const config = await readMonitorConfig(path);
  refuseAbsent(config, absent);
  const name = `mon.${config.member.id}`;
  const log = createLog({ name, level: logLevel });
  const shutdown = new Shutdown(log);
  endOnSignals({ shutdown, process, clock: realClock, log });
  const fail = (error: unknown): void => {
    // Nothing is closed: whatever this process did next could reach the disk (R5).
    const { text, exitCode } = failureOf(error, process.stderr.columns);
    log.error("the monitor cannot go on", { error });
    log.flush();
    process.stderr.write(text);
    process.exit(exitCode);
  };
  try {
    const running = await runMonitor({ config, absent, version, log, shutdown, fail });
    const http = running.httpAddress === undefined ? "" : `, http://${running.httpAddress}`;
    process.stdout.write(`${name}: clients at ${running.clientAddress}${http}\n`);
    runController(config, { name, log, shutdown, fail });
  } catch (error) {
    await shutdown.close().catch(() => {});
    throw error;
  }
}

/** In the same process, if the file says so. It may have to wait for a cluster; the monitor does not wait for it. */
function runController(
  { cfg, member }: MonitorConfig,
  parts: Pick<RunControllerOptions, "name" | "log" | "shutdown" | "fail">,
): void {
  const { controller, clusterKeyFile } = cfg;
  if (controller === undefined || clusterKeyFile === undefined) return;
  const run = async (own: Pick<RunControllerOptions, "shutdown" | "fail">): Promise<void> => {
    const { address } = await runControllerIn({
      ...parts,
      ...own,
      coordinator: coordinatorOf(cfg, member),
      key: await readClusterKey(clusterKeyFile),
      listen: formatAddress(controller.host, controller.port),
      sessionTimeoutMs: CONTROLLER_SESSION_TIMEOUT_MS,
    });
    parts.log.info(`the controller is asked at ${address}`);
  };
  keepController({ ...parts, run, clock: realClock });
}

async function rejoin({ config: path }: Options): Promise<void> {
  const { cfg, member } = await readMonitorConfig(path);
  if (cfg.servers.length < 2) {
    throw new CommandError(
      EXIT_CODE.failure,
      `mon.${member.id} is the only member: there is nobody to fetch its data from. ` +
        `Restore ${cfg.storeDir} from a backup, or move it away to begin with nothing`,
    );
  }
  const aside = await setStoreAside(cfg.storeDir);
  process.stdout.write(
    aside === undefined
      ? `mon.${member.id} has no store; its next start fetches everything from the others\n`
      : `the store is now ${aside}; the next start of mon.${member.id} fetches everything from the others\n`,
  );
}

function checkWithout(action: (typeof ACTIONS)[number], { without }: Options): void {
  if ((action === "form") === (without !== undefined)) return;
  throw new CommandError(
    EXIT_CODE.usage,
    "form and --without belong together: kelp monitor form --without 3 --config zoo.cfg",
  );
}

/** Those that are left must be others than this member, and a majority with it. */
function refuseAbsent({ cfg, member }: MonitorConfig, absent: readonly number[]): void {
  const ids = cfg.servers.map(({ id }) => id);
  const unknown = absent.filter((id) => !ids.includes(id));
  if (unknown.length > 0) {
    const known = ids.length === 0 ? "none at all" : ids.join(", ");
    throw usage(`there is no server line of ${unknown.join(", ")}; there are lines of ${known}`);
  }
  if (absent.includes(member.id)) throw usage(`${member.id} is this member; it is there`);
  if (2 * (ids.length - absent.length) <= ids.length && absent.length > 0) {
    throw usage(`without ${absent.join(", ")} no majority of ${ids.length} members is left`);
  }
}

function usage(problem: string): CommandError {
  return new CommandError(EXIT_CODE.usage, `--without: ${problem}`);
}

function parseIds(text: string): number[] {
  if (!/^\d{1,9}(?:,\d{1,9})*$/.test(text)) throw usage(`"${text}" are no ids; write 3 or 3,5`);
  return [...new Set(text.split(",").map(Number))];
}
