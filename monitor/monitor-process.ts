/**
 * Shell: everything that a monitor's process is made of, put together from a zoo.cfg: its store, its connections to the
 * other members, its ports. Closes in the order in which it must.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { present } from "../cluster/base/assert.ts";
import { ClusterError, isClusterError } from "../cluster/base/error.ts";
import type { Log } from "../cluster/base/log.ts";
import { createPrng } from "../cluster/base/prng.ts";
import { readClusterKey } from "../cluster/coordination/key-file.ts";
import { type LevelStore, openLevelStore } from "../cluster/kv/level-store.ts";
import { openSealedStore } from "../cluster/kv/sealed-store.ts";
import type { KvStore } from "../cluster/kv/store.ts";
import { Messenger } from "../cluster/runtime/messenger.ts";
import { Metrics } from "../cluster/runtime/metrics.ts";
import { realClock } from "../cluster/runtime/real-clock.ts";
import type { Shutdown } from "../cluster/runtime/shutdown.ts";
import type { StreamNetwork } from "../cluster/runtime/stream.ts";
import { formatAddress, tcpNetwork } from "../cluster/runtime/tcp.ts";
import type { TransportHandler } from "../cluster/runtime/transport.ts";
import { CLUSTER_KEY_SIZE } from "../cluster/wire/handshake.ts";
import { keyOfServers } from "./cluster-key.ts";
import type { NodeId } from "./consensus/state.ts";
import { Facts } from "./facts.ts";
import { type MonitorMessage, monitorRegistry } from "./message/registry.ts";
import { Monitor, nameOf, REJOIN } from "./monitor.ts";
import { connectionsWithin, readOpenFilesMax } from "./open-files.ts";
import { guardedNetwork, KnownHosts } from "./peer-network.ts";
import { ClientPort, CONNECTIONS_MAX } from "./port/client-port.ts";
import { HttpPort } from "./port/http-port.ts";
import { addServerMetrics } from "./port/server-metrics.ts";
import type { TreeSettings } from "./tree/settings.ts";
import {
  dynamicConfigFileOf,
  type Member,
  memberOf,
  parseZooCfg,
  type ZooCfg,
} from "./zookeeper/zoo-cfg.ts";
import { formatServer } from "./zookeeper/zoo-cfg-server.ts";
import type { ConfigText } from "./zookeeper/zoo-cfg-text.ts";

const WIRE_VERSION = 1;
const ANY_HOST = "0.0.0.0";
const STORE_CACHE_BYTES = 8 << 20;

export interface MonitorConfig {
  readonly cfg: ZooCfg;
  readonly member: Member;
}

/** Throws CONFIG_INVALID with everything that is wrong with the files. */
export async function readZooCfg(path: string): Promise<ZooCfg> {
  const main = await readText(path);
  const dynamicPath = dynamicConfigFileOf(main);
  const dynamic =
    dynamicPath === undefined ? undefined : await readText(resolve(dirname(path), dynamicPath));
  return parseZooCfg(main, dynamic);
}

/** The same with who of the servers this is. */
export async function readMonitorConfig(path: string): Promise<MonitorConfig> {
  const cfg = await readZooCfg(path);
  const idPath = join(cfg.dataDir, "myid");
  const text = await readFile(idPath, "utf8").catch(() => undefined);
  return { cfg, member: memberOf(cfg, { path: idPath, text }) };
}

export interface RunningMonitor {
  readonly monitor: Monitor;
  /** As they were really taken. */
  readonly clientAddress: string;
  readonly httpAddress: string | undefined;
}

export interface RunOptions {
  readonly config: MonitorConfig;
  /** Members to form a new ensemble without, by an operator's word. */
  readonly absent?: readonly NodeId[];
  readonly version: string;
  readonly log: Log;
  readonly shutdown: Shutdown;
  /** Ends the process. */
  readonly fail: (error: unknown) => void;
}

export async function runMonitor(options: RunOptions): Promise<RunningMonitor> {
  const fail = (error: unknown): void => options.fail(withRemedy(error));
  return await run({ ...options, fail }).catch((error: unknown) => {
    throw withRemedy(error);
  });
}

