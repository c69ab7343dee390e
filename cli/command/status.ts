/** `kelp status`, `health`, `progress` and `log`: what the cluster is like, and what happened in it. */
import type { Command } from "commander";
import {
  ClusterLogFollower,
  EVENTS_MAX,
  type NumberedEvent,
  readClusterLog,
} from "../../cluster/coordination/cluster-log.ts";
import type { HealthReport } from "../../cluster/message/query.ts";
import { HEALTH_CODES } from "../../monitor/controller/health-codes.ts";
import {
  type Asking,
  type ControllerFlags,
  takesController,
  withController,
} from "../controller.ts";
import { withTree } from "../coordinator.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap } from "../newest-map.ts";
import { positiveOperand } from "../operand.ts";
import { parseDuration } from "../option.ts";
import { jsonText, print, printJson, screen } from "../output.ts";
import { healthLines } from "../status/health-lines.ts";
import { logLines } from "../status/log-lines.ts";
import { partialStatus, partialStatusLines } from "../status/partial-status.ts";
import { progressLines } from "../status/progress-lines.ts";
import { statusLines } from "../status/status-screen.ts";
import { subcommand } from "../subcommand.ts";
import { writeOut } from "../write-out.ts";

const LOG_LINES = 20;

export function registerStatus(program: Command): void {
  takesController(subcommand(program, "status", "show the whole cluster on one screen")).action(
    (flags: ControllerFlags) => withController(flags, (asking) => status(asking, flags)),
  );
  registerHealth(program);
  takesController(
    subcommand(program, "progress", "show what goes on, and when it will be done"),
  ).action((flags: ControllerFlags) =>
    withController(flags, async (asking) => {
      const { events } = await asking.ask({ type: "askProgress" }, "progress");
      const { paint } = screen();
      const lines = (): string[] =>
        events.length === 0 ? ["nothing goes on\n"] : progressLines(events, paint);
      await print(flags, { value: () => events, lines });
    }),
  );
  takesMap(subcommand(program, "log", "print what happened in the cluster"))
    .option("-n, --lines <n>", `the last so many events (${LOG_LINES})`, positiveOperand)
    .option("-f, --follow", "and what happens from now on, until Ctrl-C")
    .action(log);
}

/** Where nobody answers, the tree still has most of it. */
async function status(asking: Asking, flags: ControllerFlags): Promise<void> {
  try {
    const { status: whole } = await asking.ask({ type: "askStatus" }, "status");
    const lines = (): string[] => statusLines(whole, screen().paint);
    await print(flags, { value: () => whole, lines });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== EXIT_CODE.noAnswer) throw error;
    const partial = partialStatus(await asking.map(), asking.tree.cluster.id);
    await print(flags, { value: () => partial, lines: () => partialStatusLines(partial) });
    throw error;
  }
}

interface HealthFlags extends ControllerFlags {
  readonly detail?: true;
  readonly check?: true;
}

function registerHealth(program: Command): void {
  const health = takesController(
    subcommand(program, "health", "say what is wrong with the cluster"),
  )
    // So that flags behind the name of a subcommand are that one's.
    .enablePositionalOptions()
    .option("--detail", "with what it means, what is concerned, and what helps")
    .option("--check", "exit with 1 unless all is well")
    .action((flags: HealthFlags) =>
      withController(flags, async (asking) => {
        const { health: report } = await asking.ask({ type: "askHealth" }, "health");
        await printHealth(flags, report);
        if (flags.check === true && report.status !== "HEALTH_OK") {
          process.exitCode = EXIT_CODE.failure;
        }
      }),
    );
  takesController(subcommand(health, "mute", "do not count a check for a while"))
    .argument("<code>", "of the check, as OSD_DOWN", codeOperand)
    .option("--for <duration>", "as 1h; for good if not given", parseDuration)
    .option("--sticky", "also when it clears or gets worse")
    .action((code: string, flags: HealthFlags & MuteFlags) =>
      withController(flags, async (asking) => {
        const { for: durationMs, sticky: isSticky = false } = flags;
        const order = { type: "mute", code, durationMs, isSticky } as const;
        await printHealth(flags, (await asking.ask(order, "health")).health);
      }),
    );
  takesController(subcommand(health, "unmute", "count a check again"))
    .argument("<code>", "of the check, as OSD_DOWN", codeOperand)
    .action((code: string, flags: HealthFlags) =>
      withController(flags, async (asking) => {
        await printHealth(flags, (await asking.ask({ type: "unmute", code }, "health")).health);
      }),
    );
}

interface MuteFlags {
  readonly for?: number;
  readonly sticky?: true;
}

/** A mute of a code that is misspelt would wait for it for ever. */
function codeOperand(text: string): string {
  const code = text.toUpperCase();
  const known = Object.keys(HEALTH_CODES);
  if (known.includes(code)) return code;
  throw new CommandError(EXIT_CODE.usage, unknownName({ kind: "health code" }, code, known));
}

async function printHealth(flags: HealthFlags, report: HealthReport): Promise<void> {
  const { paint } = screen();
  const lines = (): string[] => healthLines(report, { detail: flags.detail === true, paint });
  await print(flags, { value: () => report, lines });
}

interface LogFlags extends MapFlags {
  readonly lines?: number;
  readonly follow?: true;
}

async function log({ lines = LOG_LINES, ...flags }: LogFlags): Promise<void> {
  const textOf = (events: readonly NumberedEvent[]): string[] =>
    flags.json === true ? events.map(jsonText) : logLines(events, screen());
  await withTree(flags, async ({ client }) => {
    const events = await readClusterLog(client, Math.min(lines, EVENTS_MAX));
    if (flags.follow !== true) {
      if (flags.json === true) await printJson(events);
      else await print(flags, { value: () => events, lines: () => textOf(events) });
      return;
    }
    await writeOut(process.stdout, textOf(events));
    const from = events.at(-1);
    await new Promise<void>((resolve, reject) => {
      const follower = new ClusterLogFollower({
        client,
        ...(from !== undefined && { from: from.number + 1 }),
        onEvents: (fresh) => process.stdout.write(textOf(fresh).join("")),
        onFailure: (error) => {
          process.off("SIGINT", interrupted);
          reject(error);
        },
      });
      const interrupted = (): void => {
        process.exitCode = EXIT_CODE.interrupted;
        follower.stop().then(resolve, reject);
      };
      process.once("SIGINT", interrupted);
    });
  });
}
