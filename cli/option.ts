/** Values of options that several commands take. */
import { duration } from "../cluster/runtime/config-value.ts";
import { LOG_LEVELS, type LogLevel } from "../cluster/runtime/pino-log.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CommandError } from "./failure.ts";

const DURATION = duration({ about: "" });

/** Milliseconds. */
export function parseDuration(text: string): number {
  const value = DURATION.parse(text);
  if (value !== undefined) return value;
  throw new CommandError(EXIT_CODE.usage, `"${text}" is not ${DURATION.expects}`);
}

export function parseLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw new CommandError(
    EXIT_CODE.usage,
    `"${text}" is no log level; write one of ${LOG_LEVELS.join(", ")}`,
  );
}
