import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventType } from "../../../cluster/zookeeper/watch-records.ts";
import {
  SET_WATCHES_SIZE_MAX,
  type WatchKind,
  WatchTable,
} from "../../../cluster/zookeeper/watch-table.ts";

const KINDS: readonly WatchKind[] = ["data", "exist", "child", "persistent", "recursive"];

function tableOfAll(path: string): { table: WatchTable; watchers: Map<object, WatchKind> } {
  const table = new WatchTable();
  const watchers = new Map<object, WatchKind>();
  for (const kind of KINDS) {
    const watcher = {};
    watchers.set(watcher, kind);
    table.add(kind, path, watcher);
  }
  return { table, watchers };
}

describe("an event", () => {
  test.each<[EventType, string, readonly WatchKind[], readonly WatchKind[]]>([
    [
      "nodeCreated",
      "/a",
      ["data", "exist", "persistent", "recursive"],
      ["persistent", "recursive"],
    ],
    [
      "nodeDataChanged",
      "/a",
      ["data", "exist", "persistent", "recursive"],
      ["persistent", "recursive"],
    ],
    ["nodeDeleted", "/a", KINDS, ["persistent", "recursive"]],
    ["nodeChildrenChanged", "/a", ["child", "persistent"], ["persistent"]],
    ["nodeCreated", "/a/b", ["recursive"], ["recursive"]],
    ["nodeDeleted", "/a/b/c", ["recursive"], ["recursive"]],
    ["nodeChildrenChanged", "/a/b", [], []],
    ["nodeCreated", "/ab", [], []],
    ["nodeCreated", "/", [], []],
  ])("%s %s is for %j, and again for %j", (type, path, first, second) => {
    const { table, watchers } = tableOfAll("/a");
    const kinds = (): unknown[] => table.fire(type, path).map((watcher) => watchers.get(watcher));
    expect(kinds()).toEqual(first);
    expect(kinds()).toEqual(second);
  });

  test("below a recursive watch on the root is for it", () => {
    const { table } = tableOfAll("/");
    expect(table.fire("nodeCreated", "/x/y")).toHaveLength(1);
    expect(table.fire("nodeCreated", "/")).toHaveLength(4);
  });

  test("tells a listener once, by how many ways it is for it", () => {
    const table = new WatchTable();
    const watcher = {};
    for (const kind of KINDS) table.add(kind, "/a", watcher);
    expect(table.fire("nodeDeleted", "/a")).toEqual([watcher]);
  });
});

describe("removing", () => {
  test.each([
    ["data", ["dataWatchRemoved", "dataWatchRemoved"], 3],
    ["children", ["childWatchRemoved"], 4],
    [
      "any",
      [
        "dataWatchRemoved",
        "dataWatchRemoved",
        "childWatchRemoved",
        "persistentWatchRemoved",
        "persistentWatchRemoved",
      ],
      0,
    ],
  ] as const)("%s tells %j", (type, events, left) => {
    const { table } = tableOfAll("/a");
    expect(table.remove("/a", type).map((removed) => removed.type)).toEqual(events);
    expect(table.size).toBe(left);
    expect(table.remove("/a", type)).toEqual([]);
  });

  test("everything tells every listener once for each path", () => {
    const table = new WatchTable();
    const watcher = {};
    table.add("data", "/a", watcher);
    table.add("child", "/a", watcher);
    table.add("child", "/b", watcher);
    expect(table.clear()).toEqual([
      { path: "/a", type: "none", watchers: [watcher] },
      { path: "/b", type: "none", watchers: [watcher] },
    ]);
    expect(table.size).toBe(0);
  });
});

describe("setting all again", () => {
  test("without any needs no request", () => {
    expect(new WatchTable().replay(5)).toEqual([]);
  });

  test("needs one, in which each kind has its list", () => {
    const { table } = tableOfAll("/a");
    expect(table.replay(5)).toEqual([
      {
        relativeZxid: 5,
        dataWatches: ["/a"],
        existWatches: ["/a"],
        childWatches: ["/a"],
        persistentWatches: ["/a"],
        persistentRecursiveWatches: ["/a"],
      },
    ]);
  });

  test("names every path once, in requests that no server finds too large", () => {
    const path = fc
      .tuple(fc.nat(5000), fc.constantFrom(1, 10, 2000))
      .map(([id, size]) => `/${id}${"x".repeat(size)}`);
    const watches = fc.array(fc.tuple(fc.constantFrom(...KINDS), path), { maxLength: 300 });
    fc.assert(
      fc.property(watches, (all) => {
        const table = new WatchTable();
        for (const [kind, at] of all) table.add(kind, at, {});
        const requests = table.replay(1);
        const lists = requests.map(({ relativeZxid, ...rest }) => Object.entries(rest));
        const named = lists.flatMap((entries) =>
          entries.flatMap(([kind, paths]) => paths.map((at) => `${kind} ${at}`)),
        );
        expect(new Set(named).size).toBe(named.length);
        expect(named.length).toBe(new Set(all.map(String)).size);
        for (const entries of lists) {
          const sizes = entries.flatMap(([, paths]) => paths.map((at) => 4 + at.length));
          const size = sizes.reduce((sum, one) => sum + one, 0);
          expect(size).toBeLessThanOrEqual(SET_WATCHES_SIZE_MAX);
          expect(size).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});
