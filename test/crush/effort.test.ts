import { describe, expect, test } from "vitest";
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { compile } from "../../crush/compiled.ts";
import { effortProblemOf, largestItemCount, TRY_COUNT_MAX } from "../../crush/effort.ts";
import { compileText } from "../../crush/text.ts";
import { LEGACY_TUNABLES, OPTIMAL_TUNABLES, TUNABLES_PROFILES } from "../../crush/tunables.ts";
import { type CrushMap, OPCODE, type RuleStep, type Tunables } from "../../crush/types.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

const TAKE: RuleStep = { op: OPCODE.take, arg1: -1, arg2: 0 };
const EMIT: RuleStep = { op: OPCODE.emit, arg1: 0, arg2: 0 };

function set(op: keyof typeof OPCODE, arg1: number): RuleStep {
  return { op: OPCODE[op], arg1, arg2: 0 };
}

function rule(...steps: RuleStep[]): RuleStep[] {
  return [TAKE, ...steps, EMIT];
}

function problemOf(steps: RuleStep[], tunables: Partial<Tunables> = {}, itemCount = 10) {
  return effortProblemOf({ steps, tunables: { ...OPTIMAL_TUNABLES, ...tunables }, itemCount });
}

const LEAVES = set("chooseleafFirstn", 0);

describe("a rule is within bounds", () => {
  test.each([...TUNABLES_PROFILES])("with the tunables of %s, over wide buckets", (_, profile) => {
    const steps = rule(set("chooseFirstn", 4), set("chooseleafFirstn", 3));
    expect(problemOf(steps, { ...LEGACY_TUNABLES, ...profile }, 5000)).toBeUndefined();
  });

  test.each([
    ["hundreds of tries", [set("setChooseTries", 500), set("setChooseleafTries", 50), LEAVES]],
    ["as many tries as there may be", [set("setChooseTries", TRY_COUNT_MAX), LEAVES], 1],
    ["no tries at all", [set("setChooseTries", 0), LEAVES]],
    [
      "absurd tries of leaves, and no leaves",
      [set("setChooseleafTries", 2e9), set("chooseFirstn", 0)],
    ],
    ["absurd local tries, and indep", [set("setChooseLocalTries", 2e9), set("chooseleafIndep", 0)]],
  ])("with %s", (_, steps, itemCount = 10) => {
    expect(problemOf(rule(...steps), {}, itemCount)).toBeUndefined();
  });
});

describe("a rule is out of bounds", () => {
  test.each<[string, RuleStep[], Partial<Tunables>, number]>([
    ["by the tunable", rule(LEAVES), { chooseTotalTries: 2 ** 32 - 1 }, 1],
    ["by its own tries", rule(set("setChooseTries", 2 ** 31 - 1), LEAVES), {}, 2],
    ["by those of its leaves", rule(set("setChooseleafTries", 2 ** 31 - 1), LEAVES), {}, 2],
    ["by local tries", rule(set("setChooseLocalTries", 2e6), LEAVES), {}, 2],
    ["by fallback tries", rule(set("setChooseLocalFallbackTries", 2e6), LEAVES), {}, 2],
    [
      "by both numbers together",
      rule(LEAVES),
      { chooseTotalTries: 9000, chooseleafDescendOnce: 0 },
      1,
    ],
    ["by an absurd count", rule(set("chooseFirstn", 2e9)), {}, 1],
    ["of indep too", rule(set("setChooseTries", 2e9), set("chooseIndep", 1)), {}, 2],
    ["by counts that multiply", rule(...[1, 2, 3].map(() => set("chooseFirstn", 9000))), {}, 2],
    [
      "by many steps",
      rule(...Array.from({ length: 9 }, () => set("chooseIndep", 1))),
      {
        chooseTotalTries: 2 ** 21 - 1,
      },
      9,
    ],
  ])("%s, and the step is named", (_, steps, tunables, step) => {
    const problem = problemOf(steps, tunables);
    expect(problem?.step).toBe(step);
    expect(problem?.message).toMatch(/up to \d+ tries .* are more than the \d+/);
  });

  test("by fewer tries where buckets are large", () => {
    const steps = rule(set("setChooseTries", 100_000), LEAVES);
    expect(problemOf(steps, {}, 1000)).toBeUndefined();
    expect(problemOf(steps, {}, 60_000)?.message).toContain("in a bucket of 60000 items");
  });
});

test("the largest bucket of a map", () => {
  expect(largestItemCount(compileText(SAMPLE))).toBe(2);
  expect(largestItemCount({ buckets: [] })).toBe(0);
});

const ABSURD = 2 ** 31 - 1;

describe("a map that would be mapped for ever is refused", () => {
  test("as text, at the step", () => {
    const text = SAMPLE.replace("step set_chooseleaf_tries 5", `step set_choose_tries ${ABSURD}`);
    const line = text.split("\n").findIndex((row) => row.includes("chooseleaf indep"));
    expect(failureOf(() => compileText(text))).toMatchObject({
      code: "LIMIT",
      place: { line: line + 1, column: 7 },
    });
  });

  test("as text, by its tunables", () => {
    const text = SAMPLE.replace("choose_total_tries 50", `choose_total_tries ${ABSURD}`);
    expect(failureOf(() => compileText(text))).toMatchObject({
      code: "LIMIT",
      place: { line: 33, column: 7 },
    });
  });

  test("as bytes, at the rule", () => {
    const map = compileText(SAMPLE);
    const tunables = { ...map.tunables, chooseTotalTries: ABSURD };
    const bytes = encodeBinary({ ...map, tunables });
    const { code, place, message } = failureOf(() => decodeBinary(bytes));
    expect([code, message]).toEqual(["LIMIT", expect.stringContaining('step 2 of rule "all"')]);
    const rules = encodeBinary({ ...map, rules: [] }).length;
    expect(place).toEqual({ offset: expect.any(Number) });
    expect((place as { offset: number }).offset).toBeLessThan(rules);
  });
});

test("a map of a million tries, all of them in vain, is mapped in a moment", () => {
  const tries = `step set_chooseleaf_tries 1 step set_choose_tries ${TRY_COUNT_MAX / 16}`;
  const local = "step set_choose_local_tries 0 step set_choose_local_fallback_tries 0";
  const text = SAMPLE.replace("step take default\n", `${tries} ${local} step take default\n`);
  const map: CrushMap = compileText(text);
  // Two replicas are wanted and one device is in, so every try of the second fails.
  const weights = Uint32Array.of(0x10000, 0, 0, 0);
  const compiled = compile(map);
  expect(compiled.doRule(0, 1, 2, weights)).toEqual([0]);
});
