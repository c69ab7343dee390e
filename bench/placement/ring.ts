/**
 * A consistent-hash ring (Karger et al., 1997): every device stands at many points of a circle, in
 * number by its weight, and the replicas of x are at the first points clockwise from x.
 *
 * Failure domains: the walk skips points whose domain already has a replica. A device that comes
 * or goes adds or removes points only, so nothing moves between two others.
 */
import type { Cluster, Device } from "./cluster.ts";
import { mix, mixPair } from "./mix.ts";
import type { Placement, Scheme } from "./scheme.ts";

/** Of a device of average weight: more points balance better, and cost memory and time to sort. */
const POINTS_PER_DEVICE = 128;

export const ringScheme: Scheme = {
  name: "ring",
  about: `Consistent hashing with ${POINTS_PER_DEVICE} points of a ring for an average device.`,
  ignoresWeights: false,
  place: (cluster) => new Ring(cluster, meanWeight(cluster.devices) / POINTS_PER_DEVICE),
};

class Ring implements Placement {
  readonly #replicas: number;
  /** What one point stands for. It stays, so that a change of one device leaves the others' points. */
  readonly #weightOfPoint: number;
  /** Ascending; the device at `#positions[i]` is number `#owners[i]`. */
  readonly #positions: Uint32Array;
  readonly #owners: Int32Array;
  readonly #ids: Int32Array;
  readonly #domains: Int32Array;
  readonly #usedDomains: Int32Array;

  constructor({ devices, replicas }: Cluster, weightOfPoint: number) {
    this.#replicas = replicas;
    this.#weightOfPoint = weightOfPoint;
    const points = pointsOf(devices, weightOfPoint);
    this.#positions = Uint32Array.from(points, (point) => Math.floor(point / OWNER_COUNT_MAX));
    this.#owners = Int32Array.from(points, (point) => point % OWNER_COUNT_MAX);
    this.#ids = Int32Array.from(devices, ({ id }) => id);
    this.#domains = Int32Array.from(devices, ({ domain }) => domain);
    this.#usedDomains = new Int32Array(replicas);
  }

  mapInto(x: number, result: Int32Array, at: number): number {
    const owners = this.#owners;
    const used = this.#usedDomains;
    let point = this.#firstFrom(mix(x));
    let count = 0;
    for (let seen = 0; seen < owners.length && count < this.#replicas; seen++, point++) {
      if (point >= owners.length) point = 0;
      const owner = owners[point] as number;
      const domain = this.#domains[owner] as number;
      let place = 0;
      while (place < count && used[place] !== domain) place++;
      if (place < count) continue;
      used[count] = domain;
      result[at + count++] = this.#ids[owner] as number;
    }
    return count;
  }

  next(cluster: Cluster): Placement {
    return new Ring(cluster, this.#weightOfPoint);
  }

  #firstFrom(position: number): number {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#positions[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A position of 32 bits and an owner fit into the 53 bits of a number, which sorts as fast as can be. */
const OWNER_COUNT_MAX = 2 ** 20;

function pointsOf(devices: readonly Device[], weightOfPoint: number): Float64Array {
  const counts = devices.map(({ weight }) => Math.round(weight / weightOfPoint));
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let used = 0;
  for (const [owner, { id }] of devices.entries()) {
    const count = counts[owner] ?? 0;
    for (let number = 0; number < count; number++) {
      points[used++] = mixPair(id, number) * OWNER_COUNT_MAX + owner;
    }
  }
  return points.sort();
}

function meanWeight(devices: readonly Device[]): number {
  const able = devices.filter(({ weight }) => weight > 0);
  return able.reduce((sum, { weight }) => sum + weight, 0) / able.length;
}
