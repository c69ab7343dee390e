import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createPrng, randomU32 } from "../../cluster/base/prng.ts";
import { compile } from "../../crush/compiled.ts";
import { LN_STEP } from "../../crush/ln-table.ts";
import { doRule } from "../../crush/rule.ts";
import {
  type BulkRequest,
  bulkMapper,
  scalarMapper,
  simdMapper,
  VACANT,
} from "../../crush/simd.ts";
import { OPCODE } from "../../crush/types.ts";
import { flatMap } from "./flat-map.ts";
import { randomCluster } from "./random-cluster.ts";
import { type RandomWorld, randomWorld } from "./random-map.ts";

const ONE = 0x10000;
const { KELP_LONG } = process.env;

/** Maps the same x both ways by every rule that the kernel takes; returns how many x those were. */
function compare(world: RandomWorld, seed: number, xCount: number): number {
  const { map, chooseArgs, deviceWeights } = world;
  const compiled = compile(map, chooseArgs);
  const prng = createPrng(seed);
  let compared = 0;
  for (const ruleId of map.rules.keys()) {
    const resultMax = 1 + ((seed + ruleId) % 6);
    const request: BulkRequest = { map, chooseArgs, ruleId, resultMax, deviceWeights };
    const simd = simdMapper(request, compiled);
    if (simd === undefined) continue;
    const xs = Int32Array.from({ length: xCount }, () => randomU32(prng));
    const expected = scalarMapper(request, compiled).mapMany(xs);
    expect(simd.mapMany(xs), `seed ${seed} rule ${ruleId}`).toEqual(expected);
    compared += xCount;
  }
  return compared;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("the kernel", () => {
  test("maps as the scalar form does, whatever the map", () => {
    const property = fc.property(seeds, (seed) => void compare(randomWorld(seed), seed, 20));
    fc.assert(property, { numRuns: 400 });
  });

  test("maps as the scalar form does on clusters of straw2", () => {
    const property = fc.property(seeds, (seed) => {
      expect(compare(randomCluster(seed), seed, 50)).toBe(200);
    });
    fc.assert(property, { numRuns: 200 });
  });

  // In wide buckets the best two often come close; then the scores do not decide.
  test.each([
    ["equal weights", 5001, () => ONE],
    ["equal weights, more than can be ranked", 33_000, () => ONE],
    ["equal weights that make draws tie", 701, () => 900 * ONE],
    ["the largest weights that ranks decide for", 71, () => LN_STEP],
    ["weights so near that draws tie", 2001, (i: number) => 30 * ONE + (i % 3)],
    ["weights that differ", 2001, (i: number) => (1 + (i % 7)) * ONE],
    ["weights of 1 among the largest", 701, (i: number) => (i % 2 === 0 ? 1 : 0x7fffffff)],
    ["some weights of 0", 2001, (i: number) => (i % 3) * ONE],
    ["weights read as negative", 71, (i: number) => (i % 3) * 0x70000000],
    ["a single item", 1, () => ONE],
    ["three items, which make two pairs", 3, () => ONE],
  ])("maps as the scalar form does with %s on %i items", (_what, count, weightOf) => {
    const map = flatMap(Array.from({ length: count }, (_, i) => weightOf(i)));
    const deviceWeights = new Uint32Array(count).fill(ONE);
    const request = { map, ruleId: 0, resultMax: 3, deviceWeights };
    const compiled = compile(map);
    const xCount = Math.ceil(200_000 / (count + 50));
    expect(simdMapper(request, compiled)?.mapRange(0, xCount)).toEqual(
      scalarMapper(request, compiled).mapRange(0, xCount),
    );
  });

  test.runIf(KELP_LONG === "1")(
    "maps as the scalar form does in ten million cases",
    { timeout: 3_600_000 },
    () => {
      let compared = 0;
      for (let seed = 1; compared < 5_000_000; seed++) {
        compared += compare(randomCluster(seed), seed, 2000);
      }
      for (let seed = 1; compared < 10_000_000; seed++) {
        compared += compare(randomWorld(seed), seed, 2000);
      }
    },
  );
});

describe("a bulk mapper", () => {
  const map = flatMap([ONE, ONE, 0, ONE, ONE]);
  const deviceWeights = new Uint32Array([ONE, 0, ONE, ONE / 2, ONE]);
  const request: BulkRequest = { map, ruleId: 0, resultMax: 4, deviceWeights };

  const alone = (x: number) => {
    const ids = doRule(map, 0, x, 4, deviceWeights);
    return [...ids, ...new Array<number>(4 - ids.length).fill(VACANT)];
  };

  describe.each([
    ["vectors", () => simdMapper(request, compile(map))],
    ["scalars", () => scalarMapper(request, compile(map))],
  ])("on %s", (_how, mapper) => {
    test.each([0, 1, 7, 8, 9, 2048, 2049, 5000])("maps a range of %i x, each as alone", (count) => {
      const expected = Array.from({ length: count }, (_, i) => alone(100 + i)).flat();
      expect([...(mapper()?.mapRange(100, count) ?? [])]).toEqual(expected);
    });

    test("maps any 32-bit x, signed or not, in the order given", () => {
      const xs = [0xffff_ffff, -1, 0x8000_0000, 5, 0, 5];
      expect([...(mapper()?.mapMany(xs) ?? [])]).toEqual(xs.flatMap(alone));
    });

    test("gives the same again", () => {
      const same = mapper();
      expect(same?.mapRange(0, 100)).toEqual(same?.mapRange(0, 100));
    });
  });

  test("leaves all places vacant by a rule that the map does not have", () => {
    const nothing = bulkMapper({ ...request, ruleId: 7 }).mapRange(0, 2);
    expect([...nothing]).toEqual(new Array(8).fill(VACANT));
  });

  test.each([0, -1, 1025])("does without the kernel for mappings of %i ids", (resultMax) => {
    expect(simdMapper({ ...request, resultMax }, compile(map))).toBeUndefined();
    const { length } = bulkMapper({ ...request, resultMax }).mapRange(0, 2);
    expect(length).toBe(2 * Math.max(resultMax, 0));
  });

  test("does without the kernel where a rule retries within a bucket", () => {
    const local = { op: OPCODE.setChooseLocalTries, arg1: 2, arg2: 0 };
    const [rule] = map.rules;
    const steps = [local, ...(rule?.steps ?? [])];
    const retrying = { ...request, map: { ...map, rules: [{ ...rule, steps } as never] } };
    expect(simdMapper(retrying, compile(retrying.map))).toBeUndefined();
    const mapped = [...bulkMapper(retrying).mapRange(0, 50)].filter((id) => id !== VACANT);
    const alone = Array.from({ length: 50 }, (_, x) =>
      doRule(retrying.map, 0, x, 4, deviceWeights),
    );
    expect(mapped).toEqual(alone.flat());
  });

  describe("in an engine without SIMD", () => {
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.resetModules();
    });

    test("maps one x after the other", async () => {
      vi.stubGlobal("WebAssembly", { validate: () => false });
      vi.resetModules();
      const without = await import("../../crush/simd.ts");
      expect(without.simdMapper(request, compile(map))).toBeUndefined();
      expect([...without.bulkMapper(request).mapRange(0, 3)]).toEqual([0, 1, 2].flatMap(alone));
    });
  });
});
