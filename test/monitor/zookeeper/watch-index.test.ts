import { expect, test } from "vitest";
import { WATCH_MODES, WatchIndex } from "../../../monitor/zookeeper/watch-index.ts";

const { standard, persistent, recursive } = WATCH_MODES;

function trigger(index: WatchIndex, path: string, isChildrenChanged = false) {
  const fired = new Set<number>();
  const removed: number[] = [];
  index.trigger(path, isChildrenChanged, { fired, removed });
  return { fired: [...fired], removed };
}

test("a one-shot watch fires once, for the path itself alone", () => {
  const index = new WatchIndex();
  expect(index.add(7, "/a", standard)).toBe(true);
  expect(index.add(7, "/a", standard)).toBe(false);
  expect(trigger(index, "/a/b")).toEqual({ fired: [], removed: [] });
  expect(trigger(index, "/a")).toEqual({ fired: [7], removed: [7] });
  expect(trigger(index, "/a")).toEqual({ fired: [], removed: [] });
  expect([index.size, index.pathCount, index.connectionCount]).toEqual([0, 0, 0]);
});

test("a persistent watch stays", () => {
  const index = new WatchIndex();
  index.add(7, "/a", persistent);
  expect(trigger(index, "/a").fired).toEqual([7]);
  expect(trigger(index, "/a", true)).toEqual({ fired: [7], removed: [] });
});

test("a recursive watch sees the whole subtree, and no changed children", () => {
  const index = new WatchIndex();
  index.add(7, "/a", recursive);
  index.add(8, "/", recursive);
  expect(trigger(index, "/a/b/c").fired).toEqual([7, 8]);
  expect(trigger(index, "/a").fired).toEqual([7, 8]);
  expect(trigger(index, "/").fired).toEqual([8]);
  expect(trigger(index, "/ab").fired).toEqual([8]);
  expect(trigger(index, "/a", true).fired).toEqual([]);
  index.remove(8, "/");
  index.remove(7, "/a");
  expect(trigger(index, "/a/b/c").fired).toEqual([]);
});

test("the mode is that of the last call: a read takes the persistence away", () => {
  const index = new WatchIndex();
  for (const other of [false, true]) {
    if (other) index.add(1, "/a", standard);
    index.add(7, "/a", recursive);
    index.add(7, "/a", standard);
    expect(trigger(index, "/a/b").fired).toEqual([]);
    expect(trigger(index, "/a").removed).toContain(7);
    expect(index.size).toBe(0);
  }
});

test("connections go with all their watches", () => {
  const index = new WatchIndex();
  for (const path of ["/a", "/b", "/c"]) index.add(1, path, recursive);
  index.add(2, "/b", standard);
  index.removeConnection(1);
  index.removeConnection(3);
  expect([index.size, [...index.paths()], [...index.connectionsOf("/b")]]).toEqual([
    1,
    ["/b"],
    [2],
  ]);
  expect([...index.pathsOf(2), ...index.pathsOf(1), ...index.connectionsOf("/a")]).toEqual(["/b"]);
});

test("a path without a slash has no parents", () => {
  const index = new WatchIndex();
  index.add(1, "", recursive);
  index.add(1, "/x", recursive);
  expect(trigger(index, "odd").fired).toEqual([]);
  expect(trigger(index, "").fired).toEqual([1]);
});
