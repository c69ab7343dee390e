import { expect, test } from "vitest";
import { childNames, descendantCount } from "../../../monitor/tree/children.ts";
import { NO_ZNODE, ROOT } from "../../../monitor/tree/znode.ts";
import { World } from "./world.ts";

test("names are those of children only, in the order of a HashSet", () => {
  const world = new World();
  const client = world.connect();
  for (const path of ["/p", "/p/i", "/p/a", "/p/a/x", "/p/b", "/px"]) world.create(client, path);
  const id = world.tree.znodes.find("/p") ?? NO_ZNODE;
  // The hashes of i and a fall into one bucket of eight, where the older one comes first.
  expect(childNames(world.tree, id)).toEqual(["i", "a", "b"]);
  expect(descendantCount(world.tree, id)).toBe(4);
  expect(descendantCount(world.tree, ROOT)).toBe(9);
});

test("a table that has grown stays large, which shows in the order", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/p");
  for (const name of ["i", "a", "b", "c", "d", "e", "f"]) world.create(client, `/p/${name}`);
  for (const name of ["b", "c", "d", "e", "f"]) world.delete(client, `/p/${name}`);
  expect(world.children(client, "/p")).toEqual(["a", "i"]);
});
