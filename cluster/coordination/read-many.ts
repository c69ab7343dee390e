/** Many nodes at a time, and no more than a server answers without holding the connection back. */
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { unless } from "../zookeeper/recipe/retry.ts";

/** Nodes of the map have 256 KiB at most, so 8 MiB are on their way. */
const WINDOW = 32;

/** Their data in the order of the paths; undefined if one of them is not there. */
export async function readMany(
  client: ZooKeeperClient,
  paths: readonly string[],
): Promise<Uint8Array[] | undefined> {
  const all: Uint8Array[] = [];
  for (let from = 0; from < paths.length; from += WINDOW) {
    const window = await readAny(client, paths.slice(from, from + WINDOW));
    for (const data of window) {
      if (data === undefined) return undefined;
      all.push(data);
    }
  }
  return all;
}

/** The same, with undefined for each that is not there. For as many as a caller has a bound for. */
export async function readAny(
  client: ZooKeeperClient,
  paths: readonly string[],
): Promise<(Uint8Array | undefined)[]> {
  const all: (Uint8Array | undefined)[] = [];
  for (let from = 0; from < paths.length; from += WINDOW) {
    const reads = paths.slice(from, from + WINDOW).map(async (path) => {
      return (await unless("NONODE", client.getData(path)))?.data;
    });
    all.push(...(await Promise.all(reads)));
  }
  return all;
}
