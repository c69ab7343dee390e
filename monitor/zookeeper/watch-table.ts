/**
 * The watches of a server's connections. A change of the tree comes in as a trigger and goes out as
 * the connections that have to be told, each once. ZooKeeper keeps a table for data (which also has
 * the watches on nodes that do not exist) and one for children; a persistent watch stands in both.
 * A deleted node triggers both, and who is told through the first is not told again.
 *
 * A client can set watches without end, so what one connection holds is bounded in bytes, and what
 * all hold is too. At the bound a watch is refused, and the server answers so.
 */
import { WATCHER_TYPES, type WatcherType } from "../../cluster/zookeeper/watch-records.ts";
import { WATCH_MODES, WatchIndex, type WatchMode } from "./watch-index.ts";

/** What a watch costs beside its path. */
export const WATCH_OVERHEAD = 128;

export type TriggerType = "nodeCreated" | "nodeDeleted" | "nodeDataChanged" | "nodeChildrenChanged";

/** As removeWatches and checkWatches name it on the wire. */
export type WatcherCode = (typeof WATCHER_TYPES)[WatcherType];

export type WatchKind = "data" | "child";

export interface WatchLimits {
  readonly bytesPerConnectionMax: number;
  readonly bytesMax: number;
}

export class WatchTable {
  readonly data = new WatchIndex();
  readonly child = new WatchIndex();
  readonly #limits: WatchLimits;
  readonly #bytes = new Map<number, number>();
  #totalBytes = 0;
  readonly #fired = new Set<number>();
  readonly #removed: number[] = [];

  constructor(limits: WatchLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.data.size + this.child.size;
  }

  /** False, and nothing changed, if the connection or the server holds as much as it may. */
  add(kind: WatchKind, connection: number, path: string): boolean {
    return this.#add(this[kind], { connection, path, mode: WATCH_MODES.standard });
  }

  /** A watch for all changes, in both tables. */
  addPersistent(connection: number, path: string, isRecursive: boolean): boolean {
    const mode = isRecursive ? WATCH_MODES.recursive : WATCH_MODES.persistent;
    if (!this.#hasRoom(connection, 2 * weightOf(path))) return false;
    this.#add(this.data, { connection, path, mode });
    this.#add(this.child, { connection, path, mode });
    return true;
  }

  /** False if there was no such watch. */
  remove(type: WatcherCode, connection: number, path: string): boolean {
    const child = type !== WATCHER_TYPES.data && this.#remove(this.child, connection, path);
    const data = type !== WATCHER_TYPES.children && this.#remove(this.data, connection, path);
    return child || data;
  }

  /** True if anybody watches the path: ZooKeeper 3.8 does not look whether it is the asker. */
  contains(type: WatcherCode, path: string): boolean {
    return (
      (type !== WATCHER_TYPES.data && this.child.has(path)) ||
      (type !== WATCHER_TYPES.children && this.data.has(path))
    );
  }

  removeConnection(connection: number): void {
    this.data.removeConnection(connection);
    this.child.removeConnection(connection);
    this.#totalBytes -= this.#bytes.get(connection) ?? 0;
    this.#bytes.delete(connection);
  }

  /** The connections to tell; good until the next call. One-shot watches among theirs are gone. */
  trigger(type: TriggerType, path: string): ReadonlySet<number> {
    const fired = this.#fired;
    fired.clear();
    if (type === "nodeChildrenChanged") {
      this.#trigger(this.child, path, true);
      return fired;
    }
    this.#trigger(this.data, path, false);
    if (type === "nodeDeleted") this.#trigger(this.child, path, false);
    return fired;
  }

  #trigger(index: WatchIndex, path: string, isChildrenChanged: boolean): void {
    const removed = this.#removed;
    index.trigger(path, isChildrenChanged, { fired: this.#fired, removed });
    for (const connection of removed) this.#discount(connection, weightOf(path));
    removed.length = 0;
  }

  #add(
    index: WatchIndex,
    watch: { readonly connection: number; readonly path: string; readonly mode: WatchMode },
  ): boolean {
    const { connection, path, mode } = watch;
    const weight = weightOf(path);
    if (!this.#hasRoom(connection, weight)) return false;
    if (!index.add(connection, path, mode)) return true;
    this.#totalBytes += weight;
    this.#bytes.set(connection, (this.#bytes.get(connection) ?? 0) + weight);
    return true;
  }

  #remove(index: WatchIndex, connection: number, path: string): boolean {
    if (!index.remove(connection, path)) return false;
    this.#discount(connection, weightOf(path));
    return true;
  }

  #hasRoom(connection: number, weight: number): boolean {
    return (
      (this.#bytes.get(connection) ?? 0) + weight <= this.#limits.bytesPerConnectionMax &&
      this.#totalBytes + weight <= this.#limits.bytesMax
    );
  }

  #discount(connection: number, weight: number): void {
    const left = (this.#bytes.get(connection) ?? 0) - weight;
    this.#totalBytes -= weight;
    if (left > 0) this.#bytes.set(connection, left);
    else this.#bytes.delete(connection);
  }
}

function weightOf(path: string): number {
  return WATCH_OVERHEAD + path.length;
}

export function watcherCodeOf(type: number): WatcherCode | undefined {
  const known: readonly number[] = Object.values(WATCHER_TYPES);
  return known.includes(type) ? (type as WatcherCode) : undefined;
}
