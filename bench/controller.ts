/**
 * The controller with processes on this machine: how long a change takes from the command to the last of many subscribers, how
 * soon another controller leads when one is killed, how soon an OSD that is killed is down, on Kelp's monitors and on Apache
 * ZooKeeper; and what a round of the balancer costs on a large map, and the thread that must not wait for it.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT_LOG } from "../cluster/base/log.ts";
import { MapSubscription } from "../cluster/coordination/map-subscription.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import type { UpmapChanges } from "../cluster/map/upmap-changes.ts";
import { WorkerPool } from "../cluster/runtime/worker-pool.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import { type BalanceTask, balanceTask } from "../monitor/balance-work.ts";
import { balanceEdit } from "../monitor/controller/command/balance-edit.ts";
import { osdMapWorld } from "../test/cluster/map/osd-map-world.ts";
import { startEnsemble } from "../test/interop/zookeeper/reference-ensemble.ts";
import {
  APACHE_AS_SHIPPED,
  KELP,
  type ServerKind,
  whyNot,
} from "../test/interop/zookeeper/server-kind.ts";
import { SESSION_TIMEOUT_MS, TestCluster } from "../test/monitor/cluster/cluster.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";

interface Size {
  readonly subscriberCount: number;
  readonly changeCount: number;
  readonly killCount: number;
  readonly osdCount: number;
  readonly pgCount: number;
}

const SIZES: Readonly<Record<Scale, Size>> = {
  full: {
    subscriberCount: 100,
    changeCount: 100,
    killCount: 3,
    osdCount: 10_000,
    pgCount: 100_000,
  },
  tiny: { subscriberCount: 3, changeCount: 3, killCount: 1, osdCount: 64, pgCount: 256 },
};

const PUBLISH_MS_MAX = 30;
const DOWN_MS_MAX = 6_000;
/** Apache ZooKeeper rounds expiry up to its tick. */
const APACHE_TICK_MS = 2_000;
const BALANCE_MS_MAX = 30_000;
const STALL_MS_MAX = 50;
const BALANCE_WORK = new URL("../monitor/balance-work.js", import.meta.url);

export const controllerBench: Bench = {
  name: "controller",
  about: "publishing to many subscribers, failover, OSDs that are killed, rounds of the balancer",
  unavailable: () => whyNot(KELP),
  async run(scale, progress) {
    const measurements: Measurement[] = [];
    for (const kind of scale === "tiny" ? [KELP] : [KELP, APACHE_AS_SHIPPED]) {
      if (whyNot(kind) !== undefined) continue;
      measurements.push(...(await onCoordinator(kind, SIZES[scale], progress)));
    }
    progress("a round of the balancer");
    // Threads run compiled files only, and the tiny scale runs from sources.
    if (scale === "full") measurements.push(...(await balancerRound(SIZES[scale])));
    return measurements;
  },
};

async function onCoordinator(
  kind: ServerKind,
  size: Size,
  progress: (step: string) => void,
): Promise<Measurement[]> {
  const { KELP_BENCH_DIR: parent } = process.env;
  const place = parent === undefined ? {} : { parent };
  const ensemble = await startEnsemble({ kind, size: 3, fsync: true, ...place });
  const cluster = await TestCluster.start(ensemble.addresses);
  const slackMs = kind === KELP ? 0 : 2 * APACHE_TICK_MS;
  try {
    progress(`${kind.name}: publishing`);
    await cluster.addController("a");
    const publish = await publishTimes(cluster, size);
    progress(`${kind.name}: an OSD is killed`);
    const downs = await downTimes(cluster, size);
    progress(`${kind.name}: the controller is killed`);
    const takeovers = await takeoverTimes(cluster, size);
    return [
      {
        what: `${kind.name}: command to last of ${size.subscriberCount} subscribers, p50`,
        ...summary(publish),
        atMost: PUBLISH_MS_MAX,
      },
      {
        what: `${kind.name}: kill -9 of an OSD to down`,
        ...summary(downs),
        atMost: DOWN_MS_MAX + slackMs,
      },
      {
        what: `${kind.name}: kill -9 of the controller to the next change`,
        ...summary(takeovers),
        atMost: SESSION_TIMEOUT_MS + slackMs + 1_000,
      },
    ];
  } finally {
    await cluster.close();
    await ensemble.stop();
  }
}

