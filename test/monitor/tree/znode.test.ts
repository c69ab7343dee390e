import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CHILD_COUNT,
  CZXID,
  FIRST_CHILD,
  NO_ZNODE,
  PART,
  VERSION,
  type ZnodeId,
  ZnodeTable,
} from "../../../monitor/tree/znode.ts";

function childrenOf(table: ZnodeTable, parent: ZnodeId): string[] {
  return [...table.children(parent)].map((id) => table.pathOf(id));
}

test("a new node has nothing, also where another one has been", () => {
  const table = new ZnodeTable();
  const id = table.allocate("/a");
  table.setDouble(id, CZXID, 2 ** 50);
  table.setInt(id, VERSION, -7);
  table.setData(id, "x");
  table.forget(id);
  table.free(id);
  expect(table.find("/a")).toBeUndefined();
  expect(table.allocate("/b")).toBe(id);
  expect([table.double(id, CZXID), table.int(id, VERSION), table.data(id)]).toEqual([
    0,
    0,
    undefined,
  ]);
  expect(table.int(id, FIRST_CHILD)).toBe(NO_ZNODE);
});

test("fields of more nodes than fit into one chunk keep apart", () => {
  const table = new ZnodeTable();
  const ids = Array.from({ length: 10_000 }, (_, at) => table.allocate(`/${at}`));
  for (const id of ids) {
    table.setDouble(id, CZXID, id * 2 ** 33);
    table.setInt(id, VERSION, id + 7);
  }
  for (const id of ids) {
    expect(table.double(id, CZXID)).toBe(id * 2 ** 33);
    expect(table.int(id, VERSION)).toBe(id + 7);
    expect(table.pathOf(id)).toBe(`/${id}`);
  }
});

test("siblings stay in order of their links, whichever goes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 40 }), (steps) => {
      const table = new ZnodeTable();
      const root = table.allocate("/");
      const expected: string[] = [];
      for (const step of steps) {
        const path = `/${step}`;
        const id = table.find(path);
        if (id === undefined) {
          table.link(table.allocate(path), root);
          expected.push(path);
        } else {
          table.unlink(id);
          table.forget(id);
          table.free(id);
          expected.splice(expected.indexOf(path), 1);
        }
        expect(childrenOf(table, root)).toEqual(expected);
        expect(table.int(root, CHILD_COUNT)).toBe(expected.length);
      }
    }),
  );
});

test("an image puts a node back, links and data included", () => {
  const table = new ZnodeTable();
  const root = table.allocate("/");
  const id = table.allocate("/a");
  table.link(id, root);
  table.setData(id, "before");
  const images = [table.image(root), table.image(id)];
  table.setData(id, "after");
  table.setInt(id, VERSION, 3);
  table.unlink(id);
  table.forget(id);
  table.recall(id);
  for (const image of images) table.restore(image);
  expect([table.data(id), table.int(id, VERSION), childrenOf(table, root)]).toEqual([
    "before",
    0,
    ["/a"],
  ]);
});

test("siblings can be put into the order in which they were made", () => {
  const table = new ZnodeTable();
  const root = table.allocate("/");
  for (const [path, czxid, part] of [
    ["/a", 9, 0],
    ["/b", 5, 1],
    ["/c", 5, 0],
  ] as const) {
    const id = table.allocate(path);
    table.link(id, root);
    table.setDouble(id, CZXID, czxid);
    table.setInt(id, PART, part);
  }
  table.relinkAll();
  expect(childrenOf(table, root)).toEqual(["/c", "/b", "/a"]);
});

test("a node that changed is dirty once, and not at all if it is gone", () => {
  const table = new ZnodeTable();
  const [one, other] = [table.allocate("/a"), table.allocate("/b")];
  for (const id of [one, other, one]) table.markDirty(id);
  table.forget(other);
  table.free(other);
  expect(table.takeDirty()).toEqual([one]);
  expect(table.takeDirty()).toEqual([]);
});
