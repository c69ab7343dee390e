import { expect, test } from "vitest";
import { deleteAll, pathsBelow } from "../../../cli/znode/delete-all.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ADDRESSES, ClientWorld } from "../../cluster/zookeeper/client-world.ts";

async function worldOf(...paths: readonly string[]): Promise<ClientWorld> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  for (const path of paths) world.server.change(path, utf8(""));
  return world;
}

test("a node comes before what is below it, and goes after", async () => {
  const world = await worldOf("/a", "/a/b", "/a/b/c", "/a/d", "/ab");
  const client = world.client();
  expect(await world.until(pathsBelow(client, "/a"))).toEqual(["/a", "/a/b", "/a/d", "/a/b/c"]);
  expect(await world.until(deleteAll(client, "/a"))).toBe(4);
  expect(world.server.children("/")).toEqual(["ab"]);
});

test("more nodes than go into one window are all deleted", async () => {
  const below = Array.from({ length: 210 }, (_, index) => `/a/${index}`);
  const world = await worldOf("/a", ...below, ...below.map((path) => `${path}/x`));
  expect(await world.until(deleteAll(world.client(), "/a"))).toBe(421);
  expect(world.server.children("/")).toEqual([]);
});

test("what comes meanwhile is deleted too, but not for ever", async () => {
  const world = await worldOf("/a", "/a/b");
  let comers = 2;
  world.server.losesRequest = ({ op, path }) => {
    if (op === "delete" && path === "/a" && comers-- > 0) world.server.change("/a/late", utf8(""));
    return false;
  };
  expect(await world.until(deleteAll(world.client(), "/a"))).toBe(4);
  world.server.change("/a", utf8(""));
  comers = 1000;
  world.server.losesRequest = ({ op, path }) => {
    if (op === "delete" && path === "/a") world.server.change(`/a/${comers--}`, utf8(""));
    return false;
  };
  await expect(world.until(deleteAll(world.client(), "/a"))).rejects.toMatchObject({
    code: "NOTEMPTY",
  });
});
