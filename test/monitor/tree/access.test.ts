import { describe, expect, test } from "vitest";
import { findZnode, isValidPath, mayAccess, parentPathOf } from "../../../monitor/tree/access.ts";
import { ROOT } from "../../../monitor/tree/znode.ts";
import { World } from "./world.ts";

describe("the path of a parent", () => {
  test.each([
    ["/a", ""],
    ["/a/b", "/a"],
    ["//a", "/"],
    ["/a/", "/a"],
    ["x/y", "x"],
    ["a", undefined],
    ["", undefined],
    ["/a/\0", undefined],
  ])("of %j is %j", (path, parent) => {
    expect(parentPathOf(path)).toBe(parent);
  });
});

test("the root is also found under the empty path", () => {
  const { tree } = new World();
  expect(findZnode(tree, "")).toBe(ROOT);
  expect(findZnode(tree, "/")).toBe(ROOT);
  expect(findZnode(tree, "/none")).toBeUndefined();
});

test("the empty path is no valid one, though", () => {
  expect(isValidPath("")).toBe(false);
  expect(isValidPath("/")).toBe(true);
  expect(isValidPath("/a/..")).toBe(false);
});

test("access follows the node's ACL and the settings", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a", { acl: [{ perms: 1, id: { scheme: "world", id: "anyone" } }] });
  const id = findZnode(world.tree, "/a") ?? -1;
  expect(mayAccess(world.tree, id, { identities: [], perm: 1 })).toBe(true);
  expect(mayAccess(world.tree, id, { identities: [], perm: 2 })).toBe(false);
  world.settings({ skipAcl: true });
  expect(mayAccess(world.tree, id, { identities: [], perm: 2 })).toBe(true);
});
