/**
 * Which processes cannot be heard by which. Groups are lists of names; names in no group reach everybody. Names, not
 * incarnations: a process that restarts comes back on the same side.
 */
import type { PeerName } from "../../cluster/base/ids.ts";

/** One-way: what an earlier group sends to a later one is lost, the other direction works. */
export type PartitionMode = "symmetric" | "one-way";

export class Partition {
  readonly #groupOf = new Map<PeerName, number>();
  #mode: PartitionMode = "symmetric";

  /** Replaces the partition that was there. */
  set(groups: readonly (readonly PeerName[])[], mode: PartitionMode): void {
    this.clear();
    this.#mode = mode;
    for (const [index, group] of groups.entries()) {
      for (const name of group) this.#groupOf.set(name, index);
    }
  }

  clear(): void {
    this.#groupOf.clear();
  }

  blocks(from: PeerName, to: PeerName): boolean {
    const source = this.#groupOf.get(from);
    const target = this.#groupOf.get(to);
    if (source === undefined || target === undefined || source === target) return false;
    return this.#mode === "symmetric" || source < target;
  }
}
