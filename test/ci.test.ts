/** What CI says at its end, for results good and broken, and for steps that stop half way. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const CI = fileURLToPath(new URL("../.ci", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-ci-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly line: string;
  readonly status: number | null;
}

function file(status: string, ...tests: string[]): unknown {
  return { name: "x", status, assertionResults: tests.map((each) => ({ status: each })) };
}

function result(...testResults: unknown[]): string {
  return JSON.stringify({ success: true, testResults });
}

describe("the closing line", () => {
  function count(text: string | undefined, status = "0"): Outcome {
    const path = join(folder, "vitest.json");
    if (text !== undefined) writeFileSync(path, text);
    const run = spawnSync(process.execPath, [join(CI, "count.mjs"), path, status], {
      encoding: "utf8",
    });
    return { line: run.stdout, status: run.status };
  }

  test.each<[what: string, text: string, passed: number, skipped: number]>([
    ["passed tests", result(file("passed", "passed", "passed")), 2, 0],
    ["several files", result(file("passed", "passed"), file("passed", "passed")), 2, 0],
    ["skipped and todo", result(file("passed", "passed", "skipped", "todo")), 1, 2],
    [
      "a file that is all skipped",
      result(file("passed", "skipped"), file("passed", "passed")),
      1,
      1,
    ],
  ])("%s are good", (_, text, passed, skipped) => {
    const line = `${passed} passed, 0 failed, ${skipped} skipped\n`;
    expect(count(text)).toEqual({ line, status: 0 });
  });

  const good = file("passed", "passed");
  test.each<[what: string, text: string | undefined, passed: number, failed: number]>([
    ["a failed test", result(file("failed", "passed", "failed")), 1, 1],
    ["a test that never ended", result(file("passed", "passed", "pending")), 1, 1],
    ["a file that does not load", result(good, file("failed")), 1, 1],
    ["a file that fails around its tests", result(file("failed", "passed")), 1, 1],
    ["failures of both kinds", result(file("failed", "failed", "failed"), file("failed")), 0, 3],
    ["success: false without a failed test", '{ "success": false, "testResults": [] }', 0, 1],
    ["no success at all", JSON.stringify({ testResults: [good] }), 1, 1],
    ["no tests", result(), 0, 1],
    ["only skipped tests", result(file("passed")), 0, 1],
    ["a file without tests or status", result(null), 0, 1],
    ["no result", undefined, 0, 1],
    ["an empty result", "", 0, 1],
    ["a result cut off", result(good).slice(0, -9), 0, 1],
    ["a result of another shape", '[{ "testResults": 7 }]', 0, 1],
    ["null", "null", 0, 1],
  ])("%s is a failure", (_, text, passed, failed) => {
    const line = `${passed} passed, ${failed} failed, 0 skipped\n`;
    expect(count(text)).toEqual({ line, status: 1 });
  });

  test("steps that failed make a good result a failure", () => {
    expect(count(result(good), "1")).toEqual({
      line: "1 passed, 1 failed, 0 skipped\n",
      status: 1,
    });
  });
});

describe("the run", () => {
  /** A checkout that has only .ci, on a machine whose npm, dpkg-query and apt-get are these. */
  function run(commands: Readonly<Record<string, string>>): Outcome & { readonly calls: string } {
    const bin = join(folder, "bin");
    const calls = join(folder, "calls");
    cpSync(CI, join(folder, ".ci"), { recursive: true });
    mkdirSync(bin);
    const all = { "dpkg-query": "echo installed", "apt-get": "exit 9", npm: "exit 9", ...commands };
    for (const [name, body] of Object.entries({ ...all, sudo: '"$@"' })) {
      const path = join(bin, name);
      writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${calls}\n${body}\n`);
      chmodSync(path, 0o755);
    }
    const PATH = [bin, dirname(process.execPath), "/usr/bin", "/bin"].join(":");
    const ran = spawnSync(join(folder, ".ci/run"), { encoding: "utf8", env: { PATH } });
    return {
      line: ran.stdout.trimEnd().split("\n").at(-1) ?? "",
      status: ran.status,
      calls: existsSync(calls) ? readFileSync(calls, "utf8") : "",
    };
  }

  const good = result(file("passed", "passed"));
  const passing = `[ "$2" != check ] || echo '${good}' > .ci/out/vitest.json`;

  test("installs, checks, and ends with the count", () => {
    const { line, status, calls } = run({ npm: passing });
    expect({ line, status }).toEqual({ line: "1 passed, 0 failed, 0 skipped", status: 0 });
    expect(calls).toMatch(/npm ci\nnpm run check\n$/);
    expect(calls).not.toContain("apt-get");
  });

  test("installs the clients beside the project, and takes them away again", () => {
    const clients = /npm install --prefix (\S+) .*node-zookeeper-client@\S+ zookeeper@\S+\n/;
    const seen = `[ "$2" != check ] || test -d "$KELP_ZOOKEEPER_CLIENTS" || exit 1; ${passing}`;
    const { status, calls } = run({ npm: seen });
    expect(status).toBe(0);
    expect(existsSync(clients.exec(calls)?.[1] ?? "/")).toBe(false);
  });

  test("says that something failed when a step before the tests fails", () => {
    const stale = join(folder, ".ci/out");
    mkdirSync(stale, { recursive: true });
    writeFileSync(join(stale, "vitest.json"), good);
    const { line, status } = run({ npm: '[ "$1" = ci ]' });
    expect({ line, status }).toEqual({ line: "0 passed, 1 failed, 0 skipped", status: 1 });
  });

  test("does not go on after a failed install", () => {
    const { line, status, calls } = run({ npm: '[ "$1" != ci ]' });
    expect({ line, status }).toEqual({ line: "0 passed, 1 failed, 0 skipped", status: 1 });
    expect(calls).not.toContain("check");
  });

  test("installs the Debian packages that are missing, and only those", () => {
    const { status, calls } = run({ npm: passing, "dpkg-query": "exit 1", "apt-get": "exit 0" });
    expect(status).toBe(0);
    expect(calls).toContain("apt-get update\n");
    const lines = readFileSync(join(CI, "debian-packages"), "utf8").split("\n");
    const packages = lines.filter((line) => line !== "" && !line.startsWith("#"));
    expect(packages).toContain("git");
    const install = "apt-get install --yes --no-install-recommends";
    expect(calls).toContain(`${install} ${packages.join(" ")}\n`);
  });

  test("counts packages that cannot be installed as a failure", () => {
    const { line, status } = run({ npm: passing, "dpkg-query": "exit 1" });
    expect({ line, status }).toEqual({ line: "0 passed, 1 failed, 0 skipped", status: 1 });
  });
});
