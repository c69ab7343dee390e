import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { poolId } from "../../../cluster/base/ids.ts";
import { objectToPg, placementSeed, ruleIdOf, stableMod } from "../../../cluster/map/pool.ts";
import { hash2, linuxString, rjenkinsString, STRING_HASH } from "../../../crush/hash.ts";
import { compileText } from "../../../crush/text.ts";
import { pool } from "./world.ts";

describe("the stable modulus", () => {
  test.each([
    // value, count, result
    [0, 1, 0],
    [7, 1, 0],
    [5, 8, 5],
    [13, 8, 5],
    [11, 12, 11],
    [12, 12, 4],
    [15, 12, 7],
    [27, 12, 11],
    [0xffffffff, 12, 7],
    [0xffffffff, 2 ** 31, 2 ** 31 - 1],
  ])("of %d by %d is %d", (value, count, result) => {
    expect(stableMod(value, count)).toBe(result);
  });

  test("a new number takes values from one old one only", () => {
    const values = fc.array(fc.nat({ max: 0xffffffff }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), values, (count, given) => {
        const moved = given.filter(
          (value) => stableMod(value, count) !== stableMod(value, count + 1),
        );
        expect(moved.every((value) => stableMod(value, count + 1) === count)).toBe(true);
        expect(new Set(moved.map((value) => stableMod(value, count))).size).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("the PG of an object", () => {
  const one = pool({ pgNum: 2 ** 31 });
  const hashed = (text: string): number => rjenkinsString(utf8(text)) & (2 ** 31 - 1);

  test.each([
    ["its name", {}, "name"],
    ["its key instead of its name", { key: "key" }, "key"],
    ["an empty key is none", { key: "" }, "name"],
    ["its namespace before its name", { namespace: "space" }, "space\u001fname"],
    ["its namespace before its key", { namespace: "space", key: "key" }, "space\u001fkey"],
    ["an empty namespace is none", { namespace: "" }, "name"],
  ])("comes from %s", (_, locator, text) => {
    expect(objectToPg(one, "name", locator)).toEqual({ pool: one.id, seed: hashed(text) });
  });

  test("comes from a hash that is given", () => {
    expect(objectToPg(pool({ pgNum: 12 }), "name", { hash: 27 }).seed).toBe(11);
  });

  test("depends on the pool's hash function", () => {
    const other = { ...one, objectHash: STRING_HASH.linux };
    expect(objectToPg(other, "name").seed).toBe(linuxString(utf8("name")) & (2 ** 31 - 1));
  });
});

describe("the number that CRUSH maps for a PG", () => {
  test("mixes the pool into it", () => {
    expect(placementSeed(pool({ id: poolId(7), pgNum: 64 }), 5)).toBe(hash2(5, 7));
  });

  test("is a sum in pools without hashpspool, and stays in 32 bits", () => {
    const summing = pool({ id: poolId(2 ** 32 - 2), pgNum: 64, hashpspool: false });
    expect(placementSeed(summing, 5)).toBe(3);
  });

  test("is the same for PGs that pgpNum folds together", () => {
    const splitting = pool({ pgNum: 16, pgpNum: 8 });
    expect(placementSeed(splitting, 13)).toBe(placementSeed(splitting, 5));
  });
});

describe("a pool's rule", () => {
  const rule = (name: string, head: string): string =>
    `rule ${name} {\n ${head}\n step take default\n step choose firstn 0 type osd\n step emit\n}`;
  const map = compileText(
    [
      "device 0 osd.0\ntype 0 osd\ntype 1 root",
      "root default {\n id -1\n alg straw2\n hash 0\n item osd.0\n}",
      rule("a", "ruleset 0\n type erasure\n min_size 1\n max_size 10"),
      rule("b", "ruleset 1\n type replicated\n min_size 4\n max_size 10"),
      rule("c", "ruleset 2\n type replicated\n min_size 2\n max_size 3"),
      "",
    ].join("\n"),
  );
  // Rules b and c as if an older tool had put both into ruleset 1.
  const [a, b, c] = map.rules;
  const shared = { ...map, rules: [a, b, c && { ...c, ruleset: 1 }] };

  test.each([
    // ruleset, type, size, rule id
    [0, "erasure", 5, 0],
    [0, "replicated", 5, undefined],
    [1, "replicated", 5, 1],
    [1, "replicated", 3, 2],
    [1, "replicated", 2, 2],
    [1, "replicated", 1, undefined],
    [1, "replicated", 11, undefined],
    [3, "replicated", 3, undefined],
  ] as const)("of ruleset %d for %s pools of size %d is %s", (ruleset, type, size, id) => {
    expect(ruleIdOf(shared, pool({ pgNum: 8, type, size, rule: ruleset }))).toBe(id);
  });
});
