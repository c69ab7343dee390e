/** All that stands below /kelp, on Apache ZooKeeper and on Kelp's monitors: nothing may need more than the former has. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { epoch, peerName } from "../../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import { setCentral } from "../../../cluster/coordination/central-config.ts";
import { CentralConfigWatch } from "../../../cluster/coordination/central-config-watch.ts";
import {
  ClusterLogFollower,
  ClusterLogWriter,
  readClusterLog,
} from "../../../cluster/coordination/cluster-log.ts";
import { initCluster, readCluster } from "../../../cluster/coordination/cluster-node.ts";
import type { Mandate } from "../../../cluster/coordination/guarded-write.ts";
import { openTree, treeIdentity } from "../../../cluster/coordination/identity.ts";
import { MapPublisher } from "../../../cluster/coordination/map-publisher.ts";
import {
  type NewestMap,
  readEpochNode,
  readHistory,
  readNewestMap,
  readUndo,
} from "../../../cluster/coordination/map-reader.ts";
import { MapSubscription } from "../../../cluster/coordination/map-subscription.ts";
import { trimMap } from "../../../cluster/coordination/map-trimmer.ts";
import { PATHS } from "../../../cluster/coordination/paths.ts";
import { RegistrationWatch, registerDaemon } from "../../../cluster/coordination/registration.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { defineConfig, loadConfig } from "../../../cluster/runtime/config.ts";
import { duration } from "../../../cluster/runtime/config-value.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { childPath } from "../../../cluster/zookeeper/path.ts";
import { LeaderElection } from "../../../cluster/zookeeper/recipe/leader-election.ts";
import { Conversation } from "../../interop/zookeeper/conversation.ts";
import { eachServer } from "../../interop/zookeeper/each-server.ts";
import { GatedNetwork } from "../../support/gated-network.ts";
import { ACL, changed, flagged, KEY } from "./map-world.ts";

const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("closed-tree.py", import.meta.url));
const KAZOO = {
  command: "/usr/lib/python3/dist-packages/kazoo/client.py",
  debianPackage: "python3-kazoo",
};

/** The client waits ever longer before it connects again. */
const ROUNDS = 8;

/** What was told, and whoever waits until it is as it should be. */
class Told<T> {
  readonly all: T[] = [];
  #wake: () => void = () => {};

  readonly note = (one: T): void => {
    this.all.push(one);
    this.#wake();
  };

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const fail = (error: unknown): never => {
  throw error;
};

eachServer({ name: "a cluster's tree", size: 3, tools: [KAZOO] }, (ensemble) => {
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });

  function tree({
    network = tcpNetwork as GatedNetwork | typeof tcpNetwork,
    key = KEY,
  } = {}): ZooKeeperClient {
    const coordinator = ensemble().addresses;
    const client = openTree({
      coordinator,
      key,
      clock: realClock,
      network,
      sessionTimeoutMs: 6_000,
    });
    open.push(client);
    return client;
  }

  interface Lead {
    readonly client: ZooKeeperClient;
    readonly election: LeaderElection;
    readonly mandate: Mandate;
    readonly publisher: MapPublisher;
    readonly newest: NewestMap;
  }

  async function lead(client: ZooKeeperClient, checkpointEpochs = 10): Promise<Lead> {
    const roles = new Told<string>();
    const election = new LeaderElection({
      client,
      path: PATHS.controller,
      id: randomUUID(),
      address: utf8("here"),
      onRole: roles.note,
    });
    open.push({ close: () => election.stop() });
    await roles.until(() => roles.all.at(-1) === "leading");
    const newest = await readNewestMap(client);
    const mandate = { client, check: present(election.check(), "it leads") };
    const options = { ...mandate, newest, acl: ACL, log: SILENT_LOG, checkpointEpochs };
    return { client, election, mandate, publisher: new MapPublisher(options), newest };
  }

  async function publish(
    { publisher }: Lead,
    map: OsdMap,
    count: number,
    size = 0,
  ): Promise<OsdMap> {
    let newest = map;
    for (let index = 0; index < count; index++) {
      const publication =
        index % 2 === 0
          ? changed(newest, { osd: index % 7, host: `${newest.epoch}-`, size })
          : flagged(newest);
      expect(await publisher.publish(publication)).toBe("published");
      newest = publication.map;
    }
    return newest;
  }

