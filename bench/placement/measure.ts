/**
 * The bench: a scenario in, figures out. It reads the time from the clock that it is given and
 * reports to whoever wants to show progress; everything but the times is decided by the scenario.
 */
import { CrushError } from "../../crush/error.ts";
import { spanFor } from "./balance.ts";
import { chanceOf } from "./chance.ts";
import { changesOf } from "./change.ts";
import type { Cluster } from "./cluster.ts";
import { crushSchemes } from "./crush-scheme.ts";
import { jumpScheme } from "./jump.ts";
import { rendezvousScheme } from "./rendezvous.ts";
import type { PlacementFigures } from "./report.ts";
import { ringScheme } from "./ring.ts";
import { type Scheme, unlessImpossible } from "./scheme.ts";
import { type PreparedChange, type Scenario, SchemeBench } from "./scheme-bench.ts";
import { fairShares, leastMovement } from "./shares.ts";

export interface Surroundings {
  /** Monotonic; best of all the processor's time, which other work on the machine does not stretch. */
  nowMs(): number;
  progress(step: Step): void;
}

export interface Step {
  readonly done: number;
  readonly total: number;
  /** What is measured next. */
  readonly what: string;
}

/** Every scheme that the bench knows, for this map. */
export function schemesFor({ map }: Cluster): Scheme[] {
  return [...crushSchemes(map), rendezvousScheme, ringScheme, jumpScheme];
}

export function measurePlacement(
  scenario: Scenario,
  surroundings: Surroundings,
  schemes: readonly Scheme[] = schemesFor(scenario.cluster),
): PlacementFigures {
  const { cluster, pgCount, seed } = scenario;
  const changes = preparedChanges(cluster, seed, surroundings);
  const shares = fairShares(cluster.devices, cluster.replicas);
  const stepCounts = schemes.map((scheme) => SchemeBench.stepCount(scheme, changes));
  const total = sum(stepCounts);
  let done = 0;
  const chance = chanceOf(shares, pgCount);
  const fair = { shares, pgCount, span: spanFor(chance) };
  const bench = new SchemeBench(scenario, fair, changes, {
    ...surroundings,
    progress: (what) => surroundings.progress({ done: done++, total, what }),
  });
  return {
    deviceCount: shares.size,
    pgCount,
    replicas: cluster.replicas,
    chance,
    changes: changes.map(({ change: { name }, least }) => ({ name, least })),
    schemes: schemes.map((scheme, index) => {
      // One that cannot hold the cluster leaves its steps out.
      done = sum(stepCounts.slice(0, index));
      return bench.measure(scheme);
    }),
  };
}

/** Those that the map itself can hold: its uniform buckets cannot have just one item reweighted. */
function preparedChanges(
  cluster: Cluster,
  seed: number,
  { nowMs }: Pick<Surroundings, "nowMs">,
): PreparedChange[] {
  const before = fairShares(cluster.devices, cluster.replicas);
  return changesOf(cluster, seed).flatMap((change) => {
    // The first edits of a process are slow, because the engine has not compiled them yet.
    if (change.type === 0) unlessImpossible(() => change.apply(cluster));
    const startMs = nowMs();
    const changed = unlessImpossible(() => change.apply(cluster));
    const editMs = nowMs() - startMs;
    if (changed instanceof CrushError) return [];
    const after = fairShares(changed.devices, changed.replicas);
    return [{ change, cluster: changed, editMs, least: leastMovement(before, after) }];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
