import { describe, expect, test } from "vitest";
import { OVERDUE_MS, RESEND_MIN_MS } from "../../../monitor/zookeeper/resending.ts";
import { OPEN_ACL, placeOf, ServerWorld, type TestClient } from "./server-world.ts";

function create(client: TestClient, ...paths: string[]): void {
  for (const path of paths) {
    client.ask("create", { path, data: undefined, acl: OPEN_ACL, flags: 2 });
  }
}

const sequences = (world: ServerWorld): number[] =>
  world.forwarded.map((entry) => (entry.type === "request" ? entry.sequence : 0));

describe("after a change of leaders", () => {
  test("unanswered writes are sent again, in order, and take effect once", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a", "/b");
    const sent = world.forwarded.splice(0);
    world.step({ type: "leaderChanged" });
    expect(sequences(world)).toEqual([1, 2]);
    world.apply([...sent.slice(0, 1), ...world.forwarded.splice(0), ...sent]);
    expect(client.take()).toEqual(["1:0", "2:0"]);
    expect(client.state).toBe("open");
    expect(world.tree.znodes.count).toBe(6);
  });

  test("what was answered is not sent again", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a");
    world.commit();
    world.step({ type: "leaderChanged" });
    expect(world.forwarded).toEqual([]);
  });

  test("a session that is being made is asked for again, and is one", () => {
    const world = new ServerWorld();
    const client = world.open();
    client.connect();
    world.step({ type: "leaderChanged" });
    expect(world.forwarded).toHaveLength(2);
    world.commit();
    expect([client.connected?.timeOut, world.tree.sessions.count]).toEqual([10_000, 1]);
  });

  test("a sync is asked for again", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("sync", { path: "/" });
    world.syncs = [];
    world.step({ type: "leaderChanged" });
    expect(world.syncs).toEqual([2]);
    world.finishSyncs();
    expect(client.take()).toEqual(["1:0"]);
    world.step({ type: "leaderChanged" });
    expect(world.syncs).toEqual([]);
  });

  test("an answer to what was asked before it does not answer a sync that came after", () => {
    const world = new ServerWorld({ limits: { requestsPerConnection: 1 } });
    world.session().ask("sync", { path: "/" });
    // More than one step takes up, so that some are taken up in the step that asks again.
    const clients = Array.from({ length: 300 }, () => world.session());
    for (const client of clients) {
      create(client, "/a");
      client.ask("sync", { path: "/" });
    }
    world.commit();
    expect(world.syncs).toEqual([1, 2]);
    const isSynced = (client: TestClient): boolean => client.take().includes("2:0");
    world.step({ type: "leaderChanged" });
    world.step({ type: "syncDone", tag: 2 });
    const early = clients.filter(isSynced);
    expect(early.length).toBeLessThan(clients.length);
    world.step({ type: "syncDone", tag: 3 });
    expect(clients.filter(isSynced)).toHaveLength(clients.length - early.length);
  });
});

describe("after a lost request", () => {
  test("those that it made skip are sent again from the first", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a", "/b", "/c");
    world.apply(world.forwarded.splice(0).slice(1));
    expect(client.take()).toEqual([]);
    expect(sequences(world)).toEqual([1, 2, 3]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0", "3:0"]);
  });

  test("one resend follows many skips, and another only after a while", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a", "/b", "/c");
    const [, second, third] = world.forwarded.splice(0);
    if (second === undefined || third === undefined) throw new Error("three were forwarded");
    world.apply([second]);
    expect(sequences(world)).toEqual([1, 2, 3]);
    world.forwarded = [];
    world.apply([third]);
    world.tick(RESEND_MIN_MS - 1);
    expect(world.forwarded).toEqual([]);
    world.tick(1);
    expect(sequences(world)).toEqual([1, 2, 3]);
    world.commit();
    world.tick(RESEND_MIN_MS);
    expect([client.take(), world.forwarded]).toEqual([["1:0", "2:0", "3:0"], []]);
  });
});

test("an answer that is lost here ends the connection: nobody knows the outcome", () => {
  const world = new ServerWorld();
  const client = world.session();
  create(client, "/a");
  const session = world.tree.sessions.find(Number(client.session));
  if (session === undefined) throw new Error("there is a session");
  // As after a transfer of the state: applied, and not seen here.
  world.tree.sessions.sequenceTo(session, 1);
  world.commit();
  expect([client.take(), client.state]).toEqual([[], "destroyed"]);
});

test("a write whose session moved away meanwhile closes the connection without an answer", () => {
  const world = new ServerWorld();
  const client = world.session();
  create(client, "/a");
  const session = Number(client.session);
  const password = new Uint8Array(16).fill(client.id);
  const there = { server: 5, connection: 1, timeoutMs: 5000 };
  world.apply([
    { type: "attachSession", session, ...there, password, from: placeOf(client) },
    ...world.forwarded.splice(0),
  ]);
  expect([client.take(), client.state]).toEqual([[], "destroyed"]);
});

describe("what is not answered for long", () => {
  const SCAN_MS = 1_000;

  test("is sent again, now and then, until the answer comes", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a", "/b");
    world.forwarded = [];
    world.tick(OVERDUE_MS - 1);
    expect(world.forwarded).toEqual([]);
    world.tick(SCAN_MS);
    expect(sequences(world)).toEqual([1, 2]);
    world.forwarded = [];
    world.tick(SCAN_MS);
    expect(world.forwarded).toEqual([]);
    world.tick(SCAN_MS);
    expect(sequences(world)).toEqual([1, 2]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0"]);
    world.tick(2 * OVERDUE_MS);
    expect(world.forwarded).toEqual([]);
  });

  test("is not, while other answers come to that client", () => {
    const world = new ServerWorld();
    const client = world.session();
    create(client, "/a", "/b");
    const [first, second] = world.forwarded.splice(0);
    if (first === undefined || second === undefined) throw new Error("two were forwarded");
    world.tick(OVERDUE_MS - 1);
    world.apply([first]);
    world.tick(SCAN_MS);
    expect(world.forwarded).toEqual([]);
    world.tick(SCAN_MS);
    world.tick(SCAN_MS);
    expect(sequences(world)).toEqual([2]);
  });

  test("is asked for again, if it is a session or a sync", () => {
    const world = new ServerWorld();
    const asking = world.session();
    asking.ask("sync", { path: "/" });
    const joining = world.open();
    joining.connect();
    [world.forwarded, world.syncs] = [[], []];
    world.tick(OVERDUE_MS + SCAN_MS);
    expect(world.forwarded.map(({ type }) => type)).toEqual(["createSession"]);
    expect(world.syncs).toEqual([2]);
    world.commit();
    world.finishSyncs();
    expect([joining.connected?.timeOut, asking.take()]).toEqual([10_000, ["1:0"]]);
  });

  test("switched off, is waited for in vain", () => {
    const world = new ServerWorld({ rules: { resendOverdue: false } });
    const client = world.session();
    create(client, "/a");
    world.forwarded = [];
    for (let scan = 0; scan < 3; scan++) world.tick(SCAN_MS);
    expect(world.forwarded).toEqual([]);
  });

  test("waits while this member serves nobody", () => {
    const world = new ServerWorld();
    const client = world.open();
    client.connect();
    world.server.isServing = false;
    world.forwarded = [];
    world.tick(OVERDUE_MS + SCAN_MS);
    expect(world.forwarded).toEqual([]);
  });
});
