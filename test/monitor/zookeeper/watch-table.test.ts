import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WATCHER_TYPES } from "../../../cluster/zookeeper/watch-records.ts";
import {
  type TriggerType,
  WATCH_OVERHEAD,
  type WatcherCode,
  WatchTable,
  watcherCodeOf,
} from "../../../monitor/zookeeper/watch-table.ts";

const newTable = (limits: { bytesPerConnectionMax?: number; bytesMax?: number } = {}): WatchTable =>
  new WatchTable({ bytesPerConnectionMax: 1e6, bytesMax: 1e6, ...limits });

const TYPES: readonly TriggerType[] = [
  "nodeCreated",
  "nodeDeleted",
  "nodeDataChanged",
  "nodeChildrenChanged",
];

describe("what a watch hears of its node", () => {
  type Kind = "data" | "child" | "persistent" | "recursive";
  const cases: [kind: Kind, created: boolean, deleted: boolean, data: boolean, child: boolean][] = [
    ["data", true, true, true, false],
    ["child", false, true, false, true],
    ["persistent", true, true, true, true],
    ["recursive", true, true, true, false],
  ];
  test.each(cases)("%s", (kind, ...expected) => {
    const heard = TYPES.map((type) => {
      const table = newTable();
      if (kind === "data" || kind === "child") table.add(kind, 1, "/a");
      else table.addPersistent(1, "/a", kind === "recursive");
      return table.trigger(type, "/a").has(1);
    });
    expect(heard).toEqual(expected);
  });
});

test("a deleted node with a data and a child watch is told once, and both are gone", () => {
  const table = newTable();
  table.add("data", 1, "/a");
  table.add("child", 1, "/a");
  expect([...table.trigger("nodeDeleted", "/a")]).toEqual([1]);
  expect(table.size).toBe(0);
});

describe("removing and checking", () => {
  test.each([
    [WATCHER_TYPES.data, true, false],
    [WATCHER_TYPES.children, false, true],
    [WATCHER_TYPES.any, true, true],
  ])("type %i", (type, data, child) => {
    const table = newTable();
    table.add("data", 1, "/a");
    expect(table.contains(type, "/a")).toBe(data);
    expect(table.remove(type, 1, "/a")).toBe(data);
    table.add("child", 1, "/b");
    expect(table.remove(type, 1, "/b")).toBe(child);
    expect(table.remove(type, 1, "/b")).toBe(false);
  });

  test("a check does not ask whose watch it is, as ZooKeeper does not", () => {
    const table = newTable();
    table.add("data", 1, "/a");
    expect(table.contains(WATCHER_TYPES.data, "/a")).toBe(true);
    expect(table.remove(WATCHER_TYPES.data, 2, "/a")).toBe(false);
  });
});

test("numbers that name no type of watcher are refused", () => {
  expect([0, 1, 2, 3, 4, -1].map(watcherCodeOf)).toEqual([
    undefined,
    1,
    2,
    3,
    undefined,
    undefined,
  ]);
});

describe("bounds", () => {
  test("a connection holds so much, and another still finds room", () => {
    const table = newTable({ bytesPerConnectionMax: 2 * (WATCH_OVERHEAD + 2) });
    expect(table.add("data", 1, "/a")).toBe(true);
    expect(table.add("data", 1, "/a")).toBe(true);
    expect(table.addPersistent(1, "/b", false)).toBe(false);
    expect(table.add("child", 1, "/a")).toBe(true);
    expect(table.add("data", 1, "/c")).toBe(false);
    expect(table.add("data", 2, "/c")).toBe(true);
    table.trigger("nodeDataChanged", "/a");
    expect(table.add("data", 1, "/c")).toBe(true);
  });

  test("all connections hold so much together", () => {
    const table = newTable({ bytesMax: 2 * (WATCH_OVERHEAD + 2) });
    for (const connection of [1, 2]) expect(table.add("data", connection, "/a")).toBe(true);
    expect(table.add("data", 3, "/a")).toBe(false);
    table.removeConnection(1);
    expect(table.add("data", 3, "/a")).toBe(true);
  });
});

/** One list of watches, gone through for everything. */
class DumbTable {
  watches: { kind: "data" | "child"; connection: number; path: string; mode: string }[] = [];

  set(kind: "data" | "child", connection: number, path: string, mode: string): void {
    this.drop((w) => w.kind === kind && w.connection === connection && w.path === path);
    this.watches.push({ kind, connection, path, mode });
  }

  drop(condition: (watch: DumbTable["watches"][number]) => boolean): boolean {
    const before = this.watches.length;
    this.watches = this.watches.filter((watch) => !condition(watch));
    return this.watches.length < before;
  }

  trigger(type: TriggerType, path: string): number[] {
    const kinds =
      type === "nodeChildrenChanged"
        ? ["child"]
        : type === "nodeDeleted"
          ? ["data", "child"]
          : ["data"];
    const hit = this.watches.filter(({ kind, path: own, mode }) => {
      if (!kinds.includes(kind)) return false;
      if (mode !== "recursive") return own === path;
      if (type === "nodeChildrenChanged") return false;
      return own === path || own === "/" || path.startsWith(`${own}/`);
    });
    this.drop((watch) => watch.mode === "standard" && hit.includes(watch));
    return [...new Set(hit.map(({ connection }) => connection))].sort();
  }
}

test("any run of calls does what a list of watches would do", () => {
  const path = fc.constantFrom("/", "/a", "/a/b", "/a/b/c", "/ab");
  const connection = fc.integer({ min: 1, max: 3 });
  const kind = fc.constantFrom<"data" | "child">("data", "child");
  const call = fc.oneof(
    fc.record({ call: fc.constant("add" as const), kind, connection, path }),
    fc.record({ call: fc.constant("persist" as const), connection, path, recursive: fc.boolean() }),
    fc.record({
      call: fc.constant("remove" as const),
      type: fc.constantFrom<WatcherCode>(1, 2, 3),
      connection,
      path,
    }),
    fc.record({ call: fc.constant("close" as const), connection }),
    fc.record({
      call: fc.constant("trigger" as const),
      type: fc.constantFrom(...TYPES),
      path,
    }),
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const table = newTable();
      const dumb = new DumbTable();
      for (const one of calls) {
        if (one.call === "add") {
          table.add(one.kind, one.connection, one.path);
          dumb.set(one.kind, one.connection, one.path, "standard");
        } else if (one.call === "persist") {
          table.addPersistent(one.connection, one.path, one.recursive);
          const mode = one.recursive ? "recursive" : "persistent";
          for (const each of ["data", "child"] as const) {
            dumb.set(each, one.connection, one.path, mode);
          }
        } else if (one.call === "remove") {
          const kinds = [[], ["child"], ["data"], ["data", "child"]][one.type] ?? [];
          const expected = dumb.drop(
            (w) => kinds.includes(w.kind) && w.connection === one.connection && w.path === one.path,
          );
          expect(table.remove(one.type, one.connection, one.path)).toBe(expected);
        } else if (one.call === "close") {
          table.removeConnection(one.connection);
          dumb.drop((watch) => watch.connection === one.connection);
        } else {
          expect([...table.trigger(one.type, one.path)].sort()).toEqual(
            dumb.trigger(one.type, one.path),
          );
        }
        expect(table.size).toBe(dumb.watches.length);
      }
    }),
    { numRuns: 500 },
  );
});
