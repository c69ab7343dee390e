import { expect, test } from "vitest";
import { ServerWorld, type TestClient } from "./server-world.ts";

const LIMITS = { forwardedBytes: 10_000 };

function create(client: TestClient, ...sizes: number[]): void {
  for (const size of sizes) {
    client.ask("create", { path: "/a", data: new Uint8Array(size), acl: [], flags: 0 });
  }
}

/** Of each forwarded write its connection and place. */
const sent = ({ forwarded }: ServerWorld): string[] =>
  forwarded.map((entry) =>
    entry.type === "request" ? `${entry.connection}.${entry.sequence}` : entry.type,
  );

function worldOf<Count extends number>(count: Count) {
  const world = new ServerWorld({ limits: LIMITS });
  const clients = Array.from({ length: count }, () => world.session());
  const names = (text: string): string =>
    text.replace(/^\d+/, (at) => `${clients[Number(at) - 1]?.id}`);
  return { world, clients, sent: () => sent(world), named: (list: string[]) => list.map(names) };
}

test("writes are on their way up to so many bytes, and each that is answered lets others go", () => {
  const { world, clients, sent, named } = worldOf(1);
  create(clients[0] as TestClient, 4_000, 4_000, 4_000, 10);
  expect(sent()).toEqual(named(["1.1", "1.2"]));
  world.apply(world.forwarded.splice(0, 1));
  expect(sent()).toEqual(named(["1.2", "1.3", "1.4"]));
  world.commit();
  expect([clients[0]?.take().length, world.server.forwardedBytes]).toEqual([4, 0]);
});

test("one that is larger goes alone", () => {
  const { world, clients, sent, named } = worldOf(1);
  create(clients[0] as TestClient, 20_000, 10);
  expect(sent()).toEqual(named(["1.1"]));
  world.apply(world.forwarded.splice(0));
  expect(sent()).toEqual(named(["1.2"]));
});

test("connections take turns, and a large write is not passed by small ones for ever", () => {
  const { world, clients, sent, named } = worldOf(3);
  const [one, two, three] = clients as [TestClient, TestClient, TestClient];
  create(one, 4_000, 4_000);
  create(two, 9_000, 10);
  create(three, 10, 10);
  expect(sent()).toEqual(named(["1.1", "1.2"]));
  world.apply(world.forwarded.splice(0, 1));
  expect(sent()).toEqual(named(["1.2"]));
  world.apply(world.forwarded.splice(0));
  expect(sent()).toEqual(named(["2.1", "2.2", "3.1"]));
  create(one, 10);
  world.apply(world.forwarded.splice(0));
  expect(sent()).toEqual(named(["3.2", "1.3"]));
});

test("what is held back waits behind a sync that comes before it, too", () => {
  const { world, clients, sent, named } = worldOf(1);
  const [client] = clients as [TestClient];
  create(client, 9_000);
  client.ask("sync", { path: "/" });
  create(client, 4_000);
  world.apply(world.forwarded.splice(0));
  expect(sent()).toEqual([]);
  world.finishSyncs();
  expect(sent()).toEqual(named(["1.2"]));
});

test("a connection that goes makes room for those that wait", () => {
  const { world, clients, sent, named } = worldOf(2);
  const [one, two] = clients as [TestClient, TestClient];
  create(one, 9_000, 9_000);
  create(two, 9_000);
  world.forwarded = [];
  one.close();
  expect(sent()).toEqual(named(["2.1"]));
  expect([world.server.holding.size, world.server.forwardedBytes > 9_000]).toEqual([0, true]);
  two.close();
  expect(world.server.forwardedBytes).toBe(0);
});

test("a change of leaders sends again what was on its way, and no more", () => {
  const { world, clients, sent, named } = worldOf(1);
  create(clients[0] as TestClient, 9_000, 9_000);
  world.forwarded = [];
  world.step({ type: "leaderChanged" });
  expect(sent()).toEqual(named(["1.1"]));
});
