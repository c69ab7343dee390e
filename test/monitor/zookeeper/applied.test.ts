import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { digestId } from "../../../monitor/zookeeper/credentials.ts";
import { OPEN_ACL, ServerWorld, type TestClient } from "./server-world.ts";

const make = (client: TestClient, path: string, flags = 0) =>
  client.packet("create", { path, data: undefined, acl: OPEN_ACL, flags });

describe("events and answers of one batch", () => {
  test("come in the order of its entries", () => {
    const world = new ServerWorld();
    const [one, two] = [world.session(), world.session()];
    one.ask("addWatch", { path: "/", mode: 1 });
    one.send(make(one, "/a"));
    two.send(make(two, "/b"));
    one.send(make(one, "/c"));
    world.apply(world.forwarded.splice(0));
    expect(one.take()).toEqual([
      "1:0",
      "/a nodeCreated",
      "2:0",
      "/b nodeCreated",
      "/c nodeCreated",
      "3:0",
    ]);
  });

  test("switched off, an event comes behind the answer that shows the change", () => {
    const world = new ServerWorld({ rules: { watchFirst: false } });
    const client = world.session();
    client.ask("getChildren", { path: "/", watch: true });
    client.send(make(client, "/a"));
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0", "/ nodeChildrenChanged"]);
  });

  test("a multi's events come before its answer", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("getChildren", { path: "/", watch: true });
    client.ask("multi", [
      { type: "create", path: "/a", data: undefined, acl: OPEN_ACL, flags: 0 },
      { type: "create", path: "/b", data: undefined, acl: OPEN_ACL, flags: 0 },
    ]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "/ nodeChildrenChanged", "2:0"]);
  });
});

test("an expired session's ephemeral nodes are told to those who watch them", () => {
  const world = new ServerWorld();
  const [owner, watcher] = [world.session(), world.session()];
  owner.send(make(owner, "/e", 1));
  world.commit();
  watcher.ask("getData", { path: "/e", watch: true });
  watcher.ask("getChildren", { path: "/", watch: true });
  watcher.take();
  world.apply([{ type: "expireSession", session: Number(owner.session) }]);
  expect(watcher.take()).toEqual(["/e nodeDeleted", "/ nodeChildrenChanged"]);
});

test("what other servers' clients do is told here, and answered there", () => {
  const world = new ServerWorld();
  const watcher = world.session();
  watcher.ask("exists", { path: "/a", watch: true });
  watcher.take();
  const there = { server: 5, connection: watcher.id };
  const password = new Uint8Array(16);
  world.apply([{ type: "createSession", ...there, timeoutMs: 5000, password }]);
  const session = world.zxid;
  watcher.send(make(watcher, "/x"));
  const [own] = world.forwarded;
  if (own?.type !== "request") throw new Error("a write was forwarded");
  const { body } = own;
  world.apply([
    { type: "request", session, ...there, sequence: 1, identities: [], op: 1, body },
    { type: "request", session, ...there, sequence: 2, identities: [], op: -11, body },
  ]);
  expect([watcher.take(), watcher.state]).toEqual([[], "open"]);
  world.commit();
  expect(watcher.take()).toEqual(["2:-110"]);
});

test("an outcome that comes twice is answered once", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.send(make(client, "/a"));
  const sent = world.forwarded.splice(0);
  world.apply(sent);
  world.apply(sent);
  expect([client.take(), client.state]).toEqual([["1:0"], "open"]);
});

test("a client is not told of a node that it may not read, and its watch is used up", () => {
  const world = new ServerWorld();
  const [stranger, owner] = [world.session(), world.session()];
  owner.ask("auth", { type: 0, scheme: "digest", auth: utf8("a:b") }, -4);
  const acl = [{ perms: 31, id: { scheme: "digest", id: digestId("a:b") } }];
  for (const client of [stranger, owner]) {
    client.ask("exists", { path: "/a", watch: true });
    client.ask("addWatch", { path: "/", mode: 1 });
    client.take();
  }
  owner.ask("create", { path: "/a", data: undefined, acl, flags: 0 });
  world.commit();
  expect(owner.take()).toEqual(["/a nodeCreated", "3:0"]);
  expect(stranger.take()).toEqual([]);
  owner.ask("setACL", { path: "/a", acl: OPEN_ACL, version: -1 });
  owner.ask("setData", { path: "/a", data: undefined, version: -1 });
  world.commit();
  expect(stranger.take()).toEqual(["/a nodeDataChanged"]);
});