/** LevelDB notices some damage before the seals do; the way out is the same. */
function withRemedy(error: unknown): unknown {
  const isTold = !isClusterError(error, "STORE_CORRUPT") || error.message.includes(REJOIN);
  if (isTold) return error;
  const { message, cause } = error;
  return new ClusterError("STORE_CORRUPT", `${message}; ${REJOIN}`, { cause });
}

async function run(options: RunOptions): Promise<RunningMonitor> {
  const { config, version, log, shutdown, fail } = options;
  const { cfg, member } = config;
  const members = cfg.servers.length === 0 ? [member.id] : cfg.servers.map(({ id }) => id);
  log.info(`starts as ${nameOf(member.id)} ${describePlace(cfg)}`, {
    version,
    store: cfg.storeDir,
  });
  for (const remark of cfg.remarks) log.warn(remark);
  const store = await openStore(cfg);
  shutdown.register({ name: "store", phase: "close stores", close: () => store.close() });

  const peers = await createPeers(config, { log, fail });
  const monitor: Monitor = await Monitor.start({
    self: member.id,
    members,
    absent: options.absent ?? [],
    store,
    clock: realClock,
    log,
    randomNumber,
    attach: peers.attach,
    performClient: (effect) => clients.perform(effect),
    server: {
      minSessionTimeoutMs: cfg.minSessionTimeoutMs,
      maxSessionTimeoutMs: cfg.maxSessionTimeoutMs,
      wordsWhitelist: cfg.wordsWhitelist,
      limits: { requests: cfg.globalOutstandingLimit },
    },
    settings: settingsOf(cfg),
    reapIntervalMs: cfg.reapIntervalMs,
    fail,
  });
  const openFilesMax = await readOpenFilesMax();
  const facts = new Facts({
    state: monitor.state,
    cfg,
    memberId: member.id,
    client: member.client,
    version,
    clock: realClock,
    openFilesMax,
    rejectedCount: () => clients.rejectedCount,
  });
  const clients = new ClientPort({
    network: tcpNetwork,
    clock: realClock,
    log,
    juteMaxBuffer: cfg.juteMaxBuffer,
    connectionsPerAddressMax: cfg.maxClientCnxns,
    connectionsMax: connectionsMaxOf(cfg, { openFilesMax, log }),
    submit: (event) => monitor.submit(event),
    room: () => monitor.room(),
    facts: () => facts.now(),
    randomBytes: (size) => randomBytes(size),
  });
  // Newest first: clients lose their server, leadership is handed over, then the members' connections end.
  shutdown.register({ name: "members", phase: "finish running", close: () => peers.close() });
  shutdown.register({ name: "monitor", phase: "finish running", close: () => monitor.close() });
  shutdown.register({ name: "client port", phase: "stop accepting", close: () => clients.close() });
  await peers.open();
  const httpAddress = await openHttp(cfg, { monitor, clients, shutdown });
  const { host, port } = member.client;
  const clientAddress = await clients.listen(formatAddress(host, port));
  return { monitor, clientAddress, httpAddress };
}

/** As configured, or fewer: a client's connection must not cost the store a file. */
function connectionsMaxOf(
  { maxCnxns }: ZooCfg,
  { openFilesMax, log }: { readonly openFilesMax: number | undefined; readonly log: Log },
): number {
  const wanted = maxCnxns === 0 ? CONNECTIONS_MAX : maxCnxns;
  const most = connectionsWithin(openFilesMax, wanted);
  if (most < wanted) {
    const why = `the process may have only ${openFilesMax} files open (ulimit -n)`;
    log.warn(`takes ${most} connections of clients, not ${wanted}: ${why}`);
  }
  return most;
}

function describePlace({ servers }: ZooCfg): string {
  return servers.length === 0
    ? "of a single monitor"
    : `of the members ${servers.map(({ id }) => id).join(", ")}`;
}

/** The store of the monitor's directory, which belongs to one process at a time. */
async function openStore(cfg: ZooCfg): Promise<KvStore> {
  const inner: LevelStore = await openLevelStore({
    directory: cfg.storeDir,
    cacheBytes: STORE_CACHE_BYTES,
    verifyFiles: true,
  });
  try {
    return await openSealedStore(inner, {
      name: `the monitor's store in ${cfg.storeDir}`,
      remedy: REJOIN,
    });
  } catch (error) {
    await inner.close();
    throw error;
  }
}

