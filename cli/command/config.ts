/** `kelp config`: what daemons are told by all of the cluster, from now on and without a restart. */
import type { Command } from "commander";
import {
  GLOBAL,
  listCentral,
  removeCentral,
  setCentral,
} from "../../cluster/coordination/central-config.ts";
import type { ConfigTable } from "../../cluster/runtime/config-value.ts";
import { effectiveLines, entryLines, helpLines, helpListLines } from "../config/config-lines.ts";
import { CONFIG_TABLES } from "../config/config-tables.ts";
import {
  coveredBy,
  effectiveSettings,
  kindOf,
  type SettingHelp,
  settingHelps,
  settingName,
} from "../config/effective.ts";
import { withTree } from "../coordinator.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { type MapFlags, takesMap } from "../newest-map.ts";
import { type OutputFlags, print, screen } from "../output.ts";
import { subcommand } from "../subcommand.ts";

const WHO = "global, controller, or one daemon, as controller.a";
const NAME = "as down-out-interval; kelp config ls has them all";

export function registerConfig(program: Command): void {
  const config = program
    .command("config")
    .summary("change the settings of daemons while they run")
    .description("Changes the settings of daemons for the whole cluster, while they run.");
  registerChanges(config);
  registerViews(config);
}

function registerChanges(config: Command): void {
  takesMap(subcommand(config, "set", "set a setting"))
    .argument("<who>", WHO)
    .argument("<name>", NAME, settingName)
    .argument("<value>", "as the setting expects it")
    .action((who: string, name: string, text: string, flags: MapFlags) =>
      withTree(flags, async ({ client }) => {
        await setCentral(client, CONFIG_TABLES, { who, name, text });
        const covered = coveredBy(await listCentral(client), { who, name });
        const lines = (): string[] => [
          `${who}: ${name} is ${text} from now on${isRuntime(name) ? "" : ", where a daemon is started again"}\n`,
          ...covered.map((one) => `but ${one.who} is told ${one.text}, which counts there\n`),
        ];
        await print(flags, { value: () => ({ who, name, value: text, covered }), lines });
      }),
    );
  takesMap(subcommand(config, "rm", "take a setting back"))
    .argument("<who>", WHO)
    .argument("<name>", NAME, settingName)
    .action((who: string, name: string, flags: MapFlags) =>
      withTree(flags, async ({ client }) => {
        const isRemoved = await removeCentral(client, { who, name });
        const found = tableOf(who);
        const entries = await listCentral(client);
        const now =
          found && effectiveSettings(found, entries, who).find((one) => one.name === name);
        const what = isRemoved ? "is taken back" : "was not set";
        const rest = now === undefined ? "" : `; ${now.value} (${now.source}) counts`;
        await print(flags, {
          value: () => ({ who, name, isRemoved, value: now?.value, source: now?.source }),
          lines: () => [`${who}: ${name} ${what}${rest}\n`],
        });
      }),
    );
}

function registerViews(config: Command): void {
  takesMap(subcommand(config, "get", "print which value counts for somebody"))
    .argument("<who>", WHO)
    .argument("<name>", NAME, settingName)
    .action((who: string, name: string, flags: MapFlags) =>
      withTree(flags, async ({ client }) => {
        const settings = effectiveSettings(knownTable(who), await listCentral(client), who);
        const setting = settings.find((one) => one.name === name);
        if (setting === undefined) throw unknownSetting(name);
        await print(flags, {
          value: () => ({ who, ...setting }),
          lines: () => [`${setting.value}\n`],
        });
      }),
    );
  takesMap(subcommand(config, "show", "print all that is set, or all that counts for somebody"))
    .argument("[who]", WHO)
    .action((who: string | undefined, flags: MapFlags) =>
      withTree(flags, async ({ client }) => {
        const entries = await listCentral(client);
        if (who === undefined || who === GLOBAL) {
          const shown = entries.filter((entry) => who === undefined || entry.who === who);
          await print(flags, { value: () => shown, lines: () => entryLines(shown, screen()) });
          return;
        }
        const settings = effectiveSettings(knownTable(who), entries, who);
        await print(flags, {
          value: () => settings,
          lines: () => effectiveLines(settings, screen()),
        });
      }),
    );
  subcommand(config, "ls", "explain the settings that there are, or one of them")
    .argument("[name]", NAME, settingName)
    .option("--json", "print one line of JSON")
    .action(async (name: string | undefined, flags: OutputFlags) => {
      const helps = settingHelps(CONFIG_TABLES);
      const shown = helps.filter((help) => name === undefined || help.name === name);
      if (shown.length === 0) throw unknownSetting(name ?? "");
      const lines = (): string[] =>
        name === undefined ? helpListLines(shown) : shown.flatMap((help) => helpLines(help));
      await print(flags, { value: () => shown, lines });
    });
}

function isRuntime(name: string): boolean {
  return settingHelps(CONFIG_TABLES).every((help) => help.name !== name || help.isRuntime);
}

function tableOf(who: string): ConfigTable | undefined {
  const tables: Readonly<Record<string, ConfigTable>> = CONFIG_TABLES;
  const kind = kindOf(who);
  return Object.hasOwn(tables, kind) ? tables[kind] : undefined;
}

function knownTable(who: string): ConfigTable {
  // What is said to everybody counts for each kind that has such a setting.
  if (who === GLOBAL) return Object.assign({}, ...Object.values(CONFIG_TABLES));
  const table = tableOf(who);
  if (table !== undefined) return table;
  const known = [GLOBAL, ...Object.keys(CONFIG_TABLES)];
  throw new CommandError(
    EXIT_CODE.usage,
    unknownName({ kind: "kind of daemon", plural: "kinds" }, who, known),
  );
}

function unknownSetting(name: string): CommandError {
  const known = settingHelps(CONFIG_TABLES).map((help: SettingHelp) => help.name);
  return new CommandError(EXIT_CODE.usage, unknownName({ kind: "setting" }, name, known));
}
