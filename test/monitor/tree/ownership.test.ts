import { expect, test } from "vitest";
import { dropOwner, noteOwner } from "../../../monitor/tree/ownership.ts";
import { NO_ZNODE, OWNER } from "../../../monitor/tree/znode.ts";
import { createFields, World } from "./world.ts";

test("nodes are indexed by whose they are, for as long as they are there", () => {
  const world = new World({ settings: { extendedTypes: true } });
  const client = world.connect();
  world.create(client, "/e", { flags: 1 });
  world.write(client, "createContainer", { ...createFields({}), path: "/c" });
  world.write(client, "createTTL", { ...createFields({ flags: 5 }), path: "/t", ttl: 9 });
  const sizes = () => [world.tree.ephemeralCount, world.tree.containers.size, world.tree.ttls.size];
  expect(sizes()).toEqual([1, 1, 1]);
  for (const path of ["/e", "/c", "/t"]) {
    const id = world.tree.znodes.find(path) ?? NO_ZNODE;
    dropOwner(world.tree, id);
    noteOwner(world.tree, id);
  }
  expect(sizes()).toEqual([1, 1, 1]);
  for (const path of ["/e", "/c", "/t"]) world.delete(client, path);
  expect(sizes()).toEqual([0, 0, 0]);
});

test("an ephemeral node without its session is a bug", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a");
  const id = world.tree.znodes.find("/a") ?? NO_ZNODE;
  world.tree.znodes.setDouble(id, OWNER, 77);
  expect(() => noteOwner(world.tree, id)).toThrow("the session of an ephemeral node is missing");
});
