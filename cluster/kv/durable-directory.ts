/** A file is durable only once the directory that names it is: these sync the names. */
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates the directory and what is missing above it, so that a crash of the machine does not take
 * it back. From the top down, and each name is synced before the next is made: so a process that
 * dies in between leaves at most one name unsynced, that of the deepest directory there is. Hence
 * that one is synced first, also when nothing is missing.
 */
export async function createDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  const parent = dirname(path);
  if (await isDirectory(path)) return syncName(parent);
  await createDirectory(parent);
  // Recursive only for what it forgives: that somebody else has made the directory by now.
  await mkdir(path, { recursive: true });
  await syncDirectory(parent);
}

/** A parent that this process may not read holds what an administrator made, long ago. */
async function syncName(parent: string): Promise<void> {
  try {
    await syncDirectory(parent);
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
