/**
 * Recorded results of Ceph 16.2.15's crushtool: maps as text, and where each x is placed. Both
 * forms of the mapper must give every row. The fast one gets all of them; the plain one, being slow
 * on purpose, gets a sample whose offset differs from case to case.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../crush/compiled.ts";
import { doRule } from "../../crush/rule.ts";
import { compileText } from "../../crush/text.ts";
import { type CrushMap, chooseArgsFor } from "../../crush/types.ts";

interface Case {
  readonly rule: number;
  readonly numrep: number;
  readonly weights: readonly (readonly [device: number, weight: number])[];
  readonly minX: number;
  readonly mappings: readonly (readonly number[])[];
}

interface Vectors {
  readonly mapText: string;
  readonly cases: readonly Case[];
}

const FOLDER = new URL("../golden/crush/", import.meta.url);
const SAMPLE_EVERY = 4;

function deviceWeights(map: CrushMap, weights: Case["weights"]): Uint32Array {
  const result = new Uint32Array(map.maxDevices);
  for (const bucket of map.buckets) {
    for (const item of bucket?.items ?? []) if (item >= 0) result[item] = 0x10000;
  }
  for (const [device, weight] of weights) {
    if (device >= map.maxDevices) continue;
    const fixed = Math.trunc(Math.fround(weight) * 0x10000);
    result[device] = Math.min(Math.max(fixed, 0), 0x10000);
  }
  return result;
}

/** The rows that differ, in a form that says which. */
function differences({ cases, mapText }: Vectors): string[] {
  const map = compileText(mapText);
  const args = chooseArgsFor(map, 0);
  const compiled = compile(map, args);
  const found: string[] = [];
  for (const [index, { rule, numrep, weights, minX, mappings }] of cases.entries()) {
    const devices = deviceWeights(map, weights);
    for (const [i, row] of mappings.entries()) {
      const x = minX + i;
      const expected = row.join();
      const fast = compiled.doRule(rule, x, numrep, devices).join();
      if (fast !== expected) found.push(`case ${index} x ${x}: ${fast} for ${expected}, compiled`);
      if ((i + index) % SAMPLE_EVERY !== 0) continue;
      const plain = doRule(map, rule, x, numrep, devices, args).join();
      if (plain !== expected) found.push(`case ${index} x ${x}: ${plain} for ${expected}, plain`);
    }
  }
  return found;
}

const files = readdirSync(FOLDER).filter((name) => /^(map|edge)-/.test(name));

test("there are maps to compare with", () => {
  expect(files.length).toBeGreaterThan(60);
});

describe("places every x as crushtool does", () => {
  test.each(files)("%s", (file) => {
    const vectors: Vectors = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    expect(vectors.cases.length).toBeGreaterThan(0);
    expect(differences(vectors)).toEqual([]);
  });
});
