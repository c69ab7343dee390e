/**
 * What a process was told, by whom, and what it may be told while it runs.
 *
 * A table of settings is data (config-value.ts has the kinds); the type of the values follows from
 * it. Each setting takes its value from the strongest source that gives one: flag > environment >
 * central > file > default. The weaker values are kept, so that removing a central one brings back
 * what it covered.
 *
 * - Everything wrong is found at once and told with its place; nothing is guessed and nothing wrong
 *   is half applied.
 * - Nothing is without effect in silence: unknown names are refused, and a central change that
 *   waits for a restart or that a flag overrides says so.
 * - The central configuration is read by daemons of several versions while they are upgraded. A
 *   name that only a newer one knows is therefore a warning, at start and later: an older daemon
 *   must start, and must go on following the names that it knows.
 * - A bad central value is refused while there is a good one to keep. At start there is none, so it
 *   is a warning and the next weaker source counts.
 */
import { assert } from "../base/assert.ts";
import { ClusterError } from "../base/error.ts";
import { nameOfKey } from "./config-names.ts";
import { ConfigReader, type Given, type Layers, strongest } from "./config-reader.ts";
import {
  type ConfigSources,
  centralEntries,
  environmentEntries,
  fileEntries,
  flagEntries,
  type Source,
} from "./config-sources.ts";
import { type ConfigTable, formatValue, type Setting } from "./config-value.ts";

export type ConfigValues<T extends ConfigTable> = {
  readonly [Key in keyof T]: T[Key] extends Setting<infer Value> ? Value : never;
};

export interface ConfigRow {
  readonly name: string;
  /** As text; a mask for a secret, "" if unset. */
  readonly value: string;
  readonly source: Source;
  readonly where: string;
  readonly default: string;
  readonly expects: string;
  readonly isRuntime: boolean;
  readonly about: string;
  /** The value that it will have after a restart, if that is another one. */
  readonly afterRestart?: string;
}

export interface ConfigChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** "overridden": a flag or the environment, named in `message`, is stronger; nothing changed. */
  readonly effect: "now" | "restart" | "overridden";
  /** For the log and for whoever made the change. */
  readonly message: string;
}

export interface CentralUpdate {
  readonly changes: readonly ConfigChange[];
  /** The entries that this version has no setting for; for the log. */
  readonly warnings: readonly string[];
}

/** The table, checked: names that would collide in some spelling are a bug of whoever wrote it. */
export function defineConfig<const T extends ConfigTable>(table: T): T {
  new ConfigReader(table, undefined);
  return table;
}

/** Throws CONFIG_INVALID with a line for every problem. Reads nothing but what it is handed. */
export function loadConfig<T extends ConfigTable>(table: T, sources: ConfigSources): Config<T> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const reader = new ConfigReader(table, sources.readSecret);
  const layers = reader.defaults();
  const file = sources.file === undefined ? [] : fileEntries(sources.file, problems);
  reader.read(file, layers, problems);
  reader.read(centralEntries(sources.central ?? {}), layers, warnings);
  // The prefix is not ours alone (wrappers and other daemons use it too), but a near miss is a
  // mistake.
  for (const entry of environmentEntries(sources.environment ?? {})) {
    if (reader.knows(entry.name)) reader.read([entry], layers, problems);
    else warnings.push(`${entry.where}: no setting of this process has this name; ignored`);
  }
  reader.read(flagEntries(sources.flags ?? {}), layers, problems);
  refuseAny(problems);
  return new Config(table, reader, layers, warnings);
}

export class Config<T extends ConfigTable> {
  /** What was ignored at start, and why; for the log. */
  readonly warnings: readonly string[];
  readonly #table: T;
  readonly #reader: ConfigReader;
  readonly #layers: Map<string, Layers>;
  /** What the process runs with. Not the strongest layer while a change waits for a restart. */
  readonly #running: Map<string, Given>;
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();

  /** For loadConfig. */
  constructor(
    table: T,
    reader: ConfigReader,
    layers: Map<string, Layers>,
    warnings: readonly string[],
  ) {
    this.#table = table;
    this.#reader = reader;
    this.#layers = layers;
    this.#running = new Map(Array.from(layers, ([key, own]) => [key, strongest(own)]));
    this.warnings = warnings;
  }

  get<Key extends keyof T & string>(key: Key): ConfigValues<T>[Key] {
    return this.#runningOf(key).value as ConfigValues<T>[Key];
  }