  test("is made once, and opens to its key alone", async () => {
    const client = tree();
    const id = randomUUID();
    const made = await initCluster(client, { id, wallMs: 5, acl: ACL });
    expect(made).toMatchObject({ type: "created", cluster: { id } });
    const again = await initCluster(client, { id: randomUUID(), wallMs: 6, acl: ACL });
    expect(again).toEqual({ type: "exists", cluster: made.cluster });
    const key = new Uint8Array(32).fill(9);
    const stranger = tree({ key });
    await expect(readCluster(stranger)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const { acl } = treeIdentity(key);
    await expect(initCluster(stranger, { id, wallMs: 7, acl })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("closed to this key"),
    });
  });

  test("has every epoch told to all subscribers, large ones too, and is trimmed", async () => {
    const subscribers = Array.from({ length: 5 }, () => {
      const told = new Told<number>();
      const subscription = new MapSubscription({
        client: tree(),
        log: SILENT_LOG,
        onMap: ({ epoch: of }) => told.note(of),
        onFailure: fail,
      });
      open.push({ close: () => subscription.stop() });
      return { told, subscription };
    });
    for (const { told } of subscribers) await told.until(() => told.all.length > 0);
    const first = await lead(tree());
    const { client, mandate, publisher } = first;
    let map = await publish(first, first.newest.map, 25);
    map = await publish(first, map, 3, 1_500_000);
    map = await publish(first, map, 5);
    await publisher.idle();
    for (const { told, subscription } of subscribers) {
      await told.until(() => told.all.at(-1) === map.epoch);
      expect(subscription.map).toEqual(map);
      expect(told.all).toEqual(Array.from({ length: map.epoch + 1 }, (_, index) => index));
    }
    expect((await client.getChildren(PATHS.mapChunk)).children.length).toBeGreaterThan(5);
    expect((await readNewestMap(tree())).map).toEqual(map);
    expect(await readUndo(client, map.epoch)).toMatchObject({ epoch: map.epoch });

    const outcome = await trimMap(mandate, map.epoch);
    expect(outcome).toMatchObject({ type: "trimmed" });
    const kept: number[] = [];
    for await (const record of readHistory(client, { from: epoch(0), to: map.epoch }))
      kept.push(record.epoch);
    expect(kept.length).toBeLessThan(14);
    expect(kept.at(-1)).toBe(map.epoch);
    expect((await readNewestMap(tree())).map).toEqual(map);
    map = await publish(first, map, 1);
    expect((await readNewestMap(tree())).map).toEqual(map);
  });

