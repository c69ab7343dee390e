/**
 * What can go wrong outside the program: sockets, disks, other processes, settings. Callers compare codes,
 * never messages. Each code says, for a person, what it means and what to do; messages add the where.
 */
export const CLUSTER_ERRORS = {
  CANCELLED: "the caller gave up; nothing is known about the effect",
  CONFIG_INVALID:
    "a setting is unknown or has an impossible value; correct it where the message says",
  CONNECTION_LOST:
    "the connection ended before the answer; the request may or may not have had an effect",
  HANDSHAKE_REFUSED: "the peer is no member of this cluster or speaks no common version",
  INTERRUPTED: "the process is shutting down; try another one or again later",
  OVERLOADED: "a bounded queue is full; try again later, with fewer requests at once",
  PROGRAM_OUTDATED:
    "a newer version of the program wrote what this one cannot read; upgrade this one",
  REMOTE_FAILED: "the peer could not carry out the request; its message says why",
  STORE_CLOSED: "the store is closed",
  STORE_CORRUPT: "the store's files are damaged; do not write to them, restore from a peer",
  STORE_FAILED: "the disk refused a read or write; check its health, space and permissions",
  STORE_FULL: "the disk is full; free space or add capacity",
  STORE_LOCKED: "another process uses this data directory; stop it or choose another directory",
  TIMEOUT: "no answer before the deadline; the request may or may not have had an effect",
  UNREACHABLE: "no connection to the peer; check that it runs and that its address is right",
} as const;

export type ClusterErrorCode = keyof typeof CLUSTER_ERRORS;

export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** The message with the code's meaning, as a command prints it. */
  explain(): string {
    return `${this.message} (${this.code}: ${CLUSTER_ERRORS[this.code]})`;
  }
}

export function isClusterError(error: unknown, code?: ClusterErrorCode): error is ClusterError {
  return error instanceof ClusterError && (code === undefined || error.code === code);
}

/** One error from several: the first is the reason, none of the others is lost. */
export function combineErrors(errors: readonly unknown[], message: string): unknown {
  return errors.length <= 1 ? errors[0] : new AggregateError(errors, message);
}
