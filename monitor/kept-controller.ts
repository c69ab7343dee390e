/**
 * Shell: the controller in a monitor's process. What ends it, such as a map in the tree that is damaged, would end one monitor
 * after the other as their controllers are elected, and without monitors nobody could look or repair. So the monitor goes on,
 * and another controller is begun after a while. A bug ends the process, as everywhere.
 */
import type { Clock, Timer } from "../cluster/base/clock.ts";
import { isClusterError } from "../cluster/base/error.ts";
import type { Log } from "../cluster/base/log.ts";
import { Shutdown } from "../cluster/runtime/shutdown.ts";
import { isZooKeeperError } from "../cluster/zookeeper/zookeeper-error.ts";

/** Between the end of one and the beginning of the next. */
export const NEXT_CONTROLLER_MS = 10_000;

export interface KeptControllerOptions {
  /** Starts one, whose parts close with that shutdown. */
  readonly run: (own: {
    readonly shutdown: Shutdown;
    readonly fail: (error: unknown) => void;
  }) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the process. */
  readonly shutdown: Shutdown;
  /** Ends the process. */
  readonly fail: (error: unknown) => void;
}

export function keepController({ run, clock, log, shutdown, fail }: KeptControllerOptions): void {
  let current = new Shutdown(log);
  let timer: Timer | undefined;
  let isEnding = false;

  const begin = (): void => {
    const own = new Shutdown(log);
    current = own;
    let isOver = false;
    const failed = (error: unknown): void => {
      // What closes may fail once more.
      if (isOver || isEnding) return;
      isOver = true;
      if (!isClusterError(error) && !isZooKeeperError(error)) {
        fail(error);
        return;
      }
      log.error("the controller cannot go on; the monitor does", { error });
      // It logs itself what did not close.
      const plan = (): void => {
        if (!isEnding) timer = clock.after(NEXT_CONTROLLER_MS, begin);
      };
      own.close().then(plan, plan);
    };
    run({ shutdown: own, fail: failed }).catch(failed);
  };

  shutdown.register({
    name: "controller",
    phase: "finish running",
    close: async () => {
      isEnding = true;
      timer?.cancel();
      await current.close();
    },
  });
  begin();
}
