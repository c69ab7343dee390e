import { describe, expect, test } from "vitest";
import { utf8 } from "../../../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../../../cluster/zookeeper/client.ts";
import {
  abandon,
  disown,
  inSequence,
  ownNode,
} from "../../../../cluster/zookeeper/recipe/own-node.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

const OWNERSHIP = { directory: "/d", id: "x", data: utf8("me") };

async function start(): Promise<{ world: ClientWorld; client: ZooKeeperClient }> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  world.server.change("/d", utf8(""));
  const client = world.client();
  await world.until(client.connected());
  return { world, client };
}

describe("an own node", () => {
  test("is named by its owner and a number", async () => {
    const { world, client } = await start();
    const path = await world.until(ownNode(client, OWNERSHIP));
    expect(path).toBe("/d/n-x-0000000000");
    expect(await world.until(ownNode(client, OWNERSHIP))).toBe(path);
  });

  test("is there once, however often the answer to the create is lost", async () => {
    const { world, client } = await start();
    let losses = 3;
    world.server.losesReply = ({ op }) => op === "create2" && losses-- > 0;
    const path = await world.until(ownNode(client, OWNERSHIP));
    expect(world.server.children("/d").map((name) => `/d/${name}`)).toEqual([path]);
    expect(losses).toBe(2);
  });

  test("is there once, although the next server does not know of it yet", async () => {
    const { world, client } = await start();
    world.server.isLagging = true;
    let losses = 1;
    world.server.losesReply = ({ op }) => op === "create2" && losses-- > 0;
    await world.until(ownNode(client, OWNERSHIP));
    expect(world.server.children("/d")).toHaveLength(1);
  });

  test("is made when the request itself was lost", async () => {
    const { world, client } = await start();
    let losses = 2;
    world.server.losesRequest = ({ op }) => op === "create2" && losses-- > 0;
    await world.until(ownNode(client, OWNERSHIP));
    expect(world.server.children("/d")).toHaveLength(1);
  });

  test("takes the place of one from an earlier session", async () => {
    const { world, client } = await start();
    const earlier = world.client();
    await world.until(ownNode(earlier, OWNERSHIP));
    const path = await world.until(ownNode(client, OWNERSHIP));
    expect(path).toBe("/d/n-x-0000000001");
    expect(world.server.children("/d")).toEqual(["n-x-0000000001"]);
  });

  test("does not take the place of one whose id only begins alike", async () => {
    const { world, client } = await start();
    await world.until(ownNode(world.client(), { ...OWNERSHIP, id: "x-y" }));
    await world.until(ownNode(client, OWNERSHIP));
    expect(world.server.children("/d")).toHaveLength(2);
  });

  test("that nobody wants is gone, also when nobody knows whether it was there", async () => {
    const { world, client } = await start();
    const path = await world.until(ownNode(client, OWNERSHIP));
    let losses = 1;
    world.server.losesReply = ({ op }) => op === "delete" && losses-- > 0;
    await world.until(disown(client, path));
    await world.until(abandon(client, OWNERSHIP));
    await world.until(ownNode(client, OWNERSHIP));
    await world.until(abandon(client, OWNERSHIP));
    expect(world.server.children("/d")).toEqual([]);
    await world.until(abandon(client, { directory: "/none", id: "x" }));
  });
});

test("names are in the order of their numbers, whosever they are", () => {
  const names = ["n-b-0000000002", "n-a-0000000010", "other", "n-c-0000000001", "n-a--000000003"];
  expect(inSequence(names)).toEqual([
    "n-a--000000003",
    "n-c-0000000001",
    "n-b-0000000002",
    "n-a-0000000010",
  ]);
});
