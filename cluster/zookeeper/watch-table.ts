/**
 * What a client watches, and who wants to know: enough to tell listeners what an event means to
 * them, and to set the same watches again at another server.
 *
 *   data         set by getData, or by exists of a node that was there
 *   exist        set by exists of a node that was not
 *   child        set by getChildren
 *   persistent   set by addWatch, as is recursive; these two outlive their events
 *
 * A listener that is on one path and kind several times is told once.
 */
import { parentOf, ROOT_PATH } from "./path.ts";
import type { EventType, SetWatches2, WatcherType } from "./watch-records.ts";

export type WatchKind = "data" | "exist" | "child" | "persistent" | "recursive";

/** Whom to tell. Only compared here; the shell knows how to call it. */
export type Watcher = object;

export interface Removed {
  readonly path: string;
  readonly type: EventType;
  readonly watchers: readonly Watcher[];
}

type Paths = Map<string, Set<Watcher>>;

/** Which one-shot watches an event uses up. */
const USED_UP: Readonly<Partial<Record<EventType, readonly WatchKind[]>>> = {
  nodeCreated: ["data", "exist"],
  nodeDataChanged: ["data", "exist"],
  nodeDeleted: ["data", "exist", "child"],
  nodeChildrenChanged: ["child"],
};

const REMOVED_BY: Readonly<Record<WatcherType, readonly WatchKind[]>> = {
  data: ["data", "exist"],
  children: ["child"],
  any: ["data", "exist", "child", "persistent", "recursive"],
};

const REMOVAL_EVENTS: Readonly<Record<WatchKind, EventType>> = {
  data: "dataWatchRemoved",
  exist: "dataWatchRemoved",
  child: "childWatchRemoved",
  persistent: "persistentWatchRemoved",
  recursive: "persistentWatchRemoved",
};

const FIELDS: Readonly<Record<WatchKind, Exclude<keyof SetWatches2, "relativeZxid">>> = {
  data: "dataWatches",
  exist: "existWatches",
  child: "childWatches",
  persistent: "persistentWatches",
  recursive: "persistentRecursiveWatches",
};
const KINDS = Object.keys(FIELDS) as WatchKind[];

/** Of the paths in one packet that sets watches again, so that no server finds it too large. */
export const SET_WATCHES_SIZE_MAX = 128 * 1024;
/** A path in a packet: its size, and at most three bytes for each unit. */
const pathSize = (path: string): number => 4 + 3 * path.length;

export class WatchTable {
  readonly #kinds: Readonly<Record<WatchKind, Paths>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    recursive: new Map(),
  };

  /** Pairs of a path and a kind. */
  get size(): number {
    return KINDS.reduce((sum, kind) => sum + this.#kinds[kind].size, 0);
  }

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const paths = this.#kinds[kind];
    const watchers = paths.get(path);
    if (watchers === undefined) paths.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Those whom the event is for. What it uses up is gone. */
  fire(type: EventType, path: string): Watcher[] {
    const told = new Set<Watcher>();
    for (const kind of USED_UP[type] ?? []) {
      for (const watcher of this.#kinds[kind].get(path) ?? []) told.add(watcher);
      this.#kinds[kind].delete(path);
    }
    for (const watcher of this.#kinds.persistent.get(path) ?? []) told.add(watcher);
    // A recursive watch is told of every node itself, so news about children would be news twice.
    if (type !== "nodeChildrenChanged") this.#tellAncestors(path, told);
    return [...told];
  }

  #tellAncestors(path: string, told: Set<Watcher>): void {
    const { recursive } = this.#kinds;
    if (recursive.size === 0) return;
    for (let at = path; ; at = parentOf(at)) {
      for (const watcher of recursive.get(at) ?? []) told.add(watcher);
      if (at === ROOT_PATH || at === "") return;
    }
  }

  remove(path: string, type: WatcherType): Removed[] {
    return REMOVED_BY[type].flatMap((kind) => {
      const watchers = this.#kinds[kind].get(path);
      if (watchers === undefined) return [];
      this.#kinds[kind].delete(path);
      return [{ path, type: REMOVAL_EVENTS[kind], watchers: [...watchers] }];
    });
  }

  /** Everything, once for each path that a listener was on. */
  clear(): Removed[] {
    const byPath = new Map<string, Set<Watcher>>();
    for (const kind of KINDS) {
      for (const [path, watchers] of this.#kinds[kind]) {
        const all = byPath.get(path) ?? new Set();
        for (const watcher of watchers) all.add(watcher);
        byPath.set(path, all);
      }
      this.#kinds[kind].clear();
    }
    return [...byPath].map(([path, all]) => ({ path, type: "none", watchers: [...all] }));
  }

  /** The requests that set all these watches again and tell what changed after `relativeZxid`. */
  replay(relativeZxid: number): SetWatches2[] {
    const requests: SetWatches2[] = [];
    let request = emptyRequest(relativeZxid);
    let size = 0;
    for (const kind of KINDS) {
      for (const path of this.#kinds[kind].keys()) {
        if (size > 0 && size + pathSize(path) > SET_WATCHES_SIZE_MAX) {
          requests.push(request);
          request = emptyRequest(relativeZxid);
          size = 0;
        }
        request[FIELDS[kind]].push(path);
        size += pathSize(path);
      }
    }
    return size === 0 ? requests : [...requests, request];
  }
}

type GrowingRequest = { relativeZxid: number } & Record<(typeof FIELDS)[WatchKind], string[]>;

function emptyRequest(relativeZxid: number): GrowingRequest {
  return {
    relativeZxid,
    dataWatches: [],
    existWatches: [],
    childWatches: [],
    persistentWatches: [],
    persistentRecursiveWatches: [],
  };
}
