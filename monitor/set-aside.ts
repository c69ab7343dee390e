/**
 * Shell: takes a member's store out of its place without losing it. The member is then one that lost its disk (M1): it
 * counts for nothing until it has caught up with the others.
 */
import { rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isClusterError } from "../cluster/base/error.ts";
import { syncDirectory } from "../cluster/kv/durable-directory.ts";
import { openLevelStore } from "../cluster/kv/level-store.ts";

/** Where the store is now; undefined if there was none. STORE_LOCKED if a process still uses it. */
export async function setStoreAside(directory: string): Promise<string | undefined> {
  const isThere = await stat(directory).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  await refuseIfInUse(directory);
  const aside = await freeName(`${directory.replace(/\/+$/, "")}.set-aside`);
  await rename(directory, aside);
  await syncDirectory(dirname(directory));
  return aside;
}

/** A store that is damaged cannot be opened, and need not be; one in use must not be moved. */
async function refuseIfInUse(directory: string): Promise<void> {
  try {
    const store = await openLevelStore({ directory });
    await store.close();
  } catch (error) {
    if (isClusterError(error, "STORE_LOCKED")) throw error;
  }
}

async function freeName(stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}`;
    const isTaken = await stat(name).then(
      () => true,
      () => false,
    );
    if (!isTaken) return name;
  }
}
