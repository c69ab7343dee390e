/**
 * The log of a process: JSON lines through pino, to standard error unless told otherwise (standard
 * output belongs to what a command answers).
 *
 * - Lines are written at once and synchronously: what happened just before a kill is what one wants
 *   to read. The price is that a reader that stops reading stops the process, as it does for every
 *   program that prints.
 * - log-fields.ts decides what a line may contain; pino's own redaction covers only paths that are
 *   listed one by one.
 * - The level belongs to the process: changing it reaches every child, which pino's own children
 *   would not notice.
 */
import { type DestinationStream, type Logger, pino } from "pino";
import type { Log, LogFields } from "../base/log.ts";
import { boundText, type PrintedFields, printFields } from "./log-fields.ts";

/** From the fewest lines to the most. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What waits in memory while the disk or pipe behind the log refuses writes; further lines are
 * dropped.
 */
const WAITING_SIZE_MAX = 1 << 20;

const STANDARD_ERROR = 2;

/**
 * What pino itself puts into a line; a field of such a name gets an underscore, or the line would
 * have both.
 */
const OWN_NAMES = new Set(["level", "time", "pid", "hostname", "name", "msg"]);

export interface LogOptions {
  /** The process as its peers know it: "osd.3". */
  readonly name: string;
  readonly level: LogLevel;
  readonly destination?: LogDestination;
}

export interface LogDestination {
  /** One line with its line break. */
  write(line: string): void;
  flushSync?(): void;
}

export interface ProcessLog extends Log {
  /** Of this log and all of its children. */
  setLevel(level: LogLevel): void;
  /** Writes what still waits; for the last moment of a process. Never throws. */
  flush(): void;
}

export function createLog(options: LogOptions): ProcessLog {
  const destination = options.destination ?? standardError();
  const root: Root = {
    logger: pino(
      {
        name: options.name,
        level: "debug",
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    ),
    destination,
    rank: LOG_LEVELS.indexOf(options.level),
  };
  return new PinoLog(root, {});
}

/** What a log shares with its children. */
interface Root {
  readonly logger: Logger;
  readonly destination: LogDestination;
  /** Index of the level in LOG_LEVELS: lines of a higher one are not written. */
  rank: number;
}

class PinoLog implements ProcessLog {
  readonly #root: Root;
  readonly #fields: PrintedFields;

  constructor(root: Root, fields: PrintedFields) {
    this.#root = root;
    this.#fields = fields;
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#root, this.#with(fields));
  }

  setLevel(level: LogLevel): void {
    this.#root.rank = LOG_LEVELS.indexOf(level);
  }

  flush(): void {
    try {
      this.#root.destination.flushSync?.();
    } catch {
      // There is nowhere left to say that the log itself cannot be written.
    }
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (LOG_LEVELS.indexOf(level) > this.#root.rank) return;
    const printed = fields === undefined ? this.#fields : this.#with(fields);
    this.#root.logger[level](printed, boundText(message));
  }

  #with(fields: LogFields): PrintedFields {
    const added = Object.entries(printFields(fields)).map(([name, value]) => {
      return [OWN_NAMES.has(name) ? `${name}_` : name, value];
    });
    return Object.fromEntries([...Object.entries(this.#fields), ...added]);
  }
}

function standardError(): LogDestination & DestinationStream {
  const stream = pino.destination({
    dest: STANDARD_ERROR,
    sync: true,
    maxLength: WAITING_SIZE_MAX,
  });
  // A full disk under the log must not end a process that can still serve; the lines wait or are
  // dropped.
  stream.on("error", () => {});
  return stream;
}
