/**
 * What every scheme promises that is compared with CRUSH, and what the two that keep weights
 * promise about change.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Device } from "../../../bench/placement/cluster.ts";
import type { Placement, Scheme } from "../../../bench/placement/scheme.ts";
import { flatCluster } from "./flat-cluster.ts";

const X_COUNT = 60;

/** Up to eight domains of up to four devices; a weight of 0 is a device that takes nothing. */
const devicesArbitrary: fc.Arbitrary<Device[]> = fc
  .uniqueArray(fc.nat(99), { minLength: 1, maxLength: 16 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          weight: fc.constantFrom(0, 0x8000, 0x10000, 0x10000, 0x40000),
          domain: fc.integer({ min: -8, max: -1 }),
        }),
      ),
    ),
  );

const ableArbitrary = devicesArbitrary.filter((list) => list.some(({ weight }) => weight > 0));
const replicasArbitrary = fc.integer({ min: 1, max: 4 });

export function rowsOf(placement: Placement, replicas: number, count = X_COUNT): number[][] {
  const row = new Int32Array(replicas);
  return Array.from({ length: count }, (_, x) => [
    ...row.subarray(0, placement.mapInto(x * 7919, row, 0)),
  ]);
}

export function schemeSuite(scheme: Scheme): void {
  test("replicas are on devices with weight, no two in one domain", () => {
    fc.assert(
      fc.property(ableArbitrary, replicasArbitrary, (devices, replicas) => {
        const byId = new Map(devices.map((device) => [device.id, device]));
        for (const row of rowsOf(scheme.place(flatCluster(devices, replicas)), replicas)) {
          expect(row.every((id) => (byId.get(id)?.weight ?? 0) > 0)).toBe(true);
          expect(new Set(row.map((id) => byId.get(id)?.domain)).size).toBe(row.length);
        }
      }),
    );
  });

  test("the same x is always at the same place", () => {
    fc.assert(
      fc.property(ableArbitrary, replicasArbitrary, (devices, replicas) => {
        const cluster = flatCluster(devices, replicas);
        const placement = scheme.place(cluster);
        expect(rowsOf(placement, replicas)).toEqual(rowsOf(placement, replicas));
        expect(rowsOf(placement.next(cluster), replicas)).toEqual(rowsOf(placement, replicas));
      }),
    );
  });
}

export function leastMovementSuite(scheme: Scheme): void {
  test("every domain is used where there are no more of them than replicas", () => {
    fc.assert(
      fc.property(ableArbitrary, replicasArbitrary, (devices, replicas) => {
        const able = devices.filter(({ weight }) => weight > 0);
        const domainCount = new Set(able.map(({ domain }) => domain)).size;
        for (const row of rowsOf(scheme.place(flatCluster(devices, replicas)), replicas)) {
          expect(row.length).toBe(Math.min(domainCount, replicas));
        }
      }),
    );
  });

  test("devices that come or go exchange data with the others, and these none with each other", () => {
    fc.assert(
      fc.property(ableArbitrary, fc.nat(), replicasArbitrary, (all, pick, replicas) => {
        const staying = all.filter((_, index) => ((pick >> index) & 1) === 0);
        fc.pre(staying.some(({ weight }) => weight > 0));
        const stays = new Set(staying.map(({ id }) => id));
        const few = scheme.place(flatCluster(staying, replicas));
        const many = few.next(flatCluster(all, replicas));
        const rowsOfMany = rowsOf(many, replicas);
        for (const [index, row] of rowsOf(few, replicas).entries()) {
          const kept = rowsOfMany[index]?.filter((id) => stays.has(id)) ?? [];
          expect(row).toEqual(expect.arrayContaining(kept));
        }
        const again = many.next(flatCluster(staying, replicas));
        expect(rowsOf(again, replicas)).toEqual(rowsOf(few, replicas));
      }),
    );
  });

  test("a device that gains weight only gains data", () => {
    fc.assert(
      fc.property(ableArbitrary, replicasArbitrary, (devices, replicas) => {
        const [first, ...rest] = devices as [Device, ...Device[]];
        const light = scheme.place(flatCluster(devices, replicas));
        const heavier = { ...first, weight: first.weight + 0x20000 };
        const heavy = rowsOf(light.next(flatCluster([heavier, ...rest], replicas)), replicas);
        for (const [index, row] of rowsOf(light, replicas).entries()) {
          const others = heavy[index]?.filter((id) => id !== first.id) ?? [];
          expect(row).toEqual(expect.arrayContaining(others));
          if (row.includes(first.id)) expect(heavy[index]).toContain(first.id);
        }
      }),
    );
  });
}
