/**
 * Turns entries (a name, a text, a place) into values of a table, layer by layer, and says what is
 * wrong with them in words that an operator can act on. What was written for a secret never appears
 * in those words.
 */
import { assert } from "../base/assert.ts";
import { isClusterError } from "../base/error.ts";
import { closestName, nameOfKey, variableOfName } from "./config-names.ts";
import { type ConfigSources, type Entry, SOURCES, type Source } from "./config-sources.ts";
import type { ConfigTable, Setting } from "./config-value.ts";

/** A value that some source gave. */
export interface Given {
  readonly source: Source;
  readonly where: string;
  readonly value: unknown;
}

/** What the sources say of one setting. The default is always there. */
export type Layers = Map<Source, Given>;

/** What a name stands for: a setting, or the path of a file with a secret. */
interface Meaning {
  readonly key: string;
  readonly setting: Setting<unknown>;
  readonly isPath: boolean;
}

const QUOTED_LENGTH_MAX = 100;
/** Others may neither read nor write it. */
const SECRET_MODE_REFUSED = 0o006;

/** Why an entry cannot be taken, after its place and a colon. */
class Refusal extends Error {}

export function strongest(layers: Layers): Given {
  const source = SOURCES.find((candidate) => layers.has(candidate));
  assert(source !== undefined, "a setting has at least its default");
  return layers.get(source) as Given;
}

export class ConfigReader {
  readonly #table: ConfigTable;
  readonly #readSecret: ConfigSources["readSecret"];
  readonly #meanings = new Map<string, Meaning>();

  constructor(table: ConfigTable, readSecret: ConfigSources["readSecret"]) {
    this.#table = table;
    this.#readSecret = readSecret;
    for (const [key, setting] of Object.entries(table)) {
      assert(/^[a-z][a-zA-Z0-9]*$/.test(key), `a setting is named in camelCase, not ${key}`);
      this.#define(nameOfKey(key), { key, setting, isPath: false });
      if (setting.isSecret) this.#define(fileName(key), { key, setting, isPath: true });
    }
  }

  defaults(): Map<string, Layers> {
    const layersOf = ([key, setting]: [string, Setting<unknown>]): [string, Layers] => {
      const given: Given = { source: "default", where: "default", value: setting.default };
      return [key, new Map([["default", given]])];
    };
    return new Map(Object.entries(this.#table).map(layersOf));
  }

  has(name: string): boolean {
    return this.#meanings.has(name);
  }

  /** Whether a name is one of ours, or so close to one that it was meant to be. */
  knows(name: string): boolean {
    return this.has(name) || closestName(name, this.#meanings.keys()) !== undefined;
  }

  /**
   * Adds the entries' values to the layers, and a line to `problems` for each that is not added.
   */
  read(entries: readonly Entry[], layers: Map<string, Layers>, problems: string[]): void {
    for (const entry of entries) {
      try {
        const { key, given } = this.#given(entry);
        const earlier = layers.get(key)?.get(entry.source);
        if (earlier !== undefined) throw new Refusal(`is set already, by ${earlier.where}`);
        layers.get(key)?.set(entry.source, given);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        problems.push(`${entry.where}: ${error.message}`);
      }
    }
  }

  #define(name: string, meaning: Meaning): void {
    assert(!this.#meanings.has(name), `two settings are called ${name}`);
    this.#meanings.set(name, meaning);
  }

  #given(entry: Entry): { readonly key: string; readonly given: Given } {
    const meaning = this.#meanings.get(entry.name);
    if (meaning === undefined) throw new Refusal(this.#unknown(entry));
    const { key, setting, isPath } = meaning;
    if (setting.isSecret) return { key, given: this.#secret(entry, key, setting, isPath) };
    const value = setting.parse(entry.text);
    if (value === undefined) {
      const name = nameOfKey(key);
      throw new Refusal(`${name} is ${quote(entry.text)}, expected ${setting.expects}`);
    }
    return { key, given: { source: entry.source, where: entry.where, value } };
  }

  #secret(entry: Entry, key: string, setting: Setting<unknown>, isPath: boolean): Given {
    const why = isPath && entry.source !== "central" ? undefined : SECRET_REFUSED[entry.source];
    if (why !== undefined) {
      const variable = variableOfName(fileName(key));
      throw new Refusal(`${why}: use --${fileName(key)} or ${variable}`);
    }
    const text = isPath ? this.#secretText(entry.text) : entry.text;
    const value = setting.parse(text);
    if (value === undefined) throw new Refusal(`expected ${setting.expects}`);
    const where = isPath ? `${entry.where} (${entry.text})` : entry.where;
    return { source: entry.source, where, value };
  }

  #secretText(path: string): string {
    assert(this.#readSecret !== undefined, "whoever loads secrets says how their files are read");
    try {
      const { mode, text } = this.#readSecret(path);
      if ((mode & SECRET_MODE_REFUSED) !== 0) {
        throw new Refusal(`${path} is open to every user of this machine: chmod 600 ${path}`);
      }
      return text.trimEnd(); // Editors end a file with a line break that nobody means.
    } catch (error) {
      if (isClusterError(error)) throw new Refusal(error.message, { cause: error });
      throw error;
    }
  }

  #unknown(entry: Entry): string {
    const closest = closestName(entry.name, this.#meanings.keys());
    const hint = closest === undefined ? "" : `, did you mean ${SPELLING[entry.source](closest)}?`;
    return `there is no setting ${quote(entry.name)}${hint}`;
  }
}

/** Why a secret is not taken from there. The environment of a process is its owner's alone. */
const SECRET_REFUSED: Readonly<Partial<Record<Source, string>>> = {
  flag: "process arguments are visible to every user",
  file: "configuration files are copied and shown around",
  central: "the central configuration is read by every daemon",
};

const SPELLING: Readonly<Record<Source, (name: string) => string>> = {
  flag: (name) => `--${name}`,
  environment: variableOfName,
  central: (name) => name,
  file: (name) => name,
  default: (name) => name,
};

function fileName(key: string): string {
  return `${nameOfKey(key)}-file`;
}

function quote(text: string): string {
  return JSON.stringify(
    text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}...` : text,
  );
}
