/**
 * A lock that one session holds at a time, in the order in which it was asked for. It is held until
 * it is released or the session is over; when the connection is lost, whoever holds it cannot know.
 * So what must not be done without it goes into a transaction with `check()`.
 */

import { EMPTY_BYTES } from "../../base/bytes.ts";
import { ClusterError } from "../../base/error.ts";
import type { ZooKeeperClient } from "../client.ts";
import type { MultiOp } from "../multi-records.ts";
import { ANY_VERSION } from "../node-records.ts";
import { childPath, nameOf } from "../path.ts";
import { ensurePath } from "./ensure-path.ts";
import { abandon, disown, inSequence, ownNode } from "./own-node.ts";
import { persistently } from "./retry.ts";
import { Signal } from "./signal.ts";

export interface LockOptions {
  readonly client: ZooKeeperClient;
  /** Whose children are the nodes of those who hold or want the lock. */
  readonly path: string;
  /** Random, and of this attempt to get the lock alone. */
  readonly id: string;
  /** Who wants it, for people who look at the tree. */
  readonly data?: Uint8Array;
  /** How long to wait; for ever if it is not given. */
  readonly timeoutMs?: number;
}

export interface HeldLock {
  readonly path: string;
  /** For a transaction that only the holder may make. */
  check(): MultiOp;
  release(): Promise<void>;
}

/** Rejects with TIMEOUT, and then wants the lock no more; or with what a server refused. */
export async function acquireLock(options: LockOptions): Promise<HeldLock> {
  const { client, path: directory, id, timeoutMs } = options;
  const over = new Signal();
  const timer = timeoutMs === undefined ? undefined : client.clock.after(timeoutMs, over.raise);
  const attempt = waitForLock(options, over);
  try {
    const path = await Promise.race([attempt, over.raised]);
    if (path !== undefined) return heldLock(client, path);
    throw new ClusterError("TIMEOUT", `lock ${directory}: not free within ${timeoutMs} ms`);
  } catch (error) {
    over.raise();
    // A node that is left would keep others from the lock for as long as the session lives.
    attempt
      .catch(() => {})
      .then(() => abandon(client, { directory, id }))
      .catch(() => {});
    throw error;
  } finally {
    timer?.cancel();
  }
}

function heldLock(client: ZooKeeperClient, path: string): HeldLock {
  return {
    path,
    check: () => ({ type: "check", path, version: ANY_VERSION }),
    release: () => disown(client, path),
  };
}

/** The path of the node that holds the lock; undefined if nobody waits for it any more. */
async function waitForLock(
  { client, path: directory, id, data = EMPTY_BYTES }: LockOptions,
  over: Signal,
): Promise<string | undefined> {
  await persistently(client, () => ensurePath(client, directory));
  if (over.isRaised) return undefined;
  const own = await ownNode(client, { directory, id, data });
  while (!over.isRaised) {
    const changed = new Signal();
    const isFirst = await persistently(client, () =>
      lookBefore(client, { directory, own }, changed),
    );
    if (isFirst) return own;
    await Promise.race([changed.raised, over.raised]);
  }
  return undefined;
}

/** True if none is before the own node; else the signal is raised when the one that is has gone. */
async function lookBefore(
  client: ZooKeeperClient,
  { directory, own }: { directory: string; own: string },
  changed: Signal,
): Promise<boolean> {
  const { children } = await client.getChildren(directory);
  const order = inSequence(children);
  const place = order.indexOf(nameOf(own));
  if (place < 0) throw new ClusterError("CANCELLED", `lock ${directory}: ${own} was deleted`);
  const before = order[place - 1];
  if (before === undefined) return true;
  const watch = changed.raise;
  const isThere = await client.exists(childPath(directory, before), { watch });
  if (isThere === undefined) changed.raise();
  return false;
}
