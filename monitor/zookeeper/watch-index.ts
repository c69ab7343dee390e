/**
 * Which connection watches which path, for one of ZooKeeper's two tables (data and child), with the
 * behaviour of its WatchManager: one watch per connection and path, whose mode is that of the last
 * call (a read with a watch turns a persistent one into a one-shot one), recursive ones found from
 * the parents of a path.
 *
 * Most paths have one watcher and many connections watch one path, so a set is made only for the
 * second: 10,000 connections with a watch each, or one with 10,000, cost little more than the keys.
 */

export const WATCH_MODES = { standard: 0, persistent: 1, recursive: 2 } as const;
export type WatchMode = (typeof WATCH_MODES)[keyof typeof WATCH_MODES];

/** connection * MODES + mode where there is one watcher, else the modes by connection. */
type Watchers = number | Map<number, WatchMode>;
type Paths = string | Set<string>;

const MODES = 4;

export class WatchIndex {
  readonly #byPath = new Map<string, Watchers>();
  readonly #byConnection = new Map<number, Paths>();
  #size = 0;
  /** While there is none, nobody walks up to the root. */
  #recursiveCount = 0;

  /** Pairs of connection and path. */
  get size(): number {
    return this.#size;
  }

  get pathCount(): number {
    return this.#byPath.size;
  }

  get connectionCount(): number {
    return this.#byConnection.size;
  }

  /** True if the pair is new. */
  add(connection: number, path: string, mode: WatchMode): boolean {
    const before = this.#setMode(connection, path, mode);
    if (mode === WATCH_MODES.recursive) this.#recursiveCount += 1;
    if (before === WATCH_MODES.recursive) this.#recursiveCount -= 1;
    if (before !== undefined) return false;
    this.#size += 1;
    const paths = this.#byConnection.get(connection);
    if (paths === undefined) this.#byConnection.set(connection, path);
    else if (typeof paths === "string") this.#byConnection.set(connection, new Set([paths, path]));
    else paths.add(path);
    return true;
  }

  /** False if there was no such pair. */
  remove(connection: number, path: string): boolean {
    if (!this.#removeWatcher(connection, path)) return false;
    const paths = this.#byConnection.get(connection);
    if (typeof paths === "object") {
      paths.delete(path);
      if (paths.size > 0) return true;
    }
    this.#byConnection.delete(connection);
    return true;
  }

  removeConnection(connection: number): void {
    for (const path of this.pathsOf(connection)) this.#removeWatcher(connection, path);
    this.#byConnection.delete(connection);
  }

  /** Whether anybody watches the path. */
  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  /**
   * Adds to `fired` the connections that learn of a change of `path`. One-shot watches among theirs
   * are gone, and whose they were is added to `removed`. Recursive ones do not learn of changed
   * children: they are told of the child itself.
   */
  trigger(
    path: string,
    isChildrenChanged: boolean,
    { fired, removed }: { readonly fired: Set<number>; readonly removed: number[] },
  ): void {
    const watchers = this.#byPath.get(path);
    if (watchers !== undefined) {
      for (const [connection, mode] of entriesOf(watchers)) {
        if (mode === WATCH_MODES.recursive && isChildrenChanged) continue;
        fired.add(connection);
        if (mode !== WATCH_MODES.standard) continue;
        this.remove(connection, path);
        removed.push(connection);
      }
    }
    if (this.#recursiveCount === 0 || isChildrenChanged) return;
    for (let at = path; at.length > 1; ) {
      const end = at.lastIndexOf("/");
      if (end < 0) return;
      at = at.slice(0, Math.max(1, end));
      this.#collectRecursive(at, fired);
    }
  }

  *pathsOf(connection: number): Iterable<string> {
    const paths = this.#byConnection.get(connection);
    if (typeof paths === "string") yield paths;
    else if (paths !== undefined) yield* paths;
  }

  *connectionsOf(path: string): Iterable<number> {
    const watchers = this.#byPath.get(path);
    if (watchers === undefined) return;
    for (const [connection] of entriesOf(watchers)) yield connection;
  }

  paths(): Iterable<string> {
    return this.#byPath.keys();
  }

  connections(): Iterable<number> {
    return this.#byConnection.keys();
  }

  #collectRecursive(path: string, fired: Set<number>): void {
    const watchers = this.#byPath.get(path);
    if (watchers === undefined) return;
    for (const [connection, mode] of entriesOf(watchers)) {
      if (mode === WATCH_MODES.recursive) fired.add(connection);
    }
  }

  /** The mode before, undefined if there was no watch. */
  #setMode(connection: number, path: string, mode: WatchMode): WatchMode | undefined {
    const watchers = this.#byPath.get(path);
    const packed = connection * MODES + mode;
    if (watchers === undefined) {
      this.#byPath.set(path, packed);
      return undefined;
    }
    if (typeof watchers === "object") {
      const before = watchers.get(connection);
      watchers.set(connection, mode);
      return before;
    }
    const before = (watchers % MODES) as WatchMode;
    const other = (watchers - before) / MODES;
    if (other === connection) {
      this.#byPath.set(path, packed);
      return before;
    }
    const both: [number, WatchMode][] = [
      [other, before],
      [connection, mode],
    ];
    this.#byPath.set(path, new Map(both));
    return undefined;
  }

  #removeWatcher(connection: number, path: string): boolean {
    const watchers = this.#byPath.get(path);
    let mode: number | undefined;
    if (typeof watchers === "number") {
      if (Math.floor(watchers / MODES) !== connection) return false;
      mode = watchers % MODES;
      this.#byPath.delete(path);
    } else {
      mode = watchers?.get(connection);
      if (watchers === undefined || mode === undefined) return false;
      watchers.delete(connection);
      if (watchers.size === 0) this.#byPath.delete(path);
    }
    this.#size -= 1;
    if (mode === WATCH_MODES.recursive) this.#recursiveCount -= 1;
    return true;
  }
}

function entriesOf(watchers: Watchers): Iterable<[number, WatchMode]> {
  if (typeof watchers === "object") return watchers;
  const mode = (watchers % MODES) as WatchMode;
  return [[(watchers - mode) / MODES, mode]];
}
