import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPrng, randomU32 } from "../../cluster/base/prng.ts";
import { compile } from "../../crush/compiled.ts";
import { LN_STEP } from "../../crush/ln-table.ts";
import { makeBucket } from "../../crush/make-bucket.ts";
import { doRule } from "../../crush/rule.ts";
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { type CrushMap, OPCODE } from "../../crush/types.ts";
import { randomWorld } from "./random-map.ts";

const ONE = 0x10000;
const UNTOUCHED = 123456789;

/** One straw2 bucket of devices, and a rule that chooses some of them. */
function flatMap(weights: readonly number[]): CrushMap {
  const items = weights.map((_, device) => device);
  const steps = [
    { op: OPCODE.take, arg1: -1, arg2: 0 },
    { op: OPCODE.chooseFirstn, arg1: 0, arg2: 0 },
    { op: OPCODE.emit, arg1: 0, arg2: 0 },
  ];
  return {
    buckets: [makeBucket({ id: -1, type: 1, alg: "straw2", hash: 0, items, weights }, 1)],
    rules: [{ ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps }],
    maxDevices: items.length,
    tunables: OPTIMAL_TUNABLES,
    typeNames: new Map(),
    itemNames: new Map(),
    ruleNames: new Map(),
    classNames: new Map(),
    itemClasses: new Map(),
    classBuckets: new Map(),
    chooseArgs: new Map(),
  };
}

const allIn = (map: CrushMap) => new Uint32Array(map.maxDevices).fill(ONE);

describe("the compiled map", () => {
  test("maps as the plain one, whatever the map", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), (seed) => {
        const { map, chooseArgs, deviceWeights } = randomWorld(seed);
        const compiled = compile(map, chooseArgs);
        const prng = createPrng(seed);
        for (let i = 0; i < 24; i++) {
          const rule = i % map.rules.length;
          const x = randomU32(prng);
          const count = 1 + (i % 6);
          const plain = doRule(map, rule, x, count, deviceWeights, chooseArgs);
          expect(compiled.doRule(rule, x, count, deviceWeights), `rule ${rule} x ${x}`).toEqual(
            plain,
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  // The more items, the oftener the two longest straws are neighbours, where order hangs on ties.
  test.each([
    ["equal weights", 5001, () => ONE],
    ["equal weights of 1, whose draws are logarithms", 5001, () => 1],
    ["the largest weight that ranks decide for", 71, () => LN_STEP],
    ["equal weights above it", 71, () => 900 * ONE],
    ["weights so near that draws tie", 2001, (i: number) => 30 * ONE + (i % 3)],
    ["weights that differ", 2001, (i: number) => (1 + (i % 7)) * ONE],
    ["some weights of 0", 2001, (i: number) => (i % 3) * ONE],
  ])("maps as the plain one with %s on %i items", (_what, count, weightOf) => {
    const map = flatMap(Array.from({ length: count }, (_, i) => weightOf(i)));
    const compiled = compile(map);
    for (let x = 0; x < 100_000 / count; x++) {
      const plain = doRule(map, 0, x, 3, allIn(map));
      expect(compiled.doRule(0, x, 3, allIn(map))).toEqual(plain);
    }
  });

  test("writes a mapping where it is told, and nothing else", () => {
    const map = flatMap([ONE, ONE, ONE, ONE]);
    const compiled = compile(map);
    const result = new Int32Array(6).fill(UNTOUCHED);
    const count = compiled.mapInto(0, 7, 3, allIn(map), result, 2);
    const [a, b, c] = compiled.doRule(0, 7, 3, allIn(map));
    expect(count).toBe(3);
    expect([...result]).toEqual([UNTOUCHED, UNTOUCHED, a, b, c, UNTOUCHED]);
  });

  test("gives the same again after other x, rules and sizes", () => {
    const { map, chooseArgs, deviceWeights } = randomWorld(4711);
    const compiled = compile(map, chooseArgs);
    const mappings = () =>
      [5, 1, 5, 6].flatMap((count) =>
        [9, 8, 9, 7].map((x) => compiled.doRule(0, x, count, deviceWeights)),
      );
    expect(mappings()).toEqual(mappings());
  });

  test("knows no rules and items that the map does not have", () => {
    const map = flatMap([ONE]);
    const steps = [{ op: OPCODE.take, arg1: -2, arg2: 0 }, ...(map.rules[0]?.steps.slice(1) ?? [])];
    const compiled = compile({ ...map, rules: [{ ...map.rules[0], steps } as never] });
    expect(compiled.doRule(0, 1, 3, allIn(map))).toEqual([]);
    expect(compiled.doRule(1, 1, 3, allIn(map))).toEqual([]);
  });
});
