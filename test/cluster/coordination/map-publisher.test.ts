import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import { MapPublisher } from "../../../cluster/coordination/map-publisher.ts";
import {
  readEpochNode,
  readNewestMap,
  readUndo,
} from "../../../cluster/coordination/map-reader.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { ACL, type Controller, changed, flagged, MapWorld } from "./map-world.ts";

async function newest(world: MapWorld): Promise<OsdMap> {
  return (await world.until(readNewestMap(world.tree()))).map;
}

async function worldWithController(): Promise<{ world: MapWorld; controller: Controller }> {
  const world = await MapWorld.start();
  return { world, controller: await world.controller() };
}

describe("a publisher", () => {
  test("makes one epoch after the other the newest, each with its inverse", async () => {
    const { world, controller } = await worldWithController();
    for (let index = 0; index < 3; index++) {
      const publication = flagged(controller.map);
      expect(await world.until(controller.publisher.publish(publication))).toBe("published");
      controller.map = publication.map;
      const undo = await world.until(readUndo(controller.client, publication.map.epoch));
      expect(undo).toEqual(publication.undo);
    }
    expect(await newest(world)).toEqual(controller.map);
    expect(await world.until(readEpochNode(controller.client))).toMatchObject({
      epoch: 3,
      version: 3,
    });
    expect(world.server.children("/kelp/map/inc")).toEqual(["1", "2", "3"]);
  });

  test("closes every node that it makes", async () => {
    const { world, controller } = await worldWithController();
    await world.publish(controller, 2, 300_000);
    expect(world.server.children("/kelp/map/chunk").length).toBeGreaterThan(2);
    expect(world.server.children("/kelp/map/full/1").length).toBeGreaterThan(1);
    for (const [path, { acl }] of world.server.nodes) {
      if (path !== "/") expect(acl, path).toEqual(ACL);
    }
  });

  test.each(["losesRequest", "losesReply"] as const)(
    "publishes once although its connection %s",
    async (loses) => {
      const { world, controller } = await worldWithController();
      await world.publish(controller, 1);
      let left = 2;
      world.server[loses] = ({ op }) => op === "multi" && left-- > 0;
      await world.publish(controller, 2);
      expect(await newest(world)).toEqual(controller.map);
      expect((await world.until(readEpochNode(controller.client))).version).toBe(3);
    },
  );

  test("does not put an increment above 64 KiB into the node that all read", async () => {
    const { world, controller } = await worldWithController();
    await world.publish(controller, 1, 60_000);
    expect((await world.until(readEpochNode(controller.client))).increment).toBeDefined();
    await world.publish(controller, 1, 70_000);
    expect((await world.until(readEpochNode(controller.client))).increment).toBeUndefined();
    expect(world.server.children("/kelp/map/chunk")).toEqual([]);
    expect(await newest(world)).toEqual(controller.map);
  });

  test("writes what is above 256 KiB in chunks before, also when connections are lost", async () => {
    const { world, controller } = await worldWithController();
    await world.publish(controller, 1);
    let count = 0;
    world.server.losesReply = ({ op }) => op === "multi" && ++count % 3 === 0 && count < 20;
    world.server.losesRequest = ({ op }) => op === "multi" && count % 5 === 1 && ++count < 20;
    await world.publish(controller, 1, 1_500_000);
    expect(world.server.children("/kelp/map/chunk")).toHaveLength(6);
    expect(await newest(world)).toEqual(controller.map);
  });

  test("writes a checkpoint at its first epoch and then from time to time", async () => {
    const world = await MapWorld.start();
    const controller = await world.controller({ checkpointEpochs: 4 });
    await world.publish(controller, 1);
    expect((await world.until(readEpochNode(controller.client))).checkpoint).toBe(0);
    await world.publish(controller, 4);
    expect((await world.until(readEpochNode(controller.client))).checkpoint).toBe(1);
    await world.publish(controller, 6);
    expect((await world.until(readEpochNode(controller.client))).checkpoint).toBe(9);
    expect(world.server.children("/kelp/map/full")).toEqual(["1", "5", "9"]);
  });
});

