import { describe, expect, test } from "vitest";
import { makeBucket } from "../../crush/make-bucket.ts";
import { doRule } from "../../crush/rule.ts";
import { LEGACY_TUNABLES, OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { type CrushMap, NONE, OPCODE, type RuleStep, type Tunables } from "../../crush/types.ts";

const ONE = 0x10000;
const HOST = 1;
const ROOT = -1;
const ALL_IN = new Uint32Array(12).fill(ONE);

/** Four hosts of three devices: host -2 has devices 0 to 2, host -3 has 3 to 5, and so on. */
function mapWith(steps: readonly RuleStep[], tunables: Tunables = OPTIMAL_TUNABLES): CrushMap {
  const bucket = (id: number, type: number, items: number[]) =>
    makeBucket({ id, type, alg: "straw2", hash: 0, items, weights: items.map(() => ONE) }, 1);
  const hosts = [-2, -3, -4, -5];
  const devices = (host: number) => [0, 1, 2].map((i) => 3 * (-2 - host) + i);
  return {
    buckets: [bucket(ROOT, 2, hosts), ...hosts.map((id) => bucket(id, HOST, devices(id)))],
    rules: [{ ruleset: 0, type: 1, minSize: 1, maxSize: 10, steps }],
    maxDevices: 12,
    tunables,
    typeNames: new Map(),
    itemNames: new Map(),
    ruleNames: new Map(),
    classNames: new Map(),
    itemClasses: new Map(),
    classBuckets: new Map(),
    chooseArgs: new Map(),
  };
}

function step(op: keyof typeof OPCODE, arg1 = 0, arg2 = 0): RuleStep {
  return { op: OPCODE[op], arg1, arg2 };
}

function run(steps: readonly RuleStep[], resultMax = 3, weights: ArrayLike<number> = ALL_IN) {
  return doRule(mapWith(steps), 0, 5, resultMax, weights);
}

const hostOf = (device: number) => -2 - Math.floor(device / 3);
const take = step("take", ROOT);
const emit = step("emit");

describe("a rule", () => {
  test("that takes and emits gives what it took", () => {
    expect(run([take, emit])).toEqual([ROOT]);
    expect(run([step("take", 11), emit])).toEqual([11]);
  });

  test.each([12, -6, NONE])("cannot take %i, which is not there", (item) => {
    expect(run([step("take", item), emit])).toEqual([]);
    expect(run([take, step("take", item), emit])).toEqual([ROOT]);
  });

  test("emits nothing twice, and nothing without emit", () => {
    expect(run([take, emit, emit])).toEqual([ROOT]);
    expect(run([take])).toEqual([]);
  });

  test("never gives more than is asked for", () => {
    expect(run([take, emit, take, emit, take, emit], 2)).toEqual([ROOT, ROOT]);
    expect(run([take, step("chooseleafFirstn", 4, HOST), emit], 2)).toHaveLength(2);
    expect(run([take, emit], 0)).toEqual([]);
  });

  test("that does not exist gives nothing", () => {
    expect(doRule(mapWith([take, emit]), 1, 5, 3, ALL_IN)).toEqual([]);
  });

  test("skips steps that it does not know", () => {
    expect(run([take, { op: 99, arg1: 1, arg2: 1 }, step("noop"), emit])).toEqual([ROOT]);
  });

  test("chooses hosts, and one device in each", () => {
    const hosts = run([take, step("chooseFirstn", 3, HOST), emit]);
    expect(new Set(hosts).size).toBe(3);
    const leaves = run([take, step("chooseleafFirstn", 3, HOST), emit]);
    expect(leaves.map(hostOf)).toEqual(hosts);
  });

  test("chooses under each bucket that the step before chose", () => {
    const steps = [take, step("chooseFirstn", 2, HOST), step("chooseFirstn", 2, 0), emit];
    const devices = run(steps, 4);
    expect(new Set(devices).size).toBe(4);
    expect(devices.map(hostOf)).toEqual(
      run([take, step("chooseFirstn", 2, HOST), emit]).flatMap((host) => [host, host]),
    );
  });

  test.each([
    [0, 3, 3],
    [-1, 3, 2],
    [-3, 3, 0],
    [2, 3, 2],
  ])("a count of %i means of %i asked for %i", (count, resultMax, expected) => {
    expect(run([take, step("chooseFirstn", count, HOST), emit], resultMax)).toHaveLength(expected);
  });

  test("drops devices that a further step should choose under", () => {
    const steps = [take, step("chooseFirstn", 2, 0), step("chooseFirstn", 1, 0), emit];
    expect(run(steps)).toEqual([]);
  });

  test("indep keeps the places of hosts that have no device in; firstn moves up", () => {
    const indep = [take, step("chooseleafIndep", 4, HOST), emit];
    const whole = run(indep, 4);
    const out = whole[1] as number;
    const weights = ALL_IN.map((weight, device) => (hostOf(device) === hostOf(out) ? 0 : weight));
    expect(run(indep, 4, weights)).toEqual(whole.map((device) => (device === out ? NONE : device)));
    const firstn = run([take, step("chooseleafFirstn", 4, HOST), emit], 4, weights);
    expect(firstn).toHaveLength(3);
    expect(firstn).not.toContain(NONE);
  });
});

describe("settings", () => {
  const leaves = step("chooseleafFirstn", 4, HOST);
  const someOut = ALL_IN.map((weight, device) => (device % 3 === 0 ? 0 : weight));

  function differs(setting: RuleStep, tunables: Tunables, choose = leaves): boolean {
    const plain = mapWith([take, choose, emit], tunables);
    const set = mapWith([setting, take, choose, emit], tunables);
    for (let x = 0; x < 300; x++) {
      const before = doRule(plain, 0, x, 4, someOut).join();
      if (doRule(set, 0, x, 4, someOut).join() !== before) return true;
    }
    return false;
  }

  test.each<[op: keyof typeof OPCODE, effective: number, without: number, tunables: Tunables]>([
    ["setChooseTries", 1, 0, OPTIMAL_TUNABLES],
    ["setChooseleafTries", 5, 0, OPTIMAL_TUNABLES],
    ["setChooseLocalFallbackTries", 0, -1, LEGACY_TUNABLES],
    ["setChooseleafVaryR", 0, -1, OPTIMAL_TUNABLES],
    ["setChooseleafStable", 0, -1, OPTIMAL_TUNABLES],
  ])("%s %i changes mappings, %i does not", (op, effective, without, tunables) => {
    expect(differs(step(op, effective), tunables)).toBe(true);
    expect(differs(step(op, without), tunables)).toBe(false);
  });

  test("local tries keep a search for devices in the host of the one that was taken", () => {
    const devices = step("chooseFirstn", 4, 0);
    expect(differs(step("setChooseLocalTries", 2), OPTIMAL_TUNABLES, devices)).toBe(true);
    expect(differs(step("setChooseLocalTries", -1), OPTIMAL_TUNABLES, devices)).toBe(false);
  });

  test("set_choose_tries counts tries, the tunable counts retries", () => {
    const tunables = { ...OPTIMAL_TUNABLES, chooseTotalTries: 2 };
    expect(differs(step("setChooseTries", 3), tunables)).toBe(false);
    expect(differs(step("setChooseTries", 2), tunables)).toBe(true);
  });

  test("without descend_once a leaf gets as many tries as its host", () => {
    const patient = { ...OPTIMAL_TUNABLES, chooseleafDescendOnce: 0 };
    expect(differs(step("setChooseleafTries", 51), patient)).toBe(false);
    expect(differs(step("setChooseleafTries", 1), patient)).toBe(true);
    expect(differs(step("setChooseleafTries", 1), OPTIMAL_TUNABLES)).toBe(false);
  });

  test("hold until the end of the rule and not into the next run", () => {
    const map = mapWith([take, leaves, emit, step("setChooseTries", 1)]);
    const first = doRule(map, 0, 9, 4, someOut);
    expect(doRule(map, 0, 9, 4, someOut)).toEqual(first);
  });
});
