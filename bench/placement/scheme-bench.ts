/** The measurements of one scheme after the other, on the same cluster, PGs and changes. */
import { assert } from "../../cluster/base/assert.ts";
import { CrushError } from "../../crush/error.ts";
import { VACANT } from "../../crush/simd.ts";
import { NONE } from "../../crush/types.ts";
import { type Balance, balanceOf, type Fair } from "./balance.ts";
import type { Change } from "./change.ts";
import { type Cluster, shapeOfRule } from "./cluster.ts";
import {
  emptyMapping,
  type Mapping,
  mapRange,
  missingReplicas,
  movedReplicas,
  pgInputs,
  replicaCounts,
} from "./mapping.ts";
import type { ChangeFigures, SchemeFigures, UpmapFigures } from "./report.ts";
import { type Placement, type Pool, type Scheme, unlessImpossible } from "./scheme.ts";
import { heldReplicas } from "./shares.ts";
import { median } from "./statistics.ts";

export interface Scenario {
  readonly cluster: Cluster;
  readonly pgCount: number;
  /** Decides which items change, and as the number of the pool where its PGs are. */
  readonly seed: number;
}

/** What a change makes of the cluster is the same for all schemes. */
export interface PreparedChange {
  readonly change: Change;
  readonly cluster: Cluster;
  readonly editMs: number;
  readonly least: number;
}

interface SchemeSurroundings {
  nowMs(): number;
  progress(what: string): void;
}

interface Before {
  readonly formed: Cluster;
  readonly placement: Placement;
  readonly mapping: Mapping;
}

export class SchemeBench {
  readonly #cluster: Cluster;
  readonly #pool: Pool;
  readonly #inputs: Uint32Array;
  readonly #isPositional: boolean;
  readonly #fair: Fair;
  /** Replicas of all PGs, where a scheme finds a device for each that can have one. */
  readonly #heldCount: number;
  readonly #changes: readonly PreparedChange[];
  readonly #surroundings: SchemeSurroundings;

  constructor(
    { cluster, pgCount, seed }: Scenario,
    fair: Fair,
    changes: readonly PreparedChange[],
    surroundings: SchemeSurroundings,
  ) {
    this.#cluster = cluster;
    this.#pool = { pgCount, id: seed };
    this.#inputs = pgInputs(pgCount, seed);
    this.#isPositional = shapeOfRule(cluster.map, cluster.ruleId).isPositional;
    this.#fair = fair;
    this.#heldCount = pgCount * heldReplicas(fair.shares);
    this.#changes = changes;
    this.#surroundings = surroundings;
  }

  static stepCount({ formOf }: Scheme, changes: readonly unknown[]): number {
    return 1 + Number(formOf !== undefined) + changes.length;
  }

