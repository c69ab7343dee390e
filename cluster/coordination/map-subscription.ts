/**
 * The map as a daemon or client follows it: from the tree, whose epoch node alone it watches, and from peers that are ahead
 * and hand it records. Every epoch is told, in order; only who is so far behind that the history between is gone is told a
 * map without a record, and knows by that that epochs are missing.
 *
 * Whatever comes is taken only if it is the next epoch of the map that is held by then, so a peer and the tree may bring the
 * same at the same time.
 */
import type { Epoch } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { applyRecord, type EpochRecord } from "../map/epoch-record.ts";
import type { OsdMap } from "../map/osd-map.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { Routine } from "../zookeeper/recipe/routine.ts";
import {
  corrupt,
  type Increment,
  incrementOf,
  isDamage,
  type ReadEpochNode,
  readEpochNode,
  readIncrements,
  readNewestMap,
} from "./map-reader.ts";
import { PATHS } from "./paths.ts";
import { RecordWindow, WINDOW_BOUNDS, type WindowBounds } from "./record-window.ts";

/** What is handed to a peer at once. */
const HANDOVER_BOUNDS: WindowBounds = { countMax: 100, bytesMax: 1 << 20 };

export interface MapSubscriptionOptions {
  readonly client: ZooKeeperClient;
  readonly log: Log;
  /** What this process knew when it stopped; without one the first that is told is the newest. */
  readonly known?: OsdMap;
  /** The record is undefined if epochs between the one told before and this one are not to be had. */
  readonly onMap: (map: OsdMap, record: EpochRecord | undefined) => void;
  /** The map is not followed any more: it is damaged, the session is over for good, or a server refused. */
  readonly onFailure: (error: unknown) => void;
  readonly windowBounds?: WindowBounds;
}

/** Of two maps that were both published. */
function isAtLeast(held: OsdMap, other: OsdMap): boolean {
  return held.epoch > other.epoch || (held.epoch === other.epoch && held.digest === other.digest);
}

export class MapSubscription {
  readonly #options: MapSubscriptionOptions;
  readonly #routine: Routine;
  readonly #window: RecordWindow;
  #map: OsdMap | undefined;

  constructor(options: MapSubscriptionOptions) {
    this.#options = options;
    this.#map = options.known;
    this.#window = new RecordWindow(options.windowBounds ?? WINDOW_BOUNDS);
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      failed: options.onFailure,
    });
  }

  /** Undefined until the first is there. */
  get map(): OsdMap | undefined {
    return this.#map;
  }

  /** Records of a peer that is ahead, encoded; from old to new. What does not follow is passed over. */
  offer(records: readonly Uint8Array[]): void {
    for (const bytes of records) {
      if (this.#map === undefined || this.#routine.isStopped) return;
      try {
        const increment = incrementOf(bytes);
        if (increment.record.epoch > this.#map.epoch + 1) return;
        this.#maybeAdvance(increment);
      } catch (error) {
        if (!isDamage(error)) throw error;
        // The tree decides; what a peer hands over only spares a look at it.
        this.#options.log.warn("a peer handed over an epoch that makes no sense", { error });
        return;
      }
    }
  }

  /** For a peer at that epoch: the next ones, within bounds. None if it must look itself. */
  recordsSince(epoch: Epoch, bounds: WindowBounds = HANDOVER_BOUNDS): Uint8Array[] {
    return this.#window.since(epoch, bounds);
  }

  async stop(): Promise<void> {
    this.#routine.stop();
    await this.#routine.ended;
  }

  async #look(): Promise<void> {
    const { client } = this.#options;
    const node = await readEpochNode(client, this.#routine.poke);
    try {
      await this.#follow(node);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#options.log.warn("the map is read anew from its checkpoint", { error });
      await this.#jump();
    }
  }

  async #follow(node: ReadEpochNode): Promise<void> {
    const { client } = this.#options;
    while (this.#map !== undefined && this.#map.epoch < node.epoch) {
      const { epoch } = this.#map;
      const increments = await readIncrements(client, { after: epoch, node });
      if (this.#routine.isStopped) return;
      if (increments === undefined) break;
      for (const increment of increments) this.#maybeAdvance(increment);
    }
    const map = this.#map;
    if (map === undefined || map.epoch < node.epoch) await this.#jump();
    else if (map.epoch > node.epoch) await this.#checkAhead(map);
    else if (map.epoch === node.epoch && map.digest !== node.digest) {
      this.#options.log.warn(`epoch ${map.epoch} is not what was published; it is read anew`);
      await this.#jump();
    }
  }

  /** A peer may have brought what the server at hand has not seen yet; none can bring what was never published. */
  async #checkAhead({ epoch }: OsdMap): Promise<void> {
    const { client } = this.#options;
    await client.sync(PATHS.mapEpoch);
    const node = await readEpochNode(client);
    if (node.epoch >= epoch) return;
    throw corrupt(`it ends at epoch ${node.epoch}, and this process has seen ${epoch}`);
  }

  /** Whatever was known is given up for what the tree has. */
  async #jump(): Promise<void> {
    const { map } = await readNewestMap(this.#options.client);
    if (this.#routine.isStopped) return;
    const held = this.#map;
    if (held !== undefined && isAtLeast(held, map)) return; // A peer was faster.
    this.#window.clear();
    this.#map = map;
    this.#options.onMap(map, undefined);
  }

  #maybeAdvance(increment: Increment): void {
    const map = this.#map;
    if (map === undefined || increment.record.epoch !== map.epoch + 1) return;
    const next = applyRecord(map, increment.record);
    this.#map = next;
    this.#window.push(increment);
    this.#options.onMap(next, increment.record);
  }
}
