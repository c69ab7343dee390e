import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { OPEN_ACL, PERMS } from "../../../cluster/zookeeper/acl.ts";
import type { WatchEvent, ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { ADDRESSES, ClientWorld } from "./client-world.ts";

const [A, B, C] = ADDRESSES;

async function connectedWorld(): Promise<{ world: ClientWorld; client: ZooKeeperClient }> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const client = world.client();
  await world.until(client.connected());
  return { world, client };
}

describe("a client", () => {
  test("does what it is asked in the order of the calls, all at once", async () => {
    const { world, client } = await connectedWorld();
    const all = Promise.all([
      client.create("/a", utf8("1")),
      client.setData("/a", utf8("2"), 0),
      client.getData("/a"),
      client.exists("/nope"),
      client.getChildren("/"),
      client.sync("/a"),
      client.delete("/a"),
      client.exists("/a"),
    ]);
    const [created, changed, read, nope, children, , , gone] = await world.until(all);
    expect(created.path).toBe("/a");
    expect(changed.version).toBe(1);
    expect(toHex(read.data)).toBe("32");
    expect(read.stat.version).toBe(1);
    expect(nope).toBeUndefined();
    expect(children.children).toEqual(["a"]);
    expect(gone).toBeUndefined();
    expect(client.lastZxid).toBe(world.server.zxid);
  });

  test("may be asked before it is connected", async () => {
    const world = new ClientWorld();
    await world.start(B);
    const client = world.client();
    const created = client.create("/a");
    expect((await world.until(created)).path).toBe("/a");
  });

  test("says which path and code, and what it means", async () => {
    const { world, client } = await connectedWorld();
    await expect(world.until(client.getData("/a/b"))).rejects.toMatchObject({
      name: "ZooKeeperError",
      code: "NONODE",
      path: "/a/b",
      operation: "getData",
      message: "getData /a/b: NONODE: there is no such node; create it, and its parents first",
    });
  });

  test.each(["", "a", "/a/", "/a//b", "/.."])("refuses the path %j unsent", async (path) => {
    const { world, client } = await connectedWorld();
    await expect(world.until(client.getData(path))).rejects.toMatchObject({ code: "BADARGUMENTS" });
    await expect(
      world.until(client.multi([{ type: "check", path, version: 0 }])),
    ).rejects.toThrow();
    expect(world.server.log).toEqual([]);
  });

  test("lives below its chroot", async () => {
    const world = new ClientWorld();
    await world.start(A);
    world.server.change("/app", utf8(""));
    const client = world.client({ servers: `${A}/app` });
    const events: WatchEvent[] = [];
    await world.until(client.exists("/x", { watch: (event) => events.push(event) }));
    await world.until(client.getChildren("/", { watch: (event) => events.push(event) }));
    const created = await world.until(
      client.create("/x-", utf8(""), { mode: "EPHEMERAL_SEQUENTIAL" }),
    );
    expect(created.path).toBe("/x-0000000000");
    const [made] = await world.until(client.transaction().create("/x").check("/").commit());
    expect(made).toEqual({ type: "create", path: "/x" });
    expect(world.server.children("/app")).toEqual(["x", "x-0000000000"]);
    expect(events).toEqual([
      { type: "nodeChildrenChanged", path: "/" },
      { type: "nodeCreated", path: "/x" },
    ]);
  });

  test("closes what it creates by its own ACL, unless it is told another", async () => {
    const world = new ClientWorld();
    await world.start(...ADDRESSES);
    const acl = [{ perms: PERMS.ALL, id: { scheme: "digest", id: "kelp:x" } }];
    const client = world.client({ acl });
    await world.until(client.create("/a"));
    await world.until(client.create("/b", undefined, { acl: OPEN_ACL }));
    await world.until(client.transaction().create("/c").commit());
    const acls = ["/a", "/b", "/c"].map((path) => world.server.nodes.get(path)?.acl);
    expect(acls).toEqual([acl, OPEN_ACL, acl]);
  });

  test("ends a multi with the first part that failed", async () => {
    const { world, client } = await connectedWorld();
    const commit = client.transaction().create("/a").delete("/b").check("/").commit();
    await expect(world.until(commit)).rejects.toMatchObject({
      code: "NONODE",
      path: "/b",
      failed: { index: 1 },
      message: "multi /b (part 1): NONODE: there is no such node; create it, and its parents first",
    });
    expect(world.server.children("/")).toEqual([]);
  });

  test("closes its session after everything that was asked before", async () => {
    const { world, client } = await connectedWorld();
    const created = client.create("/a", utf8(""), { mode: "EPHEMERAL" });
    const closed = client.close();
    const late = expect(client.getData("/")).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
    await world.until(closed);
    expect((await created).path).toBe("/a");
    await late;
    expect(client.status).toBe("closed");
    expect(world.server.sessionIds).toEqual([]);
    expect(world.server.children("/")).toEqual([]);
    await client.close();
  });

  test("leaves nothing to wait for when it is closed", async () => {
    const { world, client } = await connectedWorld();
    await world.until(client.close());
    await world.pass(1);
    const { eventCount } = world.scheduler;
    await world.pass(60_000);
    expect(world.scheduler.eventCount).toBe(eventCount);
  });

  test("closes although no server can be reached", async () => {
    const { world, client } = await connectedWorld();
    for (const address of ADDRESSES) await world.kill(address);
    await world.untilTrue(() => client.status === "disconnected");
    await world.until(client.close(), 6000);
    expect(client.status).toBe("closed");
  });
});

