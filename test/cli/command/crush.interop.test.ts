/**
 * The commands beside Ceph's own crushtool, with the same words on both command lines: they must
 * write the same bytes, and refuse the same maps. The maps are random ones from seeds.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import { SAMPLE } from "../../crush/map-texts.ts";
import { compiledOrNot, randomMapText } from "../../crush/random-text.ts";
import { interopTool } from "../../support/interop.ts";

const FIXED_SEEDS = 30;
const RANDOM_SEED = Math.floor(Math.random() * 2 ** 32);
const SEEDS = [...Array(FIXED_SEEDS).keys(), RANDOM_SEED];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-crushtool-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function crushtool(...words: string[]): { out: string; failed: boolean } {
  const { stdout, status } = spawnSync("crushtool", words, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return { out: stdout, failed: status !== 0 };
}

async function kelp(...words: string[]): Promise<{ out: string; failed: boolean }> {
  let out = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = createProgram("1.2.3", { writeErr: () => undefined });
  const failed = await program
    .parseAsync(["crush", ...words], { from: "user" })
    .then(() => false)
    .catch((error: unknown) => failureOf(error).exitCode !== 0);
  stdout.mockRestore();
  stderr.mockRestore();
  return { out, failed };
}

function path(name: string): string {
  return join(folder, name);
}

/** The text as `map.txt`, and what crushtool makes of it as `map`. */
function give(text: string): { accepted: boolean } {
  writeFileSync(path("map.txt"), text);
  rmSync(path("map"), { force: true });
  const { failed } = crushtool("-c", "map.txt", "-o", "map", "--enable-unsafe-tunables");
  return { accepted: !failed };
}

/** Compares what both print. */
async function compareTests(words: readonly string[]): Promise<void> {
  const theirs = crushtool("-i", "map", "--test", ...words);
  const ours = await kelp("test", "-i", path("map"), "--test", ...words);
  expect([words, ours.out, ours.failed]).toEqual([words, theirs.out, theirs.failed]);
}

const SHOWS = [
  "--show-mappings",
  "--show-bad-mappings",
  "--show-statistics",
  "--show-utilization",
  "--show-utilization-all",
];

function randomWords(prng: Prng): string[] {
  const max = randomBetween(prng, 0, 300);
  const words = SHOWS.filter(() => randomChance(prng, 0.5));
  if (words.length === 0) words.push("--show-mappings");
  words.push("--min-x", String(randomBetween(prng, 0, max)), "--max-x", String(max));
  if (randomChance(prng, 0.6)) words.push("--num-rep", String(randomBetween(prng, 1, 6)));
  if (randomChance(prng, 0.3)) words.push("--rule", String(randomInt(prng, 12)));
  if (randomChance(prng, 0.2)) words.push("--pool-id", String(randomInt(prng, 9)));
  for (let count = randomInt(prng, 5); count > 0; count -= 1) {
    const weight = randomPick(prng, ["0", "0.5", "1", "1.5", "0.33333", "0.00001", "0.9999999"]);
    words.push("--weight", String(randomInt(prng, 42)), weight);
  }
  return words;
}

const withCrushtool = interopTool({ command: "crushtool", debianPackage: "ceph-base" });

withCrushtool("beside crushtool", () => {
  describe.each(SEEDS)("the map of seed %i", (seed) => {
    const prng = createPrng(seed);
    const text = randomMapText(prng);

    test("is compiled and decompiled to the same bytes, or refused", async () => {
      const { accepted } = give(text);
      const ours = await kelp("compile", path("map.txt"), "-o", path("ours"));
      expect(ours.failed).toBe(!accepted);
      if (!accepted) return;
      expect(readFileSync(path("ours")).equals(readFileSync(path("map")))).toBe(true);
      const { out } = await kelp("decompile", path("ours"));
      expect(out).toBe(crushtool("-d", "map").out);
    });

    const ruleCount = compiledOrNot(text)?.rules.length ?? 0;
    test.skipIf(ruleCount === 0)("is tested alike", async () => {
      give(text);
      await compareTests(randomWords(prng));
      await compareTests(randomWords(prng));
    });
  });

  const few = ["--min-x", "0", "--max-x", "50"];
  test.each<string[][]>([
    [["--show-mappings"]],
    [["--show-mappings", "--num-rep", "3"]],
    [["--show-mappings", "--rule", "1", "--num-rep", "2", "--min-x", "10", "--max-x", "20"]],
    [["--show-mappings", "--x", "7"]],
    [["--show-mappings", "--num-rep", "1", "--min-x", "5"]],
    [["--show-mappings", "--min-x", "9", "--max-x", "3"]],
    [["--show-mappings", "--min-rule", "1", "--max-rule", "1", "--min-x", "0", "--max-x", "5"]],
    [["--show-mappings", "--num-rep", "3", "--weight", "0", "0", "--weight", "1", "0.25"]],
    [["--show-bad-mappings", "--num-rep", "9", ...few]],
    [["--show-bad-mappings", "--show-mappings", "--rule", "1", "--num-rep", "4"]],
    [["--show-statistics", ...few]],
    [["--show-statistics", "--rule", "5"]],
    [["--show-statistics", "--num-rep", "4", "--weight", "2", "0"]],
    [["--show-utilization", "--num-rep", "2"]],
    [["--show-utilization", "--weight", "3", "0", "--weight", "2", "0.1", ...few]],
    [["--show-utilization-all", "--num-rep", "3", "--weight", "0", "0"]],
    [["--show-utilization-all", "--show-utilization", "--num-rep", "3", "--weight", "0", "0"]],
    [["--show-utilization", "--show-statistics", "--show-mappings", "--show-bad-mappings", ...few]],
    [["--show-mappings", "--pool-id", "4", "--num-rep", "2"]],
    [["--show-utilization", ...[0, 1, 2, 3].flatMap((osd) => ["--weight", `${osd}`, "0"])]],
  ])("%j prints the same", async (words) => {
    give(SAMPLE);
    await compareTests(words);
  });
});
