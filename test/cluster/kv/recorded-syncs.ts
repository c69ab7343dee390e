/**
 * What this process syncs through file handles, while the syncs still happen: without pulling a
 * plug, nothing else shows whether a file or a directory was synced.
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { vi } from "vitest";

export interface Sync {
  readonly inode: number;
  /** What the observer made of the moment right before the sync. */
  readonly seen: unknown;
}

export interface SyncRecord {
  readonly syncs: readonly Sync[];
  stop(): void;
}

export async function recordSyncs(observe?: () => Promise<unknown>): Promise<SyncRecord> {
  const handle = await open(".", "r");
  const shared = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const syncs: Sync[] = [];
  const original = shared.sync;
  const spy = vi.spyOn(shared, "sync").mockImplementation(async function (this: FileHandle) {
    const { ino: inode } = await this.stat();
    const seen = await observe?.();
    await original.call(this);
    syncs.push({ inode, seen });
  });
  return { syncs, stop: () => spy.mockRestore() };
}

export async function inodeOf(path: string): Promise<number> {
  return (await stat(path)).ino;
}
