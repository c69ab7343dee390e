import { expect, test } from "vitest";
import { ensurePath } from "../../../../cluster/zookeeper/recipe/ensure-path.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

test("a path is made with all that is above it, and only once", async () => {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const client = world.client();
  await world.until(ensurePath(client, "/"));
  await world.until(Promise.all([ensurePath(client, "/a/b/c"), ensurePath(client, "/a/b/d")]));
  await world.until(ensurePath(client, "/a/b/c"));
  expect([...world.server.nodes.keys()].toSorted()).toEqual([
    "/",
    "/a",
    "/a/b",
    "/a/b/c",
    "/a/b/d",
  ]);
});
