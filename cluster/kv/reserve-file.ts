/**
 * Disk space set aside in a store's directory, to get out of a full disk: a database that finds no
 * room cannot even delete, because a delete is a write. Given up at a start, the space lets deletes
 * and compaction run again. When to give it up and when to put it back, the caller decides.
 *
 *   reserve.new     being written; what a crash leaves of it counts for nothing
 *   reserve         held: every byte of it was synced before it got this name
 *   reserve.spent   held, and the next start is asked to give it up
 *
 * Each change is one rename or removal, so a crash at any point leaves one of these or nothing. The
 * file stands inside the directory, where LevelDB ignores names that are not its own: a place
 * beside it could be on another file system.
 */
import { randomBytes } from "node:crypto";
import { open, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "./durable-directory.ts";

const CHUNK_BYTES = 1 << 20;
const CAUSES_MAX = 8;

export class ReserveFile {
  readonly #directory: string;
  readonly #sizeBytes: number;
  readonly #held: string;
  readonly #spent: string;
  readonly #partial: string;

  constructor(directory: string, sizeBytes: number) {
    this.#directory = directory;
    this.#sizeBytes = sizeBytes;
    this.#held = join(directory, "reserve");
    this.#spent = join(directory, "reserve.spent");
    this.#partial = join(directory, "reserve.new");
  }

  /** Asks the next start to give the space up. A rename, which needs no room of its own. */
  async requestRelease(): Promise<void> {
    if (await exists(this.#held)) await rename(this.#held, this.#spent);
  }

  isReleaseRequested(): Promise<boolean> {
    return exists(this.#spent);
  }

  /** Gives the space up. False if there was none to give. */
  async release(): Promise<boolean> {
    const files = [this.#held, this.#spent, this.#partial];
    const present = await Promise.all(files.map(exists));
    for (const file of files) await rm(file, { force: true });
    return present.includes(true);
  }

  /**
   * Puts the reserve back at its full size, unless less than that would stay free beside it. True
   * if it is there now.
   */
  async restore(): Promise<boolean> {
    if ((await sizeOf(this.#held)) === this.#sizeBytes) return true;
    await this.release();
    const { bavail, bsize } = await statfs(this.#directory);
    if (bavail * bsize < 2 * this.#sizeBytes) return false;
    try {
      await this.#writePartial();
    } catch (error) {
      await rm(this.#partial, { force: true });
      if (isDiskFull(error)) return false;
      throw error;
    }
    await rename(this.#partial, this.#held);
    await syncDirectory(this.#directory);
    return true;
  }

  /**
   * Random bytes, because a file system may store zeros, or what compresses, without allocating
   * anything.
   */
  async #writePartial(): Promise<void> {
    const chunk = randomBytes(CHUNK_BYTES);
    const file = await open(this.#partial, "w", 0o600);
    try {
      for (let left = this.#sizeBytes; left > 0; left -= chunk.byteLength) {
        await file.writeFile(chunk.subarray(0, left));
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/**
 * Whether the disk, or the user's share of it, has no room: as Node says it, or in LevelDB's words
 * only.
 */
export function isDiskFull(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth++) {
    if ("code" in at && (at.code === "ENOSPC" || at.code === "EDQUOT")) return true;
    if (/No space left on device|Disk quota exceeded/i.test(at.message)) return true;
    at = at.cause;
  }
  return false;
}

async function exists(file: string): Promise<boolean> {
  return (await sizeOf(file)) !== undefined;
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
