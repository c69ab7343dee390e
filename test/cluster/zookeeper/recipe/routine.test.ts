import { describe, expect, test } from "vitest";
import type { ZooKeeperClient } from "../../../../cluster/zookeeper/client.ts";
import { Routine } from "../../../../cluster/zookeeper/recipe/routine.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

async function start(renews: boolean): Promise<{
  world: ClientWorld;
  looks: () => number;
  failures: unknown[];
  routine: Routine;
  sessionId: () => bigint;
  client: ZooKeeperClient;
}> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const client = world.client({ renews });
  await world.until(client.connected());
  let looks = 0;
  const failures: unknown[] = [];
  const routine = new Routine({
    client,
    look: async () => {
      await client.exists("/a");
      looks += 1;
    },
    failed: (error) => failures.push(error),
  });
  await world.untilTrue(() => looks === 1);
  return {
    world,
    looks: () => looks,
    failures,
    routine,
    sessionId: () => client.sessionId,
    client,
  };
}

describe("a routine", () => {
  test("looks once, and again for each reason", async () => {
    const { world, looks, routine } = await start(false);
    await world.pass(60_000);
    expect(looks()).toBe(1);
    routine.poke();
    routine.poke();
    await world.pass(1000);
    expect(looks()).toBe(2);
    routine.stop();
    await routine.ended;
    routine.poke();
    await world.pass(1000);
    expect(looks()).toBe(2);
  });

  test("looks again after each loss of the connection", async () => {
    const { world, looks, failures } = await start(false);
    for (let count = 0; count < 5; count++) {
      const before = looks();
      world.server.cut();
      await world.untilTrue(() => looks() > before);
    }
    expect(failures).toEqual([]);
  });

  test("outlasts a time without servers", async () => {
    const { world, looks, failures, routine } = await start(false);
    for (const address of ADDRESSES) await world.kill(address);
    routine.poke();
    await world.pass(40_000);
    expect(looks()).toBe(1);
    await world.start(...ADDRESSES);
    await world.untilTrue(() => looks() > 1);
    expect(failures).toEqual([]);
  });

  test("ends with a session that is not renewed, and says so once", async () => {
    const { world, failures, routine, sessionId } = await start(false);
    world.server.expire(sessionId());
    await world.until(routine.ended);
    expect(failures).toMatchObject([{ code: "SESSIONEXPIRED" }]);
    expect(routine.isStopped).toBe(true);
  });

  test("goes on with a session that is", async () => {
    const { world, looks, failures, sessionId } = await start(true);
    const before = sessionId();
    world.server.expire(before);
    await world.untilTrue(() => sessionId() !== before && looks() > 2);
    expect(failures).toEqual([]);
  });

  test("ends when the client is closed, also one that renews its sessions", async () => {
    for (const renews of [true, false]) {
      const { world, looks, failures, routine, client } = await start(renews);
      const closed = client.close();
      routine.poke();
      await world.until(Promise.all([closed, routine.ended]));
      expect(failures).toMatchObject([{ code: "SESSIONEXPIRED" }]);
      expect(looks()).toBeLessThan(3);
    }
  });

  test("stops although no server can be reached", async () => {
    const { world, failures, routine } = await start(false);
    for (const address of ADDRESSES) await world.kill(address);
    await world.pass(100);
    routine.stop();
    await world.until(routine.ended, 11_000);
    expect(failures).toEqual([]);
  });
});
