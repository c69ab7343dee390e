/**
 * Where settings come from, each turned into the same list of entries: a name, what was written,
 * and the place to look at when it is wrong. Reading files is here and nowhere else in the
 * configuration, and it is handed in.
 */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { ClusterError } from "../base/error.ts";
import { ENVIRONMENT_PREFIX, nameOfVariable } from "./config-names.ts";

/** From strongest to weakest. */
export const SOURCES = ["flag", "environment", "central", "file", "default"] as const;
export type Source = (typeof SOURCES)[number];

export interface Entry {
  readonly source: Source;
  readonly name: string;
  readonly text: string;
  /** "--listen", "KELP_LISTEN", "kelp.conf:12" */
  readonly where: string;
}

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface SecretFile {
  /** As stat(2) gives it. */
  readonly mode: number;
  readonly text: string;
}

export interface ConfigSources {
  /** By name: `{ "down-out-interval": "10m" }`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly central?: Readonly<Record<string, string>>;
  readonly file?: ConfigFile;
  /** How the files that hold secrets are read. */
  readonly readSecret?: (path: string) => SecretFile;
}

const FILE_SIZE_MAX = 1 << 20;

export function flagEntries(flags: Readonly<Record<string, string>>): Entry[] {
  return Object.entries(flags).map(([name, text]) => {
    return { source: "flag", name, text, where: `--${name}` };
  });
}

/**
 * Only variables with our prefix. An empty one counts as unset: compose files and units cannot
 * remove one.
 */
export function environmentEntries(
  environment: Readonly<Record<string, string | undefined>>,
): Entry[] {
  const entries: Entry[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || text === undefined || text === "") continue;
    entries.push({
      source: "environment",
      name: nameOfVariable(variable),
      text,
      where: variable,
    });
  }
  return entries;
}

export function centralEntries(central: Readonly<Record<string, string>>): Entry[] {
  return Object.entries(central).map(([name, text]) => {
    return { source: "central", name, text, where: `central configuration, ${name}` };
  });
}

/**
 * Lines of `name = value`. Empty lines and lines that begin with # are skipped; a # further on
 * belongs to the value, so no value needs quotes.
 */
export function fileEntries(file: ConfigFile, problems: string[]): Entry[] {
  const entries: Entry[] = [];
  for (const [index, line] of file.text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    const where = `${file.path}:${index + 1}`;
    const equals = content.indexOf("=");
    if (equals <= 0) {
      problems.push(`${where}: expected a line "name = value"`);
      continue;
    }
    const name = content.slice(0, equals).trimEnd();
    entries.push({ source: "file", name, text: content.slice(equals + 1).trimStart(), where });
  }
  return entries;
}

export function readConfigFile(path: string): ConfigFile {
  return { path, text: readBounded(path).text };
}

/**
 * Mode and text are those of one open file: a path could be exchanged between looking and reading.
 */
export function readSecretFile(path: string): SecretFile {
  return readBounded(path);
}

function readBounded(path: string): SecretFile {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const { mode, size } = fstatSync(descriptor);
    if (size > FILE_SIZE_MAX) throw new RangeError(`more than ${FILE_SIZE_MAX} bytes`);
    return { mode, text: readFileSync(descriptor, "utf8") };
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(path: string, cause: unknown): ClusterError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ClusterError("CONFIG_INVALID", `${path} cannot be read: ${why}`, { cause });
}
