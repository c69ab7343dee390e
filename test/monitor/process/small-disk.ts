/** A file system of a few megabytes, which can be full without anybody else noticing. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHUNK_BYTES = 64 << 10;

export class SmallDisk {
  readonly directory: string;
  readonly #ballast: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#ballast = join(directory, "ballast");
  }

  static mount(sizeBytes: number): SmallDisk {
    const directory = mkdtempSync(join(tmpdir(), "kelp-small-disk-"));
    const { status, stderr } = mountTmpfs(directory, sizeBytes);
    if (status === 0) return new SmallDisk(directory);
    rmSync(directory, { recursive: true });
    throw new Error(`cannot mount a tmpfs: ${stderr}`);
  }

  /** Takes all the space that there is. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, "w");
    try {
      for (;;) await file.writeFile(Buffer.alloc(CHUNK_BYTES));
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
      if (!isFull) throw error;
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.#ballast);
  }

  unmount(): void {
    spawnSync("umount", [this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Root may, where it is not confined. */
export function canMountTmpfs(): boolean {
  if (process.getuid?.() !== 0) return false;
  const directory = mkdtempSync(join(tmpdir(), "kelp-small-disk-"));
  try {
    if (mountTmpfs(directory, CHUNK_BYTES).status !== 0) return false;
    return spawnSync("umount", [directory]).status === 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function mountTmpfs(
  directory: string,
  sizeBytes: number,
): { status: number | null; stderr: string } {
  const options = `size=${sizeBytes}`;
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory], {
    encoding: "utf8",
  });
}