describe("answers and events", () => {
  test("are told in the order in which they came", async () => {
    const { world, client } = await connectedWorld();
    world.server.change("/a", utf8("1"));
    const told: string[] = [];
    const read = async (): Promise<void> => {
      const { data } = await client.getData("/a", { watch: ({ type }) => told.push(type) });
      await Promise.resolve();
      told.push(`read ${toHex(data)}`);
    };
    const write = client.setData("/a", utf8("2")).then(() => told.push("written"));
    await world.until(Promise.all([write, read()]));
    const again = client.setData("/a", utf8("3")).then(() => told.push("written again"));
    await world.until(again);
    expect(told).toEqual(["written", "read 32", "nodeDataChanged", "written again"]);
  });

  test("a listener that is set twice is told once, and then no more", async () => {
    const { world, client } = await connectedWorld();
    const told: string[] = [];
    const watch = ({ type, path }: WatchEvent): void => {
      told.push(`${type} ${path}`);
    };
    await world.until(
      Promise.all([client.exists("/a", { watch }), client.exists("/a", { watch })]),
    );
    await world.until(client.create("/a"));
    await world.until(client.setData("/a", utf8("")));
    expect(told).toEqual(["nodeCreated /a"]);
  });

  test("a watch on a request that failed is none", async () => {
    const { world, client } = await connectedWorld();
    const told: WatchEvent[] = [];
    const read = client.getData("/a", { watch: (event) => told.push(event) });
    await expect(world.until(read)).rejects.toThrow("NONODE");
    await world.until(client.create("/a"));
    expect(told).toEqual([]);
  });
});

describe("when its server dies", () => {
  test("the session goes on at another, with its ephemeral nodes", async () => {
    const { world, client } = await connectedWorld();
    const { sessionId } = client;
    await world.until(client.create("/a", utf8(""), { mode: "EPHEMERAL" }));
    const [before = ""] = world.server.connected;
    await world.kill(before);
    await world.untilTrue(() => client.status === "disconnected");
    expect((await world.until(client.exists("/a")))?.ephemeralOwner).toBe(sessionId);
    expect(client.sessionId).toBe(sessionId);
    expect(world.server.connected).not.toContain(before);
  });

  test("a request on its way fails and is not sent again", async () => {
    const { world, client } = await connectedWorld();
    world.server.losesReply = ({ op }) => op === "create2";
    const created = client.create("/a");
    const behind = client.setData("/a", utf8(""));
    const outcomes = await world.until(Promise.allSettled([created, behind]));
    expect(outcomes).toMatchObject([
      { reason: { code: "CONNECTION_LOST" } },
      { reason: { code: "CONNECTION_LOST" } },
    ]);
    world.server.losesReply = () => false;
    await world.until(client.sync());
    expect(world.server.log).toEqual(["create2 /a", "sync /"]);
  });

  test("what changed meanwhile is told, and nothing else", async () => {
    const { world, client } = await connectedWorld();
    for (const path of ["/same", "/changed", "/gone", "/parent"]) {
      world.server.change(path, utf8("1"));
    }
    const told: string[] = [];
    const watch = ({ type, path }: WatchEvent): void => {
      told.push(`${type} ${path}`);
    };
    const watched = [
      ...["/same", "/changed", "/gone"].map((path) => client.getData(path, { watch })),
      client.exists("/new", { watch }),
      client.exists("/never", { watch }),
      client.getChildren("/parent", { watch }),
      client.getChildren("/same", { watch }),
    ];
    await world.until(Promise.all(watched));
    world.server.isUnwilling = true;
    world.server.cut();
    await world.pass(500);
    world.server.change("/changed", utf8("2"));
    world.server.change("/gone", undefined);
    world.server.change("/new", utf8(""));
    world.server.change("/parent/child", utf8(""));
    world.server.isUnwilling = false;
    await world.until(client.sync());
    expect(told.toSorted()).toEqual([
      "nodeChildrenChanged /parent",
      "nodeCreated /new",
      "nodeDataChanged /changed",
      "nodeDeleted /gone",
    ]);
    // The others are watched at the new server.
    world.server.change("/same", utf8("2"));
    world.server.change("/never", utf8(""));
    world.server.change("/same/child", utf8(""));
    await world.until(client.sync());
    expect(told.slice(4).toSorted()).toEqual([
      "nodeChildrenChanged /same",
      "nodeCreated /never",
      "nodeDataChanged /same",
    ]);
  });

  test("a server that is silent is left, after two thirds of the timeout", async () => {
    const { world, client } = await connectedWorld();
    const startMs = world.scheduler.nowMs;
    world.server.isSilent = true;
    await world.untilTrue(() => client.status === "disconnected");
    const tookMs = world.scheduler.nowMs - startMs;
    expect(tookMs).toBeGreaterThan(5000);
    expect(tookMs).toBeLessThan(6100);
    world.server.isSilent = false;
    await world.until(client.connected());
  });

  test("pings keep an idle connection", async () => {
    const { world, client } = await connectedWorld();
    const states: string[] = [];
    client.onStatus(({ status }) => states.push(status));
    await world.pass(60_000);
    expect(states).toEqual([]);
    expect(client.status).toBe("connected");
    expect(world.server.helloCount).toBe(1);
  });

  test("a server that has not seen what the client has is refused, until it has", async () => {
    const { world, client } = await connectedWorld();
    await world.until(client.create("/a"));
    world.server.zxid -= 1;
    world.server.cut();
    await world.pass(5000);
    expect(client.status).toBe("disconnected");
    world.server.zxid += 1;
    await world.until(client.connected());
  });
});

