/**
 * How a process ends. Parts say when they start how they are closed; ending runs the phases in
 * order, and within a phase the newest part first, because it was built on the older ones. One that
 * fails does not keep the rest from closing.
 *
 * `Shutdown` knows no process: a cluster inside somebody's test suite closes with it too.
 * `endOnSignals` ties it to one. What no handler can promise is done by the stores: a process may
 * be killed at any moment without damage, so a part that hangs is waited for only until the
 * deadline.
 */
import type { Clock } from "../base/clock.ts";
import { ClusterError, combineErrors } from "../base/error.ts";
import type { Log } from "../base/log.ts";

/** No new work; then the work that was taken is finished; then what it needed is closed. */
export const PHASES = ["stop accepting", "finish running", "close stores"] as const;
export type Phase = (typeof PHASES)[number];

export const SHUTDOWN_MS = 10_000;

export const EXIT_FAILED = 1;
/** EX_SOFTWARE of sysexits.h: a bug, as supervisors tell it from a refused start. */
export const EXIT_BUG = 70;

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNAL_NUMBERS;

export interface Part {
  readonly name: string;
  readonly phase: Phase;
  close(): Promise<void> | void;
}

export class Shutdown {
  readonly #log: Log;
  readonly #parts: Part[] = [];
  #closing: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Throws INTERRUPTED once closing has begun: what starts too late must not start. */
  register(part: Part): void {
    if (this.#closing !== undefined) {
      throw new ClusterError("INTERRUPTED", `${part.name} cannot start: the process is ending`);
    }
    this.#parts.push(part);
  }

  /** The parts that are not closed, in the order of their registration. */
  get open(): string[] {
    return this.#parts.map(({ name }) => name);
  }

  /** Closes everything, once however often it is called. Rejects at the end with what failed. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const phase of PHASES) {
      const parts = this.#parts.filter((part) => part.phase === phase).reverse();
      for (const part of parts) {
        this.#log.info(`${phase}: ${part.name}`);
        try {
          await part.close();
        } catch (error) {
          this.#log.error(`${part.name} failed to close`, { error });
          failures.push(error);
        }
        this.#parts.splice(this.#parts.indexOf(part), 1);
      }
    }
    if (failures.length > 0) throw combineErrors(failures, "several parts failed to close");
  }
}

/** The part of `process` that ending one needs. */
export interface ProcessLike {
  on(event: ProcessEvent, listener: (argument: unknown) => void): unknown;
  off(event: ProcessEvent, listener: (argument: unknown) => void): unknown;
  /** Does not return in a real process. */
  exit(code: number): void;
}

export type ProcessEvent = Signal | "uncaughtException" | "unhandledRejection";

export interface EndOptions {
  readonly shutdown: Shutdown;
  readonly process: ProcessLike;
  readonly clock: Clock;
  readonly log: Log & { flush(): void };
  readonly deadlineMs?: number;
}

/**
 * The first SIGINT or SIGTERM closes everything and exits with 0, or with EXIT_FAILED if a part
 * failed or hangs; the second exits at once. What nobody caught is a bug: the process says so and
 * stops without closing anything, because whatever it did next could reach a disk. Returns how to
 * stop listening.
 */
export function endOnSignals(options: EndOptions): () => void {
  const { shutdown, process, clock, log, deadlineMs = SHUTDOWN_MS } = options;
  let isEnding = false;

  const exit = (code: number): void => {
    log.flush();
    process.exit(code);
  };

  const end = async (signal: Signal): Promise<void> => {
    log.info(`${signal}: ending, within ${deadlineMs} ms; a second signal ends at once`);
    const deadline = clock.after(deadlineMs, () => {
      log.error(`not closed after ${deadlineMs} ms: ${shutdown.open.join(", ")}`);
      exit(EXIT_FAILED);
    });
    const code = await shutdown.close().then(
      () => 0,
      () => EXIT_FAILED,
    );
    deadline.cancel();
    log.info("ended", { code });
    exit(code);
  };

  const onSignal = (signal: Signal) => (): void => {
    if (isEnding) {
      exit(128 + SIGNAL_NUMBERS[signal]);
      return;
    }
    isEnding = true;
    void end(signal);
  };
  const onBug =
    (what: string) =>
    (error: unknown): void => {
      log.error(`${what}: this is a bug, the process stops`, { error });
      exit(EXIT_BUG);
    };
  const listeners = {
    SIGINT: onSignal("SIGINT"),
    SIGTERM: onSignal("SIGTERM"),
    uncaughtException: onBug("an error that nobody caught"),
    unhandledRejection: onBug("a rejection that nobody handled"),
  };
  const events = Object.keys(listeners) as ProcessEvent[];
  for (const event of events) process.on(event, listeners[event]);
  return () => {
    for (const event of events) process.off(event, listeners[event]);
  };
}
