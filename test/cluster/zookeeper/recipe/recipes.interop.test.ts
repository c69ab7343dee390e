/** The recipes on a real server of Apache ZooKeeper. */
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { textOf, utf8 } from "../../../../cluster/base/bytes.ts";
import { realClock } from "../../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../../cluster/runtime/tcp.ts";
import { ZooKeeperClient } from "../../../../cluster/zookeeper/client.ts";
import { enterBarrier, leaveBarrier } from "../../../../cluster/zookeeper/recipe/barrier.ts";
import {
  currentLeader,
  LeaderElection,
} from "../../../../cluster/zookeeper/recipe/leader-election.ts";
import { acquireLock } from "../../../../cluster/zookeeper/recipe/lock.ts";
import { MemberList, Registration } from "../../../../cluster/zookeeper/recipe/service-registry.ts";
import { WatchedValue } from "../../../../cluster/zookeeper/recipe/watched-value.ts";
import { APACHE_ZOOKEEPER, ApacheZooKeeper } from "../../../support/apache-zookeeper.ts";
import { GatedNetwork } from "../../../support/gated-network.ts";
import { interopTool } from "../../../support/interop.ts";

interopTool(APACHE_ZOOKEEPER)("with Apache ZooKeeper", () => {
  let server: ApacheZooKeeper;
  const clients: ZooKeeperClient[] = [];
  beforeAll(async () => {
    server = await ApacheZooKeeper.start(1);
  }, 90_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server?.stop();
  }, 30_000);

  function newClient(network = tcpNetwork, sessionTimeoutMs = 10_000): ZooKeeperClient {
    const client = new ZooKeeperClient({
      servers: server.connectString,
      network,
      clock: realClock,
      seed: randomBytes(6).readUIntBE(0, 6),
      renews: true,
      sessionTimeoutMs,
    });
    clients.push(client);
    return client;
  }

  test("leadership goes to the next when the leader is cut off until its session expires", async () => {
    const gate = new GatedNetwork(tcpNetwork);
    const roles: string[] = [];
    const waits: { wanted: string; resolve: () => void }[] = [];
    const until = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        if (roles.includes(wanted)) resolve();
        else waits.push({ wanted, resolve });
      });
    const stand = (name: string, client: ZooKeeperClient): LeaderElection =>
      new LeaderElection({
        client,
        path: "/app/election",
        id: randomUUID(),
        address: utf8(name),
        onRole: (role) => {
          roles.push(`${name} ${role}`);
          for (const { wanted, resolve } of waits) if (roles.includes(wanted)) resolve();
        },
      });
    const observer = newClient();
    stand("a", newClient(gate, 2000));
    await until("a leading");
    const second = stand("b", newClient());
    const leader = await currentLeader(observer, "/app/election");
    expect(textOf(leader?.address ?? utf8(""))).toBe("a");
    gate.close();
    await until("a doubtful");
    await until("b leading");
    expect(roles).toEqual(["a leading", "a doubtful", "b leading"]);
    gate.open();
    await until("a waiting");
    await second.stop();
    await until("a leading");
  });

  test("a lock is held by one at a time", async () => {
    let holders = 0;
    let uses = 0;
    const use = async (): Promise<void> => {
      const client = newClient();
      for (let round = 0; round < 5; round++) {
        const lock = await acquireLock({ client, path: "/app/lock", id: randomUUID() });
        holders += 1;
        uses += 1;
        expect(holders).toBe(1);
        await client.sync("/");
        holders -= 1;
        await lock.release();
      }
    };
    await Promise.all([use(), use(), use(), use()]);
    expect(uses).toBe(20);
  });

  test("a registry lists its members, and a barrier waits for them", async () => {
    const seen: string[] = [];
    let look = (): void => {};
    const failed = (error: unknown): void => {
      throw error;
    };
    const list = new MemberList({
      client: newClient(),
      path: "/app/members",
      onChange: (members) => {
        seen.push([...members].map(([name, data]) => `${name}=${textOf(data)}`).join(" "));
        look();
      },
      onFailure: failed,
    });
    const shows = (text: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (seen.at(-1) === text) resolve();
        };
        look();
      });
    const members = ["a", "b", "c"].map((name) => ({ name, client: newClient() }));
    const registrations = members.map(
      ({ name, client }) =>
        new Registration({
          client,
          path: "/app/members",
          name,
          data: utf8("1"),
          onFailure: failed,
        }),
    );
    await shows("a=1 b=1 c=1");
    registrations[1]?.update(utf8("2"));
    await shows("a=1 b=2 c=1");
    const path = "/app/barrier";
    await Promise.all(members.map((member) => enterBarrier({ ...member, path, size: 3 })));
    await Promise.all(members.map((member) => leaveBarrier({ ...member, path })));
    await registrations[0]?.stop();
    await shows("b=2 c=1");
    await Promise.all(registrations.map((registration) => registration.stop()));
    await list.stop();
  });

  test("a value is told as it changes", async () => {
    const writer = newClient();
    const seen: string[] = [];
    let look = (): void => {};
    const value = new WatchedValue({
      client: newClient(),
      path: "/value",
      onChange: (now) => {
        seen.push(now === undefined ? "none" : textOf(now.data));
        look();
      },
      onFailure: (error) => {
        throw error;
      },
    });
    const shows = (text: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (seen.at(-1) === text) resolve();
        };
        look();
      });
    await shows("none");
    await writer.create("/value", utf8("1"));
    await shows("1");
    await writer.setData("/value", utf8("2"));
    await shows("2");
    await writer.delete("/value");
    await shows("none");
    expect(seen).toEqual(["none", "1", "2", "none"]);
    await value.stop();
  });
});
