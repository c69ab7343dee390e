/** The command as a process: figures are on stdout, progress is on stderr, the page is in a file. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildMap } from "../../../bench/placement/topology.ts";
import { printText } from "../../../crush/text-printer.ts";

const TINY = ["--racks", "2", "--hosts", "2", "--osds", "2", "--pgs", "64", "--replicas", "2"];

function placement(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
  const all = [script, "bench", "placement", ...words];
  return spawnSync(process.execPath, all, { encoding: "utf8" });
}

describe("kelp bench placement", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "kelp-bench-test-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function mapFile(): string {
    const file = join(directory, "map.txt");
    const map = buildMap({
      racks: 1,
      hosts: 3,
      osds: 2,
      weights: "equal",
      domain: "host",
      seed: 1,
    });
    writeFileSync(file, printText(map));
    return file;
  }

  test("prints tables, and progress in plain lines where there is no terminal", () => {
    const { status, stdout, stderr } = placement(...TINY);
    expect(status).toBe(0);
    expect(stdout).toContain("2 racks x 2 hosts x 2 OSDs, equal weights");
    expect(stdout).toMatch(/^host removed /m);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stderr).toMatch(/^placement +0 % {2}straw2: mapping$/m);
    expect(stderr).not.toContain("\r");
  });

  test("prints all figures as JSON, and writes a page", () => {
    const html = join(directory, "report.html");
    const { status, stdout } = placement(...TINY, "--json", "--html", html);
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ deviceCount: 8, pgCount: 64, replicas: 2, domain: "host" });
    expect(report.schemes.length).toBeGreaterThanOrEqual(8);
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>/);
  });

  test("measures a map from a file, by the rule that is named", () => {
    const words = ["--map", mapFile(), "--pgs", "64", "--json"];
    const report = JSON.parse(placement(...words, "--rule", "placement").stdout);
    expect(report).toMatchObject({ deviceCount: 6, pgCount: 64, replicas: 3 });
    expect(report.cluster).toContain("map.txt, rule placement");
    const byId = JSON.parse(placement(...words, "--rule", "0").stdout);
    expect(byId.changes).toEqual(report.changes);
  });

  test.each([
    [["--racks", "0"], 2, "A whole number from 1"],
    [["--pgs", "1e6"], 2, "A whole number from 1"],
    [["--weights", "odd"], 2, "Allowed choices are equal, uneven"],
    [["--map", "x", "--hosts", "4"], 2, "cannot be used with"],
    [["--rule", "data"], 2, "--rule goes with --map"],
    [["--racks", "1000", "--hosts", "1000"], 2, "too many"],
    [["--map", "/nowhere/at/all"], 1, "/nowhere/at/all: ENOENT"],
    [[...TINY, "--html", "/nowhere/at/all"], 1, "/nowhere/at/all: ENOENT"],
  ])("%j ends with %d", (words, expected, message) => {
    const { status, stdout, stderr } = placement(...words);
    expect({ status, stdout }).toEqual({ status: expected, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("without a rule takes the map's first that it can measure, and says why it cannot", () => {
    const file = join(directory, "two-rules.txt");
    const rule = (name: string, id: number, steps: string) =>
      `rule ${name} { id ${id} type replicated min_size 1 max_size 10 ${steps} }`;
    const take = "step take a step choose firstn 1 type osd step emit";
    const text = [
      "device 0 osd.0\ndevice 1 osd.1\ntype 0 osd\ntype 1 root",
      "root a { id -1 alg straw2 hash 0 item osd.0 weight 1.0 item osd.1 weight 1.0 }",
      rule("twice", 0, `${take} ${take}`),
      rule("once", 1, "step take a step choose firstn 0 type osd step emit"),
    ].join("\n");
    writeFileSync(file, `${text}\n`);
    const words = ["--map", file, "--pgs", "16", "--replicas", "1", "--json"];
    const { status, stdout } = placement(...words);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).cluster).toBe(`${file}, rule once`);
    const refused = placement(...words, "--rule", "twice");
    expect(refused.status).toBe(1);
    expect(refused.stderr.replaceAll("\n  ", " ")).toMatch(
      /rule "twice" cannot be measured.*rules are twice, once\n$/,
    );
  });

  test("names the rules of a map that does not have the one", () => {
    const { status, stderr } = placement("--map", mapFile(), "--rule", "other");
    expect(status).toBe(2);
    expect(stderr).toContain('no rule "other"; it has: placement');
  });
});
