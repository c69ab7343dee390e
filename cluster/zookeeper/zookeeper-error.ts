/**
 * What a server said about a request that it did not carry out. What happens on the way there (no
 * server to be reached, a connection lost) is a ClusterError.
 */
import { ERROR_MEANINGS, type ErrorName, errorName } from "./error-codes.ts";
import type { MultiResult } from "./multi-records.ts";

interface Details {
  /** What was asked for, such as "setData". */
  readonly operation: string;
  /** As the caller wrote it; undefined where the operation has none. */
  readonly path?: string | undefined;
  /** In place of the code's meaning. */
  readonly hint?: string | undefined;
  /** Of a multi: which part failed, and what became of each. */
  readonly failed?: { readonly index: number; readonly results: readonly MultiResult[] };
}

export class ZooKeeperError extends Error {
  override readonly name = "ZooKeeperError";
  readonly code: ErrorName;
  readonly operation: string;
  readonly path: string | undefined;
  readonly failed: Details["failed"];

  constructor(code: ErrorName, { operation, path, hint, failed }: Details) {
    const part = failed === undefined ? "" : ` (part ${failed.index})`;
    const subject = path === undefined ? operation : `${operation} ${path}`;
    super(`${subject}${part}: ${code}: ${hint ?? ERROR_MEANINGS[code]}`);
    this.code = code;
    this.operation = operation;
    this.path = path;
    this.failed = failed;
  }
}

export function isZooKeeperError(error: unknown, code?: ErrorName): error is ZooKeeperError {
  return error instanceof ZooKeeperError && (code === undefined || error.code === code);
}

/** For a number out of a reply, also one that a newer server made up. */
export function zooKeeperErrorOf(code: number, details: Details): ZooKeeperError {
  const name = errorName(code);
  if (name !== undefined) return new ZooKeeperError(name, details);
  const hint = `the server answered ${code}, which this program does not know`;
  return new ZooKeeperError("SYSTEMERROR", { ...details, hint });
}
