/** A file is durable only once the directory that names it is: these sync the names. */
import { mkdir, open } from "node:fs/promises";
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
 * it back.
 */
export async function createDirectory(directory: string): Promise<void> {
  const deepest = resolve(directory);
  const topmost = await mkdir(deepest, { recursive: true });
  if (topmost === undefined) return;
  const last = dirname(topmost);
  for (let parent = dirname(deepest); parent.length >= last.length; parent = dirname(parent)) {
    await syncDirectory(parent);
    if (parent === last) return;
  }
}