function summary(values: readonly number[]): Pick<Measurement, "value" | "unit" | "spread"> {
  return { value: median(values), unit: "ms", spread: spread(values) };
}

async function publishTimes(cluster: TestCluster, size: Size): Promise<number[]> {
  const subscribers = Array.from({ length: size.subscriberCount }, () => new Subscriber(cluster));
  await cluster.until(({ epoch }) => epoch >= 1);
  const times: number[] = [];
  for (let change = 0; change < size.changeCount; change++) {
    const startMs = performance.now();
    const type = change % 2 === 0 ? "flagSet" : "flagUnset";
    const answer = await cluster.give({ type, flags: ["noscrub"] });
    if (answer.type !== "commandDone") throw new Error(JSON.stringify(answer));
    const seen = await Promise.all(subscribers.map((one) => one.reached(answer.epoch)));
    times.push(Math.max(...seen) - startMs);
  }
  await Promise.all(subscribers.map((one) => one.close()));
  return times;
}

class Subscriber {
  readonly #client: ZooKeeperClient;
  readonly #subscription: MapSubscription;
  readonly #seen = new Map<number, number>();
  #wake: () => void = () => {};

  constructor(cluster: TestCluster) {
    this.#client = cluster.openTree();
    this.#subscription = new MapSubscription({
      client: this.#client,
      log: SILENT_LOG,
      onMap: (map: OsdMap) => {
        this.#seen.set(map.epoch, performance.now());
        this.#wake();
      },
      onFailure: () => {},
    });
  }

  /** When it was shown that epoch. */
  async reached(epoch: number): Promise<number> {
    for (;;) {
      const seenMs = this.#seen.get(epoch);
      if (seenMs !== undefined) return seenMs;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    await this.#subscription.stop();
    await this.#client.close();
  }
}

async function downTimes(cluster: TestCluster, { killCount }: Size): Promise<number[]> {
  let up = killCount + 3;
  await Promise.all(Array.from({ length: up }, (_, host) => cluster.addOsd(`h${host}`)));
  const times: number[] = [];
  for (const victim of cluster.osds.slice(0, killCount)) {
    await cluster.until((map) => upCount(map) === up);
    const startMs = performance.now();
    await victim.end("SIGKILL");
    await cluster.until((map) => upCount(map) === up - 1);
    up -= 1;
    times.push(performance.now() - startMs);
  }
  return times;
}

async function takeoverTimes(cluster: TestCluster, { killCount }: Size): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < killCount; round++) {
    await cluster.addController(`next${round}`);
    // It is a candidate some moments after it can be asked.
    await delay(500);
    const leader = await cluster.leader();
    const startMs = performance.now();
    await leader.end("SIGKILL");
    await cluster.give({ type: round % 2 === 0 ? "flagSet" : "flagUnset", flags: ["noout"] });
    times.push(performance.now() - startMs);
  }
  return times;
}

function upCount({ osds }: OsdMap): number {
  return [...osds.values()].filter(({ up }) => up).length;
}

async function balancerRound({ osdCount, pgCount }: Size): Promise<Measurement[]> {
  const map = osdMapWorld(
    { racks: Math.ceil(osdCount / 400), hosts: 20, osds: Math.min(20, osdCount) },
    { pools: [{ pgNum: pgCount, size: 3, minSize: 2 }] },
  );
  const pool = new WorkerPool<BalanceTask, UpmapChanges>({
    module: BALANCE_WORK,
    threadCount: 1,
    waitingMax: 1,
  });
  const loop = monitorEventLoopDelay({ resolution: 1 });
  try {
    loop.enable();
    const startMs = performance.now();
    const changes = await pool.run(balanceTask(map, 1));
    const tookMs = performance.now() - startMs;
    balanceEdit(map, map, changes);
    // So that what this turn took is counted, too.
    await delay(10);
    loop.disable();
    const pgs = `${map.osds.size} OSDs, ${pgCount} PGs, ${changes.set.length} changes`;
    return [
      { what: `balancer round: ${pgs}`, value: tookMs, unit: "ms", atMost: BALANCE_MS_MAX },
      {
        what: "longest the thread that asked for it was held up",
        value: loop.max / 1e6,
        unit: "ms",
        atMost: STALL_MS_MAX,
      },
    ];
  } finally {
    await pool.close();
  }
}
