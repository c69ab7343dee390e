import { describe, expect, test } from "vitest";
import { encode } from "../../../cluster/wire/codec.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { createRequest } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { OPEN_ACL, rawPacket, SERVER, ServerWorld } from "./server-world.ts";

const body = encode(createRequest, {
  path: "/a",
  data: new Uint8Array([1]),
  acl: OPEN_ACL,
  flags: 0,
});

test("a write is forwarded as the client encoded it, with who the client is", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.send(rawPacket(9, OPCODES.create2, body), rawPacket(10, OPCODES.create, body));
  const common = {
    type: "request",
    session: Number(client.session),
    server: SERVER,
    connection: client.id,
    identities: [{ scheme: "ip", id: "10.0.0.1" }],
  };
  expect(world.forwarded).toMatchObject([
    { ...common, sequence: 1, op: OPCODES.create2 },
    { ...common, sequence: 2, op: OPCODES.create },
  ]);
  for (const entry of world.forwarded) {
    expect(entry.type === "request" && Buffer.compare(entry.body, body)).toBe(0);
  }
  world.commit();
  expect(client.take()).toEqual(["9:0", `10:${ERRORS.NODEEXISTS}`]);
});

test("writes that cannot be read are answered through the log, as ZooKeeper does", () => {
  const world = new ServerWorld();
  const client = world.session();
  const before = world.zxid;
  const writes = [1, 2, 5, 7, 13, 14, 15, 19, 21];
  client.send(...writes.map((op) => rawPacket(op, op, new Uint8Array(1))));
  world.commit();
  expect(client.take()).toEqual(writes.map((op) => `${op}:${ERRORS.MARSHALLINGERROR}`));
  expect(world.zxid).toBe(before + writes.length);
});

describe("what no client may do is refused through the log, as ZooKeeper does", () => {
  test.each([
    ["deleteContainer", OPCODES.deleteContainer, ERRORS.BADARGUMENTS],
    ["createSession", OPCODES.createSession, ERRORS.MARSHALLINGERROR],
  ])("%s", (_, op, error) => {
    const world = new ServerWorld();
    const client = world.session();
    const before = world.zxid;
    client.send(rawPacket(1, op, new Uint8Array(4)));
    world.commit();
    expect(client.lastReply()).toMatchObject({ xid: 1, zxid: before + 1, err: error });
  });

  const change = { joiningServers: undefined, leavingServers: "9", newMembers: undefined };

  test("reconfig where it is disabled", () => {
    const world = new ServerWorld();
    const client = world.session();
    const before = world.zxid;
    client.ask("reconfig", { ...change, curConfigId: -1 });
    expect(client.take()).toEqual([]);
    world.commit();
    expect(client.lastReply()).toMatchObject({ zxid: before + 1, err: ERRORS.RECONFIGDISABLED });
    expect(world.server.counts.writeLatency.count).toBe(1);
  });

  test("but not a reconfig that cannot be read, which takes no zxid", () => {
    const world = new ServerWorld();
    const client = world.session();
    const before = world.zxid;
    const cut = new Uint8Array(2);
    client.send(rawPacket(1, OPCODES.create, body), rawPacket(2, OPCODES.reconfig, cut));
    expect([client.take(), world.forwarded.length]).toEqual([[], 1]);
    world.commit();
    expect(client.lastReply()).toMatchObject({ zxid: before + 1, err: ERRORS.MARSHALLINGERROR });
    expect(client.take()).toEqual(["1:0", `2:${ERRORS.MARSHALLINGERROR}`]);
  });
});

describe("what ends a connection", () => {
  test.each([
    ["a packet without a whole header", new Uint8Array(7)],
    ["credentials that cannot be read", rawPacket(-4, OPCODES.auth, new Uint8Array(2))],
    ["a SASL token that cannot be read", rawPacket(1, OPCODES.sasl, new Uint8Array(2))],
    ["a null SASL token", rawPacket(1, OPCODES.sasl, new Uint8Array(4).fill(0xff))],
  ])("%s", (_, packet) => {
    const world = new ServerWorld();
    const [client, other] = [world.session(), world.session()];
    client.send(packet, client.packet("exists", { path: "/", watch: false }));
    expect([client.take(), client.state]).toEqual([[], "destroyed"]);
    other.ask("exists", { path: "/", watch: false });
    expect(other.take()).toEqual(["1:0"]);
  });
});

test("latency is from the arrival of a request to its answer", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("exists", { path: "/", watch: false });
  client.send(rawPacket(2, OPCODES.create, body));
  world.nowMs += 30;
  world.commit();
  const { latency, readLatency, writeLatency } = world.server.counts;
  expect(latency).toEqual({ count: 2, totalMs: 30, minMs: 0, maxMs: 30 });
  expect([readLatency.count, writeLatency.totalMs]).toEqual([1, 30]);
});
