/**
 * Where a part says what happened. Log where a thing is handled, once. The level says who must act:
 * error = a person now, warn = a person when there is time, info = what an operator wants to have read
 * afterwards, debug = for the one who hunts a bug.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Log;
}

export const SILENT_LOG: Log = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => SILENT_LOG,
};
