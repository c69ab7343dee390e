/**
 * Jump consistent hashing (Lamping and Veach, 2014): x jumps along a row of numbered slots and
 * stays where the next jump would leave the row. No memory, and perfect balance, but the only
 * change it knows is one slot more or less at the end, and all slots count the same.
 *
 * So a cluster has to be brought into that form. A new device gets a slot at the end. A device that
 * is removed gives its slot to the device of the last one, which moves twice as much as must. One
 * that is marked out keeps its slot and is passed over. Failure domains: replicas are drawn one
 * after the other, and a draw whose domain is taken is repeated with the next number.
 */
import { assert } from "../../cluster/base/assert.ts";
import type { Cluster, Device } from "./cluster.ts";
import { mixPair, unitInterval } from "./mix.ts";
import type { Placement, Scheme } from "./scheme.ts";

/** For each replica, so that a cluster with too few domains still gets an answer. */
const TRIES_PER_REPLICA = 50;

export const jumpScheme: Scheme = {
  name: "jump",
  about: "Jump hashing over a row of slots. Cannot express weights, nor removal from the middle.",
  ignoresWeights: true,
  place: (cluster) =>
    new Jump(
      cluster,
      cluster.devices.map(({ id }) => id),
    ),
};

class Jump implements Placement {
  readonly #replicas: number;
  readonly #slots: readonly number[];
  /** By slot; undefined where the device of the slot takes no data. */
  readonly #able: readonly (Device | undefined)[];

  constructor({ devices, replicas }: Cluster, slots: readonly number[]) {
    const byId = new Map(devices.map((device) => [device.id, device]));
    this.#replicas = replicas;
    this.#slots = slots;
    this.#able = slots.map((id) => {
      const device = byId.get(id);
      return device !== undefined && device.weight > 0 ? device : undefined;
    });
  }

  mapInto(x: number, result: Int32Array, at: number): number {
    if (this.#slots.length === 0) return 0;
    const domains: number[] = [];
    const tries = this.#replicas * TRIES_PER_REPLICA;
    for (let number = 0; number < tries && domains.length < this.#replicas; number++) {
      const device = this.#able[jump(mixPair(x, number), this.#slots.length)];
      if (device === undefined || domains.includes(device.domain)) continue;
      result[at + domains.length] = device.id;
      domains.push(device.domain);
    }
    return domains.length;
  }

  next(cluster: Cluster): Placement {
    return new Jump(
      cluster,
      slotsAfter(
        this.#slots,
        cluster.devices.map(({ id }) => id),
      ),
    );
  }
}

/** Newcomers at the end; the slots of those that are gone are filled from the end. */
export function slotsAfter(slots: readonly number[], devices: readonly number[]): number[] {
  const wanted = new Set(devices);
  const known = new Set(slots);
  const result = [...slots, ...devices.filter((id) => !known.has(id))];
  for (let slot = result.length - 1; slot >= 0; slot--) {
    if (wanted.has(result[slot] as number)) continue;
    const last = result.pop() as number;
    if (slot < result.length) result[slot] = last;
  }
  return result;
}

/**
 * The slot of a key. The paper draws its random numbers from a 64-bit generator; any generator that
 * is seeded by the key will do, and one of 32 bits is exact and fast here.
 */
export function jump(key: number, slotCount: number): number {
  assert(slotCount > 0, "a row has slots");
  let slot = 0;
  for (let number = 0; ; number++) {
    const next = Math.floor((slot + 1) / unitInterval(mixPair(key, number)));
    if (next >= slotCount) return slot;
    slot = next;
  }
}