  /** All of them as they are now. */
  get values(): ConfigValues<T> {
    const entries = Array.from(this.#running, ([key, { value }]) => [key, value]);
    return Object.fromEntries(entries) as ConfigValues<T>;
  }

  sourceOf(key: keyof T & string): { readonly source: Source; readonly where: string } {
    const { source, where } = this.#runningOf(key);
    return { source, where };
  }

  /** A row for each setting, in the order of the table. */
  explain(): ConfigRow[] {
    return Object.entries(this.#table).map(([key, setting]) => {
      const { source, where, value } = this.#runningOf(key);
      const shown = formatValue(setting, value);
      const next = formatValue(setting, strongest(this.#layersOf(key)).value);
      return {
        name: nameOfKey(key),
        value: shown ?? "",
        source,
        where,
        default: formatValue(setting, setting.default) ?? "",
        expects: setting.expects,
        isRuntime: setting.isRuntime,
        about: setting.about,
        ...(next === shown ? {} : { afterRestart: next ?? "" }),
      };
    });
  }

  /**
   * `entries` is the whole central configuration for this process: what is missing from it is no
   * longer set. Unknown names are passed over; a bad value for a known one throws CONFIG_INVALID
   * and nothing changes. Listeners run when all values are in place.
   */
  updateCentral(entries: Readonly<Record<string, string>>): CentralUpdate {
    const problems: string[] = [];
    const warnings: string[] = [];
    const central = this.#reader.defaults();
    for (const entry of centralEntries(entries)) {
      this.#reader.read([entry], central, this.#reader.has(entry.name) ? problems : warnings);
    }
    refuseAny(problems);
    const changes: ConfigChange[] = [];
    const changedKeys: string[] = [];
    for (const [key, layers] of central) {
      const change = this.#maybeChange(key, layers.get("central"));
      if (change === undefined) continue;
      changes.push(change);
      if (change.effect === "now") changedKeys.push(key);
    }
    for (const key of changedKeys) this.#notify(key);
    return { changes, warnings };
  }

  /** Calls back after each change at run time, until the returned function is called. */
  onChange<Key extends keyof T & string>(
    key: Key,
    listener: (value: ConfigValues<T>[Key]) => void,
  ): () => void {
    assert(this.#table[key]?.isRuntime === true, `${key} never changes at run time`);
    const listeners = this.#listeners.get(key) ?? new Set();
    const called = (value: unknown): void => listener(value as ConfigValues<T>[Key]);
    this.#listeners.set(key, listeners.add(called));
    return () => {
      listeners.delete(called);
    };
  }

  /** What a new central entry, or its absence, changes; undefined if it is the same as before. */
  #maybeChange(key: string, next: Given | undefined): ConfigChange | undefined {
    const setting = this.#table[key] as Setting<unknown>;
    const layers = this.#layersOf(key);
    const running = this.#runningOf(key);
    const before = layers.get("central");
    if (next === undefined) layers.delete("central");
    else layers.set("central", next);
    const winner = strongest(layers);
    const from = formatValue(setting, running.value);
    const to = formatValue(setting, winner.value);
    // Also without another value: it may come from another place now.
    if (setting.isRuntime || from === to) this.#running.set(key, winner);
    if (formatValue(setting, before?.value) === formatValue(setting, next?.value)) return undefined;

    const change = { name: nameOfKey(key), from: from ?? "", to: to ?? "" };
    const what = `${change.name} = ${change.to} (was ${change.from})`;
    if (from === to) {
      if (next === undefined || next === winner) return undefined;
      const message = `${next.where} has no effect: ${winner.where} is stronger`;
      return { ...change, effect: "overridden", message };
    }
    if (setting.isRuntime) return { ...change, effect: "now", message: what };
    return { ...change, effect: "restart", message: `${what} takes effect after a restart` };
  }

  #notify(key: string): void {
    const { value } = this.#runningOf(key);
    for (const listener of [...(this.#listeners.get(key) ?? [])]) listener(value);
  }

  #runningOf(key: string): Given {
    const given = this.#running.get(key);
    assert(given !== undefined, `there is no setting ${key}`);
    return given;
  }

  #layersOf(key: string): Layers {
    const layers = this.#layers.get(key);
    assert(layers !== undefined, `there is no setting ${key}`);
    return layers;
  }
}

function refuseAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new ClusterError("CONFIG_INVALID", problems.join("\n"));
}
