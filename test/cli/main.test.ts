/**
 * The command as a process: the compiled file that package.json names, so `npm test` compiles
 * first.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGE = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
const BIN = `${ROOT}/${PACKAGE.bin.kelp}`;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function kelp(...words: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("the file that package.json names as `kelp` can be run as a script", () => {
  expect(readFileSync(BIN, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test("--version prints the version of package.json", () => {
  expect(kelp("--version")).toEqual({ status: 0, stdout: `${PACKAGE.version}\n`, stderr: "" });
});

test("--help goes to stdout", () => {
  const { status, stdout, stderr } = kelp("--help");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^Usage: kelp/);
});

test("an unknown command is refused with a suggestion", () => {
  const { status, stdout, stderr } = kelp("upp");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("Did you mean up?");
});

test("`up` is not available, and says so on stderr without a stack", () => {
  const { status, stdout, stderr } = kelp("up");
  expect({ status, stdout }).toEqual({ status: 69, stdout: "" });
  expect(stderr).toContain("not built yet");
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test("a reader that leaves early is no error", () => {
  const script = '"$0" "$1" --help | true';
  const run = spawnSync("bash", ["-o", "pipefail", "-c", script, process.execPath, BIN], {
    encoding: "utf8",
  });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
});
