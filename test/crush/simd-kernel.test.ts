import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { compile } from "../../crush/compiled.ts";
import { loadKernel } from "../../crush/simd-kernel.ts";
import { simdProgram } from "../../crush/simd-program.ts";
import { flatMap } from "./flat-map.ts";

const ONE = 0x10000;
const UNTOUCHED = 123456789;

function kernelOf(weights: readonly number[]) {
  const map = flatMap(weights);
  const compiled = compile(map);
  const choices: number[][] = [];
  const { hierarchy } = compiled;
  const choose = hierarchy.choose.bind(hierarchy);
  hierarchy.choose = (...question) => {
    choices.push(question);
    return choose(...question);
  };
  const resultMax = 2;
  const task = {
    compiled,
    maxDevices: map.maxDevices,
    deviceWeights: new Uint32Array(weights.length).fill(ONE),
    program: present(
      simdProgram(map, 0, resultMax, () => 1),
      "the program",
    ),
    resultMax,
    xCountMax: 1000,
  };
  return { kernel: present(loadKernel(task), "SIMD in this engine"), choices };
}

describe("the kernel", () => {
  test("writes the mappings where it is told, and nothing else", () => {
    const { kernel } = kernelOf([ONE, ONE, ONE]);
    const results = new Int32Array(8).fill(UNTOUCHED);
    kernel(Int32Array.of(7, 9), results.subarray(2, 6));
    expect([0, 1, 6, 7].map((i) => results[i])).toEqual([
      UNTOUCHED,
      UNTOUCHED,
      UNTOUCHED,
      UNTOUCHED,
    ]);
    for (const id of results.subarray(2, 6)) expect([0, 1, 2]).toContain(id);
  });

  // The two best of 10 even draws are neighbours in about 10 * 2 / 65536 of all cases.
  test.each([
    ["equal weights", [ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE]],
    ["weights that differ", [ONE, 2 * ONE, ONE, 3 * ONE, ONE, ONE, ONE, 5 * ONE, ONE]],
  ])("decides nearly always by itself with %s", (_what, weights) => {
    const { kernel, choices } = kernelOf(weights);
    kernel(
      Int32Array.from({ length: 1000 }, (_, x) => x),
      new Int32Array(2000),
    );
    expect(choices.length).toBeLessThan(10);
  });

  // The larger the weights, the fewer values draws have.
  test("asks the host where draws may tie", () => {
    const { kernel, choices } = kernelOf(Array.from({ length: 500 }, (_, i) => 0x7fffffff - i));
    kernel(
      Int32Array.from({ length: 1000 }, (_, x) => x),
      new Int32Array(2000),
    );
    expect(choices.length).toBeGreaterThan(0);
    for (const [bucket, , r, place] of choices) {
      expect(bucket).toBe(-1);
      expect(r).toBeGreaterThanOrEqual(0);
      expect([0, 1]).toContain(place);
    }
  });
});
