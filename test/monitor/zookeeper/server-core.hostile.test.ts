/**
 * Packets that no client would send: nothing throws, nobody else notices, nothing is left behind.
 * With KELP_LONG there are a million.
 */
import { expect, test } from "vitest";
import { createPrng, type Prng, randomInt, randomPick } from "../../../cluster/base/prng.ts";
import { encode } from "../../../cluster/wire/codec.ts";
import { OPERATIONS, type OperationName } from "../../../cluster/zookeeper/operations.ts";
import { connectRequest } from "../../../cluster/zookeeper/session-records.ts";
import { OPEN_ACL, rawPacket, ServerWorld, type TestClient } from "./server-world.ts";

const { KELP_LONG } = process.env;
const PACKETS = KELP_LONG ? 1_000_000 : 120_000;
const BURST = 40;

const data = new Uint8Array([1, 2, 3]);
const path = "/a";
const create = { path: "/a/b", data, acl: OPEN_ACL, flags: 3 };

function templates(): Uint8Array[] {
  const of = <N extends OperationName>(name: N, request: unknown): Uint8Array =>
    rawPacket(
      1,
      OPERATIONS[name].code,
      encode(OPERATIONS[name].request as never, request as never),
    );
  return [
    of("create", create),
    of("create2", create),
    of("createContainer", { ...create, flags: 4 }),
    of("createTTL", { ...create, flags: 5, ttl: 100 }),
    of("delete", { path, version: -1 }),
    of("setData", { path, data, version: 0 }),
    of("setACL", { path, acl: OPEN_ACL, version: 0 }),
    of("getData", { path, watch: true }),
    of("exists", { path, watch: true }),
    of("getChildren2", { path: "/", watch: true }),
    of("getACL", { path }),
    of("getEphemerals", { prefixPath: "/" }),
    of("getAllChildrenNumber", { path: "/" }),
    of("multi", [
      { type: "create", ...create },
      { type: "check", path, version: 0 },
      { type: "delete", path, version: 7 },
    ]),
    of("multiRead", [{ type: "getData", path, watch: false }]),
    of("setWatches2", {
      relativeZxid: 1,
      dataWatches: [path, "/x"],
      existWatches: [path],
      childWatches: ["/"],
      persistentWatches: [path],
      persistentRecursiveWatches: ["/"],
    }),
    of("addWatch", { path, mode: 1 }),
    of("removeWatches", { path, type: 3 }),
    of("checkWatches", { path, type: 2 }),
    of("sync", { path }),
    of("auth", { type: 0, scheme: "digest", auth: data }),
    of("sasl", { token: data }),
    of("whoAmI", {}),
    of("reconfig", { joiningServers: "a", leavingServers: "", newMembers: "", curConfigId: 1 }),
    of("ping", {}),
  ];
}

/** What ends a connection even unchanged, so that it is rarely among the others. */
const FAREWELL = rawPacket(1, OPERATIONS.closeSession.code, new Uint8Array(0));

const CONNECT = encode(connectRequest, {
  protocolVersion: 0,
  lastZxidSeen: 0,
  timeOut: 5_000,
  sessionId: 0n,
  passwd: new Uint8Array(16),
  readOnly: false,
});

/** The packet with a few of its bytes changed, cut off or added. */
function mutate(prng: Prng, packet: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(packet);
  for (let count = randomInt(prng, 4); count > 0 && bytes.length > 0; count--) {
    const at = randomInt(prng, bytes.length);
    const values = [0, 1, 0x7f, 0x80, 0xff, randomInt(prng, 256)];
    bytes[at] = randomPick(prng, values);
  }
  const kind = randomInt(prng, 8);
  if (kind === 0) return bytes.subarray(0, randomInt(prng, bytes.length + 1));
  if (kind === 1) return Uint8Array.from([...bytes, ...new Uint8Array(randomInt(prng, 9))]);
  return bytes;
}

/** A well-behaved client writes, reads and hears of its watch. */
function checkOther(world: ServerWorld, other: TestClient): void {
  other.ask("getData", { path: "/other", watch: true });
  other.ask("setData", { path: "/other", data, version: -1 });
  other.ask("getData", { path: "/other", watch: false });
  world.commit();
  const told = other.take().map((one) => one.replace(/^\d+:/, ":"));
  expect(told).toEqual([":0", "/other nodeDataChanged", ":0", ":0"]);
}

test("mutated packets never throw, and other clients go on", () => {
  const prng = createPrng(20_260_521);
  const world = new ServerWorld();
  const other = world.session();
  other.ask("create", { path: "/other", data, acl: OPEN_ACL, flags: 0 });
  world.commit();
  other.take();
  const all = templates();
  let client: TestClient | undefined;
  for (let sent = 0; sent < PACKETS; sent += BURST) {
    if (client === undefined || client.state !== "open" || client.connected?.timeOut === 0) {
      client?.close();
      client = world.open();
      client.send(randomInt(prng, 4) === 0 ? mutate(prng, CONNECT) : CONNECT);
      world.commit();
    }
    const packets = Array.from({ length: BURST }, () => mutate(prng, randomPick(prng, all)));
    if (randomInt(prng, 50) === 0) packets.push(FAREWELL, FAREWELL, CONNECT);
    client.send(...packets);
    world.commit();
    world.finishSyncs();
    world.commit();
    client.received.length = 0;
    for (const each of [client, other]) {
      world.step({ type: "clientDrained", client: each.id, queuedBytes: 0 });
    }
    if (sent % (PACKETS / 20) === 0) checkOther(world, other);
  }
  client?.close();
  checkOther(world, other);
  const { clients, outstanding, waiting, watches, syncs, unsentBytes } = world.server;
  expect([...clients.keys()]).toEqual([other.id]);
  expect([outstanding, waiting.size, syncs.length, watches.size]).toEqual([0, 0, 0, 0]);
  expect(unsentBytes).toBeGreaterThanOrEqual(0);
}, 180_000);

test("a packet that answers more than a client takes costs only that client", () => {
  const world = new ServerWorld({ limits: { outputBytesMax: 1 << 20 } });
  const other = world.session();
  other.ask("create", { path: "/other", data, acl: OPEN_ACL, flags: 0 });
  world.commit();
  other.take();
  const client = world.session();
  const dataWatches = new Array(100_000).fill("");
  const existWatches = new Array(100_000).fill("");
  client.ask("setWatches", { relativeZxid: -1, dataWatches, existWatches, childWatches: [] });
  expect(client.state).toBe("destroyed");
  checkOther(world, other);
});
