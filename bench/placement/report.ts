/** What is shown and written: the figures, of what they are, and what they were compared with. */
import type { Balance } from "./balance.ts";
import type { Chance } from "./chance.ts";
import type { PeerFigures } from "./peer.ts";

export interface SchemeFigures {
  readonly name: string;
  readonly about: string;
  /** Why there are no figures. */
  readonly failure?: string;
  readonly mappingsPerSecond?: number;
  /** Of the vectorized mapper, where it can run the scheme. */
  readonly simdMappingsPerSecond?: number;
  readonly balance?: Balance;
  readonly upmap?: UpmapFigures;
  /** Replicas that found no device, before any change. */
  readonly missing?: number;
  /** The cost of a change of one device; larger ones are many edits of one map. */
  readonly changeMs?: number;
  readonly changes: readonly ChangeFigures[];
}

/** What the balancer makes of it. */
export interface UpmapFigures {
  readonly balance: Balance;
  /** PGs that got exceptions of their own, and the replicas that these move. */
  readonly pgCount: number;
  readonly movedCount: number;
  readonly ms: number;
}

export interface ChangeFigures {
  readonly name: string;
  /** The part of all replicas that moved; nothing where the scheme cannot express the change. */
  readonly moved?: number;
  /** From the order to change until x can be mapped again. */
  readonly ms?: number;
}

export interface ChangeBound {
  readonly name: string;
  /** The part of all replicas that has to move. */
  readonly least: number;
}

export interface PlacementFigures {
  readonly deviceCount: number;
  readonly pgCount: number;
  readonly replicas: number;
  readonly chance: Chance;
  readonly changes: readonly ChangeBound[];
  readonly schemes: readonly SchemeFigures[];
}

export interface PlacementReport extends PlacementFigures {
  /** "10 racks x 10 hosts x 10 OSDs, equal weights" */
  readonly cluster: string;
  /** The name of the type of which no two replicas share one. */
  readonly domain: string;
  readonly seed: number;
  readonly peer?: PeerFigures;
}

/**
 * By how much chance alone makes the movement of the smallest change larger or smaller: replicas
 * that move are few, and the device may have held more or less than its share.
 */
export function movementNoise({ pgCount, replicas, changes }: PlacementReport): number {
  const least = Math.min(...changes.map((change) => change.least).filter((part) => part > 0));
  return Number.isFinite(least) ? 1 / Math.sqrt(pgCount * replicas * least) : 0;
}