describe("a controller that was deposed", () => {
  test("publishes nothing any more, also what it sends after the other has published", async () => {
    const world = await MapWorld.start();
    const first = await world.controller();
    await world.publish(first, 1);
    await world.depose(first);
    const second = await world.controller();
    expect(second.map).toEqual(first.map);
    const late = changed(first.map, { host: "late" });
    expect(await world.until(first.publisher.publish(late))).toBe("deposed");
    await world.publish(second, 1);
    expect(await world.until(first.publisher.publish(late))).toBe("deposed");
    expect(first.publisher.isDeposed).toBe(true);
    expect(await newest(world)).toEqual(second.map);
  });

  test("knows that an epoch was published whose answer it did not get", async () => {
    const world = await MapWorld.start();
    const first = await world.controller();
    world.server.losesReply = ({ op }) => {
      if (op === "multi") world.server.isUnwilling = true;
      return op === "multi";
    };
    const publication = changed(first.map);
    const outcome = first.publisher.publish(publication);
    await world.untilTrue(() => world.server.nodes.has("/kelp/map/inc/1"));
    await world.pass(100);
    world.server.losesReply = () => false;
    world.server.isUnwilling = false;
    await world.depose(first);
    const second = await world.controller();
    expect(second.map).toEqual(publication.map);
    expect(await world.until(outcome)).toBe("published");
    const next = changed(publication.map, { host: "late" });
    expect(await world.until(first.publisher.publish(next))).toBe("deposed");
    await world.publish(second, 1);
    expect(await newest(world)).toEqual(second.map);
  });

  test("does not take another's epoch for its own", async () => {
    const world = await MapWorld.start();
    const first = await world.controller();
    const gate = world.gateOf(first.client);
    world.server.losesRequest = ({ op }) => {
      if (op === "multi") gate.close();
      return op === "multi";
    };
    const outcome = first.publisher.publish(changed(first.map, { host: "first" }));
    await world.untilTrue(() => first.client.status === "disconnected");
    world.server.losesRequest = () => false;
    world.server.expire(first.client.sessionId);
    const second = await world.controller();
    await world.publish(second, 1);
    gate.open();
    expect(await world.until(outcome)).toBe("deposed");
    expect(await newest(world)).toEqual(second.map);
  });

  test("leaves chunks that nobody refers to, and no epoch", async () => {
    const world = await MapWorld.start();
    const first = await world.controller();
    let count = 0;
    world.server.losesRequest = ({ op }) => {
      if (op === "multi" && ++count === 3) world.server.expire(first.client.sessionId);
      return false;
    };
    const large = changed(first.map, { size: 1_500_000 });
    expect(await world.until(first.publisher.publish(large))).toBe("deposed");
    expect(world.server.children("/kelp/map/chunk").length).toBeGreaterThan(0);
    expect(world.server.children("/kelp/map/inc")).toEqual([]);
    expect((await newest(world)).epoch).toBe(0);
  });
});

describe("of two publishers that race", () => {
  // Of one election node, so that only the version keeps them apart: what no check can catch.
  async function twinOf({ client, election }: Controller, world: MapWorld): Promise<MapPublisher> {
    const check = present(election.check(), "it leads");
    const newest = await world.until(readNewestMap(client));
    return new MapPublisher({ client, check, newest, acl: ACL, log: world.log });
  }

  test("one publishes each epoch, and the other learns that it is out", async () => {
    const { world, controller } = await worldWithController();
    const twin = await twinOf(controller, world);
    const outcomes = await world.until(
      Promise.all([
        controller.publisher.publish(changed(controller.map, { host: "one" })),
        twin.publish(changed(controller.map, { host: "two" })),
      ]),
    );
    expect(outcomes.toSorted()).toEqual(["deposed", "published"]);
    expect((await newest(world)).epoch).toBe(1);
    expect(world.logged).toEqual([
      expect.stringContaining("epoch 1 was published by somebody else"),
    ]);
  });

  test("the one that is behind is out, also when the epoch that it would make is trimmed", async () => {
    const { world, controller } = await worldWithController();
    const twin = await twinOf(controller, world);
    await world.publish(controller, 2);
    for (const path of ["/kelp/map/inc/1", "/kelp/map/undo/1"])
      world.server.change(path, undefined);
    const stale = changed(EMPTY_MAP, { host: "two" });
    expect(await world.until(twin.publish(stale))).toBe("deposed");
    expect((await newest(world)).epoch).toBe(2);
  });

  test.each([1, 2, 3, 4])(
    "and lose connections, no epoch is lost or made twice (seed %i)",
    async (seed) => {
      const world = await MapWorld.start(seed);
      const published: string[] = [];
      let count = seed;
      world.server.losesReply = ({ op }) => op === "multi" && ++count % 4 === 0;
      world.server.losesRequest = ({ op }) => op === "multi" && ++count % 7 === 0;
      for (let term = 0; term < 4; term++) {
        const controller = await world.controller();
        for (let index = 0; index < 5; index++) {
          const host = `t${term}-${index}`;
          const publication = changed(controller.map, { osd: index, host });
          const outcome = controller.publisher.publish(publication);
          if (index === 3) world.server.expire(controller.client.sessionId);
          if ((await world.until(outcome)) === "deposed") break;
          controller.map = publication.map;
          published.push(host);
        }
        await world.until(controller.election.stop());
      }
      const client = world.tree();
      const { map } = await world.until(readNewestMap(client));
      expect(map.epoch).toBeGreaterThanOrEqual(12);
      const numbers = world.server.children("/kelp/map/inc").map(Number);
      expect(numbers.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: map.epoch }, (_, index) => index + 1),
      );
      // What was acknowledged is there; what was not may be, once.
      expect(published.length).toBeLessThanOrEqual(map.epoch);
      expect((await world.until(readEpochNode(client))).version).toBe(map.epoch);
    },
  );
});

test("what does not follow is a bug and no publish", async () => {
  const { world, controller } = await worldWithController();
  const { map } = changed(controller.map);
  const next = changed(map, { host: "b" });
  await expect(world.until(controller.publisher.publish(next))).rejects.toThrow(
    "epoch 2 does not follow 0",
  );
  expect(epoch(0)).toBe((await newest(world)).epoch);
});
