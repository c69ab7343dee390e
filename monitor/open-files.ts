/**
 * Shell: how many files this process may have open. A connection is one, and so is every table of the
 * store, which ends the process if it cannot open one. So clients get only what the store and the
 * other members leave.
 */
import { readFile } from "node:fs/promises";

/** LevelDB keeps up to 1,000 tables open; the rest is for members, strangers on their port, and HTTP. */
export const OPEN_FILES_KEPT = 1_400;

/** Undefined where Linux is not there to tell, or nothing bounds it. */
export async function readOpenFilesMax(path = "/proc/self/limits"): Promise<number | undefined> {
  const limits = await readFile(path, "utf8").catch(() => "");
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Of so many connections that clients may have, as many as fit; half of all files if they are few. */
export function connectionsWithin(openFilesMax: number | undefined, wanted: number): number {
  if (openFilesMax === undefined) return wanted;
  const left = Math.max(openFilesMax - OPEN_FILES_KEPT, Math.floor(openFilesMax / 2));
  return Math.min(wanted, left);
}
