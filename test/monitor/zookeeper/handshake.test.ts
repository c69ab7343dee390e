import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { encode } from "../../../cluster/wire/codec.ts";
import { connectRequest } from "../../../cluster/zookeeper/session-records.ts";
import { placeOf, ServerWorld, type TestClient } from "./server-world.ts";

const passwordOf = ({ id }: TestClient): Uint8Array => new Uint8Array(16).fill(id);

describe("a new session", () => {
  test.each([
    [1, 4_000],
    [-1, 4_000],
    [4_001, 4_001],
    [30_000, 30_000],
    [2_000_000_000, 40_000],
  ])("that asks for a timeout of %i ms gets %i", (timeOut, granted) => {
    const world = new ServerWorld();
    const client = world.session({ timeOut });
    expect(client.connected).toEqual({
      protocolVersion: 0,
      timeOut: granted,
      sessionId: BigInt(world.zxid),
      passwd: passwordOf(client),
      readOnly: false,
    });
    expect(world.tree.sessions.find(world.zxid)?.timeoutMs).toBe(granted);
  });

  test("is answered only when the log has it, and what came meanwhile is then taken up", () => {
    const world = new ServerWorld();
    const client = world.open();
    const connect = encode(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: 5000,
      sessionId: 0n,
      passwd: new Uint8Array(16),
      readOnly: false,
    });
    client.send(connect, client.packet("exists", { path: "/", watch: false }));
    client.ask("ping", {}, -2);
    expect([client.connected, client.isPaused]).toEqual([undefined, true]);
    world.commit();
    expect(client.connected?.timeOut).toBe(5000);
    expect([client.take(), client.isPaused]).toEqual([["1:0", "-2:0"], false]);
  });

  test("of a client before 3.4 is answered without the readOnly byte", () => {
    const world = new ServerWorld();
    expect(world.session({ readOnly: undefined }).connected?.readOnly).toBeUndefined();
    expect(world.session({ readOnly: true }).connected?.readOnly).toBe(false);
  });
});

describe("a session that comes back", () => {
  test("goes on at the new connection, and the old one is closed", () => {
    const world = new ServerWorld();
    const before = world.session();
    const after = world.session({ sessionId: before.session, passwd: passwordOf(before) });
    expect(after.connected).toMatchObject({
      sessionId: before.session,
      passwd: passwordOf(before),
      timeOut: 10_000,
    });
    expect([before.state, after.state]).toEqual(["destroyed", "open"]);
    before.close();
    after.ask("create", { path: "/a", data: undefined, acl: [], flags: 0 });
    world.commit();
    expect(after.take()).toEqual(["1:-114"]);
  });

  test("needs its password, else everything stays as it was", () => {
    const world = new ServerWorld();
    const before = world.session();
    const thief = world.session({ sessionId: before.session, passwd: new Uint8Array(16) });
    expect(thief.connected).toMatchObject({ sessionId: 0n, timeOut: 0 });
    expect([before.state, thief.state]).toEqual(["open", "ended"]);
  });

  test.each([
    ["an id that nobody has", 12_345n, 16],
    ["an id of another kind of server", 0x7000_0cb4_4a00_0001n, 16],
    ["a negative id", -5n, 16],
    ["a password that is too short", 1n, 3],
    ["an empty password", 1n, 0],
  ])("is refused with %s", (_, sessionId, size) => {
    const world = new ServerWorld();
    const client = world.session({ sessionId, passwd: new Uint8Array(size) });
    expect(client.connected).toMatchObject({ timeOut: 0, sessionId: 0n });
    expect(client.connected?.passwd).toEqual(new Uint8Array(16));
    expect(client.state).toBe("ended");
    client.ask("exists", { path: "/", watch: false });
    expect(client.take()).toEqual([]);
  });

  test("is not taken away from where it went by an attachment that was late", () => {
    const world = new ServerWorld();
    const before = world.session();
    const late = world.open();
    late.connect({ sessionId: before.session, passwd: passwordOf(before) });
    const attachment = world.forwarded.splice(0);
    late.close();
    const now = world.session({ sessionId: before.session, passwd: passwordOf(before) });
    world.apply(attachment);
    expect([now.state, world.forwarded]).toEqual(["open", []]);
    now.ask("create", { path: "/a", data: undefined, acl: [], flags: 0 });
    world.commit();
    expect(now.take()).toEqual(["1:-114"]);
  });

  test("moves on although this member knew too little of where it was", () => {
    const world = new ServerWorld();
    const before = world.session();
    const client = world.open();
    client.connect({ sessionId: before.session, passwd: passwordOf(before) });
    const [attachment] = world.forwarded;
    const session = Number(before.session);
    const there = { server: 5, connection: 1, timeoutMs: 5_000, password: passwordOf(before) };
    world.apply([{ type: "attachSession", session, ...there, from: placeOf(before) }]);
    // Sent twice, it is still asked for once more only.
    world.apply([...world.forwarded.splice(0), present(attachment, "what was sent")]);
    expect(world.forwarded).toMatchObject([{ from: { server: 5, connection: 1 } }]);
    world.commit();
    expect([client.state, client.connected?.sessionId]).toEqual(["open", before.session]);
  });

  test("is refused when it has expired", () => {
    const world = new ServerWorld();
    const before = world.session();
    world.apply([{ type: "expireSession", session: Number(before.session) }]);
    const after = world.session({ sessionId: before.session, passwd: passwordOf(before) });
    expect([after.connected?.sessionId, after.state]).toEqual([0n, "ended"]);
  });
});

test("a client that has seen more than this server goes to another", () => {
  const world = new ServerWorld();
  const client = world.open();
  client.connect({ lastZxidSeen: world.zxid + 1 });
  expect([client.connected, client.state]).toEqual([undefined, "destroyed"]);
  expect(world.logs.at(-1)).toContain("must try another");
  const level = world.session({ lastZxidSeen: world.zxid });
  expect(level.state).toBe("open");
});

test("a first packet that is no connect request closes the connection", () => {
  const world = new ServerWorld();
  const client = world.open();
  client.send(new Uint8Array(10));
  expect([client.connected, client.state, world.forwarded]).toEqual([undefined, "destroyed", []]);
});

test("a connection that closes meanwhile leaves no trace here", () => {
  const world = new ServerWorld();
  const client = world.open();
  client.connect();
  client.close();
  world.commit();
  expect([client.connected, world.server.bySession.size]).toEqual([undefined, 0]);
  expect(world.tree.sessions.count).toBe(1);
});
