import { describe, expect, test } from "vitest";
import { clusterOf } from "../../../bench/placement/cluster.ts";
import { measurePlacement, type Step, schemesFor } from "../../../bench/placement/measure.ts";
import { buildMap, RULE_ID, type Topology } from "../../../bench/placement/topology.ts";

const TOPOLOGY: Topology = {
  racks: 2,
  hosts: 2,
  osds: 2,
  weights: "equal",
  domain: "host",
  seed: 1,
};

function measure(topology: Partial<Topology> = {}, seed = 1) {
  const cluster = clusterOf(buildMap({ ...TOPOLOGY, ...topology }), {
    ruleId: RULE_ID,
    replicas: 2,
  });
  let nowMs = 0;
  const steps: Step[] = [];
  const surroundings = { nowMs: () => nowMs++, progress: (step: Step) => steps.push(step) };
  const figures = measurePlacement({ cluster, pgCount: 900, seed }, surroundings);
  return { cluster, figures, steps };
}

describe("the bench", () => {
  const { figures, steps, cluster } = measure();

  test("measures every scheme", () => {
    expect(figures.schemes.map(({ name }) => name)).toEqual(
      schemesFor(cluster).map(({ name }) => name),
    );
    for (const { name, failure, missing, balance, mappingsPerSecond } of figures.schemes) {
      expect(failure, name).toBeUndefined();
      expect(missing, name).toBe(0);
      expect(balance?.min, name).toBeGreaterThan(0.5);
      expect(balance?.max, name).toBeLessThan(1.6);
      // A clock that advances by a millisecond whenever it is read: 100 PGs in each of nine slices.
      expect(mappingsPerSecond, name).toBe(100_000);
    }
  });

  test("knows what has to move", () => {
    const least = Object.fromEntries(figures.changes.map((each) => [each.name, each.least]));
    // Four hosts of two OSDs, two replicas.
    expect(least["osd added"]).toBeCloseTo(1 / 9, 9);
    expect(least["osd removed"]).toBeCloseTo(1 / 8, 9);
    expect(least["osd marked out"]).toBeCloseTo(1 / 8, 9);
    expect(least["osd reweighted"]).toBeCloseTo(1 / 8 - 0.5 / 7.5, 9);
    expect(least["host added"]).toBeCloseTo(1 / 5, 9);
    expect(least["host removed"]).toBeCloseTo(1 / 4, 9);
    // The clone of a rack brings two hosts, and without one of two racks each host left is full.
    expect(least["rack added"]).toBeCloseTo(1 / 3, 9);
    expect(least["rack removed"]).toBeCloseTo(1 / 2, 9);
  });

  test("finds the two that move no more than they must close to that", () => {
    for (const scheme of figures.schemes.filter(({ name }) => ["hrw", "ring"].includes(name))) {
      for (const [index, { name, least }] of figures.changes.entries()) {
        // With so few domains, drawing without replacement does not follow uneven weights closely.
        if (name.endsWith("reweighted")) continue;
        const ratio = (scheme.changes[index]?.moved ?? 0) / least;
        expect(ratio, `${scheme.name}, ${name}`).toBeGreaterThan(0.7);
        expect(ratio, `${scheme.name}, ${name}`).toBeLessThan(1.3);
      }
    }
  });

  test("leaves out what a scheme cannot express", () => {
    for (const { name, changes } of figures.schemes) {
      const silent = changes.filter(({ moved }) => moved === undefined).map((each) => each.name);
      const expected = ["uniform", "jump"].includes(name)
        ? ["osd reweighted", "host reweighted", "rack reweighted"]
        : [];
      expect(silent, name).toEqual(expected);
    }
  });

  test("says how far it is", () => {
    const { total } = steps[0] ?? { total: 0 };
    // Five of the eight are CRUSH and go through the balancer too.
    expect(total).toBe(8 * (1 + figures.changes.length) + 5);
    expect(steps.map(({ done }) => done)).toEqual([...Array(total).keys()]);
    expect(steps.slice(0, 3).map(({ what }) => what)).toEqual([
      "straw2: mapping",
      "straw2: upmap",
      "straw2: osd added",
    ]);
  });

  test("gives the same figures for the same seed, and others for another", () => {
    expect(measure().figures).toEqual(figures);
    expect(measure({}, 2).figures.schemes).not.toEqual(figures.schemes);
  });

  test("says why a scheme cannot hold the cluster, and goes on", () => {
    const { figures: wide, steps: wideSteps } = measure({ hosts: 65, osds: 1, racks: 1 });
    const tree = wide.schemes.find(({ name }) => name === "tree");
    expect(tree?.failure).toContain("a tree bucket holds 64");
    expect(tree?.changes).toEqual([]);
    expect(wide.schemes.filter(({ failure }) => failure !== undefined)).toHaveLength(1);
    expect(wideSteps.at(-1)?.done).toBe((wideSteps[0]?.total ?? 0) - 1);
  });

  test("counts replicas that found no device", () => {
    const { figures: narrow } = measure({ racks: 1, hosts: 1, osds: 3 });
    for (const { name, missing } of narrow.schemes) expect(missing, name).toBe(900);
  });
});
