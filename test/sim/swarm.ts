/**
 * What a seed is like: which faults occur in it at all, and how hard. Every class of faults is
 * absent from half of the seeds, because a fault can hide others: where processes crash every
 * second, nothing lives long enough to fail of anything else. (Groce and others, "Swarm Testing",
 * 2012.)
 */
import {
  type Prng,
  randomBetween,
  randomChance,
  randomFloat,
  randomPick,
} from "../../cluster/base/prng.ts";
import { type DiskFaults, NO_DISK_FAULTS } from "./disk-faults.ts";
import { type NetworkFaults, NO_NETWORK_FAULTS } from "./lane.ts";

/**
 * Happenings, planned by the nemesis, as opposed to how the network and the disks are all the time.
 */
export const STRIKES = [
  "crash",
  "pause",
  "partition",
  "clog",
  "reset",
  "full-disk",
  "lost-record",
  "wall-jump",
] as const;
export type Strike = (typeof STRIKES)[number];

const CONDITIONS = [
  "slow-network",
  "loss",
  "duplication",
  "reordering",
  "slow-disk",
  "disk-errors",
  "bit-flips",
  "bit-rot",
  "clock-drift",
] as const;

export const FAULTS = [...STRIKES, ...CONDITIONS] as const;
export type Fault = (typeof FAULTS)[number];

export interface SwarmConfig {
  readonly faults: ReadonlySet<Fault>;
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  /** Clocks drift by up to so much, either way. */
  readonly driftPpmMax: number;
  /** Mean time between two strikes of a kind that occurs. */
  readonly intervalMs: ReadonlyMap<Strike, number>;
  /** After so long everything is healed. */
  readonly faultyMs: number;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Long enough for what takes fractions of a second. */
const FAULTY_MS: Range = { min: 2_000, max: 8_000 };
const FAULT_CHANCE = 0.5;

export function drawSwarm(
  prng: Prng,
  tolerated: readonly Fault[],
  faultyMs: Range = FAULTY_MS,
): SwarmConfig {
  const faults = new Set(tolerated.filter(() => randomChance(prng, FAULT_CHANCE)));
  return {
    faults,
    network: drawNetwork(prng, faults),
    disk: drawDisk(prng, faults),
    driftPpmMax: faults.has("clock-drift") ? randomPick(prng, [50, 500, 5_000]) : 0,
    intervalMs: new Map(
      STRIKES.filter((strike) => faults.has(strike)).map((strike) => [
        strike,
        randomBetween(prng, 300, 6_000),
      ]),
    ),
    faultyMs: randomBetween(prng, faultyMs.min, faultyMs.max),
  };
}

/** For a report: every choice that the seed made. */
export function describeSwarm(config: SwarmConfig): string[] {
  const strikes = [...config.intervalMs].map(([strike, ms]) => `${strike} every ${ms} ms`);
  return [
    `faults   ${[...config.faults].join(", ") || "none"}`,
    `strikes  ${strikes.join(", ") || "none"}`,
    `network  ${fieldsOf(config.network)}`,
    `disk     ${fieldsOf(config.disk)}`,
    `clocks   drift up to ${config.driftPpmMax} ppm`,
    `length   ${config.faultyMs} ms until everything heals`,
  ];
}

function drawNetwork(prng: Prng, faults: ReadonlySet<Fault>): NetworkFaults {
  const isSlow = faults.has("slow-network");
  return {
    ...NO_NETWORK_FAULTS,
    delayMsMean: isSlow ? randomPick(prng, [1, 5, 20]) : NO_NETWORK_FAULTS.delayMsMean,
    tailChance: isSlow ? randomFloat(prng) * 0.02 : 0,
    tailMsMean: isSlow ? randomBetween(prng, 50, 500) : 0,
    lossChance: faults.has("loss") ? randomFloat(prng) * 0.1 : 0,
    duplicateChance: faults.has("duplication") ? randomFloat(prng) * 0.1 : 0,
    inOrder: !faults.has("reordering"),
  };
}

function drawDisk(prng: Prng, faults: ReadonlySet<Fault>): DiskFaults {
  const isSlow = faults.has("slow-disk");
  const errorChance = faults.has("disk-errors") ? 0.0005 : 0;
  return {
    ...NO_DISK_FAULTS,
    syncMsMean: isSlow ? randomPick(prng, [1, 5, 20]) : 0.5,
    slowSyncChance: isSlow ? randomFloat(prng) * 0.05 : 0,
    slowSyncMsMean: isSlow ? randomBetween(prng, 20, 500) : 0,
    stallChance: isSlow ? randomFloat(prng) * 0.001 : 0,
    stallMsMean: isSlow ? randomBetween(prng, 50, 1_000) : 0,
    readErrorChance: errorChance,
    writeErrorChance: errorChance,
    syncErrorChance: errorChance,
    bitFlipChance: faults.has("bit-flips") ? 0.002 : 0,
    bitRotChance: faults.has("bit-rot") ? 0.002 : 0,
  };
}

function fieldsOf(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
