/**
 * Trying again, for what may be done twice: reads, and writes after which one can see whether they
 * were done. The client itself repeats nothing.
 */
import { isClusterError } from "../../base/error.ts";
import type { ZooKeeperClient } from "../client.ts";
import type { ErrorName } from "../error-codes.ts";
import { isZooKeeperError } from "../zookeeper-error.ts";

/** Before asking again a server, or a queue, that has too much to do. */
const PAUSE_MS = 200;

const PASSING: readonly ErrorName[] = [
  "CONNECTIONLOSS",
  "OPERATIONTIMEOUT",
  "REQUESTTIMEOUT",
  "SESSIONMOVED",
  "THROTTLEDOP",
];

/** Another attempt may well succeed. What was asked for may or may not have been done. */
export function isPassing(error: unknown): boolean {
  return (
    isClusterError(error, "CONNECTION_LOST") ||
    isClusterError(error, "OVERLOADED") ||
    (isZooKeeperError(error) && PASSING.includes(error.code))
  );
}

/** Until it is done or fails for a reason that stays: no server for a session's time is one. */
export async function persistently<T>(
  client: ZooKeeperClient,
  attempt: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pauseAfter(client, error);
    }
  }
}

/** After a lost connection there is nothing to wait for: requests wait for the next by themselves. */
export async function pauseAfter({ clock }: ZooKeeperClient, error: unknown): Promise<void> {
  if (isClusterError(error, "CONNECTION_LOST")) return;
  await new Promise<void>((resolve) => {
    clock.after(PAUSE_MS, resolve);
  });
}

/** The result, or undefined if it failed with this code. */
export async function unless<T>(code: ErrorName, result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isZooKeeperError(error, code)) return undefined;
    throw error;
  }
}