describe("when no server can be reached", () => {
  test("requests fail after a session's time, and say that they were not sent", async () => {
    const world = new ClientWorld();
    const client = world.client();
    const read = client.getData("/a");
    await expect(world.until(read)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringMatching(/^getData \/a: it was not sent, .* connection refused$/),
    });
    expect(world.scheduler.nowMs).toBeGreaterThan(9900);
    expect(world.scheduler.nowMs).toBeLessThan(10_100);
  });

  test("attempts become fewer", async () => {
    const world = new ClientWorld();
    let attempts = 0;
    const host = world.network.host("client.x" as never);
    const client = world.client({
      network: {
        ...host,
        connect: (address, signal) => {
          attempts += 1;
          return host.connect(address, signal);
        },
      },
    });
    await world.pass(60_000);
    expect(attempts).toBeGreaterThan(40);
    expect(attempts).toBeLessThan(120);
    await world.until(client.close());
  });
});

describe("when the session expires", () => {
  test("everything that waits fails, watches end, and the client is of no more use", async () => {
    const { world, client } = await connectedWorld();
    const states: string[] = [];
    client.onStatus(({ status }) => states.push(status));
    const told: WatchEvent[] = [];
    await world.until(client.exists("/a", { watch: (event) => told.push(event) }));
    world.server.expire(client.sessionId);
    await world.untilTrue(() => client.status === "disconnected");
    const waits = client.getData("/");
    await expect(world.until(waits)).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
    expect(states).toEqual(["disconnected", "expired"]);
    await world.untilTrue(() => told.length > 0);
    expect(told).toEqual([{ type: "none", path: "/a" }]);
    await expect(world.until(client.getData("/"))).rejects.toMatchObject({
      code: "SESSIONEXPIRED",
    });
    await expect(world.until(client.connected())).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
  });

  test("a client that renews starts a new one", async () => {
    const world = new ClientWorld();
    await world.start(A, C);
    const states: string[] = [];
    const client = world.client({ renews: true, onStatus: ({ status }) => states.push(status) });
    await world.until(client.connected());
    const { sessionId } = client;
    world.server.expire(sessionId);
    await world.untilTrue(() => states.length === 4);
    expect(states).toEqual(["connected", "disconnected", "expired", "connected"]);
    expect(client.sessionId).not.toBe(sessionId);
    await world.until(client.create("/a"));
  });
});

describe("bounds", () => {
  test("more requests than may wait are refused at once, the others are done", async () => {
    const world = new ClientWorld();
    await world.start(A);
    const client = world.client({ outstandingMax: 3 });
    const reads = Array.from({ length: 5 }, () => client.exists("/"));
    const outcomes = await world.until(Promise.allSettled(reads));
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(outcomes[4]).toMatchObject({ reason: { code: "OVERLOADED" } });
    await world.until(client.exists("/"));
  });

  test("a request that no server would take is not sent", async () => {
    const { world, client } = await connectedWorld();
    const large = client.create("/a", new Uint8Array(1 << 20));
    await expect(world.until(large)).rejects.toThrow(/BADARGUMENTS: .* servers accept 1048575/);
    expect(client.status).toBe("connected");
  });

  test("an answer that is too large ends the connection, not the session", async () => {
    const world = new ClientWorld();
    await world.start(...ADDRESSES);
    const client = world.client({ responseSizeMax: 200 });
    await world.until(client.connected());
    const { sessionId } = client;
    world.server.change("/a", new Uint8Array(300));
    const read = client.getData("/a");
    await expect(world.until(read)).rejects.toThrow(/a packet of \d+ bytes where 200 are allowed/);
    await world.until(client.exists("/a"));
    expect(client.sessionId).toBe(sessionId);
  });
});
