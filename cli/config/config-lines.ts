/** Settings for people. */
import type { CentralEntry } from "../../cluster/coordination/central-config.ts";
import { type Cell, fieldLines, type TableOptions, tableLines } from "../table.ts";
import { wrapped } from "../wrap.ts";
import type { EffectiveSetting, SettingHelp } from "./effective.ts";

const HELP_WIDTH = 76;

/** What is set, for whomever. */
export function entryLines(entries: readonly CentralEntry[], options: TableOptions = {}): string[] {
  const rows = entries.map(({ who, name, text }) => [who, name, text]);
  return tableLines([{ title: "WHO" }, { title: "NAME" }, { title: "VALUE" }], rows, options);
}

/** What one is told, and by whom. */
export function effectiveLines(
  settings: readonly EffectiveSetting[],
  options: TableOptions = {},
): string[] {
  const rows = settings.map(({ name, value, source }): Cell[] => [
    name,
    value === "" ? "-" : value,
    { text: source, style: source === "default" ? "faint" : "strong" },
  ]);
  return tableLines([{ title: "NAME" }, { title: "VALUE" }, { title: "FROM" }], rows, options);
}

/** One setting in full. */
export function helpLines(help: SettingHelp): string[] {
  return fieldLines([
    ["name", help.name],
    ["of", help.kind],
    ["what", help.about],
    ["expects", help.expects],
    ["default", help.default === "" ? "-" : help.default],
    ["takes effect", help.isRuntime ? "at once" : "when the daemon is started again"],
  ]);
}

/** Three lines for each, because they are long: its name and default, what it does, and what it expects. */
export function helpListLines(helps: readonly SettingHelp[]): string[] {
  return helps.flatMap(({ kind, name, default: usual, about, expects }) => [
    `${kind}  ${name}  (${usual === "" ? "unset" : usual})\n`,
    ...wrapped(about, HELP_WIDTH).map((line) => `    ${line}\n`),
    ...wrapped(`expects ${expects}`, HELP_WIDTH).map((line) => `    ${line}\n`),
  ]);
}
