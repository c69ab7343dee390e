/** One controller as a process beside one monitor. controller-process.interop.test.ts has more, on both coordinators. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { initCluster } from "../../cluster/coordination/cluster-node.ts";
import { openTree, treeIdentity } from "../../cluster/coordination/identity.ts";
import { createKeyFile } from "../../cluster/coordination/key-file.ts";
import { MapSubscription } from "../../cluster/coordination/map-subscription.ts";
import type { EpochRecord } from "../../cluster/map/epoch-record.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { freePorts } from "../support/free-ports.ts";
import { TestCluster } from "./cluster/cluster.ts";
import { Ensemble } from "./process/ensemble.ts";

const START_MS_MAX = 60_000;

describe("a controller in a process", () => {
  let monitors: Ensemble | undefined;
  let started: TestCluster | undefined;
  const cluster = (): TestCluster => present(started, "a cluster");

  async function epochNow(): Promise<number> {
    const answer = await cluster().ask({ type: "askStatus" });
    if (answer.type !== "status") throw new Error(`no status, but ${answer.type}`);
    return answer.status.epoch;
  }

  beforeAll(async () => {
    monitors = await Ensemble.start({ size: 1, settings: { tickTime: 200 } });
    const [monitor] = monitors.members;
    started = await TestCluster.start(present(monitor, "a monitor").address);
  }, START_MS_MAX);
  afterAll(async () => {
    await started?.close();
    await monitors?.close();
  });

  test("begins a new cluster's map, answers operators, and knows the monitors", async () => {
    await cluster().addController("a");
    const map = await cluster().until(({ epoch }) => epoch === 1);
    expect([...map.crush.ruleNames.values()]).toEqual(["replicated_rule"]);
    const status = await cluster().ask({ type: "askStatus" });
    expect(status).toMatchObject({
      type: "status",
      status: { controller: { name: "controller.a" }, monitors: [{ isLeader: true }] },
    });
  });

  test("follows the central configuration without a restart", async () => {
    const create = { type: "poolCreate", pgNum: 1, application: "", confirm: true } as const;
    const some = { size: undefined, minSize: undefined, rule: undefined };
    await cluster().give({ ...create, ...some, name: "before" });
    await cluster().set("pool-default-size", "2");
    // Whoever asks after the value is written may still find the old one for a moment.
    for (let attempt = 0; ; attempt++) {
      const answer = await cluster().give({ ...create, ...some, name: `after${attempt}` });
      expect(answer.type).toBe("commandDone");
      const settings = [...(cluster().map?.poolSettings.values() ?? [])];
      if (settings.some(({ size }) => size === 2)) break;
    }
    const sizes = [...(cluster().map?.poolSettings.values() ?? [])].map(({ size }) => size);
    expect(sizes[0]).toBe(3);
  });

  test("refuses with a sentence, and what it refuses changes nothing", async () => {
    const before = await epochNow();
    const answer = await cluster().give({ type: "poolRename", from: "befor", to: "x" });
    expect(answer).toMatchObject({
      type: "refused",
      code: "NOT_FOUND",
      message: expect.stringContaining('there is no pool "befor"'),
    });
    expect(await epochNow()).toBe(before);
  });

  test("ends when it is told to, and the next one takes over at once", async () => {
    await cluster().addController("b");
    const leader = await cluster().leader();
    await leader.end("SIGTERM");
    const answer = await cluster().give({ type: "flagSet", flags: ["noout"] });
    expect(answer.type).toBe("commandDone");
    const records = await cluster().history();
    expect(records.at(-1)?.controller).toBe("controller.b");
  });
});

test("a monitor runs a controller in its own process if its file says so", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kelp-controller-"));
  const keyFile = join(directory, "key");
  const key = await createKeyFile(keyFile);
  const [port] = await freePorts(1);
  const own = await Ensemble.start({
    size: 1,
    settings: {
      tickTime: 200,
      "kelp.clusterKeyFile": keyFile,
      "kelp.controllerAddress": "127.0.0.1",
      "kelp.controllerPort": present(port, "a port"),
    },
  });
  const { address } = present(own.members[0], "a monitor");
  const client = openTree({ coordinator: address, key, clock: realClock, network: tcpNetwork });
  try {
    await initCluster(client, { id: "1", wallMs: 1, acl: treeIdentity(key).acl });
    const first = await new Promise<EpochRecord | undefined>((resolve, reject) => {
      const subscription: MapSubscription = new MapSubscription({
        client,
        log: SILENT_LOG,
        onMap: ({ epoch }, record) => {
          if (epoch === 0) return;
          void subscription.stop();
          resolve(record);
        },
        onFailure: reject,
      });
    });
    expect(first?.controller).toBe("controller.mon.1");
  } finally {
    await client.close();
    await own.close();
    await rm(directory, { recursive: true });
  }
}, 60_000);
