import { describe, expect, test } from "vitest";
import { takeTouched } from "../../../monitor/zookeeper/server-core.ts";
import { OPEN_ACL, ServerWorld, type TestClient } from "./server-world.ts";

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

/** A client that asked for more than it has taken, so that it is not read. */
function overfed(limits = {}) {
  const world = new ServerWorld({ limits: { outputBytesPaused: 1_000, ...limits } });
  const client = world.session({ timeOut: 5_000 });
  const large = { path: "/a", data: new Uint8Array(2_000), acl: OPEN_ACL, flags: 0 };
  client.send(client.packet("create", large));
  world.commit();
  world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
  const reads = Array.from({ length: 10 }, () =>
    client.packet("getData", { path: "/a", watch: false }),
  );
  client.send(...reads);
  expect(client.isPaused).toBe(true);
  takeTouched(world.server);
  return { world, client };
}

test("a client that is not read is alive as long as it takes its answers", () => {
  const { world, client } = overfed();
  for (const queuedBytes of [1_500, 1_200, 0, 1_500, 0]) {
    world.tick(4_000);
    expect(takeTouched(world.server)).toEqual([]);
    world.step({ type: "clientDrained", client: client.id, queuedBytes });
    expect(takeTouched(world.server)).toEqual([Number(client.session)]);
  }
  expect(client.state).toBe("open");
});

test("a client that is not read and takes nothing falls silent", () => {
  const { world, client } = overfed();
  for (let second = 0; second < 7; second++) world.tick(1_000);
  expect([takeTouched(world.server), client.state]).toEqual([[], "destroyed"]);
});

test("a client is alive when what it had sent before is taken up", () => {
  const world = new ServerWorld({ limits: { requestsPerConnection: 1 } });
  const client = world.session({ timeOut: 5_000 });
  client.send(...[1, 2, 3].map((size) => client.packet("create", sized(size))));
  takeTouched(world.server);
  for (const expected of [[Number(client.session)], [Number(client.session)], []]) {
    world.tick(4_000);
    world.apply(world.forwarded.splice(0));
    expect(takeTouched(world.server)).toEqual(expected);
  }
});

describe("what all clients hold together", () => {
  function full(limits = {}) {
    const world = new ServerWorld({ limits: { requestBytes: 20_000, ...limits } });
    const clients = Array.from({ length: 4 }, () => world.session({ timeOut: 5_000 }));
    const [one, two, idle, late] = clients as [TestClient, TestClient, TestClient, TestClient];
    one.send(one.packet("create", sized(9_000)));
    expect(clients.map(({ isPaused }) => isPaused)).toEqual([false, false, false, false]);
    two.send(...[9_000, 9_000, 10].map((size) => two.packet("create", sized(size))));
    return { world, clients, one, two, idle, late };
  }

  test("is bounded: nobody is read beyond it, and all when it is half of that", () => {
    const { world, clients, late } = full();
    expect(clients.map(({ isPaused }) => isPaused)).toEqual([true, true, true, true]);
    // What was on its way to be read when that stopped is kept, and not taken up.
    late.send(late.packet("create", sized(10)));
    expect([world.forwarded.length, world.server.isFull]).toEqual([3, true]);
    world.apply(world.forwarded.splice(0, 1));
    expect([world.forwarded.length, world.server.isFull]).toEqual([4, true]);
    world.apply(world.forwarded.splice(0, 1));
    expect(clients.map(({ isPaused }) => isPaused)).toEqual([false, false, false, false]);
    world.commit();
    expect(clients.map((client) => client.take().length)).toEqual([1, 3, 0, 1]);
    const { requestBytes, backlogBytes, forwardedBytes } = world.server;
    expect([requestBytes, backlogBytes, forwardedBytes]).toEqual([0, 0, 0]);
  });

  test("silences nobody: who is not read counts as alive", () => {
    const { world, clients, idle } = full();
    for (let second = 0; second < 9; second++) {
      takeTouched(world.server);
      world.tick(1_000);
      expect(takeTouched(world.server)).toContain(Number(idle.session));
    }
    world.commit();
    world.tick(1_000);
    expect(clients.every(({ state, isPaused }) => state === "open" && !isPaused)).toBe(true);
    for (let second = 0; second < 6; second++) world.tick(1_000);
    expect(idle.state).toBe("destroyed");
  });

  test("is given back by a connection that goes", () => {
    const { world, one, two } = full();
    two.close();
    expect([world.server.isFull, one.isPaused]).toEqual([false, false]);
    one.close();
    expect([world.server.requestBytes, world.server.backlogBytes]).toEqual([0, 0]);
  });

  test("is not kept from others by one that takes no answers", () => {
    const { world, client } = overfed({ requestBytes: 8_000 });
    const other = world.session();
    other.send(...[9_000].map((size) => other.packet("create", sized(size))));
    world.tick(1_000);
    expect([client.state, other.state]).toEqual(["destroyed", "open"]);
  });
});
