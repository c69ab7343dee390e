/** What the bench compares: ways to say where the replicas of x are, without a table of all x. */
import { CrushError } from "../../crush/error.ts";
import type { BulkMapper } from "../../crush/simd.ts";
import type { CrushMap } from "../../crush/types.ts";
import type { Cluster } from "./cluster.ts";
import type { Mapper, Mapping } from "./mapping.ts";

/** The PGs that are placed: those of one pool. */
export interface Pool {
  readonly id: number;
  readonly pgCount: number;
}

/** A pool after the balancer. */
export interface BalancedPool {
  readonly mapping: Mapping;
  /** PGs that got exceptions of their own, and the replicas that these move. */
  readonly pgCount: number;
  readonly movedCount: number;
}

export interface Placement extends Mapper {
  /** The same for many x at once, by vector instructions, where the engine and the scheme have them. */
  vectorized?(): BulkMapper | undefined;
  /** The PGs once they are evened out, where Kelp's balancer can do that. */
  balanced?(pool: Pool): BalancedPool | undefined;
  /** The placement once the cluster, in the scheme's form, has changed to this. */
  next(cluster: Cluster): Placement;
}

export interface Scheme {
  readonly name: string;
  /** What it is, and what it cannot express; one sentence each. */
  readonly about: string;
  /** Counts all devices the same, so that reweighting one means nothing to it. */
  readonly ignoresWeights: boolean;
  /**
   * The map as the scheme needs it, where it works on a map: then editing the map is part of what a
   * change costs. Throws CrushError where the scheme cannot hold it.
   */
  formOf?(map: CrushMap): CrushMap;
  /** Of a cluster with a map in the scheme's form. */
  place(cluster: Cluster): Placement;
}

/** A scheme may be unable to hold a cluster; that is a result, and the only error that is one. */
export function unlessImpossible<T>(body: () => T): T | CrushError {
  try {
    return body();
  } catch (error) {
    if (error instanceof CrushError) return error;
    throw error;
  }
}
