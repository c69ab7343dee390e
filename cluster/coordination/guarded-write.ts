/**
 * Writes that only the controller may make. Each is one multi that begins with the check of its election node, which is
 * there as long as it leads and is never made again under that name: once a check has failed, all later ones do (C2).
 *
 * An answer that is lost leaves two possibilities. They are told apart by reading behind a sync; what is not there then may
 * still be on its way, so it is written again in a form of which at most one can succeed: with an expected version, or as
 * the creation of a node.
 */
import { isClusterError } from "../base/error.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import type { MultiOp, MultiResult } from "../zookeeper/multi-records.ts";
import { isPassing, pauseAfter } from "../zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";
import { PATHS } from "./paths.ts";

export interface Mandate {
  readonly client: ZooKeeperClient;
  /** As the election gave it when it was won; good for that term only. */
  readonly check: MultiOp;
  /** Nobody waits for it any more: what is under way ends as if the mandate had. */
  readonly signal?: AbortSignal | undefined;
}

export type GuardedResult =
  /** Results of the operations, without the check's; undefined if the answer was lost and the effect found. */
  | { readonly type: "done"; readonly results: readonly MultiResult[] | undefined }
  /** The check failed: somebody else leads, or will. Nothing was done, unless an earlier attempt was. */
  | { readonly type: "deposed" };

const DEPOSED: GuardedResult = { type: "deposed" };

/**
 * `isDone` looks whether an attempt without an answer had its effect. Throws what a server refuses, with `failed.index`
 * counting the check: one that was refused has not been done.
 */
export async function guardedWrite(
  { client, check, signal }: Mandate,
  ops: readonly MultiOp[],
  isDone: () => Promise<boolean>,
): Promise<GuardedResult> {
  let isDoubtful = false;
  const found = (): Promise<boolean> => lookBehindSync({ client, signal }, isDone);
  while (signal?.aborted !== true) {
    try {
      if (isDoubtful && (await found())) return { type: "done", results: undefined };
      const results = await client.multi([check, ...ops]);
      return { type: "done", results: results.slice(1) };
    } catch (error) {
      if (endsMandate(error)) {
        // Without a session nothing can be read, and then nothing is known.
        const wasDone = isDoubtful && (await found().catch(() => false));
        return wasDone ? { type: "done", results: undefined } : DEPOSED;
      }
      if (isZooKeeperError(error) && error.failed !== undefined) {
        // The one that lost its answer may have come late, and been in the way of this one.
        if (isDoubtful && (await found())) return { type: "done", results: undefined };
        throw error;
      }
      if (!isWorthRepeating(error)) throw error;
      isDoubtful ||= isPassing(error) && !isClusterError(error, "OVERLOADED");
      await pauseAfter(client, error);
    }
  }
  return DEPOSED;
}

/** Whether the mandate is over: its node is gone, or its session is, which takes the node along. */
function endsMandate(error: unknown): boolean {
  if (isZooKeeperError(error, "SESSIONEXPIRED")) return true;
  return isZooKeeperError(error, "NONODE") && error.failed?.index === 0;
}

/** No server for a while is no reason to give up: the session may outlast it. */
function isWorthRepeating(error: unknown): boolean {
  return isPassing(error) || isClusterError(error, "UNREACHABLE");
}

/** Reads until it gets an answer; also in a session that follows an expired one. What is not there was not done. */
async function lookBehindSync(
  { client, signal }: Pick<Mandate, "client" | "signal">,
  look: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    try {
      await client.sync(PATHS.root);
      return await look();
    } catch (error) {
      if (isZooKeeperError(error, "NONODE")) return false;
      const isRenewed = client.renews && isZooKeeperError(error, "SESSIONEXPIRED");
      if (signal?.aborted === true || (!isRenewed && !isWorthRepeating(error))) throw error;
      if (!isRenewed) await pauseAfter(client, error);
    }
  }
}
