/**
 * Shell: an OSD's place in the cluster, apart from the data that it holds. It registers in the tree, follows the map, asks to
 * be shown up (C5), watches its peers and reports those that fail. Whoever holds data looks here whether it may serve: only
 * while the map shows this very process up.
 */
import type { Clock, Timer } from "../cluster/base/clock.ts";
import { ClusterError, isClusterError } from "../cluster/base/error.ts";
import { type Epoch, epoch, type OsdId, peerName } from "../cluster/base/ids.ts";
import type { Log } from "../cluster/base/log.ts";
import { ControllerClient } from "../cluster/coordination/controller-client.ts";
import { MapSubscription } from "../cluster/coordination/map-subscription.ts";
import { PATHS } from "../cluster/coordination/paths.ts";
import { probe } from "../cluster/coordination/probe.ts";
import { registerDaemon } from "../cluster/coordination/registration.ts";
import { MemoryStore } from "../cluster/kv/memory-store.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import type { ControllerMessage } from "../cluster/message/controller.ts";
import { Loop } from "../cluster/runtime/loop.ts";
import type { StreamNetwork } from "../cluster/runtime/stream.ts";
import type { Transport, TransportHandler } from "../cluster/runtime/transport.ts";
import type { ZooKeeperClient } from "../cluster/zookeeper/client.ts";
import type { Registration } from "../cluster/zookeeper/recipe/service-registry.ts";
import { isZooKeeperError } from "../cluster/zookeeper/zookeeper-error.ts";
import {
  createHeartbeats,
  type HeartbeatEffect,
  type HeartbeatEvent,
  type HeartbeatState,
  stepHeartbeats,
} from "./heartbeat/heartbeats.ts";

const QUEUE_CAPACITY = 4_096;
/** Between two attempts to boot. */
const BOOT_PAUSE_MS = 500;
const REPORT_MS = 5_000;

export interface OsdMemberOptions {
  readonly osd: OsdId;
  /** Of its store. */
  readonly uuid: string;
  /** Of this process, random. */
  readonly nonce: number;
  readonly host: string;
  /** Empty if it has none. */
  readonly deviceClass: string;
  readonly bytes: number;
  readonly version: string;
  readonly address: string;
  readonly heartbeatAddress: string;
  readonly graceMs: number;
  readonly client: ZooKeeperClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly network: StreamNetwork;
  readonly attach: (handler: TransportHandler<ControllerMessage>) => Transport<ControllerMessage>;
  /** Who is in a PG with this OSD, by that map. */
  readonly sharing: (map: OsdMap) => ReadonlySet<OsdId>;
  readonly onMap: (map: OsdMap) => void;
  /** Must not go on. Ends the process. */
  readonly fail: (error: unknown) => void;
}

export class OsdMember {
  readonly controller: ControllerClient;
  readonly #options: OsdMemberOptions;
  readonly #transport: Transport<ControllerMessage>;
  readonly #subscription: MapSubscription;
  readonly #registration: Registration;
  readonly #heartbeats: Loop<HeartbeatState, HeartbeatEvent, HeartbeatEffect>;
  readonly #pinging = new Set<OsdId>();
  #isBooting = false;
  #isClosed = false;
  #bootTimer: Timer | undefined;
  #whyNotUp: string | undefined;

