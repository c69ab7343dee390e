import { describe, expect, test } from "vitest";
import { simdProgram } from "../../crush/simd-program.ts";
import { LEGACY_TUNABLES, OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { OPCODE, type Tunables } from "../../crush/types.ts";
import { flatMap } from "./flat-map.ts";

type Step = [op: keyof typeof OPCODE, arg1?: number, arg2?: number];

/** The words of the program, a line for each step. */
function program(
  steps: readonly Step[],
  tunables: Tunables = OPTIMAL_TUNABLES,
): number[][] | undefined {
  const map = flatMap([1, 1]);
  const ruleSteps = steps.map(([op, arg1 = 0, arg2 = 0]) => ({ op: OPCODE[op], arg1, arg2 }));
  const rules = [{ ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps: ruleSteps }];
  const words = simdProgram({ ...map, rules, tunables }, 0, 3, (item) => (item === -1 ? 1 : -1));
  return (
    words &&
    Array.from({ length: words.length / 7 }, (_, i) => [...words.subarray(7 * i, 7 * i + 7)])
  );
}

const [TAKE, EMIT, FIRSTN, INDEP, END] = [0, 1, 2, 3, 4] as const;

describe("the steps of a rule", () => {
  // The words: kind, argument, replicas, tries, tries of the leaf, vary_r, stable.
  test.each<[what: string, steps: Step[], words: number[][]]>([
    ["nothing", [], []],
    ["take", [["take", -1]], [[TAKE, -1, 0, 0, 0, 0, 0]]],
    ["take of what is not there", [["take", -2]], []],
    ["emit", [["emit"]], [[EMIT, 0, 0, 0, 0, 0, 0]]],
    ["noop", [["noop"]], []],
    ["choose firstn", [["chooseFirstn", 2, 1]], [[FIRSTN, 1, 2, 51, 0, 1, 1]]],
    ["choose indep", [["chooseIndep", 2, 1]], [[INDEP, 1, 2, 51, 0, 1, 1]]],
    ["chooseleaf firstn", [["chooseleafFirstn", 2, 1]], [[FIRSTN, 1, 2, 51, 1, 1, 1]]],
    ["chooseleaf indep", [["chooseleafIndep", 2, 1]], [[INDEP, 1, 2, 51, 1, 1, 1]]],
    ["as many as places", [["chooseFirstn", 0, 1]], [[FIRSTN, 1, 3, 51, 0, 1, 1]]],
    ["fewer than places", [["chooseFirstn", -1, 1]], [[FIRSTN, 1, 2, 51, 0, 1, 1]]],
    ["none of the places", [["chooseFirstn", -3, 1]], [[FIRSTN, 1, 0, 51, 0, 1, 1]]],
    [
      "settings, which hold from there on",
      [
        ["chooseleafFirstn", 1, 1],
        ["setChooseTries", 9],
        ["setChooseleafTries", 5],
        ["setChooseleafVaryR", 2],
        ["setChooseleafStable", 0],
        ["chooseleafFirstn", 1, 1],
        ["chooseIndep", 1, 0],
      ],
      [
        [FIRSTN, 1, 1, 51, 1, 1, 1],
        [FIRSTN, 1, 1, 9, 5, 2, 0],
        [INDEP, 0, 1, 9, 0, 2, 0],
      ],
    ],
    [
      "settings that set nothing",
      [
        ["setChooseTries", 0],
        ["setChooseleafTries", 0],
        ["setChooseleafVaryR", -1],
        ["setChooseleafStable", -1],
        ["setChooseLocalTries", -1],
        ["setChooseLocalFallbackTries", -1],
        ["chooseleafFirstn", 1, 1],
      ],
      [[FIRSTN, 1, 1, 51, 1, 1, 1]],
    ],
  ])("%s", (_what, steps, words) => {
    expect(program(steps)).toEqual([...words, [END, 0, 0, 0, 0, 0, 0]]);
  });

  test("a leaf has all tries where the map says not to descend once", () => {
    const tunables = { ...OPTIMAL_TUNABLES, chooseleafDescendOnce: 0 };
    const steps: Step[] = [
      ["chooseleafFirstn", 1, 1],
      ["chooseleafIndep", 1, 1],
    ];
    expect(program(steps, tunables)?.map((words) => words[4])).toEqual([51, 1, 0]);
  });

  test("a rule that the map does not have has none", () => {
    expect(simdProgram(flatMap([1]), 5, 3, () => 0)).toEqual(Int32Array.of(END, 0, 0, 0, 0, 0, 0));
  });
});

describe("a rule that retries within a bucket has no program", () => {
  test.each<[what: string, steps: Step[], tunables: Tunables]>([
    ["by the map", [["chooseFirstn", 1, 0]], LEGACY_TUNABLES],
    [
      "by a step",
      [
        ["setChooseLocalTries", 1],
        ["chooseFirstn", 1, 0],
      ],
      OPTIMAL_TUNABLES,
    ],
    ["exhaustively", [["setChooseLocalFallbackTries", 1], ["chooseFirstn"]], OPTIMAL_TUNABLES],
  ])("%s", (_what, steps, tunables) => {
    expect(program(steps, tunables)).toBeUndefined();
  });

  test("unless its own steps say that it does not", () => {
    const steps: Step[] = [
      ["setChooseLocalTries", 0],
      ["setChooseLocalFallbackTries", 0],
      ["chooseFirstn", 1, 0],
    ];
    expect(program(steps, LEGACY_TUNABLES)).toHaveLength(2);
  });
});
