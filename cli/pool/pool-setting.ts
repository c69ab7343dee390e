/** The settings of a pool under the names that operators know, between their texts and what a command carries. */
import type { CommandOf } from "../../cluster/message/command.ts";
import { unknownName } from "../did-you-mean.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { countOperand, sizeOperand, switchOperand } from "../operand.ts";
import type { PoolEntry } from "./pool-list.ts";

type PoolSet = CommandOf<"poolSet">;
export type PoolChange = Partial<Omit<PoolSet, "type" | "name" | "confirm">>;

interface PoolSetting {
  readonly about: string;
  readonly isFixed?: true;
  parse(text: string): PoolChange;
  of(pool: PoolEntry): string | number | boolean | undefined;
}

const fixed = (): never => {
  throw new CommandError(EXIT_CODE.usage, "it is fixed when the pool is created");
};

export const POOL_SETTINGS: Readonly<Record<string, PoolSetting>> = {
  size: {
    about: "how many copies",
    parse: (text) => ({ size: countOperand(text) }),
    of: ({ size }) => size,
  },
  min_size: {
    about: "how many must be there for clients to be served",
    parse: (text) => ({ minSize: countOperand(text) }),
    of: ({ minSize }) => minSize,
  },
  crush_rule: {
    about: "the CRUSH rule that places it, by name",
    parse: (text) => ({ rule: text }),
    of: ({ rule }) => rule,
  },
  application: {
    about: "what it is for, as s3",
    parse: (text) => ({ application: text }),
    of: ({ application }) => application,
  },
  nodelete: {
    about: "true while it cannot be deleted",
    parse: (text) => ({ nodelete: switchOperand(text) }),
    of: ({ nodelete }) => nodelete,
  },
  quota_bytes: {
    about: "as 10GiB; 0 for none",
    parse: (text) => ({ quotaBytes: sizeOperand(text) }),
    of: ({ quotaBytes }) => quotaBytes,
  },
  quota_objects: {
    about: "how many; 0 for none",
    parse: (text) => ({ quotaObjects: countOperand(text) }),
    of: ({ quotaObjects }) => quotaObjects,
  },
  pg_num: { about: "how many PGs", isFixed: true, parse: fixed, of: ({ pgNum }) => pgNum },
};

export const SETTABLE = Object.keys(POOL_SETTINGS).filter((name) => {
  return POOL_SETTINGS[name]?.isFixed !== true;
});

/** Ceph's newer and older words, and those of the map. */
const ALIASES: Readonly<Record<string, string>> = { rule: "crush_rule", minsize: "min_size" };

/** Throws what a person can do something about. */
export function poolSetting(text: string): PoolSetting {
  const plain = text.replaceAll("-", "_").toLowerCase();
  const name = ALIASES[plain] ?? plain;
  const setting = Object.hasOwn(POOL_SETTINGS, name) ? POOL_SETTINGS[name] : undefined;
  if (setting !== undefined) return setting;
  const known = Object.keys(POOL_SETTINGS);
  throw new CommandError(EXIT_CODE.usage, unknownName({ kind: "setting" }, text, known));
}

export function settingHelp(): string {
  const width = Math.max(...SETTABLE.map((name) => name.length));
  const lines = SETTABLE.map((name) => `  ${name.padEnd(width)}  ${POOL_SETTINGS[name]?.about}`);
  return `\nSettings:\n${lines.join("\n")}`;
}

/** The fields of `kelp pool get`: all of them, or one. */
export function poolFields(
  pool: PoolEntry,
  name: string | undefined,
): (readonly [name: string, value: string])[] {
  const names = name === undefined ? Object.keys(POOL_SETTINGS) : [name];
  return names.map((each) => [each, String(poolSetting(each).of(pool) ?? "none")]);
}
