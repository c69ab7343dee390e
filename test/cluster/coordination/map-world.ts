/** Small maps and their history, and the tree that they are published in. */
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { osdId, peerName } from "../../../cluster/base/ids.ts";
import { type Log, SILENT_LOG } from "../../../cluster/base/log.ts";
import { initCluster } from "../../../cluster/coordination/cluster-node.ts";
import { openTree, treeIdentity } from "../../../cluster/coordination/identity.ts";
import { MapPublisher, type Publication } from "../../../cluster/coordination/map-publisher.ts";
import { readNewestMap } from "../../../cluster/coordination/map-reader.ts";
import { PATHS } from "../../../cluster/coordination/paths.ts";
import { NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { deltaOf, editOf } from "../../../cluster/map/osd-map-delta.ts";
import { inverseOf } from "../../../cluster/map/undo.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { LeaderElection } from "../../../cluster/zookeeper/recipe/leader-election.ts";
import { GatedNetwork } from "../../support/gated-network.ts";
import { ADDRESSES, ClientWorld } from "../zookeeper/client-world.ts";

export const KEY = new Uint8Array(32).fill(7);
export const { acl: ACL } = treeIdentity(KEY);

/** One OSD's host changes; with a size, its name is that long and cannot be guessed from a part of it. */
export function changed(map: OsdMap, { osd = 0, host = "a", size = 0 } = {}): Publication {
  const name = `${host}${"x".repeat(size)}`;
  const osds = new Map(map.osds).set(osdId(osd), { ...NEW_OSD, host: name });
  return publicationOf(map, { ...map, osds }, `osd.${osd} is on ${host}`);
}

export function publicationOf(map: OsdMap, draft: OsdMap, what: string): Publication {
  const edit = present(editOf(map, draft), "a change");
  const { epoch, digest } = edit.map;
  return {
    map: edit.map,
    record: {
      epoch,
      wallMs: 1000 + epoch,
      controller: "c",
      causes: [{ author: "admin", what }],
      requests: [],
      rows: deltaOf(edit.changes),
      digest,
    },
    undo: { epoch, inverse: inverseOf(edit.changes) },
  };
}

/** An intent, so that its inverse is not empty. */
export function flagged(map: OsdMap): Publication {
  const flags = new Set(map.flags);
  if (!flags.delete("noout")) flags.add("noout");
  return publicationOf(map, { ...map, flags }, "noout");
}

export interface Controller {
  readonly client: ZooKeeperClient;
  readonly election: LeaderElection;
  readonly publisher: MapPublisher;
  /** As it believes. */
  map: OsdMap;
}

interface TreeSetup {
  readonly key?: Uint8Array;
  readonly renews?: boolean;
}

export class MapWorld extends ClientWorld {
  /** "warn: ..." */
  readonly logged: string[] = [];
  readonly log: Log = {
    ...SILENT_LOG,
    error: (message) => this.logged.push(`error: ${message}`),
    warn: (message) => this.logged.push(`warn: ${message}`),
  };
  readonly #gates = new Map<ZooKeeperClient, GatedNetwork>();
  #count = 0;

  static async start(seed = 1): Promise<MapWorld> {
    const world = new MapWorld(seed, 10_000);
    await world.start(...ADDRESSES);
    const client = world.tree();
    await world.until(initCluster(client, { id: "1", wallMs: 5, acl: ACL }));
    await world.until(client.close());
    return world;
  }

  tree({ key = KEY, renews = true }: TreeSetup = {}): ZooKeeperClient {
    this.#count += 1;
    const network = new GatedNetwork(this.network.host(peerName(`client.t${this.#count}`)));
    const client = openTree({
      coordinator: ADDRESSES.join(","),
      key,
      clock: this.clock,
      network,
      seed: this.#count,
      renews,
    });
    this.#gates.set(client, network);
    return client;
  }

  /** Cuts a client off from all servers, until its gate is opened. */
  gateOf(client: ZooKeeperClient): GatedNetwork {
    return present(this.#gates.get(client), "the client's gate");
  }

  /** Stands for election, waits until it leads, and reads the map. */
  async controller({ checkpointEpochs = 500, renews = true } = {}): Promise<Controller> {
    const client = this.tree({ renews });
    const election = new LeaderElection({
      client,
      path: PATHS.controller,
      id: `c${this.#count}`,
      address: utf8("here"),
      onRole: () => {},
    });
    await this.untilTrue(() => election.role === "leading");
    const newest = await this.until(readNewestMap(client));
    const check = present(election.check(), "the check of a leader");
    const publisher = new MapPublisher({
      client,
      check,
      newest,
      acl: ACL,
      log: this.log,
      checkpointEpochs,
    });
    return { client, election, publisher, map: newest.map };
  }

  /** Its session ends, and it does not stand again. */
  async depose({ client, election }: Controller): Promise<void> {
    this.server.expire(client.sessionId);
    await this.until(election.stop());
  }

  /** So many epochs, each published. */
  async publish(controller: Controller, count: number, size = 0): Promise<void> {
    for (let index = 0; index < count; index++) {
      const host = `h${controller.map.epoch}-`;
      const publication = changed(controller.map, { osd: index % 5, host, size });
      const outcome = await this.until(controller.publisher.publish(publication));
      if (outcome !== "published") throw new Error(`epoch ${publication.map.epoch}: ${outcome}`);
      controller.map = publication.map;
      await this.until(controller.publisher.idle());
    }
  }
}
