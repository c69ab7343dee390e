/** What a daemon, or every daemon of a kind, is told by the central configuration and the defaults, and by which of them. */
import {
  type CentralEntry,
  type ConfigTables,
  GLOBAL,
} from "../../cluster/coordination/central-config.ts";
import { nameOfKey } from "../../cluster/runtime/config-names.ts";
import { type ConfigTable, formatValue, type Setting } from "../../cluster/runtime/config-value.ts";

export interface EffectiveSetting {
  readonly name: string;
  /** As people write it; "" for what is not set. */
  readonly value: string;
  /** "default", or whom it was set for. */
  readonly source: string;
}

export interface SettingHelp {
  readonly kind: string;
  readonly name: string;
  readonly default: string;
  readonly expects: string;
  readonly about: string;
  /** Without a restart. */
  readonly isRuntime: boolean;
}

/** From the widest to the narrowest: of "controller.a" everybody, controllers, and that one. */
export function levelsFor(who: string): string[] {
  if (who === GLOBAL) return [GLOBAL];
  const kind = kindOf(who);
  return kind === who ? [GLOBAL, kind] : [GLOBAL, kind, who];
}

export function kindOf(who: string): string {
  return who.split(".", 1)[0] ?? "";
}

/** As people spell settings elsewhere: downOutInterval, down_out_interval. */
export function settingName(text: string): string {
  return nameOfKey(text).replaceAll("_", "-");
}

export function effectiveSettings(
  table: ConfigTable,
  entries: readonly CentralEntry[],
  who: string,
): EffectiveSetting[] {
  const levels = levelsFor(who);
  return Object.entries(table).map(([key, setting]) => {
    const name = nameOfKey(key);
    const own = entries.filter((entry) => entry.name === name && levels.includes(entry.who));
    const strongest = own.toSorted(
      (left, right) => levels.indexOf(left.who) - levels.indexOf(right.who),
    );
    const given = strongest.at(-1);
    return given === undefined
      ? { name, value: defaultOf(setting), source: "default" }
      : { name, value: given.text, source: given.who };
  });
}

/** Of whom a value that is set for `who` is not heard, because something narrower is said to them. */
export function coveredBy(
  entries: readonly CentralEntry[],
  { who, name }: Pick<CentralEntry, "who" | "name">,
): CentralEntry[] {
  return entries.filter((entry) => {
    const levels = levelsFor(entry.who);
    return entry.name === name && entry.who !== who && levels.includes(who);
  });
}

/** Every setting that there is, by kind of daemon. */
export function settingHelps(tables: ConfigTables): SettingHelp[] {
  return Object.entries(tables).flatMap(([kind, table]) =>
    Object.entries(table).map(([key, setting]) => ({
      kind,
      name: nameOfKey(key),
      default: defaultOf(setting),
      expects: setting.expects,
      about: setting.about,
      isRuntime: setting.isRuntime,
    })),
  );
}

function defaultOf(setting: Setting<unknown>): string {
  return formatValue(setting, setting.default) ?? "";
}
