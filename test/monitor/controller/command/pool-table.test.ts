import { expect, test } from "vitest";
import { poolId } from "../../../../cluster/base/ids.ts";
import { STRING_HASH } from "../../../../crush/hash.ts";
import {
  applicationProblem,
  defaultMinSize,
  firstRuleset,
  nameProblem,
  placedAs,
  poolNamed,
  rulesetNamed,
  withSettings,
} from "../../../../monitor/controller/command/pool-table.ts";
import { isRefusal } from "../../../../monitor/controller/command/sentence.ts";
import { MAP } from "./desk.ts";

const POOL = {
  id: poolId(9),
  type: "replicated",
  size: 3,
  pgNum: 8,
  pgpNum: 8,
  hashpspool: true,
  objectHash: STRING_HASH.rjenkins,
} as const;

test("a pool is found by its name, and those that there are are told where it is not", () => {
  const found = poolNamed(MAP, "data");
  expect(found).toMatchObject({ id: 2, settings: { name: "data" }, facts: { pgNum: 4 } });
  expect(poolNamed({ ...MAP, poolSettings: new Map() }, "x")).toMatchObject({
    message: 'there is no pool "x"; there are no pools',
  });
  if (isRefusal(found)) throw new Error("not found");
  expect(placedAs(found)).toMatchObject({ id: 2, size: 2, rule: 0 });
  const renamed = withSettings(MAP, found.id, { ...found.settings, name: "x" });
  expect(poolNamed(renamed, "x")).toMatchObject({ id: 2 });
});

test("a name and an application are short and plain", () => {
  const good = ["a", ".rgw.root", "a-b_c.d", "x".repeat(128)];
  const bad = ["", "-a", "a b", "a/b", "ä", "x".repeat(129)];
  expect(good.map((name) => nameProblem(MAP, name)?.code)).toEqual(good.map(() => undefined));
  expect(bad.map((name) => nameProblem(MAP, name)?.code)).toEqual(bad.map(() => "INVALID"));
  expect(["", "s3", "a b", "x".repeat(129)].map((name) => applicationProblem(name)?.code)).toEqual([
    undefined,
    undefined,
    "INVALID",
    "INVALID",
  ]);
});

test("a rule is found by its name only where the pool would be placed by it", () => {
  expect(rulesetNamed(MAP.crush, "replicated", POOL)).toBe(0);
  expect(rulesetNamed(MAP.crush, "erasure", { ...POOL, type: "erasure" })).toBe(1);
  expect(rulesetNamed(MAP.crush, "erasure", POOL)).toMatchObject({ code: "INVALID" });
  // Another rule of the same ruleset comes first.
  const rules = MAP.crush.rules.map((rule) => rule && { ...rule, ruleset: 0, type: 1 });
  expect(rulesetNamed({ ...MAP.crush, rules }, "erasure", POOL)).toMatchObject({ code: "INVALID" });
});

test("the first rule that fits is taken where none is named", () => {
  expect(firstRuleset(MAP.crush, POOL)).toBe(0);
  expect(firstRuleset(MAP.crush, { ...POOL, type: "erasure" })).toBe(1);
  expect(firstRuleset(MAP.crush, { ...POOL, size: 21 })).toBeUndefined();
});

test("by default half of the copies must be there, rounded up", () => {
  expect([1, 2, 3, 4, 5, 6].map(defaultMinSize)).toEqual([1, 1, 2, 2, 3, 3]);
});
