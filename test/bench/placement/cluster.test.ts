import { describe, expect, test } from "vitest";
import { clusterOf, requireDevices, shapeOfRule, WHOLE } from "../../../bench/placement/cluster.ts";
import { CrushError } from "../../../crush/error.ts";
import { compileText } from "../../../crush/text.ts";

const MAP = compileText(`
tunable chooseleaf_stable 1
device 0 osd.0 class ssd
device 1 osd.1 class hdd
device 2 osd.2 class ssd
device 3 osd.3 class hdd
type 0 osd
type 1 host
type 2 root
host one {
  id -2
  alg straw2
  hash 0
  item osd.0 weight 1.000
  item osd.1 weight 2.000
}
host two {
  id -3
  alg straw2
  hash 0
  item osd.2 weight 1.000
}
root all {
  id -1
  alg straw2
  hash 0
  item one weight 3.000
  item two weight 1.000
  item osd.3 weight 1.000
}
${rule(0, "hosts", "step take all", "step chooseleaf firstn 0 type host")}
${rule(1, "osds", "step take all", "step choose indep 0 type osd")}
${rule(2, "ssds", "step take all class ssd", "step chooseleaf firstn 0 type host")}
${rule(3, "levels", "step take all", "step choose firstn 2 type host", "step choose firstn 1 type osd")}
${rule(4, "both", "step take one", "step choose firstn 1 type osd", "step emit", "step take two", "step choose firstn 1 type osd")}
${rule(5, "fixed", "step take all")}
${rule(6, "device", "step take osd.3", "step choose firstn 0 type osd")}
`);

function rule(id: number, name: string, ...steps: string[]): string {
  const head = ["type replicated", "min_size 1", "max_size 10"];
  return [`rule ${name} {`, `id ${id}`, ...head, ...steps, "step emit", "}"].join("\n");
}

describe("the shape of a rule", () => {
  test.each([
    ["chooses hosts and leaves", 0, { root: -1, domainType: 1, isPositional: false }],
    ["chooses devices by position", 1, { root: -1, domainType: 0, isPositional: true }],
    ["chooses hosts, then devices", 3, { root: -1, domainType: 1, isPositional: false }],
  ])("that %s", (_, ruleId, shape) => {
    expect(shapeOfRule(MAP, ruleId)).toEqual(shape);
  });

  test.each([
    ["takes twice", 4, 'rule "both" cannot be measured'],
    ["chooses nothing", 5, 'rule "fixed" cannot be measured'],
    ["takes a device", 6, 'rule "device" cannot be measured'],
    ["is not there", 9, "no rule 9"],
  ])("that %s is no shape", (_, ruleId, message) => {
    expect(() => shapeOfRule(MAP, ruleId)).toThrow(CrushError);
    expect(() => shapeOfRule(MAP, ruleId)).toThrow(message);
  });
});

describe("the devices of a cluster", () => {
  function devices(ruleId: number, weights?: number[]) {
    const deviceWeights = weights && Uint32Array.from(weights, (weight) => weight * WHOLE);
    return clusterOf(MAP, { ruleId, replicas: 2 }, deviceWeights).devices.map(
      ({ id, weight, domain }) => ({ id, weight: weight / WHOLE, domain }),
    );
  }

  test("are those inside of a failure domain", () => {
    expect(devices(0)).toEqual([
      { id: 0, weight: 1, domain: -2 },
      { id: 1, weight: 2, domain: -2 },
      { id: 2, weight: 1, domain: -3 },
    ]);
  });

  test("are domains themselves where the rule chooses devices", () => {
    expect(devices(1).map(({ domain }) => domain)).toEqual([0, 1, 2, 3]);
  });

  test("are those of the class that the rule takes", () => {
    expect(devices(2).map(({ id }) => id)).toEqual([0, 2]);
  });

  test("must be there, and take data", () => {
    const shape = { ruleId: 0, replicas: 2 };
    expect(() => requireDevices(clusterOf(MAP, shape))).not.toThrow();
    const out = clusterOf(MAP, shape, new Uint32Array(4));
    expect(() => requireDevices(out)).toThrow('rule "hosts" reaches no device');
  });

  test("count as far as they take data", () => {
    expect(devices(0, [0, 0.5, 1, 1]).map(({ weight }) => weight)).toEqual([0, 1, 1]);
  });
});
