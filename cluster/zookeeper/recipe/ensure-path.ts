/** Makes a path and all above it, as far as they are not there. */
import type { Acl } from "../acl.ts";
import type { ZooKeeperClient } from "../client.ts";
import { parentOf, ROOT_PATH } from "../path.ts";
import { isZooKeeperError } from "../zookeeper-error.ts";
import { unless } from "./retry.ts";

export async function ensurePath(
  client: ZooKeeperClient,
  path: string,
  acl?: readonly Acl[],
): Promise<void> {
  if (path === ROOT_PATH) return;
  if ((await client.exists(path)) !== undefined) return;
  const options = acl === undefined ? {} : { acl };
  try {
    await unless("NODEEXISTS", client.create(path, undefined, options));
  } catch (error) {
    if (!isZooKeeperError(error, "NONODE")) throw error;
    await ensurePath(client, parentOf(path), acl);
    await unless("NODEEXISTS", client.create(path, undefined, options));
  }
}
