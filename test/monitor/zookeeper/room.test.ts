import { expect, test } from "vitest";
import { ServerWorld } from "./server-world.ts";

const sized = (size: number) => ({
  path: "/a",
  data: new Uint8Array(size),
  acl: [],
  flags: 0,
});

test("large requests are bounded by their bytes, and one is always taken", () => {
  const world = new ServerWorld({ limits: { requestBytesPerConnection: 5_000 } });
  const client = world.session();
  client.send(...[9_000, 10, 10].map((size) => client.packet("create", sized(size))));
  expect([world.forwarded.length, client.isPaused]).toEqual([1, true]);
  world.apply(world.forwarded.splice(0));
  expect([world.forwarded.length, client.isPaused]).toEqual([2, false]);
});

test("a connection that goes gives back what it held", () => {
  const world = new ServerWorld({ limits: { requests: 2 } });
  const [one, two] = [world.session(), world.session()];
  one.send(...[1, 2].map((size) => one.packet("create", sized(size))));
  two.send(...[1, 2].map((size) => two.packet("create", sized(size))));
  expect([world.forwarded.length, two.isPaused, world.server.outstanding]).toEqual([3, true, 3]);
  one.close();
  expect([world.forwarded.length, two.isPaused, world.server.outstanding]).toEqual([4, false, 2]);
});

test("many clients that wait are taken up in turn, some in each step", () => {
  const world = new ServerWorld({ limits: { requests: 1 } });
  const clients = Array.from({ length: 600 }, () => world.session());
  for (const client of clients) {
    client.send(...[1, 2].map((size) => client.packet("create", sized(size))));
  }
  expect(world.server.waiting.size).toBe(600);
  world.apply(world.forwarded.splice(0));
  expect(world.server.waiting.size).toBe(600 - 256);
  world.tick(50);
  world.tick(50);
  expect(world.server.waiting.size).toBe(0);
  world.commit();
  expect(clients.every((client) => client.take().length === 2 && !client.isPaused)).toBe(true);
});