interface Peers {
  readonly attach: (handler: TransportHandler<MonitorMessage>) => Messenger<MonitorMessage>;
  open(): Promise<void>;
  close(): Promise<void>;
}

async function createPeers(
  { cfg, member }: MonitorConfig,
  { log, fail }: { readonly log: Log; readonly fail: (error: unknown) => void },
): Promise<Peers> {
  const { clusterKeyFile, servers } = cfg;
  const isAuthenticated = clusterKeyFile !== undefined;
  const clusterKey = isAuthenticated ? await readClusterKey(clusterKeyFile) : keyOfServers(servers);
  if (servers.length > 1 && !isAuthenticated) {
    log.warn(
      "members are known by their addresses alone; set kelp.clusterKeyFile to authenticate them",
    );
  }
  const network = isAuthenticated ? tcpNetwork : ownHostsOnly(cfg, log);
  let messenger: Messenger<MonitorMessage> | undefined;
  return {
    attach: (handler) => {
      messenger = new Messenger({
        identity: {
          name: nameOf(member.id),
          clusterKey: clusterKey.subarray(0, CLUSTER_KEY_SIZE),
          versionMin: WIRE_VERSION,
          versionMax: WIRE_VERSION,
          features: [],
          requiredFeatures: [],
        },
        registry: monitorRegistry,
        network,
        clock: realClock,
        log,
        prng: createPrng(randomNumber()),
        randomBytes: (size) => randomBytes(size),
        handler,
        fail,
      });
      return messenger;
    },
    async open() {
      const attached = present(messenger, "the transport of a monitor that was started");
      for (const server of servers) {
        const [address] = server.addresses;
        if (address === undefined) continue;
        if (server.id !== member.id) {
          attached.route(nameOf(server.id), formatAddress(address.host, address.peerPort));
          continue;
        }
        const host = cfg.quorumListenOnAllIps ? ANY_HOST : address.host;
        await attached.listen(formatAddress(host, address.peerPort));
      }
    },
    close: async () => messenger?.close(),
  };
}

function ownHostsOnly(cfg: ZooCfg, log: Log): StreamNetwork {
  const hosts = cfg.servers.flatMap(({ addresses }) => addresses.map(({ host }) => host));
  const known = new KnownHosts(hosts, realClock);
  return guardedNetwork(tcpNetwork, { known, log, clock: realClock });
}

async function openHttp(
  cfg: ZooCfg,
  parts: { readonly monitor: Monitor; readonly clients: ClientPort; readonly shutdown: Shutdown },
): Promise<string | undefined> {
  if (cfg.http === undefined) return undefined;
  const { monitor, clients, shutdown } = parts;
  const metrics = new Metrics();
  metrics.addProcessMetrics();
  const collect = addServerMetrics(metrics, monitor.state.server, () => clients.rejectedCount);
  const http = new HttpPort({ metrics, collect, whyNotReady: () => monitor.whyNotServing });
  const address = await http.listen(formatAddress(cfg.http.host, cfg.http.port));
  shutdown.register({ name: "http port", phase: "stop accepting", close: () => http.close() });
  return address;
}

export function settingsOf(cfg: ZooCfg): TreeSettings {
  const lines = cfg.servers.map((server) => `server.${server.id}=${formatServer(server)}`);
  return {
    superDigest: cfg.superDigest ?? "",
    skipAcl: cfg.skipAcl,
    extendedTypes: cfg.extendedTypes,
    ipv6Acls: true,
    config: Buffer.from(lines.length === 0 ? "" : `${lines.join("\n")}\nversion=0`),
  };
}

async function readText(path: string): Promise<ConfigText> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterError("CONFIG_INVALID", `cannot read the configuration: ${why}`, { cause });
  });
  return { path, text };
}

/** In [1, 2^53). */
export function randomNumber(): number {
  return 1 + Number(randomBytes(8).readBigUInt64BE() & ((1n << 52n) - 1n));
}
