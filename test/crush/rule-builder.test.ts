import { describe, expect, test } from "vitest";
import { doRule } from "../../crush/rule.ts";
import { addRule, type NewRule, removeRule } from "../../crush/rule-builder.ts";
import { compileText } from "../../crush/text.ts";
import { ruleLines } from "../../crush/text-printer.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

const MAP = compileText(SAMPLE);
const RULE: NewRule = { name: "new", root: "default", failureDomain: "host", type: "replicated" };

/** The steps as they are printed. */
function steps(rule: Partial<NewRule>, map = MAP): string[] {
  return ruleLines(addRule(map, { ...RULE, ...rule }), 2)
    .filter((line) => line.startsWith("\tstep "))
    .map((line) => line.slice("\tstep ".length));
}

describe("a new rule", () => {
  const tries = ["set_chooseleaf_tries 5", "set_choose_tries 100"];

  test.each<[Partial<NewRule>, string[]]>([
    [{}, ["take default", "chooseleaf firstn 0 type host", "emit"]],
    [{ failureDomain: "osd" }, ["take default", "choose firstn 0 type osd", "emit"]],
    [{ deviceClass: "ssd" }, ["take default class ssd", "chooseleaf firstn 0 type host", "emit"]],
    [{ type: "erasure" }, [...tries, "take default", "chooseleaf indep 0 type host", "emit"]],
    [
      { type: "erasure", failureDomain: "osd", root: "a" },
      [...tries, "take a", "choose indep 0 type osd", "emit"],
    ],
  ])("%j has its steps", (rule, expected) => {
    expect(steps(rule)).toEqual(expected);
  });

  test("has sizes and the first free id", () => {
    const map = addRule(removeRule(MAP, "all"), { ...RULE, type: "erasure" });
    expect(map.rules[0]).toMatchObject({ ruleset: 0, type: 3, minSize: 3, maxSize: 20 });
    expect(map.ruleNames.get(0)).toBe("new");
    expect(addRule(MAP, RULE).rules[2]).toMatchObject({ type: 1, minSize: 1, maxSize: 10 });
  });

  test("maps, also over a class in a map that had no rules", () => {
    const bare = compileText(SAMPLE.split("rule all")[0] ?? "");
    const map = addRule(bare, { ...RULE, deviceClass: "ssd" });
    const weights = new Uint32Array(map.maxDevices).fill(0x10000);
    expect(doRule(map, 0, 1, 2, weights).sort()).toEqual([1, 3]);
  });

  test.each<[Partial<NewRule>, string]>([
    [{ name: "all" }, "DUPLICATE"],
    [{ name: "a b" }, "SYNTAX"],
    [{ root: "nowhere" }, "UNKNOWN"],
    [{ root: "osd.0" }, "MISPLACED"],
    [{ failureDomain: "rack" }, "UNKNOWN"],
    [{ deviceClass: "nvme" }, "UNKNOWN"],
  ])("%j is refused", (rule, code) => {
    expect(failureOf(() => addRule(MAP, { ...RULE, ...rule })).code).toBe(code);
  });

  test("finds no id where 256 rules are", () => {
    const rule = MAP.rules[0];
    const map = { ...MAP, rules: new Array(256).fill(rule) };
    expect(failureOf(() => addRule(map, RULE)).code).toBe("LIMIT");
  });
});

test("a removed rule is gone", () => {
  const map = removeRule(MAP, "fast");
  expect([map.rules[1], map.ruleNames.get(1)]).toEqual([undefined, undefined]);
  expect(failureOf(() => removeRule(map, "fast")).code).toBe("UNKNOWN");
});
