/** Every bench runs, so that none rots, at a scale at which its figures mean nothing. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BENCHES } from "../bench/benches.ts";

const { CI } = process.env;
/** Some start servers first. */
const BENCH_MS_MAX = 120_000;

describe.each(BENCHES)("bench $name", (bench) => {
  const reason = bench.unavailable?.();
  // In CI nothing may be missing.
  const isSkipped = reason !== undefined && !CI;
  test.skipIf(isSkipped)("measures something", { timeout: BENCH_MS_MAX }, async () => {
    const steps: string[] = [];
    const measurements = await bench.run("tiny", (step) => steps.push(step));
    expect(measurements).not.toEqual([]);
    expect(steps).not.toEqual([]);
    for (const { what, value, unit, spread } of measurements) {
      expect(value, what).toBeGreaterThan(0);
      expect(value, what).toBeLessThan(Number.POSITIVE_INFINITY);
      expect(unit, what).not.toBe("");
      if (spread !== undefined) {
        expect(spread[0], what).toBeLessThanOrEqual(value);
        expect(spread[1], what).toBeGreaterThanOrEqual(value);
      }
    }
    expect(new Set(measurements.map(({ what }) => what)).size).toBe(measurements.length);
  });
});

test("every bench has a name of its own", () => {
  expect(new Set(BENCHES.map(({ name }) => name)).size).toBe(BENCHES.length);
});

describe("npm run bench", () => {
  function bench(...words: string[]): { status: number | null; stdout: string; stderr: string } {
    const script = fileURLToPath(new URL("../dist/bench/run.js", import.meta.url));
    return spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
  }

  test("--list lists every bench", () => {
    const { status, stdout } = bench("--list");
    expect(status).toBe(0);
    for (const { name } of BENCHES) expect(stdout).toMatch(new RegExp(`^${name} `, "m"));
  });

  test.each([
    [["warp"], "no such bench: warp"],
    [["--repeat", "0"], "--repeat takes a number"],
    [["--repeat", "many"], "--repeat takes a number"],
    [["--nope"], "--nope"],
  ])("%j is wrong usage", (words, message) => {
    const { status, stdout, stderr } = bench(...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("usage: npm run bench");
  });
});
