import { EXIT_BUG, EXIT_FAILED } from "../cluster/runtime/shutdown.ts";

/**
 * What `kelp` exits with. Scripts rely on these numbers: one is added, none is given another
 * meaning.
 */
export const EXIT_CODE = {
  ok: 0,
  failure: EXIT_FAILED,
  usage: 2,
  /** By the cluster, which understood it. A script can tell it from an accident. */
  refused: 3,
  /** EX_UNAVAILABLE of sysexits.h. */
  unavailable: 69,
  bug: EXIT_BUG,
  /** EX_TEMPFAIL of sysexits.h. */
  noAnswer: 75,
  /** 128 + SIGINT: also what a shell reports of a command that Ctrl-C killed. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];

/** The same table for `kelp --help`. */
export const EXIT_CODE_HELP = `Exit codes:
  ${EXIT_CODE.ok}    done
  ${EXIT_CODE.failure}    failed; the message says why and what to do
  ${EXIT_CODE.usage}    wrong usage; nothing was done
  ${EXIT_CODE.refused}    the cluster refuses; the message says why, and nothing was changed
  ${EXIT_CODE.unavailable}   not available in this version
  ${EXIT_CODE.bug}   a bug in Kelp; please report it
  ${EXIT_CODE.noAnswer}   no controller answers; try again later
  ${EXIT_CODE.interrupted}  interrupted`;
