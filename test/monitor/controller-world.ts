/** Whole controllers and OSDs without data beside a toy server, in virtual time. */
import { type OsdId, osdId, type PeerName, peerName } from "../../cluster/base/ids.ts";
import { createPrng, randomBytes } from "../../cluster/base/prng.ts";
import { initCluster } from "../../cluster/coordination/cluster-node.ts";
import { ControllerClient } from "../../cluster/coordination/controller-client.ts";
import { PATHS } from "../../cluster/coordination/paths.ts";
import type { Command } from "../../cluster/message/command.ts";
import {
  type ControllerMessage,
  controllerAddress,
  controllerRegistry,
} from "../../cluster/message/controller.ts";
import { Messenger } from "../../cluster/runtime/messenger.ts";
import type { StreamNetwork } from "../../cluster/runtime/stream.ts";
import type { Received, TransportHandler } from "../../cluster/runtime/transport.ts";
import { encode } from "../../cluster/wire/codec.ts";
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { LeaderElection } from "../../cluster/zookeeper/recipe/leader-election.ts";
import { Controller, type ControllerOptions } from "../../monitor/controller.ts";
import { OsdMember, type OsdMemberOptions } from "../../osd/member.ts";
import { ACL, KEY, MapWorld } from "../cluster/coordination/map-world.ts";
import { ADDRESSES } from "../cluster/zookeeper/client-world.ts";
import { SETTINGS } from "./controller/controller-desk.ts";

export interface RunningController {
  readonly controller: Controller;
  readonly client: ZooKeeperClient;
  readonly failures: unknown[];
}

export interface RunningOsd {
  readonly member: OsdMember;
  readonly client: ZooKeeperClient;
  readonly messenger: Messenger<ControllerMessage>;
  readonly failures: unknown[];
}

export function addressOf(name: PeerName): string {
  return `${name}:6800`;
}

export class ControllerWorld extends MapWorld {
  readonly #prng = createPrng(11);
  readonly #networks = new Map<PeerName, StreamNetwork>();
  #count = 0;

  static async open(): Promise<ControllerWorld> {
    const world = new ControllerWorld(1, 10_000);
    await world.start(...ADDRESSES);
    const client = world.tree();
    await world.until(initCluster(client, { id: "1", wallMs: 5, acl: ACL }));
    await world.until(client.close());
    return world;
  }

  host(name: PeerName): StreamNetwork {
    const network = this.#networks.get(name) ?? this.network.host(name);
    this.#networks.set(name, network);
    return network;
  }

  messenger(
    name: PeerName,
    handler: Partial<TransportHandler<ControllerMessage>> = {},
  ): Messenger<ControllerMessage> {
    return new Messenger({
      identity: {
        name,
        clusterKey: KEY,
        versionMin: 1,
        versionMax: 1,
        features: [],
        requiredFeatures: [],
      },
      registry: controllerRegistry,
      network: this.host(name),
      clock: this.clock,
      log: this.log,
      prng: this.#prng,
      randomBytes: (size) => randomBytes(this.#prng, size),
      handler: { receive: () => {}, answer: () => Promise.reject(), ...handler },
      fail: (error) => this.logged.push(`bug: ${String(error)}`),
    });
  }

  /** Somebody who stands for election and answers what the test says. */
  async candidate(
    name: PeerName,
    answer: (received: Received<ControllerMessage>) => Promise<ControllerMessage>,
  ): Promise<{ election: LeaderElection; messenger: Messenger<ControllerMessage> }> {
    const messenger = this.messenger(name, {
      answer: async (received) => ({ message: await answer(received) }),
    });
    await this.until(messenger.listen(addressOf(name)));
    const election = new LeaderElection({
      client: this.tree(),
      path: PATHS.controller,
      id: name,
      address: encode(controllerAddress, { name, address: addressOf(name) }),
      onRole: () => {},
    });
    await this.untilTrue(() => election.ownPath !== undefined);
    return { election, messenger };
  }

  asker(name: PeerName = peerName("client.asker")): ControllerClient {
    const transport = this.messenger(name);
    const { clock } = this;
    return new ControllerClient({ client: this.tree(), transport, path: PATHS.controller, clock });
  }

  async order(asker: ControllerClient, command: Command): Promise<ControllerMessage> {
    this.#count += 1;
    const requestId = `r${this.#count}`;
    const message = { type: "command", requestId, author: "ops", command } as const;
    return await this.until(asker.request(message));
  }

  async run(name: PeerName, options: Partial<ControllerOptions> = {}): Promise<RunningController> {
    const failures: unknown[] = [];
    const client = this.tree();
    const messengers: Messenger<ControllerMessage>[] = [];
    const controller = new Controller({
      name,
      id: name,
      clusterId: "c1",
      client,
      acl: ACL,
      clock: this.clock,
      log: this.log,
      network: this.host(name),
      address: addressOf(name),
      attach: (handler) => {
        const messenger = this.messenger(name, handler);
        messengers.push(messenger);
        return messenger;
      },
      settings: SETTINGS,
      balance: async () => ({ set: [], remove: [], removeWhole: [] }),
      fail: (error) => failures.push(error),
      ...options,
    });
    for (const messenger of messengers) await this.until(messenger.listen(addressOf(name)));
    return { controller, client, failures };
  }

  /** One that leads. */
  async leader(options: Partial<ControllerOptions> = {}): Promise<RunningController> {
    const running = await this.run(peerName("mon.1"), options);
    await this.untilTrue(() => running.controller.isLeading);
    return running;
  }

  /** A process of an OSD that the map has already. */
  async osd(id: number, options: Partial<OsdMemberOptions> = {}): Promise<RunningOsd> {
    const osd: OsdId = osdId(id);
    const name = peerName(`osd.${id}`);
    const failures: unknown[] = [];
    const client = this.tree();
    const messengers: Messenger<ControllerMessage>[] = [];
    const member = new OsdMember({
      osd,
      uuid: uuidOf(id),
      nonce: 100 + id,
      host: `host${id}`,
      deviceClass: "",
      bytes: 2 ** 40,
      version: "0.1.0",
      address: addressOf(name),
      heartbeatAddress: addressOf(name),
      graceMs: 5_000,
      client,
      clock: this.clock,
      log: this.log,
      network: this.host(name),
      attach: (handler) => {
        const messenger = this.messenger(name, handler);
        messengers.push(messenger);
        return messenger;
      },
      sharing: () => new Set(),
      onMap: () => {},
      fail: (error) => failures.push(error),
      ...options,
    });
    for (const messenger of messengers) await this.until(messenger.listen(addressOf(name)));
    const [messenger] = messengers as [Messenger<ControllerMessage>];
    return { member, client, messenger, failures };
  }

  /** Known to the map, and down. */
  async enrol(asker: ControllerClient, ...ids: number[]): Promise<void> {
    for (const id of ids) {
      await this.order(asker, { type: "osdNew", uuid: uuidOf(id), osd: osdId(id) });
    }
  }
}

export function uuidOf(id: number): string {
  return `00000000-0000-4000-8000-${id.toString(16).padStart(12, "0")}`;
}
