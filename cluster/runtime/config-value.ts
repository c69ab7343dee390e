/**
 * The kinds of settings: how each is written by a person and what it is to the program. A value is
 * always written as text (a flag, a variable, a line of a file), so a kind is a parser and its
 * inverse; the range belongs to it, because a value out of range is as unusable as one that cannot
 * be read.
 *
 * Amounts carry their unit in the text ("10m", "64MiB") and are whole numbers of the smallest one.
 * A bare number is no duration: half of all readers would take it for seconds, the other half for
 * milliseconds.
 */
import { inspect } from "node:util";
import { assert } from "../base/assert.ts";
import { parseAddress } from "./tcp.ts";

export const TEXT_LENGTH_MAX = 4096;
export const LIST_COUNT_MAX = 64;

/** Text that shows itself only to who asks for it by name: logs, JSON and errors get a mask. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SECRET_MASK;
  }

  toJSON(): string {
    return SECRET_MASK;
  }

  [inspect.custom](): string {
    return SECRET_MASK;
  }
}

export const SECRET_MASK = "[secret]";

interface Kind<T> {
  /** Completes "expected ...": what may be written, with unit and range. */
  readonly expects: string;
  /** Undefined if the text is none of this kind or out of range. */
  parse(text: string): T | undefined;
  /** Text that parses to the same value; equal values have equal text. */
  format(value: T): string;
}

/** One line of a configuration table. */
export interface Setting<Value> extends Kind<NonNullable<Value>> {
  readonly about: string;
  /** Undefined: unset unless somebody sets it. */
  readonly default: Value;
  /** Whether whoever uses it follows a change without a restart. */
  readonly isRuntime: boolean;
  readonly isSecret: boolean;
}

export type ConfigTable = Readonly<Record<string, Setting<unknown>>>;

/** As an operator would write it, a mask for a secret; undefined for what is not set. */
export function formatValue(setting: Setting<unknown>, value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : setting.format(value);
}

export interface SettingOptions<Literal> {
  /** One line: what it does, what it trades, what breaks if it is wrong. */
  readonly about: string;
  /** As an operator would write it. Without one the setting may be undefined. */
  readonly default?: Literal;
  readonly runtime?: boolean;
}

interface RangeOptions<Literal> extends SettingOptions<Literal> {
  readonly min?: Literal;
  readonly max?: Literal;
}

type Literal = string | number | boolean | readonly string[];

/** Never undefined if there is a default. */
type ValueWith<T, Options> = Options extends { readonly default: Literal } ? T : T | undefined;

export function integer<const O extends RangeOptions<number>>(
  options: O,
): Setting<ValueWith<number, O>> {
  return setting(amount("a whole number", parseInteger, String, options), options);
}

export function number<const O extends RangeOptions<number>>(
  options: O,
): Setting<ValueWith<number, O>> {
  return setting(amount("a number", parseNumber, String, options), options);
}

/** A share of a whole, from 0 to 1. */
export function ratio<const O extends RangeOptions<number>>(
  options: O,
): Setting<ValueWith<number, O>> {
  return setting(amount("a ratio", parseNumber, String, { min: 0, max: 1, ...options }), options);
}

const DURATION_UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds to the program; "250ms", "4s", "10m", "6h", "7d" to people. */
export function duration<const O extends RangeOptions<string>>(
  options: O,
): Setting<ValueWith<number, O>> {
  const parse = (text: string): number | undefined => parseUnits(text, DURATION_UNITS);
  const format = (value: number): string => formatUnits(value, DURATION_UNITS);
  return setting(amount('a duration such as "250ms" or "10m"', parse, format, options), options);
}

const SIZE_UNITS = {
  PiB: 2 ** 50,
  TiB: 2 ** 40,
  GiB: 2 ** 30,
  MiB: 2 ** 20,
  KiB: 2 ** 10,
  B: 1,
};

/** Bytes to the program; "64MiB", "512KiB", "4096" to people. */
export function size<const O extends RangeOptions<string>>(
  options: O,
): Setting<ValueWith<number, O>> {
  const parse = (text: string): number | undefined =>
    /^\d+$/.test(text) ? parseInteger(text) : parseUnits(text, SIZE_UNITS);
  const format = (value: number): string => formatUnits(value, SIZE_UNITS);
  return setting(amount('a size such as "64MiB" or "4096"', parse, format, options), options);
}

const BOOLEANS = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);

export function boolean<const O extends SettingOptions<boolean>>(
  options: O,
): Setting<ValueWith<boolean, O>> {
  const kind: Kind<boolean> = {
    expects: "true or false (or yes, no, on, off)",
    parse: (text) => BOOLEANS.get(text),
    format: String,
  };
  return setting(kind, options);
}

export function text<const O extends SettingOptions<string>>(
  options: O,
): Setting<ValueWith<string, O>> {
  const kind: Kind<string> = {
    expects: `text of at most ${TEXT_LENGTH_MAX} characters, on one line`,
    parse: (line) => (line.length <= TEXT_LENGTH_MAX && !/[\r\n\0]/.test(line) ? line : undefined),
    format: (line) => line,
  };
  return setting(kind, options);
}

