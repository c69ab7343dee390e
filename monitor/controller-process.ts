/**
 * Shell: everything that a controller's process is made of: a session with the tree, a port where it is asked, the settings
 * that people made, a thread for the balancer. It stands for election for as long as it runs.
 */
import { randomBytes } from "node:crypto";
import { ClusterError, isClusterError } from "../cluster/base/error.ts";
import { peerName } from "../cluster/base/ids.ts";
import type { Log } from "../cluster/base/log.ts";
import { createPrng } from "../cluster/base/prng.ts";
import { CentralConfigWatch } from "../cluster/coordination/central-config-watch.ts";
import { type ClusterIdentity, readCluster } from "../cluster/coordination/cluster-node.ts";
import { openTree, treeIdentity } from "../cluster/coordination/identity.ts";
import type { UpmapChanges } from "../cluster/map/upmap-changes.ts";
import { type ControllerMessage, controllerRegistry } from "../cluster/message/controller.ts";
import { loadConfig } from "../cluster/runtime/config.ts";
import { Messenger } from "../cluster/runtime/messenger.ts";
import { realClock } from "../cluster/runtime/real-clock.ts";
import type { Shutdown } from "../cluster/runtime/shutdown.ts";
import { tcpNetwork } from "../cluster/runtime/tcp.ts";
import type { TransportHandler } from "../cluster/runtime/transport.ts";
import { WorkerPool } from "../cluster/runtime/worker-pool.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import { parseConnectString } from "../cluster/zookeeper/connect-string.ts";
import { type BalanceTask, balanceTask } from "./balance-work.ts";
import { Controller } from "./controller.ts";
import { controllerConfig } from "./controller-config.ts";
import { randomNumber } from "./monitor-process.ts";
import { QuorumWatch } from "./quorum-watch.ts";

export const CONTROLLER_SESSION_TIMEOUT_MS = 10_000;
const WIRE_VERSION = 1;
const ID_SIZE = 8;
/** Between two looks whether there is a cluster by now. */
const WAIT_MS = 1_000;
const WAIT_LOG_MS = 30_000;
const BALANCE_WORK = new URL("./balance-work.js", import.meta.url);

export interface RunControllerOptions {
  /** "a" of controller.a, or "mon.1" of controller.mon.1: tells controllers apart in the history. */
  readonly name: string;
  readonly coordinator: string;
  readonly key: Uint8Array;
  /** `host:port`; port 0 for any that is free. */
  readonly listen: string;
  /** Where others reach it, if that is not where it listens. */
  readonly advertise?: string;
  readonly sessionTimeoutMs: number;
  readonly log: Log;
  readonly shutdown: Shutdown;
  /** Ends the process. */
  readonly fail: (error: unknown) => void;
}

export interface RunningController {
  readonly controller: Controller;
  readonly address: string;
}

export async function runController(options: RunControllerOptions): Promise<RunningController> {
  const { coordinator, key, sessionTimeoutMs, log, shutdown } = options;
  const client = openTree({
    coordinator,
    key,
    clock: realClock,
    network: tcpNetwork,
    sessionTimeoutMs,
    onStatus: ({ status, reason }) => log.info(`session: ${status}`, { reason }),
  });
  shutdown.register({ name: "session", phase: "close stores", close: () => client.close() });
  const cluster = await clusterOf(client, options);
  return await start(client, cluster, options);
}

/** A controller may be started before the cluster is made. */
async function clusterOf(
  client: ZooKeeperClient,
  { log, shutdown }: RunControllerOptions,
): Promise<ClusterIdentity> {
  let loggedMs = Number.NEGATIVE_INFINITY;
  let isEnding = false;
  shutdown.register({
    name: "wait for a cluster",
    phase: "stop accepting",
    close: () => {
      isEnding = true;
    },
  });
  for (;;) {
    const cluster = await readCluster(client).catch((error: unknown) => {
      if (isClusterError(error, "UNREACHABLE")) return undefined;
      throw error;
    });
    if (cluster !== undefined) return cluster;
    if (isEnding) throw new ClusterError("INTERRUPTED", "the process is ending");
    if (realClock.nowMs() - loggedMs >= WAIT_LOG_MS) {
      loggedMs = realClock.nowMs();
      log.warn("there is no cluster at the coordinator yet; kelp cluster init makes one");
    }
    await new Promise<void>((resolve) => {
      realClock.after(WAIT_MS, resolve);
    });
  }
}

async function start(
  client: ZooKeeperClient,
  cluster: ClusterIdentity,
  options: RunControllerOptions,
): Promise<RunningController> {
  const { coordinator, key, log, shutdown, fail } = options;
  const name = peerName(`controller.${options.name}`);
  const config = loadConfig(controllerConfig, {});
  const pool = new WorkerPool<BalanceTask, UpmapChanges>({
    module: BALANCE_WORK,
    threadCount: 1,
    waitingMax: 1,
  });
  shutdown.register({ name: "balancer", phase: "finish running", close: () => pool.close() });
  // Its address is in what it says at the election, so the port comes first; whoever asks meanwhile waits.
  const { attach, messenger } = connections(name, options);
  const taken = await messenger.listen(options.listen);
  const address = options.advertise ?? taken;
  const controller = new Controller({
    name,
    id: randomBytes(ID_SIZE).toString("hex"),
    clusterId: cluster.id,
    client,
    acl: treeIdentity(key).acl,
    clock: realClock,
    log,
    network: tcpNetwork,
    address,
    attach,
    settings: config.values,
    balance: (map, { misplacedRatioMax }) => pool.run(balanceTask(map, misplacedRatioMax)),
    fail,
  });
  const settings = new CentralConfigWatch({
    client,
    daemon: name,
    table: controllerConfig,
    config,
    log,
    onUpdate: () => controller.submit({ type: "settingsChanged", settings: config.values }),
    onFailure: fail,
  });
  const quorum = new QuorumWatch({
    servers: parseConnectString(coordinator).servers,
    network: tcpNetwork,
    clock: realClock,
    onRows: (monitors) => controller.submit({ type: "monitorsSeen", monitors }),
  });
  shutdown.register({
    name: "controller",
    phase: "finish running",
    close: async () => {
      quorum.stop();
      await controller.close();
      await settings.stop();
      await messenger.close();
    },
  });
  return { controller, address };
}

interface Connections {
  readonly messenger: Messenger<ControllerMessage>;
  readonly attach: (handler: TransportHandler<ControllerMessage>) => Messenger<ControllerMessage>;
}

function connections(
  name: ReturnType<typeof peerName>,
  { key, log, fail }: RunControllerOptions,
): Connections {
  let attached: (handler: TransportHandler<ControllerMessage>) => void = () => {};
  const handler = new Promise<TransportHandler<ControllerMessage>>((resolve) => {
    attached = resolve;
  });
  const messenger = new Messenger<ControllerMessage>({
    identity: {
      name,
      clusterKey: key,
      versionMin: WIRE_VERSION,
      versionMax: WIRE_VERSION,
      features: [],
      requiredFeatures: [],
    },
    registry: controllerRegistry,
    network: tcpNetwork,
    clock: realClock,
    log,
    prng: createPrng(randomNumber()),
    randomBytes: (size) => randomBytes(size),
    handler: {
      receive: async (received) => (await handler).receive(received),
      answer: async (received, context) => (await handler).answer(received, context),
    },
    fail,
  });
  return {
    messenger,
    attach: (given) => {
      attached(given);
      return messenger;
    },
  };
}
