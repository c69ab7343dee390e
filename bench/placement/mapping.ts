/** Where all PGs of a pool are, and how two such states differ. */
import { hash2 } from "../../crush/hash.ts";
import { NONE } from "../../crush/types.ts";

export interface Mapping {
  readonly replicas: number;
  /** `replicas` ids for each PG, NONE where one was not placed. */
  readonly devices: Int32Array;
}

export interface Mapper {
  /** Writes the ids of at most `replicas` devices to `result` from index `at`; returns their number. */
  mapInto(x: number, result: Int32Array, at: number): number;
}

/** What a pool's PGs are to a placement, as in a pool with hashpspool. */
export function pgInputs(pgCount: number, poolId: number): Uint32Array {
  return Uint32Array.from({ length: pgCount }, (_, seed) => hash2(seed, poolId));
}

export function emptyMapping(pgCount: number, replicas: number): Mapping {
  return { replicas, devices: new Int32Array(pgCount * replicas).fill(NONE) };
}

/** Maps the inputs from `start` to before `end`. */
export function mapRange(
  mapper: Mapper,
  inputs: Uint32Array,
  { devices, replicas }: Mapping,
  start = 0,
  end = inputs.length,
): void {
  for (let pg = start; pg < end; pg++) {
    mapper.mapInto(inputs[pg] as number, devices, pg * replicas);
  }
}

/** By device id. */
export function replicaCounts({ devices }: Mapping): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of devices) if (id !== NONE) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

export function missingReplicas({ devices }: Mapping): number {
  return devices.reduce((count, id) => (id === NONE ? count + 1 : count), 0);
}

/**
 * How many replicas have to be copied: those on devices that did not have the PG before, or, where
 * each place holds another shard, that did not have that shard.
 */
export function movedReplicas(
  before: Mapping,
  after: Mapping,
  { isPositional }: { isPositional: boolean },
): number {
  const { replicas } = before;
  let moved = 0;
  for (let at = 0; at < after.devices.length; at++) {
    const id = after.devices[at] as number;
    if (id === NONE || id === before.devices[at]) continue;
    if (isPositional) {
      moved++;
      continue;
    }
    const row = at - (at % replicas);
    let place = row;
    while (place < row + replicas && before.devices[place] !== id) place++;
    if (place === row + replicas) moved++;
  }
  return moved;
}
