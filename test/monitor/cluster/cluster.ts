/** Controllers and OSDs without data as processes, on whatever coordinator, and an operator of them in this process. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { present } from "../../../cluster/base/assert.ts";
import { type Epoch, epoch, peerName } from "../../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import { createPrng } from "../../../cluster/base/prng.ts";
import { setCentral } from "../../../cluster/coordination/central-config.ts";
import { initCluster } from "../../../cluster/coordination/cluster-node.ts";
import { ControllerClient } from "../../../cluster/coordination/controller-client.ts";
import { openTree, treeIdentity } from "../../../cluster/coordination/identity.ts";
import { createKeyFile } from "../../../cluster/coordination/key-file.ts";
import { readHistory } from "../../../cluster/coordination/map-reader.ts";
import { MapSubscription } from "../../../cluster/coordination/map-subscription.ts";
import { PATHS } from "../../../cluster/coordination/paths.ts";
import type { EpochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { Command } from "../../../cluster/message/command.ts";
import { type ControllerMessage, controllerRegistry } from "../../../cluster/message/controller.ts";
import { Messenger } from "../../../cluster/runtime/messenger.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { controllerConfig } from "../../../monitor/controller-config.ts";
import { randomNumber } from "../../../monitor/monitor-process.ts";
import { Daemon } from "./daemon.ts";

/** Compiled, as `npm test` and the benches have them: this file runs from its source or from there. */
const COMPILED = new URL(
  import.meta.url.includes("/dist/test/") ? "../../../" : "../../../dist/",
  import.meta.url,
);
const KELP = fileURLToPath(new URL("cli/main.js", COMPILED));
const STUB = fileURLToPath(new URL("test/support/osd-stub-process.js", COMPILED));
/** Of controllers and OSDs. */
export const SESSION_TIMEOUT_MS = 4_000;

const fail = (error: unknown): never => {
  throw error;
};

export class TestCluster {
  readonly client: ZooKeeperClient;
  readonly controllers = new Map<string, Daemon>();
  readonly osds: Daemon[] = [];
  readonly #coordinator: string;
  readonly #directory: string;
  readonly #keyFile: string;
  readonly #key: Uint8Array;
  readonly #messenger: Messenger<ControllerMessage>;
  readonly #asking: ControllerClient;
  readonly #subscription: MapSubscription;
  #wake: () => void = () => {};

  private constructor(coordinator: string, directory: string, key: Uint8Array) {
    this.#coordinator = coordinator;
    this.#directory = directory;
    this.#keyFile = join(directory, "key");
    this.#key = key;
    this.client = this.openTree();
    this.#messenger = new Messenger<ControllerMessage>({
      identity: {
        name: peerName(`client.${randomBytes(4).toString("hex")}`),
        clusterKey: key,
        versionMin: 1,
        versionMax: 1,
        features: [],
        requiredFeatures: [],
      },
      registry: controllerRegistry,
      network: tcpNetwork,
      clock: realClock,
      log: SILENT_LOG,
      prng: createPrng(randomNumber()),
      randomBytes: (size) => randomBytes(size),
      handler: { receive: () => {}, answer: () => Promise.reject(new Error("no questions")) },
      fail,
    });
    this.#asking = new ControllerClient({
      client: this.client,
      transport: this.#messenger,
      path: PATHS.controller,
      clock: realClock,
    });
    this.#subscription = new MapSubscription({
      client: this.client,
      log: SILENT_LOG,
      onMap: () => this.#wake(),
      onFailure: () => {}, // It ends with the session, at the end.
    });
  }

  /** Below a node of its own, so that servers can have several. */
  static async start(servers: string): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), "kelp-cluster-"));
    const key = await createKeyFile(join(directory, "key"));
    const root = `/cluster-${randomBytes(4).toString("hex")}`;
    await makeRoot(servers, root);
    const coordinator = `${servers}${root}`;
    const maker = openTree({ coordinator, key, clock: realClock, network: tcpNetwork });
    await initCluster(maker, { id: randomUUID(), wallMs: Date.now(), acl: treeIdentity(key).acl });
    await maker.close();
    return new TestCluster(coordinator, directory, key);
  }

  /** Another session; whoever asked for it closes it. */
  openTree(): ZooKeeperClient {
    return openTree({
      coordinator: this.#coordinator,
      key: this.#key,
      clock: realClock,
      network: tcpNetwork,
      sessionTimeoutMs: 10_000,
    });
  }

  get map(): OsdMap | undefined {
    return this.#subscription.map;
  }

  /** Resolves when it can be asked. */
  async addController(name: string): Promise<Daemon> {
    const place = ["--coordinator", this.#coordinator, "--key-file", this.#keyFile];
    const timeout = ["--session-timeout", `${SESSION_TIMEOUT_MS}ms`];
    const daemon = new Daemon(KELP, ["controller", "--name", name, ...place, ...timeout]);
    this.controllers.set(name, daemon);
    await daemon.line(/asked at/);
    return daemon;
  }

  /** Resolves when it is up. */
  async addOsd(host: string): Promise<Daemon> {
    const daemon = new Daemon(STUB, [this.#coordinator, this.#keyFile, randomUUID(), host], {
      STUB_SESSION_TIMEOUT_MS: `${SESSION_TIMEOUT_MS}`,
    });
    this.osds.push(daemon);
    await daemon.line(/ up$/);
    return daemon;
  }

  async set(name: string, text: string): Promise<void> {
    const tables = { controller: controllerConfig };
    await setCentral(this.client, tables, { who: "controller", name, text });
  }

  /** The answer; the same request is asked again until there is one. */
  give(command: Command, requestId: string = randomUUID()): Promise<ControllerMessage> {
    return this.#asking.request(
      { type: "command", requestId, author: "a test", command },
      { timeoutMs: 60_000 },
    );
  }

  ask(message: ControllerMessage): Promise<ControllerMessage> {
    return this.#asking.request(message, { timeoutMs: 60_000 });
  }

  /** The first map of which it holds, as this process is shown it. */
  async until(holds: (map: OsdMap) => boolean, limitMs = 60_000): Promise<OsdMap> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const { map } = this;
      if (map !== undefined && holds(map)) return map;
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`it did not come to that; epoch ${map?.epoch}`);
      const late = new AbortController();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const timeout = delay(leftMs, undefined, { signal: late.signal }).catch(() => {});
      await Promise.race([woken, timeout]);
      late.abort();
    }
  }

  async history(from: Epoch = epoch(1)): Promise<EpochRecord[]> {
    const records: EpochRecord[] = [];
    const range = { from, to: epoch(Number.MAX_SAFE_INTEGER) };
    for await (const record of readHistory(this.client, range)) records.push(record);
    return records;
  }

  /** Which of the controllers published last. */
  async leader(): Promise<Daemon> {
    const records = await this.history();
    const { controller } = present(records.at(-1), "an epoch");
    return present(this.controllers.get(controller.slice("controller.".length)), controller);
  }

  async close(): Promise<void> {
    await this.#subscription.stop();
    await this.#messenger.close(0);
    await this.client.close();
    const daemons = [...this.controllers.values(), ...this.osds];
    await Promise.all(daemons.map((daemon) => daemon.end("SIGKILL")));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function makeRoot(servers: string, path: string): Promise<void> {
  const seed = randomNumber();
  const client = new ZooKeeperClient({ servers, network: tcpNetwork, clock: realClock, seed });
  await client.create(path);
  await client.close();
}
