/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998), weighted: every device draws -ln(u) / weight
 * for x, which is an exponential variate, and the smallest draws win. A draw depends on nothing but
 * x and the device, so a change moves only what the changed device gains or loses.
 *
 * Failure domains: of the devices of a domain only the one with the smallest draw takes part, so
 * replicas are spread without retries. Every device is looked at for every x; that is the price.
 */
import type { Cluster } from "./cluster.ts";
import { mix, unitInterval } from "./mix.ts";
import type { Placement, Scheme } from "./scheme.ts";

export const rendezvousScheme: Scheme = {
  name: "hrw",
  about: "Weighted rendezvous hashing over all devices. Its time grows with their number.",
  ignoresWeights: false,
  place: (cluster) => new Rendezvous(cluster),
};

class Rendezvous implements Placement {
  readonly #ids: Int32Array;
  readonly #keys: Int32Array;
  readonly #domains: Int32Array;
  readonly #weights: Float64Array;
  readonly #leaders: Leaders;

  constructor({ devices, replicas }: Cluster) {
    // In random order, several domains soon have a leader and the bar comes down early; in that of
    // ids, all devices of a rack would come before the first one of the next.
    const able = devices
      .filter(({ weight }) => weight > 0)
      .sort((left, right) => mix(left.id + 1) - mix(right.id + 1));
    this.#ids = Int32Array.from(able, ({ id }) => id);
    this.#keys = Int32Array.from(able, ({ id }) => mix(id + 1));
    this.#domains = Int32Array.from(able, ({ domain }) => domain);
    this.#weights = Float64Array.from(able, ({ weight }) => weight);
    this.#leaders = new Leaders(replicas);
  }

  mapInto(x: number, result: Int32Array, at: number): number {
    const leaders = this.#leaders;
    const weights = this.#weights;
    const keys = this.#keys;
    const start = mix(x);
    leaders.clear();
    for (let index = 0; index < keys.length; index++) {
      const drawn = unitInterval(mix(start ^ (keys[index] as number)));
      const weight = weights[index] as number;
      // -ln(u) is at least 1 - u, so most devices are out of the race before a logarithm is taken.
      if (1 - drawn >= leaders.bar * weight) continue;
      const draw = -Math.log(drawn) / weight;
      if (draw < leaders.bar) leaders.enter(index, this.#domains[index] as number, draw);
    }
    for (let place = 0; place < leaders.count; place++) {
      result[at + place] = this.#ids[leaders.indexes[place] as number] as number;
    }
    return leaders.count;
  }

  next(cluster: Cluster): Placement {
    return new Rendezvous(cluster);
  }
}

/** The smallest draws so far, in ascending order, no two of one domain. */
class Leaders {
  readonly indexes: Int32Array;
  readonly #domains: Int32Array;
  readonly #draws: Float64Array;
  count = 0;
  /** A draw that is not below this does not enter. */
  bar = Number.POSITIVE_INFINITY;

  constructor(size: number) {
    this.indexes = new Int32Array(size);
    this.#domains = new Int32Array(size);
    this.#draws = new Float64Array(size);
  }

  clear(): void {
    this.count = 0;
    this.bar = Number.POSITIVE_INFINITY;
  }

  enter(index: number, domain: number, draw: number): void {
    const known = this.#domains.subarray(0, this.count).indexOf(domain);
    if (known >= 0 && (this.#draws[known] as number) <= draw) return;
    // The place that falls free: the domain's own, the one past the end, or that of the last.
    let place = known >= 0 ? known : Math.min(this.count, this.indexes.length - 1);
    if (known < 0 && this.count < this.indexes.length) this.count += 1;
    for (; place > 0 && (this.#draws[place - 1] as number) > draw; place--) {
      this.indexes[place] = this.indexes[place - 1] as number;
      this.#domains[place] = this.#domains[place - 1] as number;
      this.#draws[place] = this.#draws[place - 1] as number;
    }
    this.indexes[place] = index;
    this.#domains[place] = domain;
    this.#draws[place] = draw;
    if (this.count === this.indexes.length) this.bar = this.#draws[this.count - 1] as number;
  }
}
