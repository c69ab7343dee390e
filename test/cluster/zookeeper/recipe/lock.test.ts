import { describe, expect, test } from "vitest";
import { createPrng, randomInt } from "../../../../cluster/base/prng.ts";
import { acquireLock } from "../../../../cluster/zookeeper/recipe/lock.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

async function start(): Promise<ClientWorld> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  return world;
}

describe("a lock", () => {
  test("is held by one at a time, in the order in which it was wanted", async () => {
    const world = await start();
    const order: number[] = [];
    let holders = 0;
    const use = async (index: number): Promise<void> => {
      const lock = await acquireLock({ client: world.client(), path: "/l", id: `c${index}` });
      holders += 1;
      expect(holders).toBe(1);
      order.push(index);
      await new Promise<void>((resolve) => {
        world.clock.after(100, resolve);
      });
      holders -= 1;
      await lock.release();
    };
    const uses: Promise<void>[] = [];
    for (let index = 0; index < 5; index++) {
      uses.push(use(index));
      await world.untilTrue(() => world.server.children("/l").length > 0 && uses.length > index);
      await world.pass(10);
    }
    await world.until(Promise.all(uses));
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(world.server.children("/l")).toEqual([]);
  });

  test("is not waited for longer than was said, and is not wanted then", async () => {
    const world = await start();
    const held = await world.until(acquireLock({ client: world.client(), path: "/l", id: "a" }));
    const wanted = acquireLock({ client: world.client(), path: "/l", id: "b", timeoutMs: 500 });
    await expect(world.until(wanted)).rejects.toMatchObject({ code: "TIMEOUT" });
    await world.untilTrue(() => world.server.children("/l").length === 1);
    await world.until(held.release());
    expect(world.server.children("/l")).toEqual([]);
  });

  test("goes to the next when the holder's session ends", async () => {
    const world = await start();
    const client = world.client();
    const held = await world.until(acquireLock({ client, path: "/l", id: "a" }));
    const next = acquireLock({ client: world.client(), path: "/l", id: "b" });
    await world.pass(100);
    world.server.expire(client.sessionId);
    const { path } = await world.until(next);
    expect(path).not.toBe(held.path);
    const ops = [held.check(), { type: "check" as const, path, version: -1 }];
    await expect(world.until(world.client().multi(ops))).rejects.toMatchObject({
      code: "NONODE",
      failed: { index: 0 },
    });
  });

  test("is not waited for when the one before goes just while it is looked at", async () => {
    const world = await start();
    const held = await world.until(acquireLock({ client: world.client(), path: "/l", id: "a" }));
    world.server.losesRequest = ({ op, path }) => {
      if (op === "exists" && path === held.path) world.server.change(held.path, undefined);
      return false;
    };
    await world.until(acquireLock({ client: world.client(), path: "/l", id: "b" }));
    await world.until(held.release());
  });

  test("is refused to a client whose session is over", async () => {
    const world = await start();
    const client = world.client();
    await world.until(acquireLock({ client: world.client(), path: "/l", id: "a" }));
    const wanted = acquireLock({ client, path: "/l", id: "b" });
    await world.pass(100);
    world.server.expire(client.sessionId);
    await expect(world.until(wanted)).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
  });

  test.each([1, 2, 3, 4, 5])("is held by one, whatever answers are lost (%i)", async (seed) => {
    const world = await start();
    const prng = createPrng(seed);
    const loses = ({ op }: { op: string }): boolean =>
      op !== "setWatches" && randomInt(prng, 12) === 0;
    world.server.losesReply = loses;
    world.server.losesRequest = loses;
    let holders = 0;
    const use = async (index: number): Promise<void> => {
      const client = world.client();
      for (let round = 0; round < 4; round++) {
        const lock = await acquireLock({ client, path: "/l", id: `c${index}-${round}` });
        holders += 1;
        expect(holders).toBe(1);
        await new Promise<void>((resolve) => {
          world.clock.after(randomInt(prng, 50), resolve);
        });
        holders -= 1;
        await lock.release();
      }
    };
    await world.until(Promise.all([0, 1, 2].map(use)), 600_000);
    expect(world.server.children("/l")).toEqual([]);
  });
});
