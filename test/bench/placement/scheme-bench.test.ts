/** One scheme whose every answer is known: the PG is where its x says, and changes take a while. */
import { describe, expect, test } from "vitest";
import { type Change, changesOf } from "../../../bench/placement/change.ts";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { measurePlacement } from "../../../bench/placement/measure.ts";
import { rendezvousScheme } from "../../../bench/placement/rendezvous.ts";
import type { Placement, Scheme } from "../../../bench/placement/scheme.ts";
import { type PreparedChange, SchemeBench } from "../../../bench/placement/scheme-bench.ts";
import { fairShares } from "../../../bench/placement/shares.ts";
import { buildMap, RULE_ID } from "../../../bench/placement/topology.ts";
import { CrushError } from "../../../crush/error.ts";
import type { CrushMap } from "../../../crush/types.ts";

const MAP = buildMap({ racks: 1, hosts: 4, osds: 1, weights: "equal", domain: "osd", seed: 1 });
const CLUSTER = clusterOf(MAP, { ruleId: RULE_ID, replicas: 1 });
const EDIT_MS = 1000;
const IDLE = { nowMs: () => 0, progress: () => undefined };

interface Answers {
  readonly formOf?: (map: CrushMap) => CrushMap;
  readonly ignoresWeights?: boolean;
  /** What the vectorized mapper says of x instead of the truth. */
  readonly vector?: (x: number) => number;
  /** What the next placement adds to where x is. */
  readonly shift?: number;
}

function bench(answers: Answers) {
  let nowMs = 0;
  const shift = answers.shift ?? 0;
  const at = (by: number): Placement => ({
    mapInto(x, result, index) {
      result[index] = (x + by) % 4;
      return 1;
    },
    vectorized() {
      const { vector } = answers;
      const mapMany = (xs: ArrayLike<number>) => Int32Array.from(xs, vector ?? ((x) => x));
      return vector && { mapMany, mapRange: () => new Int32Array() };
    },
    next() {
      nowMs += 10;
      return at(shift);
    },
  });
  const scheme: Scheme = {
    name: "known",
    about: "",
    ignoresWeights: answers.ignoresWeights ?? false,
    ...(answers.formOf !== undefined && { formOf: answers.formOf }),
    place: () => at(0),
  };
  const changes: PreparedChange[] = changesOf(CLUSTER, 1).map((change) => ({
    change,
    cluster: CLUSTER,
    editMs: EDIT_MS,
    least: 0.1,
  }));
  const shares = fairShares(CLUSTER.devices, 1);
  const steps: string[] = [];
  const surroundings = { nowMs: () => nowMs, progress: (what: string) => steps.push(what) };
  const scenario = { cluster: CLUSTER, pgCount: 400, seed: 1 };
  const fair = { shares, pgCount: 400, span: 1 };
  const measure = (measured = scheme, changed = changes) =>
    new SchemeBench(scenario, fair, changed, surroundings).measure(measured);
  const slowly = ({ change }: PreparedChange, ms: number): Change => ({
    ...change,
    apply(cluster) {
      nowMs += ms;
      return cluster;
    },
  });
  return { scheme, steps, measure, changes, slowly };
}

describe("the figures of a scheme", () => {
  test("say that nothing moved, or everything", () => {
    const movedBy = (shift: number) =>
      bench({ shift })
        .measure()
        .changes.map(({ moved }) => moved);
    expect(new Set(movedBy(0))).toEqual(new Set([0]));
    expect(new Set(movedBy(1))).toEqual(new Set([1]));
  });

  test("count what moved against the replicas that there can be", () => {
    const wanting = { ...CLUSTER, replicas: 5 };
    const shares = fairShares(wanting.devices, wanting.replicas);
    const { schemes, changes } = measurePlacement(
      { cluster: wanting, pgCount: 400, seed: 1 },
      IDLE,
      [rendezvousScheme],
    );
    expect([...shares.values()]).toEqual([1, 1, 1, 1]);
    const added = changes.findIndex(({ name }) => name === "osd added");
    // The newcomer gets the replica of every PG that found no device before: one for four.
    expect(schemes[0]?.changes[added]?.moved).toBe(1 / 4);
    expect(changes[added]?.least).toBe(1 / 4);
  });

  test("count the edit of the map as part of a change only where it is one", () => {
    expect(bench({}).measure().changeMs).toBe(10);
    const own = bench({ formOf: (map) => map });
    const slow = own.changes.map((prepared) => ({ ...prepared, change: own.slowly(prepared, 7) }));
    expect(own.measure(own.scheme, slow).changeMs).toBe(10 + 7);
  });

  test("count the edit of the described map where the scheme's own cannot be edited so", () => {
    const own = bench({ formOf: (map) => map });
    const apply = () => {
      throw new CrushError("WEIGHT", "items of a uniform bucket all weigh the same");
    };
    const refused = own.changes.map((each) => ({ ...each, change: { ...each.change, apply } }));
    expect(own.measure(own.scheme, refused).changeMs).toBe(10 + EDIT_MS);
  });

  test("leave out weights that it ignores", () => {
    const { changes } = bench({ ignoresWeights: true }).measure();
    for (const { name, moved } of changes) {
      expect(moved === undefined, name).toBe(name.endsWith("reweighted"));
    }
  });

  test("have a vectorized rate only if there is a mapper and it is right", () => {
    expect(bench({}).measure().simdMappingsPerSecond).toBeUndefined();
    expect(bench({ vector: (x) => x % 4 }).measure().simdMappingsPerSecond).toBeGreaterThan(0);
    expect(() => bench({ vector: (x) => (x + 1) % 4 }).measure()).toThrow("as the plain one does");
  });

  test("are none where the scheme cannot hold the cluster", () => {
    const { scheme, measure, steps } = bench({});
    const formOf = () => {
      throw new CrushError("LIMIT", "too large");
    };
    const figures = measure({ ...scheme, formOf });
    expect(figures).toEqual({ name: "known", about: "", failure: "too large", changes: [] });
    expect(steps).toEqual(["known: mapping"]);
  });

  test("take as many steps as it says", () => {
    for (const answers of [{}, { formOf: (map: CrushMap) => map }]) {
      const { scheme, measure, steps, changes } = bench(answers);
      measure();
      expect(steps).toHaveLength(SchemeBench.stepCount(scheme, changes));
    }
  });
});
