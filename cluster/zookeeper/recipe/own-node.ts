/**
 * A sequential ephemeral node that its session has once and no more, although the answer to the
 * create may get lost. The node's name is the owner's random id and a number; so before another is
 * created the id is looked for, behind a sync that shows all that was done before.
 *
 *   /election/n-5f0c9a-0000000012
 */
import { assert } from "../../base/assert.ts";
import { isClusterError } from "../../base/error.ts";
import type { ZooKeeperClient } from "../client.ts";
import { childPath, sequenceOf } from "../path.ts";
import { isZooKeeperError } from "../zookeeper-error.ts";
import { isPassing, pauseAfter, persistently, unless } from "./retry.ts";

const NUMBER = /^(?:\d{10}|-\d{9,10})$/;
const ID = /^[A-Za-z0-9_.-]{1,64}$/;

export interface Ownership {
  readonly directory: string;
  /** Random: two owners with one id take each other's nodes for their own. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** The node's path. */
export function ownNode(client: ZooKeeperClient, ownership: Ownership): Promise<string> {
  const { directory, id, data } = ownership;
  const prefix = prefixOf(id);
  return persistently(client, async () => {
    await client.sync(directory);
    const found = await findOwn(client, directory, prefix);
    if (found !== undefined) return found;
    const path = childPath(directory, prefix);
    return (await client.create(path, data, { mode: "EPHEMERAL_SEQUENTIAL" })).path;
  });
}

function prefixOf(id: string): string {
  assert(ID.test(id), `"${id}" can be no part of a node's name`);
  return `n-${id}-`;
}

async function findOwn(
  client: ZooKeeperClient,
  directory: string,
  prefix: string,
): Promise<string | undefined> {
  const { children } = await client.getChildren(directory);
  const names = children.filter(
    (name) => name.startsWith(prefix) && NUMBER.test(name.slice(prefix.length)),
  );
  let own: string | undefined;
  for (const path of names.map((name) => childPath(directory, name))) {
    const stat = await client.exists(path);
    if (stat?.ephemeralOwner === client.sessionId) own = path;
    // Of a session that is over, or will be: this one does not wait for that.
    else if (stat !== undefined) await unless("NONODE", client.delete(path));
  }
  return own;
}

/** Names in the order of their numbers, without those that have none. */
export function inSequence(names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, sequence: sequenceOf(name) }))
    .filter(({ sequence }) => sequence !== undefined)
    .toSorted((left, right) => Number(left.sequence) - Number(right.sequence))
    .map(({ name }) => name);
}

/** No name is used twice, so a node that is gone already is as good. */
export async function disown(client: ZooKeeperClient, path: string): Promise<void> {
  await persistently(client, () => unless("NONODE", client.delete(path)));
}

/**
 * When nobody knows whether there is a node: none is left when this settles, or the session is over.
 * Rejects if a server refuses.
 */
export async function abandon(
  client: ZooKeeperClient,
  { directory, id }: Omit<Ownership, "data">,
): Promise<void> {
  for (;;) {
    try {
      await client.sync(directory);
      const own = await findOwn(client, directory, prefixOf(id));
      if (own !== undefined) await unless("NONODE", client.delete(own));
      return;
    } catch (error) {
      if (isZooKeeperError(error, "SESSIONEXPIRED") || isZooKeeperError(error, "NONODE")) return;
      const isUnreachable = isClusterError(error, "UNREACHABLE");
      if (!isPassing(error) && !isUnreachable) throw error;
      await pauseAfter(client, error);
    }
  }
}
