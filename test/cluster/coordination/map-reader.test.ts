import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import {
  readEpochNode,
  readHistory,
  readIncrements,
  readNewestMap,
  readUndo,
} from "../../../cluster/coordination/map-reader.ts";
import { applyRecord } from "../../../cluster/map/epoch-record.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ADDRESSES } from "../zookeeper/client-world.ts";
import { type Controller, changed, MapWorld } from "./map-world.ts";

let world: MapWorld;
let controller: Controller;
let client: ZooKeeperClient;
beforeEach(async () => {
  world = await MapWorld.start();
  controller = await world.controller({ checkpointEpochs: 10 });
  client = world.tree();
});

function flip(path: string, place: number): void {
  const data = Uint8Array.from(present(world.server.nodes.get(path), path).data);
  const index = place < 0 ? data.length + place : place;
  data[index] = (data[index] ?? 0) ^ 0x40;
  world.server.change(path, data);
}

describe("the newest map", () => {
  test.each([0, 1, 2, 9, 12, 70, 133])("is read after %i epochs", async (count) => {
    await world.publish(controller, count);
    const newest = await world.until(readNewestMap(client));
    expect(newest.map).toEqual(controller.map);
    expect(newest.version).toBe(count);
  });

  test("is read with the newest increment in the epoch node, or beside it, or in chunks", async () => {
    for (const size of [10, 70_000, 400_000, 10]) {
      await world.publish(controller, 1, size);
      expect((await world.until(readNewestMap(client))).map).toEqual(controller.map);
    }
  });

  test("is looked for from the start when nodes are trimmed while it is read", async () => {
    await world.publish(controller, 8);
    const hidden = present(world.server.nodes.get("/kelp/map/inc/5"), "epoch 5");
    world.server.nodes.delete("/kelp/map/inc/5");
    let looks = 0;
    world.server.losesRequest = ({ op, path }) => {
      if (op === "getData" && path === "/kelp/map/epoch" && ++looks === 2) {
        world.server.nodes.set("/kelp/map/inc/5", hidden);
      }
      return false;
    };
    expect((await world.until(readNewestMap(client))).map).toEqual(controller.map);
    expect(looks).toBe(2);
  });

  test("that lacks an epoch for good is told to be damaged", async () => {
    await world.publish(controller, 8);
    world.server.nodes.delete("/kelp/map/inc/5");
    await expect(world.until(readNewestMap(client))).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringContaining("missing between the checkpoint of 1 and 8"),
    });
  });

  test.each([
    ["an increment in its rows", "/kelp/map/inc/5", -40],
    ["an increment in its digest", "/kelp/map/inc/5", -3],
    ["the epoch node in its digest", "/kelp/map/epoch", 10],
    ["the epoch node in its version", "/kelp/map/epoch", 0],
    ["a piece of the checkpoint", "/kelp/map/full/1/0", 20],
  ])("with a byte flipped in %s is refused", async (_, path, place) => {
    await world.publish(controller, 8);
    flip(path, place);
    await expect(world.until(readNewestMap(client))).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });

  test("is not there where there is no cluster", async () => {
    const other = new MapWorld();
    await other.start(...ADDRESSES);
    await expect(other.until(readNewestMap(other.tree()))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("kelp cluster init"),
    });
  });
});

describe("a record", () => {
  test("is applied to the epoch before it alone", () => {
    const first = changed(EMPTY_MAP);
    const second = changed(first.map, { host: "b" });
    expect(applyRecord(EMPTY_MAP, first.record)).toEqual(first.map);
    for (const [map, record] of [
      [EMPTY_MAP, second.record],
      [first.map, first.record],
      [EMPTY_MAP, { ...first.record, digest: 1n }],
    ] as const) {
      expect(() => applyRecord(map, record)).toThrow(CodecError);
    }
  });
});

describe("increments", () => {
  test("are those after an epoch, some at a time, up to the newest", async () => {
    await world.publish(controller, 100);
    const node = await world.until(readEpochNode(client));
    const found: number[] = [];
    for (let after = epoch(3); after < 100; after = epoch(found.at(-1) ?? 0)) {
      const some = await world.until(readIncrements(client, { after, node }));
      found.push(...present(some, "increments").map(({ record }) => record.epoch));
    }
    expect(found).toEqual(Array.from({ length: 97 }, (_, index) => index + 4));
  });

  test("of which one is gone are none", async () => {
    await world.publish(controller, 5);
    const node = await world.until(readEpochNode(client));
    world.server.nodes.delete("/kelp/map/inc/3");
    expect(await world.until(readIncrements(client, { after: epoch(1), node }))).toBeUndefined();
    const later = await world.until(readIncrements(client, { after: epoch(3), node }));
    expect(later?.map(({ record }) => record.epoch)).toEqual([4, 5]);
  });
});

describe("history", () => {
  const list = async (from: number, to: number): Promise<string[]> => {
    const lines: string[] = [];
    for await (const record of readHistory(client, { from: epoch(from), to: epoch(to) })) {
      lines.push(`${record.epoch} ${record.causes[0]?.author} ${record.causes[0]?.what}`);
    }
    return lines;
  };

  test("says who changed what, as far as it is kept", async () => {
    await world.publish(controller, 12);
    world.server.nodes.delete("/kelp/map/inc/10");
    expect(await world.until(list(9, 11))).toEqual([
      "9 admin osd.3 is on h8-",
      "11 admin osd.0 is on h10-",
    ]);
    expect(await world.until(list(0, 1000))).toHaveLength(11);
    expect(await world.until(list(13, 1000))).toEqual([]);
  });

  test("has the inverse of each epoch", async () => {
    await world.publish(controller, 2);
    expect(await world.until(readUndo(client, epoch(2)))).toEqual({ epoch: 2, inverse: [] });
    expect(await world.until(readUndo(client, epoch(3)))).toBeUndefined();
    flip("/kelp/map/undo/2", 0);
    await expect(world.until(readUndo(client, epoch(2)))).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });
});