  constructor(options: OsdMemberOptions) {
    const { osd, uuid, nonce, host, version, client, clock, log, fail } = options;
    this.#options = options;
    this.#transport = options.attach({
      receive: () => {},
      answer: async ({ message }) => {
        if (message.type === "probe") {
          const records = this.#recordsSince(message.epoch);
          return { message: { type: "probed", nonce, records } };
        }
        throw new ClusterError("REMOTE_FAILED", `an OSD does not answer ${message.type} here`);
      },
    });
    this.controller = new ControllerClient({
      client,
      transport: this.#transport,
      path: PATHS.controller,
      clock,
    });
    this.#heartbeats = new Loop<HeartbeatState, HeartbeatEvent, HeartbeatEffect>({
      state: createHeartbeats(osd, options.graceMs),
      step: stepHeartbeats,
      perform: (effect) => this.#perform(effect),
      store: new MemoryStore(),
      clock,
      fail,
      queueCapacity: QUEUE_CAPACITY,
    });
    this.#heartbeats.start();
    this.#registration = registerDaemon({
      client,
      kind: "osd",
      name: `${osd}`,
      daemon: { address: options.address, nonce, host, version, uuid },
      onBlocked: (by) =>
        log.warn(`another store has osd.${osd} registered; waiting for it to go`, {
          uuid: by?.uuid ?? "",
        }),
      onFailure: (error) => this.#failed(error),
    });
    this.#subscription = new MapSubscription({
      client,
      log,
      onMap: (map) => this.#mapChanged(map),
      onFailure: (error) => this.#failed(error),
    });
  }

  get map(): OsdMap | undefined {
    return this.#subscription.map;
  }

  /** By the newest map that this process has. */
  get isUp(): boolean {
    const info = this.map?.osds.get(this.#options.osd);
    return info?.up === true && info.nonce === this.#options.nonce;
  }

  /** Says that it stops, so that nobody has to notice, and is gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const { osd, nonce } = this.#options;
    if (this.isUp) {
      const stopping = { type: "stopping", osd, nonce } as const;
      await this.controller.request(stopping, { timeoutMs: REPORT_MS }).catch(() => {});
    }
    this.#isClosed = true;
    this.#bootTimer?.cancel();
    this.#heartbeats.stop();
    await Promise.all([this.#registration.stop(), this.#subscription.stop()]);
  }

  /** For a peer that is behind. */
  #recordsSince(since: Epoch): Uint8Array[] {
    const { map } = this;
    return map === undefined || map.epoch <= since ? [] : this.#subscription.recordsSince(since);
  }

  #mapChanged(map: OsdMap): void {
    if (this.#isClosed) return;
    this.#submit({ type: "mapChanged", map, sharing: this.#options.sharing(map) });
    this.#options.onMap(map);
    this.#maybeBoot();
  }

  #maybeBoot(): void {
    if (this.#isClosed || this.isUp || this.#isBooting || this.map === undefined) return;
    this.#isBooting = true;
    this.#boot(this.map).catch((error: unknown) => this.#failed(error));
  }

  async #boot(map: OsdMap): Promise<void> {
    const { osd, log, clock } = this.#options;
    const why = await this.#ask(map);
    this.#isBooting = false;
    if (this.#isClosed || this.isUp) return;
    // Once for each reason: it may last for hours.
    if (why !== undefined && why !== this.#whyNotUp) log.info(`osd.${osd} is not up yet: ${why}`);
    this.#whyNotUp = why;
    this.#bootTimer?.cancel();
    this.#bootTimer = clock.after(BOOT_PAUSE_MS, () => this.#maybeBoot());
  }

  /** Why it has to ask again, if that was said; throws what asking again does not change. */
  async #ask(map: OsdMap): Promise<string | undefined> {
    const options = this.#options;
    const { osd, nonce } = options;
    const info = map.osds.get(osd);
    try {
      const answer = await this.controller.request({
        type: "boot",
        osd,
        uuid: options.uuid,
        nonce,
        address: options.address,
        heartbeatAddress: options.heartbeatAddress,
        host: options.host,
        deviceClass: options.deviceClass,
        bytes: options.bytes,
        version: options.version,
        epoch: map.epoch,
        cleanFrom: epoch(0),
        cleanTo: epoch(0),
        wasWronglyDown: info?.nonce === nonce && !info.up,
      });
      if (answer.type !== "refused") return undefined;
      if (answer.code === "LATER") return answer.message;
      throw new ClusterError("CONFIG_INVALID", answer.message);
    } catch (error) {
      if (isClusterError(error, "TIMEOUT")) return error.message;
      throw error;
    }
  }

  #perform(effect: HeartbeatEffect): void {
    const reporter = this.#options.osd;
    switch (effect.type) {
      case "ping":
        void this.#ping(effect.peer, effect.sentMs);
        return;
      case "reportFailure": {
        const { osd, upFrom, kind, silentMs } = effect;
        this.#report({ type: "failure", reporter, osd, upFrom, kind, silentMs });
        return;
      }
      case "reportAlive":
        this.#report({ type: "alive", reporter, osd: effect.osd, upFrom: effect.upFrom });
        return;
    }
  }

  /** One at a time to each peer: a silent one takes longer than the next is due. */
  async #ping(peer: OsdId, sentMs: number): Promise<void> {
    const info = this.map?.osds.get(peer);
    if (this.map === undefined || info === undefined || this.#pinging.has(peer)) return;
    const { heartbeatAddress: address, nonce, upFrom } = info;
    if (address === "") return;
    this.#pinging.add(peer);
    const { network, clock } = this.#options;
    const transport = this.#transport;
    const outcome = await probe({
      peer: peerName(`osd.${peer}`),
      address,
      nonce,
      epoch: this.map.epoch,
      onRecords: (records) => this.#subscription.offer(records),
      network,
      clock,
      transport,
    });
    this.#pinging.delete(peer);
    if (outcome === "answered") this.#submit({ type: "ponged", peer, upFrom, sentMs });
    if (outcome === "refused") this.#submit({ type: "refused", peer, upFrom });
  }

  /** Best effort: it is said again while it lasts. */
  #report(message: ControllerMessage): void {
    this.controller.request(message, { timeoutMs: REPORT_MS }).catch((error: unknown) => {
      if (!isClusterError(error) && !isZooKeeperError(error)) this.#failed(error);
    });
  }

  #submit(event: HeartbeatEvent): void {
    // What a full queue drops is said again with the next ping or map.
    if (!this.#isClosed) this.#heartbeats.submit(event);
  }

  #failed(error: unknown): void {
    if (!this.#isClosed) this.#options.fail(error);
  }
}
