/** `kelp` as it is typed, in a cluster with a controller in this process and a toy server for its tree. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { type OsdId, osdId, peerName } from "../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import { initCluster } from "../../cluster/coordination/cluster-node.ts";
import { ControllerClient } from "../../cluster/coordination/controller-client.ts";
import { openTree, treeIdentity } from "../../cluster/coordination/identity.ts";
import { createKeyFile } from "../../cluster/coordination/key-file.ts";
import { PATHS } from "../../cluster/coordination/paths.ts";
import { registerDaemon } from "../../cluster/coordination/registration.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { placementMapOf } from "../../cluster/map/osd-map-placement.ts";
import { balanceUpmaps } from "../../cluster/map/upmap.ts";
import { type ControllerMessage, controllerRegistry } from "../../cluster/message/controller.ts";
import { loadConfig } from "../../cluster/runtime/config.ts";
import { Messenger } from "../../cluster/runtime/messenger.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import type { TransportHandler } from "../../cluster/runtime/transport.ts";
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import type { Registration } from "../../cluster/zookeeper/recipe/service-registry.ts";
import { Controller } from "../../monitor/controller.ts";
import { controllerConfig } from "../../monitor/controller-config.ts";
import { fullReports, osdStat, report } from "../monitor/controller/board-world.ts";
import { freePorts } from "../support/free-ports.ts";
import { KelpCommand, type Outcome } from "./kelp-command.ts";

export const CLUSTER_ID = "6b1d1a0e-93a5-4f0c-8f0e-2d9c3c1b7a55";
const GIB = 2 ** 30;

interface Osd {
  readonly messenger: Messenger<ControllerMessage>;
  readonly asked: ControllerClient;
}

export class KelpCluster {
  readonly kelp: KelpCommand;
  readonly keyFile: string;
  readonly client: ZooKeeperClient;
  readonly #directory: string;
  readonly #key: Uint8Array;
  readonly #osds = new Map<OsdId, Osd>();
  readonly #registrations: Registration[] = [];
  #controller: { controller: Controller; messenger: Messenger<ControllerMessage> } | undefined;

  private constructor(kelp: KelpCommand, directory: string, keyFile: string, key: Uint8Array) {
    this.kelp = kelp;
    this.keyFile = keyFile;
    this.#directory = directory;
    this.#key = key;
    const place = { coordinator: kelp.address, key, clock: realClock, network: tcpNetwork };
    this.client = openTree(place);
  }

  /** With a controller, unless none is wanted. */
  static async start({ withController = true } = {}): Promise<KelpCluster> {
    const kelp = await KelpCommand.start();
    const directory = await mkdtemp(join(tmpdir(), "kelp-cli-"));
    const keyFile = join(directory, "key");
    const key = await createKeyFile(keyFile);
    const cluster = new KelpCluster(kelp, directory, keyFile, key);
    await initCluster(cluster.client, { id: CLUSTER_ID, wallMs: 1, acl: treeIdentity(key).acl });
    if (withController) await cluster.startController();
    vi.stubEnv("KELP_COORDINATOR", kelp.address);
    vi.stubEnv("KELP_KEY_FILE", keyFile);
    return cluster;
  }

  async startController(): Promise<void> {
    const settings = { ...loadConfig(controllerConfig, {}).values, poolDeleteAllowed: true };
    const messengers: Messenger<ControllerMessage>[] = [];
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const controller = new Controller({
      name: peerName("controller.a"),
      id: randomBytes(8).toString("hex"),
      clusterId: CLUSTER_ID,
      client: this.client,
      acl: treeIdentity(this.#key).acl,
      clock: realClock,
      log: SILENT_LOG,
      network: tcpNetwork,
      address,
      attach: (handler) => {
        const messenger = this.#messenger("controller.a", handler);
        messengers.push(messenger);
        return messenger;
      },
      settings: { ...settings, balancer: "off" },
      balance: async (map, options) => balanceUpmaps(placementMapOf(map), options).changes,
      fail: (error) => {
        throw error;
      },
    });
    const [messenger] = messengers;
    if (messenger === undefined) throw new Error("the controller attached no messenger");
    await messenger.listen(address);
    this.#controller = { controller, messenger };
  }

  async stop(): Promise<void> {
    vi.unstubAllEnvs();
    await this.#controller?.controller.close();
    await this.#controller?.messenger.close(0);
    for (const registration of this.#registrations) await registration.stop();
    for (const { messenger } of this.#osds.values()) await messenger.close(0);
    await this.client.close();
    await this.kelp.stop();
    await rm(this.#directory, { recursive: true });
  }

  run(...words: string[]): Promise<Outcome> {
    return this.kelp.run(...words);
  }

  /** A command that is to work: what it prints. */
  async out(...words: string[]): Promise<string> {
    const { out, err, exitCode } = await this.run(...words);
    if (exitCode !== 0) throw new Error(`kelp ${words.join(" ")}: ${exitCode}: ${err}`);
    return out;
  }

  /** biome-ignore lint/suspicious/noExplicitAny: what tests look into is theirs to know. */
  async json(...words: string[]): Promise<any> {
    return JSON.parse(await this.out(...words, "--json"));
  }

  get map(): OsdMap {
    const map = this.#controller?.controller.state.term?.drafting.published;
    if (map === undefined) throw new Error("no controller leads");
    return map;
  }

  /** So many OSDs, one a host, of 10 GiB each. */
  async bootOsds(count: number): Promise<void> {
    for (let id = 0; id < count; id++) await this.#bootOsd(osdId(id));
  }

  async #bootOsd(osd: OsdId): Promise<void> {
    const uuid = `00000000-0000-4000-8000-${osd.toString(16).padStart(12, "0")}`;
    await this.out("osd", "new", uuid, "--id", String(osd));
    const { messenger } = this.#osd(osd);
    const address = await messenger.listen("127.0.0.1:0");
    const about = { address, nonce: 100 + osd, host: `h${osd}`, version: "0.1.0", uuid };
    const onFailure = (error: unknown): never => {
      throw error;
    };
    const place = { client: this.client, kind: "osd", name: String(osd) } as const;
    await new Promise<void>((onRegistered) => {
      this.#registrations.push(
        registerDaemon({ ...place, daemon: about, onRegistered, onFailure }),
      );
    });
    await this.tell(osd, {
      type: "boot",
      osd,
      ...about,
      heartbeatAddress: address,
      deviceClass: osd % 2 === 0 ? "hdd" : "ssd",
      bytes: 10 * GIB,
      epoch: this.map.epoch,
      cleanFrom: this.map.epoch,
      cleanTo: this.map.epoch,
      wasWronglyDown: false,
    });
  }

  /** What OSDs say when all is well: every PG is clean and has an object of a MiB. */
  async report(): Promise<void> {
    const { map } = this;
    const stat = osdStat({ totalBytes: 10 * GIB, usedBytes: GIB });
    const pgs = new Map(
      fullReports(map, () => ({ objects: 1, bytes: 2 ** 20, lastClean: map.epoch })).map((one) => [
        one.osd,
        one.pgs,
      ]),
    );
    for (const [osd, { up }] of map.osds) {
      if (!up) continue;
      await this.tell(osd, {
        type: "stats",
        ...report(map, osd, { pgs: pgs.get(osd) ?? [], stat }),
      });
    }
  }

  /** As that OSD. */
  async tell(osd: OsdId, message: ControllerMessage): Promise<ControllerMessage> {
    const { asked } = this.#osds.get(osd) ?? this.#osd(osd);
    const answer = await asked.request(message);
    if (answer.type === "refused") throw new Error(`${message.type}: ${answer.message}`);
    return answer;
  }

  #osd(id: OsdId): Osd {
    const messenger = this.#messenger(`osd.${id}`, {
      receive: () => {},
      answer: async () => ({ message: { type: "probed", nonce: 100 + id, records: [] } }),
    });
    const place = { client: this.client, path: PATHS.controller, clock: realClock };
    const osd = { messenger, asked: new ControllerClient({ ...place, transport: messenger }) };
    this.#osds.set(id, osd);
    return osd;
  }

  #messenger(
    name: string,
    handler: TransportHandler<ControllerMessage>,
  ): Messenger<ControllerMessage> {
    return new Messenger({
      identity: {
        name: peerName(name),
        clusterKey: this.#key,
        versionMin: 1,
        versionMax: 1,
        features: [],
        requiredFeatures: [],
      },
      registry: controllerRegistry,
      network: tcpNetwork,
      clock: realClock,
      log: SILENT_LOG,
      prng: createPrng(1),
      randomBytes,
      handler,
      fail: (error) => {
        throw error;
      },
    });
  }
}