  test("has each epoch once, however often its controller loses the connection", async () => {
    const gate = new GatedNetwork(tcpNetwork);
    const first = await lead(tree({ network: gate }));
    let { map } = first.newest;
    const before = await readEpochNode(first.client);
    for (let round = 0; round < ROUNDS; round++) {
      const publication = changed(map, { osd: round % 7, host: `gate ${round}-` });
      const outcome = first.publisher.publish(publication);
      // At another moment each time: some requests were carried out by then, and some never left.
      for (let turn = 0; turn < round * 3; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      gate.close();
      gate.open();
      expect(await outcome).toBe("published");
      map = publication.map;
    }
    const reader = tree();
    await reader.sync(PATHS.root);
    expect((await readNewestMap(reader)).map).toEqual(map);
    expect((await readEpochNode(reader)).version).toBe(before.version + ROUNDS);
  });

  test("takes nothing from a controller that was deposed while it was cut off", async () => {
    const gate = new GatedNetwork(tcpNetwork);
    const first = await lead(tree({ network: gate }));
    gate.close();
    const late = first.publisher.publish(changed(first.newest.map, { host: "late" }));
    const admin = tree();
    await admin.delete(present(first.election.ownPath, "its node"));
    const second = await lead(tree());
    const map = await publish(second, second.newest.map, 1);
    gate.open();
    expect(await late).toBe("deposed");
    const { client, mandate } = first;
    expect(await trimMap(mandate, map.epoch)).toEqual({ type: "deposed" });
    await client.sync(PATHS.root);
    expect((await readNewestMap(client)).map).toEqual(map);
  });

  test("configures daemons while they run", async () => {
    const table = defineConfig({ grace: duration({ about: "a", default: "5s", runtime: true }) });
    const config = loadConfig(table, {});
    const graces = new Told<number>();
    config.onChange("grace", graces.note);
    const updates = new Told<unknown>();
    const watch = new CentralConfigWatch({
      client: tree(),
      daemon: peerName("osd.3"),
      table,
      config,
      log: SILENT_LOG,
      onUpdate: updates.note,
      onFailure: fail,
    });
    open.push({ close: () => watch.stop() });
    await updates.until(() => updates.all.length > 0);
    const admin = tree();
    for (const [who, text] of [
      ["global", "6s"],
      ["osd.3", "8s"],
    ] as const) {
      await setCentral(admin, { osd: table }, { who, name: "grace", text });
      await graces.until(() => graces.all.at(-1) === config.get("grace") && graces.all.length > 0);
    }
    await graces.until(() => graces.all.at(-1) === 8_000);
    await admin.delete("/kelp/config/osd.3/grace");
    await graces.until(() => graces.all.at(-1) === 6_000);
  });

  test("lists daemons, and lets one take the place of its own predecessor", async () => {
    const seen = new Told<string>();
    const watch = new RegistrationWatch({
      client: tree(),
      kind: "osd",
      log: SILENT_LOG,
      onChange: (changes) => {
        for (const change of changes) {
          seen.note(
            change.type === "vanished" ? "vanished" : `${change.type} ${change.daemon.nonce}`,
          );
        }
      },
      onFailure: fail,
    });
    open.push({ close: () => watch.stop() });
    const daemon = { address: "127.0.0.1:1", host: "a", version: "1", uuid: "store" };
    const start = (nonce: number, network: GatedNetwork): void => {
      const registration = registerDaemon({
        client: tree({ network }),
        kind: "osd",
        name: "3",
        daemon: { ...daemon, nonce },
        onFailure: fail,
      });
      open.push({ close: () => registration.stop() });
    };
    const gate = new GatedNetwork(tcpNetwork);
    start(1, gate);
    await seen.until(() => seen.all.at(-1) === "appeared 1");
    gate.close();
    start(2, new GatedNetwork(tcpNetwork));
    await seen.until(() => / 2$/.test(seen.all.at(-1) ?? ""));
    expect(watch.daemons.get("3")).toEqual({ ...daemon, nonce: 2 });
    gate.open();
  });

  test("keeps a log that others follow", async () => {
    const events = new Told<string>();
    const follower = new ClusterLogFollower({
      client: tree(),
      from: 1,
      onEvents: (some) => {
        for (const { number, text } of some) events.note(`${number} ${text}`);
      },
      onFailure: fail,
    });
    open.push({ close: () => follower.stop() });
    const { mandate, client } = await lead(tree());
    const writer = new ClusterLogWriter({ ...mandate, acl: ACL, log: SILENT_LOG });
    for (let index = 1; index <= 1_250; index++) {
      writer.append({ wallMs: index, level: "info", text: `event ${index}` });
      if (index % 250 === 0) await writer.flushed();
    }
    await events.until(() => events.all.length > 0 && events.all.at(-1) === "1250 event 1250");
    const all = await readClusterLog(client, 5_000);
    expect(all.length).toBeLessThanOrEqual(1_000);
    expect(all.at(-1)).toMatchObject({ number: 1_250, text: "event 1250" });
  });

  async function closedNodes(client: ZooKeeperClient, path: string): Promise<number> {
    expect((await client.getAcl(path)).acl, path).toEqual(ACL);
    const { children } = await client.getChildren(path);
    const below = children.map((name) => closedNodes(client, childPath(path, name)));
    return (await Promise.all(below)).reduce((sum, count) => sum + count, 1);
  }

  test("is closed to anonymous clients and to those of other identities, every node of it", async () => {
    const { publisher, newest, client } = await lead(tree());
    await publisher.publish(changed(newest.map, { host: "large", size: 600_000 }));
    const daemon = { address: "127.0.0.1:1", nonce: 1, host: "a", version: "1", uuid: "u" };
    const registered = new Told<string>();
    for (const kind of ["osd", "gateway", "monitor", "agent"] as const) {
      const onRegistered = (): void => registered.note(kind);
      const one = registerDaemon({
        client,
        kind,
        name: "x",
        daemon,
        onRegistered,
        onFailure: fail,
      });
      open.push({ close: () => one.stop() });
    }
    await registered.until(() => registered.all.length === 4);
    const count = await closedNodes(client, PATHS.root);
    expect(count).toBeGreaterThan(50);
    const script = new Conversation({ file: PYTHON, args: [SCRIPT] });
    open.push({ close: () => script.stop() });
    script.say(ensemble().addresses);
    script.say(treeIdentity(KEY).credentials.reveal());
    const heard = await script.hear(/^closed: .*$/m);
    expect(heard).toContain(
      `closed: ${count} nodes below agent config controller event gateway map monitor osd`,
    );
    expect(await script.ended()).toBe(0);
  });
});
