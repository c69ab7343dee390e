import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { interopTool } from "./interop.ts";

const TOOL = { command: "crushtool", debianPackage: "ceph-base" };

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-interop-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What becomes of the suite "maps", in words. */
function declare(options: { readonly isCi: boolean; readonly command?: string }): string[] {
  const declared: string[] = [];
  const { command = TOOL.command } = options;
  const suite = interopTool(
    { ...TOOL, command },
    {
      path: `/does-not-exist:${folder}`,
      isCi: options.isCi,
      run: (name, body) => {
        declared.push(`run ${name}`);
        body();
      },
      skip: (name) => declared.push(`skip ${name}`),
      fail: (name, reason) => declared.push(`fail ${name}: ${reason}`),
    },
  );
  suite("maps", () => declared.push("body"));
  return declared;
}

function install(mode: number): void {
  const path = join(folder, TOOL.command);
  writeFileSync(path, "");
  chmodSync(path, mode);
}

describe("a suite that needs a tool", () => {
  test.each([true, false])("runs where the tool is installed (CI: %s)", (isCi) => {
    install(0o755);
    expect(declare({ isCi })).toEqual(["run maps", "body"]);
  });

  test("is skipped on a laptop without the tool, and says what to install", () => {
    expect(declare({ isCi: false })).toEqual([
      "skip maps (needs crushtool: apt-get install ceph-base)",
    ]);
  });

  test("fails in CI without the tool", () => {
    expect(declare({ isCi: true })).toEqual([
      "fail maps: crushtool is not installed; add ceph-base to .ci/debian-packages",
    ]);
  });

  test("runs where the file is that it names by an absolute path", () => {
    const command = join(folder, TOOL.command);
    expect(declare({ isCi: true, command })).toEqual([expect.stringMatching(/^fail/)]);
    install(0o644);
    expect(declare({ isCi: true, command })).toEqual(["run maps", "body"]);
  });

  test("does not take a file that cannot be executed for the tool", () => {
    install(0o644);
    expect(declare({ isCi: false })).toEqual([expect.stringMatching(/^skip/)]);
  });
});

interopTool({ command: "node", debianPackage: "nodejs" })("with the tool at hand", () => {
  test("tests run in their suite", (context) => {
    expect(context.task.suite?.name).toBe("with the tool at hand");
  });
});
