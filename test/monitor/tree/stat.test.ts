import { expect, test } from "vitest";
import { statOf } from "../../../monitor/tree/stat.ts";
import { CVERSION, ROOT } from "../../../monitor/tree/znode.ts";
import { World } from "./world.ts";

test("clients see every change of the children counted, nodes themselves only creations", () => {
  const world = new World();
  const client = world.connect();
  expect(statOf(world.tree, ROOT)).toMatchObject({ cversion: -1, numChildren: 1 });
  world.create(client, "/a");
  world.create(client, "/b");
  world.delete(client, "/a");
  expect(statOf(world.tree, ROOT)).toMatchObject({ cversion: 2, numChildren: 2 });
  expect(world.tree.znodes.int(ROOT, CVERSION)).toBe(2);
});

test("the cversion wraps as a signed int", () => {
  const world = new World();
  world.tree.znodes.setInt(ROOT, CVERSION, 2 ** 31 - 1);
  expect(statOf(world.tree, ROOT).cversion).toBe(-3);
});
