import { describe, expect, test } from "vitest";
import { enterBarrier, leaveBarrier } from "../../../../cluster/zookeeper/recipe/barrier.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

async function start(): Promise<ClientWorld> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  return world;
}

const PATH = "/work/barrier";

describe("a barrier", () => {
  test("opens when enough have come, and lets go when all have left", async () => {
    const world = await start();
    const clients = [0, 1, 2].map(() => world.client());
    const told: string[] = [];
    const enter = (index: number): Promise<void> => {
      const client = clients[index] ?? world.client();
      return enterBarrier({ client, path: PATH, name: `m${index}`, size: 3 }).then(() => {
        told.push(`in ${index}`);
      });
    };
    const leave = (index: number): Promise<void> => {
      const client = clients[index] ?? world.client();
      return leaveBarrier({ client, path: PATH, name: `m${index}` }).then(() => {
        told.push(`out ${index}`);
      });
    };
    for (let round = 0; round < 2; round++) {
      told.length = 0;
      const entering = [enter(0), enter(1)];
      await world.pass(1000);
      expect(told).toEqual([]);
      await world.until(Promise.all([...entering, enter(2)]));
      const leaving = [leave(2), leave(1)];
      await world.pass(1000);
      expect(told).toHaveLength(3);
      await world.until(Promise.all([...leaving, leave(0)]));
      expect(told).toHaveLength(6);
      expect(world.server.children(PATH)).toEqual([]);
    }
  });

  test("does not open because of what an earlier round left behind", async () => {
    const world = await start();
    const first = world.client();
    await world.until(enterBarrier({ client: first, path: PATH, name: "a", size: 1 }));
    world.server.expire(first.sessionId);
    expect(world.server.children(PATH)).toHaveLength(1);
    let isIn = false;
    const entering = enterBarrier({ client: world.client(), path: PATH, name: "b", size: 2 }).then(
      () => {
        isIn = true;
      },
    );
    await world.pass(1000);
    expect(isIn).toBe(false);
    const other = enterBarrier({ client: world.client(), path: PATH, name: "c", size: 2 });
    await world.until(Promise.all([entering, other]));
  });

  test("counts a member once, although answers are lost", async () => {
    const world = await start();
    let losses = 3;
    world.server.losesReply = ({ op }) => op === "create2" && losses-- > 0;
    let isIn = false;
    const entering = enterBarrier({ client: world.client(), path: PATH, name: "a", size: 2 }).then(
      () => {
        isIn = true;
      },
    );
    await world.pass(5000);
    expect(isIn).toBe(false);
    expect(world.server.children(PATH)).toEqual(["a"]);
    const other = enterBarrier({ client: world.client(), path: PATH, name: "b", size: 2 });
    await world.until(Promise.all([entering, other]));
  });

  test("lets the others go when one that has not left is gone", async () => {
    const world = await start();
    const [a, b] = [world.client(), world.client()];
    const enter = [
      enterBarrier({ client: a, path: PATH, name: "a", size: 2 }),
      enterBarrier({ client: b, path: PATH, name: "b", size: 2 }),
    ];
    await world.until(Promise.all(enter));
    const leaving = leaveBarrier({ client: a, path: PATH, name: "a" });
    await world.pass(1000);
    world.server.expire(b.sessionId);
    await world.until(leaving);
  });
});
