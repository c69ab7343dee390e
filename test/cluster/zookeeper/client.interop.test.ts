/** The client with real servers of Apache ZooKeeper. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import {
  type Acl,
  CREATOR_ALL_ACL,
  digestId,
  OPEN_ACL,
  PERMS,
} from "../../../cluster/zookeeper/acl.ts";
import {
  type StatusListener,
  type WatchEvent,
  ZooKeeperClient,
  type ZooKeeperClientOptions,
} from "../../../cluster/zookeeper/client.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import { APACHE_ZOOKEEPER, ApacheZooKeeper } from "../../support/apache-zookeeper.ts";
import { GatedNetwork } from "../../support/gated-network.ts";
import { interopTool } from "../../support/interop.ts";

interopTool(APACHE_ZOOKEEPER)("with Apache ZooKeeper", () => {
  let servers: ApacheZooKeeper;
  const clients: ZooKeeperClient[] = [];
  beforeAll(async () => {
    servers = await ApacheZooKeeper.start(3);
  }, 90_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await servers?.stop();
  }, 30_000);

  function newClient(options: Partial<ZooKeeperClientOptions> = {}): ZooKeeperClient {
    const client = new ZooKeeperClient({
      servers: servers.connectString,
      network: tcpNetwork,
      clock: realClock,
      seed: randomBytes(6).readUIntBE(0, 6),
      ...options,
    });
    clients.push(client);
    return client;
  }

  /** Settles at the first such status from now on. */
  function nextStatus(client: ZooKeeperClient, wanted: string): Promise<string> {
    return new Promise((resolve) => {
      const listen: StatusListener = ({ status, reason }) => {
        if (status !== wanted) return;
        stop();
        resolve(reason);
      };
      const stop = client.onStatus(listen);
    });
  }

  describe("operations", () => {
    test("create, read, change and delete nodes, with the stat that belongs to each", async () => {
      const client = newClient();
      const { path, stat } = await client.create("/ops", utf8("one"));
      expect(path).toBe("/ops");
      expect(stat).toMatchObject({ version: 0, dataLength: 3, ephemeralOwner: 0n, numChildren: 0 });
      expect(stat.czxid).toBe(stat.mzxid);
      const changed = await client.setData("/ops", utf8("two"), 0);
      expect(changed).toMatchObject({ version: 1, czxid: stat.czxid });
      expect(changed.mzxid).toBeGreaterThan(stat.mzxid);
      const read = await client.getData("/ops");
      expect(textOf(read.data)).toBe("two");
      expect(read.stat).toEqual(changed);
      expect(await client.exists("/ops")).toEqual(changed);
      expect(await client.exists("/none")).toBeUndefined();
      await client.create("/ops/a");
      await client.create("/ops/b");
      const { children } = await client.getChildren("/ops");
      expect(children.toSorted()).toEqual(["a", "b"]);
      expect(await client.countDescendants("/ops")).toBe(2);
      await client.sync("/ops");
      await client.delete("/ops/a", 0);
      expect((await client.getChildren("/ops")).children).toEqual(["b"]);
    });

    test("are refused with ZooKeeper's codes", async () => {
      const client = newClient();
      await client.create("/codes");
      await client.create("/codes/eph", utf8(""), { mode: "EPHEMERAL" });
      const noAcl: readonly Acl[] = [];
      const cases: [string, () => Promise<unknown>][] = [
        ["NODEEXISTS", () => client.create("/codes")],
        ["NONODE", () => client.create("/codes/x/y")],
        ["NOCHILDRENFOREPHEMERALS", () => client.create("/codes/eph/x")],
        ["BADVERSION", () => client.setData("/codes", utf8(""), 7)],
        ["BADVERSION", () => client.delete("/codes", 7)],
        ["NOTEMPTY", () => client.delete("/codes")],
        ["NONODE", () => client.getData("/codes/x")],
        ["INVALIDACL", () => client.create("/codes/x", utf8(""), { acl: noAcl })],
        ["NOWATCHER", () => client.removeWatches("/codes", "any")],
        ["RECONFIGDISABLED", () => client.reconfigure({ newMembers: "", curConfigId: -1 })],
      ];
      for (const [code, act] of cases) await expect(act()).rejects.toMatchObject({ code });
      expect(client.status).toBe("connected");
    });

    test("create all kinds of nodes", async () => {
      const client = newClient();
      await client.create("/kinds");
      const first = await client.create("/kinds/n-", utf8(""), { mode: "PERSISTENT_SEQUENTIAL" });
      const second = await client.create("/kinds/n-", utf8(""), { mode: "EPHEMERAL_SEQUENTIAL" });
      expect([first.path, second.path]).toEqual(["/kinds/n-0000000000", "/kinds/n-0000000001"]);
      expect(second.stat.ephemeralOwner).toBe(client.sessionId);
      expect(await client.getEphemerals("/kinds")).toEqual([second.path]);
      await client.create("/kinds/c", utf8(""), { mode: "CONTAINER" });
      const mode = "PERSISTENT_WITH_TTL";
      const brief = await client.create("/kinds/t", utf8(""), { mode, ttlMs: 100_000 });
      expect(brief.stat.ephemeralOwner).toBe(0n);
    });

    test("make several changes at once, or none", async () => {
      const client = newClient();
      const results = await client
        .transaction()
        .create("/multi")
        .create("/multi/s-", utf8(""), { mode: "PERSISTENT_SEQUENTIAL" })
        .create("/multi/c", utf8(""), { mode: "CONTAINER" })
        .setData("/multi", utf8("x"), 0)
        .check("/multi", 1)
        .delete("/multi/c")
        .commit();
      expect(results.map((result) => ("path" in result ? result.path : result.type))).toEqual([
        "/multi",
        "/multi/s-0000000000",
        "/multi/c",
        "setData",
        "check",
        "delete",
      ]);
      const failing = client.transaction().create("/multi/a").check("/multi", 9).delete("/multi");
      await expect(failing.commit()).rejects.toMatchObject({
        code: "BADVERSION",
        path: "/multi",
        failed: {
          index: 1,
          results: [{ err: 0 }, { err: -103 }, { err: -2 }],
        },
      });
      const reads = await client.multiRead([
        { type: "getData", path: "/multi" },
        { type: "getChildren", path: "/multi" },
        { type: "getData", path: "/multi/a" },
      ]);
      expect(reads).toMatchObject([
        { type: "getData", data: utf8("x") },
        { type: "getChildren", children: ["s-0000000000"] },
        { type: "error", err: -101 },
      ]);
    });

    test("obey the ACLs of those who have authenticated", async () => {
      const owner = newClient();
      const other = newClient();
      await owner.addAuth("digest", "ann:secret");
      expect(await owner.whoAmI()).toContainEqual({ authScheme: "digest", user: "ann" });
      await owner.create("/private", utf8("x"), { acl: CREATOR_ALL_ACL });
      await other.sync("/private");
      await expect(other.getData("/private")).rejects.toMatchObject({ code: "NOAUTH" });
      const { acl, stat } = await owner.getAcl("/private");
      const id = { scheme: "digest", id: digestId("ann:secret") };
      expect(acl).toEqual([{ perms: PERMS.ALL, id }]);
      await owner.setAcl("/private", OPEN_ACL, stat.aversion);
      await other.sync("/private");
      expect(textOf((await other.getData("/private")).data)).toBe("x");
    });

    test("live below a chroot", async () => {
      await newClient().create("/below");
      const client = newClient({ servers: `${servers.connectString}/below` });
      await client.create("/a", utf8(""), { mode: "EPHEMERAL" });
      expect((await client.getChildren("/")).children).toEqual(["a"]);
      expect(await client.getEphemerals("/")).toEqual(["/a"]);
    });

    test("are answered in their order, a thousand at once", async () => {
      const client = newClient();
      await client.create("/many");
      const answered: number[] = [];
      const creates = Array.from({ length: 1000 }, async (_, index) => {
        const { path } = await client.create("/many/n", utf8("x"), {
          mode: "EPHEMERAL_SEQUENTIAL",
        });
        answered.push(index);
        expect(Number(path.slice(-10))).toBe(index);
      });
      await Promise.all(creates);
      expect(answered).toEqual(Array.from({ length: 1000 }, (_, index) => index));
      expect((await client.getChildren("/many")).children).toHaveLength(1000);
    });
  });

  test("watches of all kinds tell what they are for", async () => {
    const client = newClient();
    const told: string[] = [];
    const as = (name: string) => (event: WatchEvent) => {
      told.push(`${name} ${event.type} ${event.path}`);
    };
    await client.create("/w");
    await client.exists("/w/new", { watch: as("exist") });
    await client.getChildren("/w", { watch: as("child") });
    await client.getData("/w", { watch: as("data") });
    await client.create("/w/new");
    await client.setData("/w", utf8("1"));
    await client.setData("/w", utf8("2"));
    expect(told).toEqual([
      "exist nodeCreated /w/new",
      "child nodeChildrenChanged /w",
      "data nodeDataChanged /w",
    ]);
    told.length = 0;
    await client.addWatch("/w/new", "persistent", as("persistent"));
    await client.addWatch("/w", "persistentRecursive", as("recursive"));
    expect(await client.checkWatches("/w/new", "any")).toBe(true);
    await client.setData("/w/new", utf8("1"));
    await client.create("/w/new/deep");
    await client.delete("/w/new/deep");
    expect(told).toEqual([
      "persistent nodeDataChanged /w/new",
      "recursive nodeDataChanged /w/new",
      "recursive nodeCreated /w/new/deep",
      "persistent nodeChildrenChanged /w/new",
      "recursive nodeDeleted /w/new/deep",
      "persistent nodeChildrenChanged /w/new",
    ]);
    told.length = 0;
    await client.removeWatches("/w/new", "any");
    await client.removeWatches("/w", "any");
    expect(await client.checkWatches("/w", "any")).toBe(false);
    await client.setData("/w/new", utf8("2"));
    expect(told).toEqual([
      "persistent persistentWatchRemoved /w/new",
      "recursive persistentWatchRemoved /w",
    ]);
  });

  test("a session that the servers expired is surfaced, and renewed if asked for", async () => {
    const observer = newClient();
    const gate = new GatedNetwork(tcpNetwork);
    const brief = { network: gate, sessionTimeoutMs: 2000 };
    const ends = newClient(brief);
    const renews = newClient({ ...brief, renews: true });
    await ends.create("/ends", utf8(""), { mode: "EPHEMERAL" });
    await renews.create("/renews", utf8(""), { mode: "EPHEMERAL" });
    const renewed = renews.sessionId;
    await observer.sync("/");
    const gone = ["/ends", "/renews"].map(
      (path) => new Promise((resolve) => observer.exists(path, { watch: resolve })),
    );
    await observer.sync("/");
    const expired = [nextStatus(ends, "expired"), nextStatus(renews, "expired")];
    gate.close();
    await Promise.all(gone);
    gate.open();
    await Promise.all(expired);
    await expect(ends.exists("/")).rejects.toMatchObject({ code: "SESSIONEXPIRED" });
    await renews.create("/renews", utf8(""), { mode: "EPHEMERAL" });
    expect(renews.sessionId).not.toBe(renewed);
  });

  test("a session outlives its server, and hears what changed meanwhile", async () => {
    const gate = new GatedNetwork(tcpNetwork);
    const client = newClient({ network: gate });
    const connected = nextStatus(client, "connected");
    const home = await connected;
    const others = servers.addresses.filter((address) => address !== home).join(",");
    const other = newClient({ servers: others });
    await other.create("/changed", utf8("1"));
    await other.create("/same", utf8("1"));
    await client.sync("/");
    const { sessionId } = client;
    await client.create("/mine", utf8(""), { mode: "EPHEMERAL" });
    const told: string[] = [];
    const watch = ({ type, path }: WatchEvent): void => {
      told.push(`${type} ${path}`);
    };
    await Promise.all([
      ...["/changed", "/same"].map((path) => client.getData(path, { watch })),
      client.exists("/new", { watch }),
      client.addWatch("/same", "persistent", watch),
    ]);
    const lost = nextStatus(client, "disconnected");
    await servers.kill(home);
    await lost;
    gate.close();
    // The rest may have to elect a leader first, and meanwhile answers nobody.
    await other.connected();
    for (;;) {
      try {
        await other.setData("/changed", utf8("2"), 0);
        break;
      } catch (error) {
        if (isZooKeeperError(error, "BADVERSION")) break; // Its answer was lost before.
        expect(error).toMatchObject({ code: "CONNECTION_LOST" });
      }
    }
    await other.create("/new");
    const back = nextStatus(client, "connected");
    gate.open();
    expect(await back).not.toBe(home);
    expect(client.sessionId).toBe(sessionId);
    await client.sync("/");
    expect(told.toSorted()).toEqual(["nodeCreated /new", "nodeDataChanged /changed"]);
    expect((await client.exists("/mine"))?.ephemeralOwner).toBe(sessionId);
    await other.setData("/same", utf8("2"));
    await client.sync("/");
    // One watch that was set again as data, and one that lasts, of one listener.
    expect(told.slice(2)).toEqual(["nodeDataChanged /same"]);
  }, 40_000);
});
