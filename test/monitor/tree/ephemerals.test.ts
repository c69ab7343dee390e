import { expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { endSession, ephemeralsOf } from "../../../monitor/tree/ephemerals.ts";
import { World } from "./world.ts";

test("nodes that a session had and lost leave their mark on the order, as in ZooKeeper", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/n");
  const paths = Array.from({ length: 20 }, (_, at) => `/n/${at}`);
  for (const path of paths) world.create(client, path, { flags: 1 });
  const session = present(world.tree.sessions.find(client.session), "the session");
  const { znodes } = world.tree;
  expect(
    ephemeralsOf(world.tree, session)
      .map((id) => znodes.pathOf(id))
      .sort(),
  ).toEqual(paths.toSorted());
  for (const path of paths.slice(2)) world.delete(client, path);
  expect(session.ephemeralsLog).toBe(5);
  expect(ephemeralsOf(world.tree, session)).toHaveLength(2);
});

test("a session ends with its nodes, in one transaction", () => {
  const world = new World();
  const client = world.connect();
  for (const path of ["/a", "/b"]) world.create(client, path, { flags: 1 });
  const session = present(world.tree.sessions.find(client.session), "the session");
  const transaction = { zxid: world.zxid + 1, wallMs: 9, part: 0, triggers: [] };
  endSession(world.tree, transaction, session);
  expect(world.tree.ephemeralCount).toBe(0);
  expect(world.tree.sessions.count).toBe(0);
  expect(transaction.triggers).toHaveLength(4);
  expect(world.children(client, "/")).toEqual(["zookeeper"]);
});
