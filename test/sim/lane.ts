/**
 * One direction of one connection: packets go in, and arrive late, twice, in another order, or never. What packets
 * mean is none of its business.
 *
 * Bytes count against the lane from when they were sent until their receiver is done with them, so a receiver that
 * does not keep up is felt by its sender, as over TCP.
 */
import type { PeerName } from "../../cluster/base/ids.ts";
import { type Prng, randomChance, randomExponential } from "../../cluster/base/prng.ts";
import type { Scheduler } from "./scheduler.ts";

export interface NetworkFaults {
  /** Every delay is this plus an exponential one of mean `delayMsMean`. */
  readonly delayMsMin: number;
  readonly delayMsMean: number;
  /** This share of the messages is delayed further, exponentially with mean `tailMsMean`. */
  readonly tailChance: number;
  readonly tailMsMean: number;
  readonly lossChance: number;
  readonly duplicateChance: number;
  /** A link delivers in the order of sending, as one TCP connection does. If not, unequal delays reorder. */
  readonly inOrder: boolean;
}

/** A quiet data centre. */
export const NO_NETWORK_FAULTS: NetworkFaults = {
  delayMsMin: 0.05,
  delayMsMean: 0.2,
  tailChance: 0,
  tailMsMean: 0,
  lossChance: 0,
  duplicateChance: 0,
  inOrder: true,
};

/** The way from one name to another. It outlives connections and incarnations. */
export interface Path {
  readonly from: PeerName;
  readonly to: PeerName;
  faults: NetworkFaults;
  /** They were set for this path alone. */
  hasOwnFaults: boolean;
  /** Since when a partition loses everything here; undefined while nothing does. */
  blockedSinceMs: number | undefined;
  /** What arrives before this waits until then. */
  cloggedUntilMs: number;
}

export interface LaneReceiver<Packet> {
  /** A promise: the packet's bytes stay counted until it settles. It never rejects. */
  deliver(packet: Packet): Promise<void> | undefined;
  dropped(packet: Packet, reason: string): void;
  /** The same packet once more, sharing no memory that a receiver may write to. */
  duplicate(packet: Packet): Packet;
}

interface Parcel<Packet> {
  readonly packet: Packet;
  readonly bytes: number;
}

export class Lane<Packet> {
  readonly path: Path;
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #receiver: LaneReceiver<Packet>;
  #queuedBytes = 0;
  #lastArrivalMs = 0;
  /** Arrived while the path was clogged, oldest first. */
  readonly #held: Parcel<Packet>[] = [];

  constructor(options: {
    path: Path;
    scheduler: Scheduler;
    prng: Prng;
    receiver: LaneReceiver<Packet>;
  }) {
    this.path = options.path;
    this.#scheduler = options.scheduler;
    this.#prng = options.prng;
    this.#receiver = options.receiver;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** A reliable packet is neither lost nor doubled by chance; a partition still stops it. */
  transmit(packet: Packet, bytes: number, isReliable: boolean): void {
    const { faults, blockedSinceMs } = this.path;
    if (blockedSinceMs !== undefined) {
      this.#receiver.dropped(packet, "partition");
    } else if (!isReliable && this.#draws(faults.lossChance)) {
      this.#receiver.dropped(packet, "loss");
    } else {
      this.#plan({ packet, bytes });
      if (!isReliable && this.#draws(faults.duplicateChance)) {
        this.#plan({ packet: this.#receiver.duplicate(packet), bytes });
      }
    }
  }

  /** Delivers what is held, unless the clog lasts longer by now. */
  readonly release = (): void => {
    if (this.#isClogged) {
      this.#scheduler.at(this.path.cloggedUntilMs, this.release);
    } else {
      for (const parcel of this.#held.splice(0)) this.#deliver(parcel);
    }
  };

  #draws(chance: number): boolean {
    return chance > 0 && randomChance(this.#prng, chance);
  }

  #plan(parcel: Parcel<Packet>): void {
    this.#queuedBytes += parcel.bytes;
    const { faults } = this.path;
    let arrivalMs = this.#scheduler.nowMs + drawDelayMs(this.#prng, faults);
    if (faults.inOrder) arrivalMs = Math.max(arrivalMs, this.#lastArrivalMs);
    this.#lastArrivalMs = Math.max(arrivalMs, this.#lastArrivalMs);
    this.#scheduler.at(arrivalMs, () => this.#arrive(parcel));
  }

  /** Whatever is held goes first, also when a clog ends in this very moment. */
  #arrive(parcel: Parcel<Packet>): void {
    if (this.#held.length === 0 && !this.#isClogged) {
      this.#deliver(parcel);
      return;
    }
    this.#held.push(parcel);
    if (this.#held.length === 1) this.#scheduler.at(this.path.cloggedUntilMs, this.release);
  }

  get #isClogged(): boolean {
    return this.path.cloggedUntilMs > this.#scheduler.nowMs;
  }

  #deliver({ packet, bytes }: Parcel<Packet>): void {
    let unfinished: Promise<void> | undefined;
    if (this.path.blockedSinceMs === undefined) unfinished = this.#receiver.deliver(packet);
    else this.#receiver.dropped(packet, "partition");
    if (unfinished === undefined) {
      this.#queuedBytes -= bytes;
      return;
    }
    void unfinished.then(() => {
      this.#queuedBytes -= bytes;
    });
  }
}

export function drawDelayMs(prng: Prng, faults: NetworkFaults): number {
  let delayMs = faults.delayMsMin + randomExponential(prng, faults.delayMsMean);
  if (faults.tailChance > 0 && randomChance(prng, faults.tailChance)) {
    delayMs += randomExponential(prng, faults.tailMsMean);
  }
  return delayMs;
}
