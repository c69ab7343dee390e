/**
 * What a recipe does for as long as it is wanted: look at the tree, act, and wait for a reason to
 * look again. A watch is such a reason, and so is every change of the session's state; a lost
 * connection or an expired session ends one look, not the routine.
 */
import { isClusterError } from "../../base/error.ts";
import type { ClientStatus, ZooKeeperClient } from "../client.ts";
import { isZooKeeperError } from "../zookeeper-error.ts";
import { isPassing, pauseAfter } from "./retry.ts";
import { Signal } from "./signal.ts";

export interface RoutineOptions {
  readonly client: ZooKeeperClient;
  /** Must not leave anything undone that it would not do the next time. */
  readonly look: () => Promise<void>;
  readonly statusChanged?: (status: ClientStatus) => void;
  /** It is over: the session is, for good, or a server refuses what it needs. */
  readonly failed: (error: unknown) => void;
}

export class Routine {
  /** When it has stopped, for whatever reason. */
  readonly ended: Promise<void>;
  readonly #options: RoutineOptions;
  #signal = new Signal();
  #isStopped = false;

  constructor(options: RoutineOptions) {
    this.#options = options;
    this.ended = this.#run();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** There is a reason to look again. */
  readonly poke = (): void => {
    this.#signal.raise();
  };

  stop(): void {
    this.#isStopped = true;
    this.poke();
  }

  async #run(): Promise<void> {
    const { client, look, failed } = this.#options;
    const stopListening = client.onStatus((status) => {
      if (!this.#isStopped) this.#options.statusChanged?.(status);
      this.poke();
    });
    try {
      await Promise.resolve(); // Whoever makes a routine is not finished itself.
      while (!this.#isStopped) {
        // What happens from here on is a reason to look again.
        this.#signal = new Signal();
        const { raised } = this.#signal;
        await this.#guarded(look);
        if (!this.#isStopped) await raised;
      }
    } catch (error) {
      if (!this.#isStopped) failed(error);
    } finally {
      this.#isStopped = true;
      stopListening();
    }
  }

  async #guarded(look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (this.#isStopped) return;
      const { client } = this.#options;
      const isRenewed = client.renews && isZooKeeperError(error, "SESSIONEXPIRED");
      const isUnreachable = isClusterError(error, "UNREACHABLE");
      if (!isUnreachable && !isRenewed && !isPassing(error)) throw error;
      if (isPassing(error)) await pauseAfter(client, error);
      this.poke();
    }
  }
}