  measure(scheme: Scheme): SchemeFigures {
    const { name, about } = scheme;
    this.#surroundings.progress(`${name}: mapping`);
    const formed = unlessImpossible(() => inFormOf(scheme, this.#cluster));
    if (formed instanceof CrushError) {
      return { name, about, failure: formed.message, changes: [] };
    }
    const placement = scheme.place(formed);
    const mapping = emptyMapping(this.#pool.pgCount, this.#cluster.replicas);
    const mappingsPerSecond = this.#timedMapping(placement, mapping);
    const simdMappingsPerSecond = this.#timedVectors(placement, mapping);
    const upmap = this.#balanced(scheme, placement);
    const before = { formed, placement, mapping };
    const changes = this.#changes.map((change) => this.#change(scheme, before, change));
    const deviceMs = changes.flatMap(({ ms }, index) =>
      this.#changes[index]?.change.type === 0 && ms !== undefined ? [ms] : [],
    );
    return {
      name,
      about,
      mappingsPerSecond,
      ...(simdMappingsPerSecond !== undefined && { simdMappingsPerSecond }),
      balance: this.#balanceOf(mapping),
      ...(upmap !== undefined && { upmap }),
      missing: missingReplicas(mapping),
      ...(deviceMs.length > 0 && { changeMs: median(deviceMs) }),
      changes,
    };
  }

  #balanced({ name, formOf }: Scheme, placement: Placement): UpmapFigures | undefined {
    if (formOf !== undefined) this.#surroundings.progress(`${name}: upmap`);
    const { nowMs } = this.#surroundings;
    const startMs = nowMs();
    const balanced = placement.balanced?.(this.#pool);
    if (balanced === undefined) return undefined;
    const { mapping, pgCount, movedCount } = balanced;
    const ms = nowMs() - startMs;
    return { balance: this.#balanceOf(mapping), pgCount, movedCount, ms };
  }

  #balanceOf(mapping: Mapping): Balance {
    return balanceOf(replicaCounts(mapping), this.#fair);
  }

  #change(
    scheme: Scheme,
    { formed, placement, mapping }: Before,
    prepared: PreparedChange,
  ): ChangeFigures {
    const { name, kind } = prepared.change;
    this.#surroundings.progress(`${scheme.name}: ${name}`);
    if (scheme.ignoresWeights && kind === "reweighted") return { name };
    const edited = unlessImpossible(() => this.#edited(scheme, formed, prepared));
    if (edited instanceof CrushError) return { name };
    const { cluster, editMs } = edited;
    const startMs = this.#surroundings.nowMs();
    const changed = placement.next(cluster);
    const ms = this.#surroundings.nowMs() - startMs + editMs;
    const after = emptyMapping(this.#pool.pgCount, cluster.replicas);
    mapRange(changed, this.#inputs, after);
    const moved = movedReplicas(mapping, after, { isPositional: this.#isPositional });
    return { name, ms, moved: moved / this.#heldCount };
  }

  /** The map is edited in the scheme's form, because what an edit costs depends on the buckets. */
  #edited(
    scheme: Scheme,
    formed: Cluster,
    { change, cluster, editMs }: PreparedChange,
  ): { cluster: Cluster; editMs: number } {
    if (scheme.formOf === undefined) return { cluster, editMs: 0 };
    const { nowMs } = this.#surroundings;
    const startMs = nowMs();
    const edited = unlessImpossible(() => change.apply(formed));
    if (!(edited instanceof CrushError)) return { cluster: edited, editMs: nowMs() - startMs };
    // In a uniform bucket no item can come to weigh more than the others: all get the new mean.
    return { cluster: inFormOf(scheme, cluster), editMs };
  }

  #timedMapping(placement: Placement, mapping: Mapping): number {
    const { nowMs } = this.#surroundings;
    const inputs = this.#inputs;
    mapRange(placement, inputs, mapping, 0, Math.min(WARM_UP_COUNT, inputs.length));
    return medianRate(inputs.length, nowMs, (start, end) =>
      mapRange(placement, inputs, mapping, start, end),
    );
  }

  /** A mapper that is fast and wrong would be worse than none, so it has to give the same. */
  #timedVectors(placement: Placement, mapping: Mapping): number | undefined {
    const mapper = placement.vectorized?.();
    if (mapper === undefined) return undefined;
    const { nowMs } = this.#surroundings;
    const inputs = this.#inputs;
    const { devices, replicas } = mapping;
    const found = new Int32Array(devices.length);
    const rate = medianRate(inputs.length, nowMs, (start, end) =>
      found.set(mapper.mapMany(inputs.subarray(start, end)), start * replicas),
    );
    const isSame = found.every((id, at) => devices[at] === (id === VACANT ? NONE : id));
    assert(isSame, "the vectorized mapper places PGs as the plain one does");
    return rate;
  }
}

function inFormOf({ formOf }: Scheme, cluster: Cluster): Cluster {
  return formOf === undefined ? cluster : { ...cluster, map: formOf(cluster.map) };
}

/** Over slices, so that what disturbs the machine for a moment disturbs no figure. */
function medianRate(
  count: number,
  nowMs: () => number,
  mapSlice: (start: number, end: number) => void,
): number {
  const rates: number[] = [];
  const slice = Math.ceil(count / SLICE_COUNT);
  for (let start = 0; start < count; start += slice) {
    const end = Math.min(start + slice, count);
    const startMs = nowMs();
    mapSlice(start, end);
    // A clock may not have moved for a handful of mappings.
    rates.push(((end - start) * 1000) / Math.max(nowMs() - startMs, CLOCK_STEP_MS));
  }
  return median(rates);
}

/** So many that the engine has compiled what it runs. */
const WARM_UP_COUNT = 5000;
const SLICE_COUNT = 9;
const CLOCK_STEP_MS = 0.001;
