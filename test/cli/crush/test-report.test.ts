import { describe, expect, test } from "vitest";
import { deviceWeights } from "../../../cli/crush/device-weights.ts";
import {
  shortFloat,
  type TestOptions,
  testReport,
  weightsLine,
} from "../../../cli/crush/test-report.ts";
import { compileText } from "../../../crush/text.ts";

/** Expected output is that of crushtool 16.2.15 for this map. */
const MAP = compileText(`device 0 osd.0 class x
device 1 osd.1
device 2 osd.2
device 3 osd.3
device 5 osd.5
type 0 osd
type 1 host
type 2 root
host a {id -1 alg straw2 item osd.0 item osd.1}
host b {id -3 alg straw2 item osd.2 weight 2.5 item osd.3 weight 0}
root root {id -2 alg straw2 item a item b}
rule r { id 0 type replicated min_size 1 max_size 3
  step take root step chooseleaf firstn 0 type host step emit }
rule r1 { id 2 type erasure min_size 2 max_size 3
  step take root step chooseleaf indep 0 type host step emit }`);

const NOTHING: TestOptions = {
  rules: undefined,
  ruleset: undefined,
  x: { min: 0, max: 9 },
  numRep: undefined,
  poolId: undefined,
  showMappings: false,
  showBadMappings: false,
  showStatistics: false,
  showUtilization: false,
  showUtilizationAll: false,
};

function report(options: Partial<TestOptions>, given: [number, number][] = []): string {
  return [...testReport(MAP, deviceWeights(MAP, given), { ...NOTHING, ...options })].join("");
}

describe("the report of a test", () => {
  test("shows mappings", () => {
    const rules = { min: 0, max: 0 };
    expect(report({ showMappings: true, numRep: 2, rules, x: { min: 3, max: 4 } })).toBe(
      "CRUSH rule 0 x 3 [2,0]\nCRUSH rule 0 x 4 [1,2]\n",
    );
    expect(report({ showMappings: true, numRep: 2, rules, x: { min: 4, max: 4 }, poolId: 3 })).toBe(
      "CRUSH rule 0 x 4 [2,1]\n",
    );
  });

  test("shows statistics and what devices hold, for each number of replicas", () => {
    expect(report({ showUtilization: true })).toBe(`rule 0 (r), x = 0..9, numrep = 1..3
rule 0 (r) num_rep 1 result size == 1:\t10/10
  device 0:\t\t stored : 2\t expected : 2.5
  device 1:\t\t stored : 5\t expected : 2.5
  device 2:\t\t stored : 3\t expected : 2.5
rule 0 (r) num_rep 2 result size == 2:\t10/10
  device 0:\t\t stored : 4\t expected : 5
  device 1:\t\t stored : 6\t expected : 5
  device 2:\t\t stored : 10\t expected : 5
rule 0 (r) num_rep 3 result size == 2:\t10/10
  device 0:\t\t stored : 4\t expected : 7.5
  device 1:\t\t stored : 6\t expected : 7.5
  device 2:\t\t stored : 10\t expected : 7.5
rule 1 dne
rule 2 (r1), x = 0..9, numrep = 2..3
rule 2 (r1) num_rep 2 result size == 2:\t10/10
  device 0:\t\t stored : 2\t expected : 5
  device 1:\t\t stored : 8\t expected : 5
  device 2:\t\t stored : 10\t expected : 5
rule 2 (r1) num_rep 3 result size == 3:\t10/10
  device 0:\t\t stored : 2\t expected : 7.5
  device 1:\t\t stored : 8\t expected : 7.5
  device 2:\t\t stored : 10\t expected : 7.5
`);
  });

  test("shows devices that hold nothing, and an estimate that shadow trees inflate", () => {
    const options = { showUtilizationAll: true, numRep: 11, rules: { min: 0, max: 0 } };
    const given: [number, number][] = [
      [4, 1],
      [1, 0.7777],
    ];
    expect(report({ ...options, x: { min: 0, max: 6 } }, given)).toBe(
      `rule 0 (r), x = 0..6, numrep = 11..11
rule 0 (r) num_rep 11 result size == 2:\t7/7
  device 0:\t\t stored : 5\t expected : 5.86057
  device 1:\t\t stored : 2\t expected : 4.55773
  device 2:\t\t stored : 7\t expected : 5.86057
  device 3:\t\t stored : 0\t expected : 5.86057
  device 4:\t\t stored : 0\t expected : 5.86057
  device 5:\t\t stored : 0\t expected : 0
`,
    );
    expect(weightsLine(deviceWeights(MAP, given))).toBe(
      "devices weights (hex): [10000,c717,10000,10000,10000,0]\n",
    );
  });

  test("shows mappings that lack devices, between the others", () => {
    const options = { showMappings: true, showBadMappings: true, numRep: 3 };
    expect(report({ ...options, rules: { min: 2, max: 2 }, x: { min: 0, max: 0 } })).toBe(
      `CRUSH rule 2 x 0 [0,2,2147483647]
bad mapping rule 2 x 0 num_rep 3 result [0,2,2147483647]
`,
    );
  });

  test("counts sizes from the smallest on", () => {
    const options = { showStatistics: true, numRep: 3, rules: { min: 0, max: 0 } };
    const given: [number, number][] = [
      [0, 0.2],
      [1, 0.1],
      [2, 0.3],
    ];
    expect(report({ ...options, x: { min: 0, max: 6 } }, given)).toBe(
      `rule 0 (r), x = 0..6, numrep = 3..3
rule 0 (r) num_rep 3 result size == 1:\t4/7
rule 0 (r) num_rep 3 result size == 2:\t3/7
`,
    );
  });

  test("has only the heads of rules where no device takes data", () => {
    const given: [number, number][] = [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
    ];
    expect(report({ showUtilization: true, numRep: 2 }, given)).toBe(
      `rule 0 (r), x = 0..9, numrep = 2..2
rule 1 dne
rule 2 (r1), x = 0..9, numrep = 2..2
`,
    );
  });

  test("is of the rules that were asked for", () => {
    const options = { showStatistics: true, numRep: 0, x: { min: 0, max: 0 } };
    expect(report({ ...options, rules: { min: 7, max: 9 } })).toBe("");
    expect(report({ ...options, rules: { min: 1, max: 1 } })).toBe("rule 1 dne\n");
    expect(report({ ...options, ruleset: 2, rules: { min: 0, max: 0 } })).toBe("");
  });
});

test.each([
  [0, "0"],
  [2.5, "2.5"],
  [5.860572, "5.86057"],
  [999999.4, "999999"],
  [1000000.5, "1e+06"],
  [1234567, "1.23457e+06"],
  [0.0001, "0.0001"],
  [0.00001234567, "1.23457e-05"],
  // Ties go to the even digit.
  [31.40625, "31.4062"],
  [31.40635, "31.4063"],
  [1000005, "1e+06"],
  [1000015, "1.00002e+06"],
  [4194303.5, "4.1943e+06"],
])("%d is printed as %s", (value, text) => {
  expect(shortFloat(value)).toBe(text);
});
