import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  type InitResult,
  initCluster,
  readCluster,
} from "../../../cluster/coordination/cluster-node.ts";
import { readNewestMap } from "../../../cluster/coordination/map-reader.ts";
import { DIRECTORIES, PATHS } from "../../../cluster/coordination/paths.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ADDRESSES } from "../zookeeper/client-world.ts";
import { ACL, MapWorld } from "./map-world.ts";

const FIRST = { id: "one", createdMs: 5, format: 1 };

const init = (client: ZooKeeperClient, id = "one"): Promise<InitResult> =>
  initCluster(client, { id, wallMs: 5, acl: ACL });

async function emptyWorld(): Promise<{ world: MapWorld; client: ZooKeeperClient }> {
  const world = new MapWorld();
  await world.start(...ADDRESSES);
  return { world, client: world.tree() };
}

describe("a cluster", () => {
  test("is made once, with everything closed, and begins with the empty map", async () => {
    const { world, client } = await emptyWorld();
    expect(await world.until(readCluster(client))).toBeUndefined();
    expect(await world.until(init(client))).toEqual({ type: "created", cluster: FIRST });
    expect(await world.until(readCluster(client))).toEqual(FIRST);
    const made = [...world.server.nodes].filter(([path]) => path !== "/");
    expect(made.map(([path]) => path).toSorted()).toEqual(
      [...DIRECTORIES, PATHS.mapEpoch, PATHS.cluster].toSorted(),
    );
    for (const [, { acl }] of made) expect(acl).toEqual(ACL);
    const newest = await world.until(readNewestMap(client));
    expect(newest).toEqual({ map: EMPTY_MAP, version: 0, checkpoint: 0 });
  });

  test("that is there refuses another, and stays as it is", async () => {
    const { world, client } = await emptyWorld();
    await world.until(init(client));
    const { zxid } = world.server;
    expect(await world.until(init(client, "two"))).toEqual({ type: "exists", cluster: FIRST });
    expect(world.server.zxid).toBe(zxid);
  });

  test.each([1, 2, 5, 9, DIRECTORIES.length, DIRECTORIES.length + 2])(
    "whose making ended at its create number %i can be made again",
    async (number) => {
      const { world, client } = await emptyWorld();
      let creates = 0;
      world.server.losesRequest = ({ op }) => {
        if (op === "create2") creates += 1;
        return op === "create2" && creates === number;
      };
      const attempt = init(client).catch(() => {});
      await world.untilTrue(() => creates === number);
      await world.until(client.close());
      await world.until(attempt);
      expect(world.server.nodes.has(PATHS.cluster)).toBe(false);
      const result = await world.until(init(world.tree()));
      expect(result).toEqual({ type: "created", cluster: FIRST });
    },
  );

  test.each([1, 8, DIRECTORIES.length + 1, DIRECTORIES.length + 2])(
    "is made although the answer to create number %i is lost",
    async (number) => {
      const { world, client } = await emptyWorld();
      let creates = 0;
      world.server.losesReply = ({ op }) => {
        if (op === "create2") creates += 1;
        return op === "create2" && creates === number;
      };
      expect(await world.until(init(client))).toEqual({ type: "created", cluster: FIRST });
    },
  );

  test("that two make at a time is one's", async () => {
    const { world, client } = await emptyWorld();
    const attempts = [init(client, "one"), init(world.tree(), "two")];
    const results = await world.until(Promise.all(attempts));
    expect(results.map(({ type }) => type).toSorted()).toEqual(["created", "exists"]);
    expect(results[0]?.cluster).toEqual(results[1]?.cluster);
  });
});

describe("what is not a cluster of this key or program is refused:", () => {
  test("a /kelp that is open to others", async () => {
    const { world, client } = await emptyWorld();
    world.server.change("/kelp", utf8(""));
    await expect(world.until(init(client))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^\/kelp exists with another ACL .*world:anyone:cdrwa/),
    });
    expect(world.server.nodes.has(PATHS.map)).toBe(false);
  });

  test("one in a place that is not there", async () => {
    const { world } = await emptyWorld();
    const client = world.client({ servers: `${ADDRESSES[0]}/none` });
    await expect(world.until(init(client))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("no place for /kelp"),
    });
  });

  test("a node that something else made, or a newer program", async () => {
    const { world, client } = await emptyWorld();
    await world.until(init(client));
    const data = Uint8Array.from(present(world.server.nodes.get(PATHS.cluster), "the node").data);
    world.server.change(PATHS.cluster, utf8("{}"));
    await expect(world.until(readCluster(client))).rejects.toMatchObject({
      message: expect.stringContaining("is not Kelp's"),
    });
    data[data.length - 4] = 9;
    world.server.change(PATHS.cluster, data);
    await expect(world.until(readCluster(client))).rejects.toMatchObject({
      message: expect.stringContaining("format is 9"),
    });
  });
});