export function choice<
  const Choice extends string,
  const O extends SettingOptions<Choice> & { readonly of: readonly Choice[] },
>(options: O & { readonly of: readonly Choice[] }): Setting<ValueWith<Choice, O>> {
  const kind: Kind<Choice> = {
    expects: `one of ${options.of.join(", ")}`,
    parse: (word) => options.of.find((candidate) => candidate === word),
    format: (word) => word,
  };
  return setting(kind, options);
}

/** `host:port` or `[v6]:port`, as the network takes it. */
export function address<const O extends SettingOptions<string>>(
  options: O,
): Setting<ValueWith<string, O>> {
  const kind: Kind<string> = {
    expects: 'an address such as "10.0.0.5:6800" or "[::1]:6800"',
    parse: (where) => (isAddress(where) ? where : undefined),
    format: (where) => where,
  };
  return setting(kind, options);
}

/** Items of another kind between commas: `list(address, { ... })`. */
export function list<T, const O extends SettingOptions<readonly string[]>>(
  itemKind: (options: { readonly about: string }) => Setting<T | undefined>,
  options: O,
): Setting<ValueWith<readonly NonNullable<T>[], O>> {
  const item = itemKind({ about: options.about });
  const kind: Kind<readonly NonNullable<T>[]> = {
    expects: `at most ${LIST_COUNT_MAX} items between commas, each ${item.expects}`,
    parse(line) {
      const parts = line.trim() === "" ? [] : line.split(",");
      if (parts.length > LIST_COUNT_MAX) return undefined;
      const items = parts.map((part) => item.parse(part.trim()));
      return items.every((value) => value !== undefined) ? items : undefined;
    },
    format: (items) => items.map((value) => item.format(value)).join(","),
  };
  return setting(kind, options);
}

/**
 * Given in the environment or as a file, never as a flag and never as a line of the configuration
 * file.
 */
export function secret(options: { readonly about: string }): Setting<Secret | undefined> {
  const kind: Kind<Secret> = {
    expects: "a secret that is not empty",
    parse: (line) => (line === "" ? undefined : new Secret(line)),
    format: () => SECRET_MASK,
  };
  return { ...kind, about: options.about, default: undefined, isRuntime: false, isSecret: true };
}

function setting<T, O extends SettingOptions<Literal>>(
  kind: Kind<T>,
  options: O,
): Setting<ValueWith<T, O>> {
  const parsed = options.default === undefined ? undefined : parseLiteral(kind, options.default);
  return {
    ...kind,
    about: options.about,
    default: parsed,
    isRuntime: options.runtime ?? false,
    isSecret: false,
  } as Setting<ValueWith<T, O>>;
}

/**
 * Literals go through the same parser as an operator's text, so a default cannot be out of its own
 * range.
 */
function parseLiteral<T>(kind: Pick<Kind<T>, "parse" | "expects">, literal: Literal): T {
  const value = kind.parse(String(literal));
  assert(value !== undefined, `"${literal}" in a configuration table: expected ${kind.expects}`);
  return value as T;
}

function amount<Bound extends string | number>(
  expects: string,
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
  range: { readonly min?: Bound; readonly max?: Bound },
): Kind<number> {
  const bound = (literal: Bound | undefined, otherwise: number): number =>
    literal === undefined ? otherwise : parseLiteral({ parse, expects }, literal);
  const min = bound(range.min, Number.NEGATIVE_INFINITY);
  const max = bound(range.max, Number.POSITIVE_INFINITY);
  assert(min <= max, `a range goes upwards, not from ${min} to ${max}`);
  const from = min === Number.NEGATIVE_INFINITY ? "" : `, at least ${format(min)}`;
  const to = max === Number.POSITIVE_INFINITY ? "" : `, at most ${format(max)}`;
  return {
    expects: `${expects}${from}${to}`,
    parse(text) {
      const value = parse(text);
      return value !== undefined && value >= min && value <= max ? value : undefined;
    },
    format,
  };
}

function parseInteger(text: string): number | undefined {
  return /^-?\d+$/.test(text) ? whole(Number(text)) : undefined;
}

function parseNumber(text: string): number | undefined {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? finite(Number(text)) : undefined;
}

function parseUnits(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+) ?([A-Za-z]+)$/.exec(text);
  const unit = match?.[2] ?? "";
  if (match === null || !Object.hasOwn(units, unit)) return undefined;
  return whole(Number(match[1]) * (units[unit] as number));
}

/**
 * In the largest unit that leaves a whole number: units are declared from large to small, the last
 * is 1.
 */
function formatUnits(value: number, units: Readonly<Record<string, number>>): string {
  for (const [unit, factor] of Object.entries(units)) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return `0${Object.keys(units).at(-1)}`;
}

function whole(value: number): number | undefined {
  // Negative zero equals zero but is written differently.
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

function isAddress(where: string): boolean {
  try {
    parseAddress(where);
    return true;
  } catch {
    return false;
  }
}
