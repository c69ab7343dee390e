/** Deletes a node and all below it, from the leaves up. */
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { childPath } from "../../cluster/zookeeper/path.ts";
import { unless } from "../../cluster/zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../../cluster/zookeeper/zookeeper-error.ts";

/** Requests at once. */
const WINDOW = 200;
/** Somebody may go on making nodes below; at some time it is they who must stop. */
const ROUND_COUNT_MAX = 5;

/** The path first, and every node before what is below it. Fails with NONODE if there is none. */
export async function pathsBelow(client: ZooKeeperClient, path: string): Promise<string[]> {
  const { children } = await client.getChildren(path);
  const paths = [path, ...children.map((name) => childPath(path, name))];
  for (let from = 1; from < paths.length; from += WINDOW) {
    const window = paths.slice(from, from + WINDOW);
    const listings = await Promise.all(
      window.map((parent) => unless("NONODE", client.getChildren(parent))),
    );
    for (const [index, listing] of listings.entries()) {
      const parent = window[index] ?? path;
      for (const name of listing?.children ?? []) paths.push(childPath(parent, name));
    }
  }
  return paths;
}

/** How many nodes were deleted. Not all at once: if it fails half way, half is gone. */
export async function deleteAll(client: ZooKeeperClient, path: string): Promise<number> {
  let count = 0;
  for (let round = 1; ; round++) {
    const { deleted, failure } = await deleteOnce(client, path);
    count += deleted;
    if (failure === undefined) return count;
    if (!isZooKeeperError(failure, "NOTEMPTY") || round === ROUND_COUNT_MAX) throw failure;
  }
}

async function deleteOnce(
  client: ZooKeeperClient,
  path: string,
): Promise<{ deleted: number; failure?: unknown }> {
  const paths = await pathsBelow(client, path);
  let deleted = 0;
  // Requests of one client are carried out in their order: children go before their parents.
  for (let end = paths.length; end > 0; end -= WINDOW) {
    const window = paths.slice(Math.max(0, end - WINDOW), end).toReversed();
    const outcomes = await Promise.allSettled(window.map((each) => client.delete(each)));
    for (const outcome of outcomes) if (outcome.status === "fulfilled") deleted += 1;
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason] : [],
    );
    const failure = reasons.find((reason) => !isZooKeeperError(reason, "NONODE"));
    if (failure !== undefined) return { deleted, failure };
  }
  return { deleted };
}
